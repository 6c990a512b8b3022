/**
 * Bugs planted in the kernel's own source: the ones of planted-bugs.ts, and comparisons turned or
 * made stricter, ones left out, signs and conditions turned in every file that decides on values.
 * Each is put into a copy of the program in a temporary folder, which then compares itself with
 * what the oracle said. A copy that cannot be made or does not answer proves nothing: an error.
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
import { serialize } from 'node:v8';
import { transformWithEsbuild } from 'vite';
import { ANSWERS, expectedOfLogs } from './mutation-run.js';
import type { PlantedBug } from './planted-bugs.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** A run takes a second or two; only an endless loop comes here, on whatever machine. */
const RUN_MS_MAX = 120_000;
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
  what: string;
  file: string;
  /** The whole file with the bug. */
  text: string;
}

/** `endless`: no answer within two minutes, as when a loop does not end. */
export type Answer = keyof typeof ANSWERS | 'endless';

const sourceOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The file with the bug; throws where the words to change do not stand in it once. */
export function planted({ what, file: name, from, to }: PlantedBug): SourceMutant {
  const file = `scoring/${name}.ts`;
  const parts = sourceOf(file).split(from);
  if (parts.length !== 2) {
    throw new Error(`"${what}": ${file} has "${from}" ${parts.length - 1} times; plant it anew`);
  }
  return { what, file, text: parts.join(to) };
}

function turnsOf(file: string): SourceMutant[] {
  const lines = sourceOf(file).split('\n');
  return lines.flatMap((from, i) => {
    if (/^\s*(\*|\/[/*]|import|export type|export \{)|throw new/.test(from)) return [];
    return TURNS.flatMap(([pattern, by]) =>
      [...from.matchAll(pattern)].map(({ index, 0: found }) => {
        const to = from.slice(0, index) + by + from.slice(index + found.length);
        const text = [...lines.slice(0, i), to, ...lines.slice(i + 1)].join('\n');
        return { what: `${from.trim()} | ${to.trim()}`, file, text };
      }),
    );
  });
}

/** In the order of the files. */
export function turnedSources(): SourceMutant[] {
  return MUTATED.flatMap((name) => turnsOf(`scoring/${name}.ts`));
}

/** A copy of schemas and scoring as JavaScript, one file for one. */
export class ProgramCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'weir-mutants-'));
  /** Every file as JavaScript, by its path in the project. */
  readonly #code = new Map<string, string>();

  /** Throws unless the copy without a bug answers what the oracle says. */
  async build(): Promise<void> {
    for (const room of ['schemas', 'scoring']) {
      for (const entry of readdirSync(join(root, room), { recursive: true, withFileTypes: true })) {
        const path = join(entry.parentPath.slice(root.length), entry.name);
        if (!path.endsWith('.ts') || path.endsWith('.test.ts')) continue;
        const code = await asJavaScript(path, sourceOf(path));
        this.#code.set(path, code);
        this.#write(path, code);
      }
    }
    cpSync(join(root, 'package.json'), join(this.folder, 'package.json'));
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
    writeFileSync(join(this.folder, 'expected'), serialize(expectedOfLogs()));
    const answer = this.#run();
    if (answer !== 'same') throw new Error(`the copy without a bug: ${answer}`);
  }

  #write(path: string, code: string): void {
    const to = join(this.folder, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, code);
  }

  #run(): Answer {
    const module = join(this.folder, 'scoring/oracle/mutation-run.js');
    const expected = JSON.stringify(join(this.folder, 'expected'));
    const script = `import(${JSON.stringify(module)}).then((m) => m.exit(${expected}))`;
    const run = spawnSync(process.execPath, ['-e', script], {
      timeout: RUN_MS_MAX,
      encoding: 'utf8',
    });
    const found = Object.entries(ANSWERS).find(([, code]) => code === run.status);
    if (found !== undefined) return found[0] as Answer;
    if ((run.error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT') return 'endless';
    throw new Error(`the run failed with ${run.status ?? run.signal}: ${run.stderr}`);
  }

  /** What the copy answers with this bug. */
  async answer({ what, file, text }: SourceMutant): Promise<Answer> {
    const whole = this.#code.get(file);
    const code = await asJavaScript(file, text);
    if (whole === undefined || whole === code) throw new Error(`no bug in ${file}: ${what}`);
    this.#write(file, code);
    try {
      return this.#run();
    } finally {
      this.#write(file, whole);
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

async function asJavaScript(path: string, text: string): Promise<string> {
  const { code } = await transformWithEsbuild(text, path, { sourcemap: false, loader: 'ts' });
  return code;
}
