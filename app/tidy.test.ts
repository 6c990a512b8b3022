/**
 * The habits of the house, held by one ordinary test that reads every file. Each check is first
 * shown a planted fault, so that a check that finds nothing is known to be able to.
 */
import { describe, expect, it } from 'vitest';
import { loadCatalogueFrom, readCatalogueFiles } from './catalogue-files.js';
import { isGenerated, type RepositoryFile, repositoryFiles } from './tidy/files.js';
import { checkImports } from './tidy/imports.js';
import { checkLinks, checkMarks, checkMetricNames, checkPurity, checkSizes } from './tidy/text.js';

const files = repositoryFiles();

function planted(path: string, text: string): RepositoryFile {
  return { path, text, lines: text.split('\n') };
}

function all(check: (file: RepositoryFile) => string[]): string {
  return files
    .filter((f) => !isGenerated(f))
    .flatMap(check)
    .join('\n');
}

describe('imports', () => {
  it.each([
    ['ingest/a.ts', "import { x } from '../scoring/index.js';", 'rooms never import one another'],
    ['schemas/a.ts', "import { x } from '../platform/index.js';", 'imports go down only'],
    ['ingest/a.ts', "export { x } from '../platform/logs/lmdb-log.js';", 'the door of platform'],
    ['app/a.ts', "const a = await import('../ingest/router.js');", 'the door of ingest'],
    ['app/a.ts', "import uws from 'uWebSockets.js';", 'only platform/transport'],
    ['dashboard/web/a.tsx', "import { x } from '../server/a.js';", 'only schemas'],
    ['scoring/a.ts', "import { x } from './oracle/a.js';", 'for tests'],
  ])('finds a fault in %s', (path, text, message) => {
    expect(checkImports(planted(path, text))).toEqual([expect.stringContaining(message)]);
  });

  it('go down only, through doors', () => {
    expect(all(checkImports)).toBe('');
  });

  it('has one file that loads uWebSockets.js', () => {
    const loading = files.filter((f) =>
      /(from|import\(|require\w*\() ?'uWebSockets\.js'/.test(f.text),
    );
    const code = loading.filter((f) => !f.path.startsWith('app/tidy') && !/\.test\./.test(f.path));
    expect(code.map((f) => f.path).length).toBeLessThanOrEqual(1);
  });
});

describe('text', () => {
  it('finds long lines and long files', () => {
    expect(checkSizes(planted('app/a.ts', `${'x'.repeat(101)}\n`))).toHaveLength(1);
    expect(checkSizes(planted('app/a.ts', 'x\n'.repeat(401)))).toHaveLength(1);
    expect(checkSizes(planted('app/a.ts', 'x\n'.repeat(400)))).toEqual([]);
  });

  it('keeps to 400 lines a file and 100 columns', () => {
    expect(all(checkSizes)).toBe('');
  });

  it('finds marks and machine paths', () => {
    expect(checkMarks(planted('app/a.ts', `// ${'TO'}${'DO'}: later`))).toHaveLength(1);
    expect(checkMarks(planted('docs/a.md', `see ${'/ho'}${'me/li'}/notes`))).toHaveLength(1);
  });

  it('leaves no mark of unfinished work and no machine path', () => {
    expect(all(checkMarks)).toBe('');
  });

  it('finds a dead link', () => {
    expect(
      checkLinks(planted('docs/a.md', '[x](nowhere.md) [y](https://example.org) [z](#a)')),
    ).toEqual([expect.stringContaining('docs/nowhere.md')]);
  });

  it('links only to what is there', () => {
    expect(all(checkLinks)).toBe('');
  });
});

describe('scoring', () => {
  it.each([
    'const a = Date.now();',
    'const a = Math.random();',
    'const a = Math.exp(b);',
    "import { readFileSync } from 'node:fs';",
    'setTimeout(f, 1);',
  ])('finds %s', (text) => {
    expect(checkPurity(planted('scoring/a.ts', text))).toHaveLength(1);
    expect(checkPurity(planted('app/a.ts', text))).toEqual([]);
  });

  it('does no I/O, reads no clock, rolls no dice', () => {
    expect(all(checkPurity)).toBe('');
  });
});

describe('what documents name', () => {
  it('finds a metric that is made nowhere', () => {
    const document = planted('docs/a.md', 'watch `weir_nothing_total` and `weir_b_seconds_bucket`');
    const code = planted('app/a.ts', "metrics.histogram({ name: 'b_seconds' })");
    expect(checkMetricNames([document, code])).toEqual([
      expect.stringContaining('weir_nothing_total'),
    ]);
  });

  it('names only metrics that the code makes', () => {
    expect(checkMetricNames(files).join('\n')).toBe('');
  });

  it('has every rule file in the catalogue, and every rule in docs/rules.md', () => {
    const shipped = readCatalogueFiles();
    const { rules, typologies } = loadCatalogueFrom();
    const known = [...rules, ...typologies].map((r) => r.id);
    for (const file of shipped) {
      const ids = [...file.text.matchAll(/^id: (\S+)$/gm)].map((m) => m[1]);
      expect(ids.length, file.path).toBeGreaterThan(0);
      for (const id of ids) expect(known).toContain(id);
    }
    const documented = files.find((f) => f.path === 'docs/rules.md')?.text ?? '';
    for (const id of known) expect(documented).toContain(id);
  });
});
