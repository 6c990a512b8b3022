/**
 * Reads rule files into a catalogue, strictly: whatever could make a rule silently dead or wrong
 * is refused with `path:line: what; mend`, all problems at once. One rule a YAML document, any
 * number of documents a file. The loader stands outside the pure kernel: it alone may hash.
 *
 * Its trick: rules are re-read from their canonical JSON, so that a catalogue loaded from files
 * and one read back from the blob that a control record names are the same object, key by key.
 */
import { createHash } from 'node:crypto';
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  LineCounter,
  parseAllDocuments,
} from 'yaml';
import type { z } from 'zod';
import { type Catalogue, type Rule, ruleSchema } from '../../schemas/catalogue.js';
import { checkNumbers } from './check-bands.js';
import { checkFeatures, type Path } from './check-features.js';

export interface CatalogueFile {
  /** As shown to the author. */
  path: string;
  text: string;
}

const FILE_CHARACTERS_MAX = 1024 * 1024;
const RULES_MAX = 1_000;
const PROBLEMS_SHOWN_MAX = 50;

/** Each problem is one line, `path:line: what; mend`. */
export class CatalogueError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
    const rest = problems.length - shown.length;
    super([...shown, ...(rest > 0 ? [`... and ${rest} more`] : [])].join('\n'));
    this.name = 'CatalogueError';
    this.problems = problems;
  }
}

/** JSON with sorted keys and no spaces: equal values have equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).filter(([, v]) => v !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(',')}}`;
}

/** The bytes that the blob store keeps: canonical JSON of the rules, sorted by id. */
export function catalogueText(catalogue: Catalogue): string {
  return canonicalJson(catalogue.rules);
}

function makeCatalogue(rules: Rule[]): Catalogue {
  const sorted = [...rules].sort((a, b) => (a.id < b.id ? -1 : 1));
  const text = canonicalJson(sorted);
  const sha256 = createHash('sha256').update(text, 'utf8').digest('hex');
  return { sha256, rules: JSON.parse(text) as Rule[], typologies: [] };
}

/** A catalogue from its blob; checked like a file, since a blob may come from another version. */
export function catalogueFromJson(text: string): Catalogue {
  let values: unknown;
  try {
    values = JSON.parse(text);
  } catch {
    throw new CatalogueError(['catalogue blob:1: not JSON; restore the data folder']);
  }
  if (!Array.isArray(values)) {
    throw new CatalogueError(['catalogue blob:1: not a list of rules; restore the data folder']);
  }
  const problems: string[] = [];
  const rules: Rule[] = [];
  values.forEach((value: unknown, i) => {
    const id = (value as { id?: unknown } | null)?.id;
    const where = `catalogue blob (${typeof id === 'string' ? id : `rule ${i}`})`;
    const rule = checkRule(value, (_, what, mend) => problems.push(`${where}:1: ${what}; ${mend}`));
    if (rule !== null) rules.push(rule);
  });
  if (problems.length > 0) throw new CatalogueError(problems);
  return makeCatalogue(rules);
}

type Tell = (path: Path, what: string, mend: string) => void;

/** Schema first; only a rule of the right shape is looked at further. */
function checkRule(value: unknown, tell: Tell): Rule | null {
  const parsed = ruleSchema.safeParse(value);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) tellIssue(issue, tell);
    return null;
  }
  let good = true;
  const report: Tell = (path, what, mend) => {
    good = false;
    tell(path, what, mend);
  };
  checkFeatures(parsed.data, report);
  checkNumbers(parsed.data, report);
  return good ? parsed.data : null;
}

function tellIssue(issue: z.core.$ZodIssue, tell: Tell): void {
  const path = issue.path.map((p) => (typeof p === 'symbol' ? String(p) : p));
  const where = path.length === 0 ? 'rule' : path.join('.');
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      tell([...path, key], `unknown key ${key} in ${where}`, 'correct its name or take it out');
    }
    return;
  }
  if (issue.code === 'too_small' && issue.origin === 'array') {
    tell(path, `${where} is empty`, 'give at least one');
    return;
  }
  tell(path, `${where}: ${issue.message}`, 'see schemas/catalogue.ts for what stands there');
}

/** Line of the deepest part of `path` that exists; of a key where the path names one. */
function lineOf(doc: Document, lines: LineCounter, path: Path): number {
  let node: unknown = doc.contents;
  let offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find((p) => isPair(p) && isScalar(p.key) && p.key.value === step);
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else {
      const item = (node as { items?: unknown[] } | null)?.items?.[Number(step)];
      if (!isNode(item)) break;
      offset = item.range?.[0] ?? offset;
      node = item;
    }
  }
  return lines.linePos(offset).line;
}

function readDocuments(
  file: CatalogueFile,
  problems: string[],
  take: (rule: Rule, line: number) => void,
): void {
  if (file.text.length > FILE_CHARACTERS_MAX) {
    problems.push(`${file.path}:1: larger than 1 MiB; split it, one rule a file`);
    return;
  }
  const lines = new LineCounter();
  const parsed = parseAllDocuments(file.text, { lineCounter: lines, prettyErrors: false });
  const docs = Array.isArray(parsed) ? parsed.filter((d) => d.contents !== null) : [];
  if (docs.length === 0)
    problems.push(`${file.path}:1: no rule in it; write one or remove the file`);
  for (const doc of docs) {
    const fault = doc.errors[0] ?? doc.warnings[0];
    if (fault !== undefined) {
      const line = lines.linePos(fault.pos[0]).line;
      problems.push(`${file.path}:${line}: not YAML: ${fault.message}; correct it`);
      continue;
    }
    const tell: Tell = (path, what, mend) => {
      problems.push(`${file.path}:${lineOf(doc, lines, path)}: ${what}; ${mend}`);
    };
    let value: unknown;
    try {
      // No aliases: a rule is read by people, and expansion could be made to explode.
      value = doc.toJS({ maxAliasCount: 0 });
    } catch {
      tell([], 'an alias (*name) is used', 'write it out');
      continue;
    }
    const rule = checkRule(value, tell);
    if (rule !== null) take(rule, lineOf(doc, lines, ['id']));
  }
}

/** Throws `CatalogueError` with every problem found. */
export function loadCatalogue(files: readonly CatalogueFile[]): Catalogue {
  const problems: string[] = [];
  const rules: Rule[] = [];
  const seen = new Map<string, string>();
  for (const file of files) {
    readDocuments(file, problems, (rule, line) => {
      const at = `${file.path}:${line}`;
      const first = seen.get(rule.id);
      if (first !== undefined) {
        problems.push(`${at}: rule ${rule.id} stands at ${first} already; rename or remove one`);
        return;
      }
      seen.set(rule.id, at);
      rules.push(rule);
    });
  }
  if (rules.length > RULES_MAX) {
    problems.push(`${files[0]?.path}:1: more than ${RULES_MAX} rules; remove some`);
  }
  if (problems.length > 0) throw new CatalogueError(problems);
  return makeCatalogue(rules);
}
