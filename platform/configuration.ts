/**
 * Configuration: defaults, then `weir.yaml` of the data folder, then flags. Strict, and every
 * error says where the value stands, what is wrong and how to mend it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Configuration, configurationSchema } from '../schemas/configuration.js';

const CONFIGURATION_FILE = 'weir.yaml';

/** What an operator can mend; the command ends with exit code 2. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

export type ConfigurationOverrides = { [K in keyof Configuration]?: Configuration[K] | undefined };

/** Where a key came from, for error messages. */
type Place = (key: string) => string;

export function loadConfiguration(
  dir: string,
  overrides: ConfigurationOverrides = {},
): Configuration {
  const path = join(dir, CONFIGURATION_FILE);
  const file = existsSync(path) ? readYaml(readFileSync(path, 'utf8')) : { values: {}, lines: {} };
  const flags = Object.fromEntries(Object.entries(overrides).filter(([, v]) => v !== undefined));
  const place: Place = (key) => {
    if (key in flags) return `flag --${key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
    const line = file.lines[key];
    return `${CONFIGURATION_FILE}${line === undefined ? '' : `:${line}`}: ${key}`;
  };
  const parsed = configurationSchema.safeParse({ ...file.values, ...flags });
  if (!parsed.success) {
    throw new ConfigurationError(parsed.error.issues.flatMap((i) => describeIssue(i, place)));
  }
  const problems = checkMeaning(parsed.data, place);
  if (problems.length > 0) throw new ConfigurationError(problems);
  return parsed.data;
}

function readYaml(text: string): {
  values: Record<string, unknown>;
  lines: Record<string, number>;
} {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true });
  const [first] = document.errors;
  if (first !== undefined) {
    const line = counter.linePos(first.pos[0]).line;
    const what = first.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '');
    throw new ConfigurationError([
      `${CONFIGURATION_FILE}:${line}: ${what}; mend the YAML of this line`,
    ]);
  }
  const values: unknown = document.toJS() ?? {};
  if (typeof values !== 'object' || Array.isArray(values)) {
    throw new ConfigurationError([
      `${CONFIGURATION_FILE}:1: not a list of settings; write one "name: value" a line`,
    ]);
  }
  return { values: values as Record<string, unknown>, lines: linesOf(document, counter) };
}

function linesOf(document: Document, counter: LineCounter): Record<string, number> {
  const lines: Record<string, number> = {};
  const items = (document.contents as { items?: unknown[] } | null)?.items ?? [];
  for (const item of items) {
    const key = (item as { key?: { value?: unknown; range?: number[] } }).key;
    if (typeof key?.value === 'string' && key.range?.[0] !== undefined) {
      lines[key.value] = counter.linePos(key.range[0]).line;
    }
  }
  return lines;
}

function describeIssue(issue: z.core.$ZodIssue, place: Place): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const near = nearest(key, Object.keys(configurationSchema.shape));
      const mend = near === undefined ? 'take it out' : `did you mean "${near}"?`;
      return `${place(key)}: there is no such setting; ${mend}`;
    });
  }
  const key = String(issue.path[0] ?? '');
  const standard = JSON.stringify(defaults()[key as keyof Configuration]);
  return [`${place(key)}: ${issue.message}; the default is ${standard}`];
}

function defaults(): Configuration {
  return configurationSchema.parse({});
}

/** What the schema's types alone cannot say. */
function checkMeaning(c: Configuration, place: Place): string[] {
  const problems: string[] = [];
  const ports = [
    'dashboardPort',
    'ingestPort',
    'engineOperationsPort',
    'dashboardOperationsPort',
    'storageOperationsPort',
  ] as const;
  for (const [i, key] of ports.entries()) {
    if (c[key] < 0 || c[key] > 65_535) {
      problems.push(`${place(key)}: ${c[key]} is no port; take 1 to 65535, or 0 for any free one`);
    }
    const twin = ports.slice(0, i).find((k) => c[k] === c[key] && c[key] !== 0);
    if (twin !== undefined) {
      problems.push(`${place(key)}: ${c[key]} is the ${twin} too; give each port its own number`);
    }
  }
  if (!Number.isInteger(Math.log2(c.shards)) || c.shards > 65_536) {
    problems.push(
      `${place('shards')}: ${c.shards} is no power of two up to 65536; the default is 256`,
    );
  }
  try {
    new Intl.DateTimeFormat('en', { timeZone: c.zone });
  } catch {
    problems.push(`${place('zone')}: "${c.zone}" is no time zone; write for example Asia/Shanghai`);
  }
  if (!/^(embedded|none|https?:\/\/[^/?#\s]+\/?)$/.test(c.clickhouse)) {
    problems.push(
      `${place('clickhouse')}: "${c.clickhouse}" is neither embedded nor none nor the address of ` +
        'a server; write http://clickhouse:8123 or so',
    );
  }
  for (const origin of c.allowedOrigins) {
    // As a browser writes it; anything else would never match, and nobody would know why.
    if (/^https?:\/\/[^/?#\s]+\/?$/.test(origin)) continue;
    const example = 'https://weir.bank.example';
    problems.push(`${place('allowedOrigins')}: "${origin}" is no origin; write ${example} or so`);
  }
  for (const [key, value] of Object.entries(c)) {
    if (/(Ms|Max|Bytes)$/.test(key) && typeof value === 'number' && value < 1) {
      problems.push(`${place(key)}: ${value} is too small; it must be at least 1`);
    }
  }
  return problems;
}

/** The known name within two edits, if there is one. */
function nearest(word: string, names: readonly string[]): string | undefined {
  const scored = names.map((name) => ({
    name,
    edits: edits(word.toLowerCase(), name.toLowerCase()),
  }));
  scored.sort((a, b) => a.edits - b.edits);
  return scored[0] !== undefined && scored[0].edits <= 2 ? scored[0].name : undefined;
}

/** Levenshtein distance, two rows. */
function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, change));
    }
    row = next;
  }
  return row[b.length] as number;
}
