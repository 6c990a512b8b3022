/** Who may import whom: `app`, `bench` -> rooms -> `platform` -> `schemas`, through doors. */
import { posix } from 'node:path';
import type { RepositoryFile } from './files.js';
import { isTestOnly } from './files.js';

export interface Import {
  line: number;
  /** As written. */
  from: string;
  /** From the root for relative ones, else undefined. */
  target: string | undefined;
}

const rooms = ['ingest', 'scoring', 'storage', 'dashboard'];
const floors: Record<string, number> = { schemas: 0, platform: 1, app: 3, bench: 3 };
for (const room of rooms) floors[room] = 2;

/** Static, dynamic and re-exporting imports. */
const pattern = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"]+)\1/;

export function importsOf(file: RepositoryFile): Import[] {
  return file.lines.flatMap((line, i) => {
    const from = /^\s*(\*|\/\/)/.test(line) ? undefined : pattern.exec(line)?.[2];
    if (from === undefined) return [];
    const target = from.startsWith('.')
      ? posix.normalize(posix.join(posix.dirname(file.path), from))
      : undefined;
    return [{ line: i + 1, from, target }];
  });
}

export function checkImports(file: RepositoryFile): string[] {
  const room = file.path.split('/')[0] ?? '';
  // The tidy test holds planted faults as text.
  if (!(room in floors) || file.path === 'app/tidy.test.ts') return [];
  return importsOf(file).flatMap((i) => {
    const problem = problemOf(file, room, i);
    return problem === undefined ? [] : [`${file.path}:${i.line}: error: ${problem}`];
  });
}

function problemOf(file: RepositoryFile, room: string, i: Import): string | undefined {
  if (i.from === 'uWebSockets.js' && !file.path.startsWith('platform/transport/')) {
    return 'only platform/transport loads uWebSockets.js; use createTransport';
  }
  if (i.target === undefined) return undefined;
  const to = i.target.split('/')[0] ?? '';
  if (!(to in floors)) {
    return isTestOnly(file) || i.target === 'package.json'
      ? undefined
      : `imports ${i.target}, which is on no floor of the house`;
  }
  if (file.path.startsWith('dashboard/web/')) return webProblem(i.target);
  if (to === room) return ownProblem(file, i.target);
  if ((floors[to] as number) >= (floors[room] as number)) {
    return `${room} may not import ${to}: imports go down only, and rooms never import one another`;
  }
  // A room may have a narrow door beside its door, for threads that need little and start often.
  if (to === 'schemas' || [`${to}/index.js`, `${to}/threads.js`].includes(i.target)) {
    return undefined;
  }
  if (isTestOnly(file)) return undefined;
  return `imports ${i.target}; the door of ${to} is ${to}/index.js`;
}

function webProblem(target: string): string | undefined {
  if (target.startsWith('dashboard/web/') || target.startsWith('schemas/')) return undefined;
  return `the page imports only schemas, not ${target}`;
}

function ownProblem(file: RepositoryFile, target: string): string | undefined {
  if (target.startsWith('scoring/oracle/') && !isTestOnly(file)) {
    return 'the oracle is for tests: it must not become part of what it checks';
  }
  if (file.path.startsWith('dashboard/') && target.startsWith('dashboard/web/')) {
    return 'the server knows the page only as built files';
  }
  return undefined;
}
