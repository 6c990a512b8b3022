/**
 * Reads rule files into a catalogue, strictly: whatever could make a rule silently dead or wrong
 * is refused with `path:line: what; mend`, all problems at once. One rule or typology a YAML
 * document, any number of documents a file. The loader stands outside the pure kernel: it alone may
 * hash.
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
import {
  type Catalogue,
  type Rule,
  ruleSchema,
  type Typology,
  typologySchema,
} from '../../schemas/catalogue.js';
import { checkNumbers, unitOf } from './check-bands.js';
import { checkFeatures, type Path } from './check-features.js';
import { checkTexts } from './check-texts.js';
import { checkMembers, checkTypology } from './check-typologies.js';

export interface CatalogueFile {
  /** As shown to the author. */
  path: string;
  text: string;
}

/** What is wrong, where, and how to mend it. Line and column begin at 1. */
export interface Problem {
  path: string;
  line: number;
  column: number;
  /** Id of the rule or typology, '' where it has none yet. */
  id: string;
  what: string;
  mend: string;
}

const FILE_CHARACTERS_MAX = 1024 * 1024;
const RULES_MAX = 1_000;
const PROBLEMS_SHOWN_MAX = 50;

/** Its message has one line a problem, `path:line: what; mend`. */
export class CatalogueError extends Error {
  readonly problems: readonly Problem[];
  constructor(problems: readonly Problem[]) {
    const shown = problems.slice(0, PROBLEMS_SHOWN_MAX);
    const rest = problems.length - shown.length;
    const lines = shown.map((p) => `${p.path}:${p.line}: ${p.what}; ${p.mend}`);
    super([...lines, ...(rest > 0 ? [`... and ${rest} more`] : [])].join('\n'));
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

/** The bytes that the blob store keeps: canonical JSON of rules and typologies, sorted by id. */
export function catalogueText({ rules, typologies }: Omit<Catalogue, 'sha256'>): string {
  return canonicalJson({ rules, typologies });
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);

/** Hashes `content`, which is the whole of it, or the list of rules that older blobs are. */
function makeCatalogue(rules: Rule[], typologies: Typology[], isOldBlob = false): Catalogue {
  const sorted = { rules: [...rules].sort(byId), typologies: [...typologies].sort(byId) };
  const text = catalogueText(sorted);
  const hashed = isOldBlob ? canonicalJson(sorted.rules) : text;
  const sha256 = createHash('sha256').update(hashed, 'utf8').digest('hex');
  return { sha256, ...(JSON.parse(text) as Omit<Catalogue, 'sha256'>) };
}

/**
 * A catalogue from its blob; checked like a file, since a blob may come from another version. One
 * from before typologies is a list of rules, and keeps the hash that its hits carry.
 */
export function catalogueFromJson(text: string): Catalogue {
  const fail = (what: string): never => {
    const mend = 'restore the data folder';
    throw new CatalogueError([{ path: 'catalogue blob', line: 1, column: 1, id: '', what, mend }]);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    fail('not JSON');
  }
  const isOldBlob = Array.isArray(value);
  const { rules, typologies } = (isOldBlob ? { rules: value, typologies: [] } : (value ?? {})) as {
    rules?: unknown;
    typologies?: unknown;
  };
  if (!Array.isArray(rules) || !Array.isArray(typologies)) {
    return fail('not a list of rules and one of typologies');
  }
  const gathering = new Gathering();
  [...rules, ...typologies].forEach((entry: unknown, i) => {
    const id = idOf(entry) || `rule ${i}`;
    gathering.add(entry, (_, what, mend) =>
      gathering.problems.push({
        path: `catalogue blob (${id})`,
        line: 1,
        column: 1,
        id,
        what,
        mend,
      }),
    );
  });
  return gathering.catalogue(isOldBlob);
}

type Tell = (path: Path, what: string, mend: string) => void;

/** What an author calls it, before it is known to be of the right shape. */
function idOf(value: unknown): string {
  const id = (value as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? id : '';
}

/** Rules and typologies as they come in; what one says of another is checked when all are there. */
class Gathering {
  readonly problems: Problem[] = [];
  readonly #rules = new Map<string, Rule>();
  readonly #typologies = new Map<string, { typology: Typology; tell: Tell }>();
  readonly #refused = new Set<string>();
  /** Id -> where it stands. */
  readonly #seen = new Map<string, string>();

  /** Checks one document's value; `at` is where it stands, for telling of another like it. */
  add(value: unknown, tell: Tell, at = 'another place'): void {
    let good = true;
    const report: Tell = (path, what, mend) => {
      good = false;
      tell(path, what, mend);
    };
    const id = idOf(value);
    const first = this.#seen.get(id);
    if (first !== undefined)
      report(['id'], `${id} stands at ${first} already`, 'rename or remove one');
    else if (id !== '') this.#seen.set(id, at);
    const isTypology = typeof value === 'object' && value !== null && 'members' in value;
    if (isTypology) {
      const typology = shaped(typologySchema, value, 'typology', report);
      if (typology !== null) checkTypology(typology, report);
      if (typology !== null && good) this.#typologies.set(id, { typology, tell });
    } else {
      const rule = shaped(ruleSchema, value, 'rule', report);
      if (rule !== null) checkRule(rule, report);
      if (rule !== null && good) this.#rules.set(id, rule);
    }
    if (!good && first === undefined) this.#refused.add(id);
  }

  /** Throws `CatalogueError` with every problem found. */
  catalogue(isOldBlob = false): Catalogue {
    const typologies = new Set(this.#typologies.keys());
    for (const { typology, tell } of this.#typologies.values()) {
      checkMembers(typology, { rules: this.#rules, typologies, refused: this.#refused }, tell);
    }
    if (this.problems.length > 0) throw new CatalogueError(this.problems);
    return makeCatalogue(
      [...this.#rules.values()],
      [...this.#typologies.values()].map((t) => t.typology),
      isOldBlob,
    );
  }

  get size(): number {
    return this.#seen.size;
  }
}

/** Schema first; only what has the right shape is looked at further. */
function shaped<T>(schema: z.ZodType<T>, value: unknown, what: string, tell: Tell): T | null {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) tellIssue(issue, what, tell);
  return null;
}

function checkRule(rule: Rule, report: Tell): void {
  checkFeatures(rule, report);
  checkNumbers(rule, report);
  const facts = rule.facts.flatMap((name) => {
    const unit = unitOf(rule, name);
    return unit === undefined ? [] : [[name, unit] as const];
  });
  checkTexts(
    {
      bands: rule.bands,
      examples: rule.examples,
      observed: rule.observed,
      unit: unitOf(rule, rule.observed),
      gates: rule.gates.map((g) => g.feature),
      facts: new Map(facts),
      onLegs: rule.on !== 'day-close',
    },
    report,
  );
}

/** Of the alternatives of a union the one that the author came closest to: it says most. */
function closest(issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] {
  const depth = (issues: readonly z.core.$ZodIssue[]): number =>
    Math.max(...issues.map((i) => i.path.length + (i.code === 'unrecognized_keys' ? 1 : 0)));
  const [first = [], ...rest] = issue.errors;
  const best = rest.reduce((a, b) => (depth(b) > depth(a) ? b : a), first);
  return best.length > 0 && depth(best) > 0 ? best : [];
}

function tellIssue(issue: z.core.$ZodIssue, what: string, tell: Tell): void {
  const inner = issue.code === 'invalid_union' ? closest(issue) : [];
  for (const i of inner) tellIssue({ ...i, path: [...issue.path, ...i.path] }, what, tell);
  if (inner.length > 0) return;
  const path = issue.path.map((p) => (typeof p === 'symbol' ? String(p) : p));
  const where = path.length === 0 ? what : path.join('.');
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      tell([...path, key], `unknown key ${key} in ${where}`, 'correct its name or take it out');
    }
    return;
  }
  if (issue.code === 'too_small' && issue.origin === 'array') {
    const least = Number(issue.minimum);
    if (least > 1) tell(path, `${where} has fewer than ${least}`, `give at least ${least}`);
    else tell(path, `${where} is empty`, 'give at least one');
    return;
  }
  tell(path, `${where}: ${issue.message}`, 'see docs/rules-guide.md for what stands there');
}

/** Offset of the deepest part of `path` that exists; of a key where the path names one. */
function offsetOf(doc: Document, path: Path): number {
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
  return offset;
}

function readFile(file: CatalogueFile, gathering: Gathering): void {
  const lines = new LineCounter();
  const problem = (offset: number, id: string, what: string, mend: string): void => {
    // Of an empty file the counter knows no line.
    const { line, col } = offset === 0 ? { line: 1, col: 1 } : lines.linePos(offset);
    gathering.problems.push({ path: file.path, line, column: col, id, what, mend });
  };
  if (file.text.length > FILE_CHARACTERS_MAX) {
    problem(0, '', 'larger than 1 MiB', 'split it, one rule a file');
    return;
  }
  const parsed = parseAllDocuments(file.text, { lineCounter: lines, prettyErrors: false });
  const docs = Array.isArray(parsed) ? parsed.filter((d) => d.contents !== null) : [];
  if (docs.length === 0) problem(0, '', 'no rule in it', 'write one or remove the file');
  for (const doc of docs) {
    const fault = doc.errors[0] ?? doc.warnings[0];
    if (fault !== undefined) {
      problem(fault.pos[0], '', `not YAML: ${fault.message}`, 'correct it');
      continue;
    }
    let value: unknown;
    const tell: Tell = (path, what, mend) => problem(offsetOf(doc, path), idOf(value), what, mend);
    try {
      // No aliases: a rule is read by people, and expansion could be made to explode.
      value = doc.toJS({ maxAliasCount: 0 });
    } catch {
      tell([], 'an alias (*name) is used', 'write it out');
      continue;
    }
    const { line } = lines.linePos(offsetOf(doc, ['id']));
    gathering.add(value, tell, `${file.path}:${line}`);
  }
}

/** Where a part of a rule or typology stands, for problems that are found after loading. */
export function placeOf(
  files: readonly CatalogueFile[],
  id: string,
  path: Path,
): Pick<Problem, 'path' | 'line' | 'column'> {
  for (const file of files) {
    const lines = new LineCounter();
    for (const doc of parseAllDocuments(file.text, { lineCounter: lines })) {
      if (!isMap(doc.contents) || doc.get('id') !== id) continue;
      const { line, col } = lines.linePos(offsetOf(doc, path));
      return { path: file.path, line, column: col };
    }
  }
  throw new Error(`${id} stands in none of the files`);
}

/**
 * One rule or typology a YAML document; a document with `members` is a typology. Throws
 * `CatalogueError` with every problem found.
 */
export function loadCatalogue(files: readonly CatalogueFile[]): Catalogue {
  const gathering = new Gathering();
  for (const file of files) readFile(file, gathering);
  if (gathering.size > RULES_MAX) {
    gathering.problems.push({
      path: files[0]?.path ?? '',
      line: 1,
      column: 1,
      id: '',
      what: `more than ${RULES_MAX} rules`,
      mend: 'remove some',
    });
  }
  return gathering.catalogue();
}
