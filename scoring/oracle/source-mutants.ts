/**
 * Bugs planted in the kernel's own source: comparisons turned or made stricter, ones left out, signs
 * and conditions turned, in every file that decides on values. Each is put into a copy of the
 * program in a temporary folder, which then compares itself with the oracle.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transformWithEsbuild } from 'vite';

const root = fileURLToPath(new URL('../../', import.meta.url));
const RUN_MS_MAX = 240_000;
/** Files of the kernel whose bugs must show in values. */
const MUTATED: readonly string[] = [
  'balances',
  'bank-time',
  'baselines',
  'channels',
  'combine',
  'cooldowns',
  'countries',
  'distinct',
  'evaluate',
  'keep',
  'later',
  'outcomes',
  'panes',
  'row',
  'scan',
  'shard',
  'silence',
  'surprise',
  'typologies',
  'windows',
];
const TURNS: readonly (readonly [RegExp, string])[] = [
  [/ < /g, ' <= '],
  [/ <= /g, ' < '],
  [/ > /g, ' >= '],
  [/ >= /g, ' > '],
  [/ === /g, ' !== '],
  [/ !== /g, ' === '],
  [/ && /g, ' || '],
  [/ \|\| /g, ' && '],
  [/ \+ 1\b/g, ''],
  [/ - 1\b/g, ''],
  [/ \+= /g, ' -= '],
  [/ -= /g, ' += '],
  [/\bcontinue;/g, '{}'],
];

export interface SourceMutant {
  file: string;
  line: number;
  /** The line as it is, and with the bug. */
  from: string;
  to: string;
  /** The whole file with the bug. */
  text: string;
}

function mutantsOf(file: string): SourceMutant[] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  return lines.flatMap((from, i) => {
    if (/^\s*(\*|\/[/*]|import|export type|export \{)|throw new/.test(from)) return [];
    return TURNS.flatMap(([pattern, by]) =>
      [...from.matchAll(pattern)].map(({ index, 0: found }) => {
        const to = from.slice(0, index) + by + from.slice(index + found.length);
        const text = [...lines.slice(0, i), to, ...lines.slice(i + 1)].join('\n');
        return { file, line: i + 1, from: from.trim(), to: to.trim(), text };
      }),
    );
  });
}

/** In the order of the files. */
export function sourceMutants(): SourceMutant[] {
  return MUTATED.flatMap((name) => mutantsOf(`scoring/${name}.ts`));
}

/** A copy of schemas and scoring as JavaScript, one file for one. */
export class ProgramCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'weir-mutants-'));

  async build(): Promise<void> {
    for (const room of ['schemas', 'scoring']) {
      for (const entry of readdirSync(join(root, room), { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath.slice(root.length), entry.name);
        if (!path.endsWith('.ts') || path.endsWith('.test.ts')) continue;
        await this.#write(path, readFileSync(join(root, path), 'utf8'));
      }
    }
    cpSync(join(root, 'package.json'), join(this.folder, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
  }

  async #write(path: string, text: string): Promise<void> {
    const { code } = await transformWithEsbuild(text, path, { sourcemap: false, loader: 'ts' });
    const to = join(this.folder, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, code);
  }

  /** Exit code of the comparison; null when it did not end in time. */
  run(): number | null {
    const module = join(this.folder, 'scoring/oracle/mutation-run.js');
    const script = `import(${JSON.stringify(module)}).then((m) => m.exit())`;
    return spawnSync(process.execPath, ['-e', script], { timeout: RUN_MS_MAX, stdio: 'ignore' })
      .status;
  }

  /** True when the comparison finds the bug, or it breaks the program. */
  async kills({ file, text }: SourceMutant): Promise<boolean> {
    const isSource = await this.#write(file, text).then(
      () => true,
      () => false,
    );
    const killed = !isSource || this.run() !== 0;
    await this.#write(file, readFileSync(join(root, file), 'utf8'));
    return killed;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
