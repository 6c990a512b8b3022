/**
 * A few of the shipped rules, for tests that tell a story: with the whole catalogue one payment
 * raises several alerts, and which ones is not what those tests are about.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readCatalogueFiles } from '../catalogue-files.js';

const FILES = [
  'activity-drop.yaml',
  'cross-border-remittances.yaml',
  'dormant-reactivation.yaml',
  'listed-customer-limits.yaml',
  'structuring-cash.yaml',
  'watched-outflow.yaml',
];

/** Writes them to `folder`; returns the flags of `weir run` that use them. */
export function firstRules(folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  for (const { path, text } of readCatalogueFiles()) {
    if (FILES.includes(basename(path))) writeFileSync(join(folder, basename(path)), text);
  }
  return ['--catalogue', folder];
}
