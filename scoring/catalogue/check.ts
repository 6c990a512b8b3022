/**
 * All that can be told of rule files before they run: what the loader refuses, and, when it refuses
 * nothing, examples that do not do what they say.
 */
import type { Catalogue } from '../../schemas/catalogue.js';
import {
  CatalogueError,
  type CatalogueFile,
  loadCatalogue,
  type Problem,
  placeOf,
} from './load.js';
import { runExample } from './run-example.js';

export interface Checked {
  /** Undefined when it was refused. */
  catalogue: Catalogue | undefined;
  problems: readonly Problem[];
  /** Examples that were run. */
  examples: number;
}

export function checkCatalogue(files: readonly CatalogueFile[]): Checked {
  let catalogue: Catalogue;
  try {
    catalogue = loadCatalogue(files);
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error;
    return { catalogue: undefined, problems: error.problems, examples: 0 };
  }
  const problems: Problem[] = [];
  let examples = 0;
  for (const of of [...catalogue.rules, ...catalogue.typologies]) {
    of.examples.forEach((example, i) => {
      examples++;
      for (const found of runExample(catalogue, of, example)) {
        problems.push({
          ...placeOf(files, of.id, ['examples', i, 'expect', found.of]),
          id: of.id,
          what:
            `example "${example.name}": ` +
            `expected ${found.of} ${found.expected}, got ${found.got}`,
          mend: 'correct the rule, or what the example expects',
        });
      }
    });
  }
  problems.sort((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1));
  return { catalogue, problems, examples };
}
