/** The repository's own text files, read once, for the tidy test. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { packageRoot } from '../package.js';

export interface RepositoryFile {
  /** From the root, with forward slashes. */
  path: string;
  text: string;
  lines: string[];
}

const leftOut = new Set(['node_modules', 'dist', '.git', 'coverage', '.vite', 'weir-data']);
const text = /\.(ts|tsx|mjs|md|json|yaml|yml|css|html|fbs)$|(^|\/)(LICENSE|run)$/;

export function repositoryFiles(): RepositoryFile[] {
  const root = packageRoot();
  const found: RepositoryFile[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const full = join(folder, entry.name);
      if (entry.isDirectory()) {
        if (!leftOut.has(entry.name)) visit(full);
        continue;
      }
      const path = relative(root, full).split(sep).join('/');
      if (!text.test(path)) continue;
      const content = readFileSync(full, 'utf8');
      found.push({ path, text: content, lines: content.split('\n') });
    }
  };
  visit(root);
  return found;
}

export const isCode = (f: RepositoryFile): boolean => /\.(ts|tsx|mjs)$/.test(f.path);
export const isTest = (f: RepositoryFile): boolean => /\.test\.tsx?$/.test(f.path);
/** Helpers of tests stand in folders called `testing`; the oracle is one as a whole. */
export const isTestOnly = (f: RepositoryFile): boolean =>
  isTest(f) ||
  /(^|\/)testing\//.test(f.path) ||
  f.path.startsWith('scoring/oracle/') ||
  f.path.startsWith('app/oracle-sql/');
export const isGenerated = (f: RepositoryFile): boolean =>
  /^schemas\/(generated|golden)\//.test(f.path) || /^docs\/evidence\//.test(f.path);
