/** Reads a YAML file by a strict schema; every complaint is one line with file and line. */
import { readFileSync } from 'node:fs';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';

const FILE_BYTES_MAX = 64 * 1024 * 1024;

/** What an operator must mend in a file: `path:line: what; mend`, one problem a line. */
export class FileError extends Error {
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.name = 'FileError';
    this.problems = problems;
  }
}

export function readText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FileError([`${path}: cannot be read (${code}); check the path and its rights`]);
  }
  if (bytes.length > FILE_BYTES_MAX) {
    throw new FileError([`${path}: larger than ${FILE_BYTES_MAX} bytes; split it`]);
  }
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/** Throws FileError. */
export function readYaml<T extends z.ZodType>(path: string, schema: T): z.output<T> {
  return parseYaml(path, readText(path), schema);
}

export function parseYaml<T extends z.ZodType>(path: string, text: string, schema: T): z.output<T> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new FileError(
      document.errors.map((error) => {
        const { line } = lines.linePos(error.pos[0]);
        return `${path}:${line}: not YAML: ${error.message.split('\n')[0]}; mend the syntax`;
      }),
    );
  }
  const parsed = schema.safeParse(document.toJS({ maxAliasCount: 0 }) ?? {});
  if (parsed.success) return parsed.data;
  throw new FileError(
    parsed.error.issues.map((issue) => {
      const line = lineOf(document, lines, issue.path, unknownKey(issue));
      const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
      return `${path}:${line}: ${where}${issue.message}; mend it or take it out`;
    }),
  );
}

function unknownKey(issue: z.core.$ZodIssue): string | undefined {
  return issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
}

/** Line of the deepest node of the path that there is; of the key itself when it is unknown. */
function lineOf(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
  key: string | undefined,
): number {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth), true);
    if (!isNode(node) || !node.range) continue;
    let start = node.range[0];
    if (depth === path.length && key !== undefined && isMap(node)) {
      const pair = node.items.find((item) => String(item.key) === key);
      const range = isNode(pair?.key) ? pair.key.range : undefined;
      if (range) start = range[0];
    }
    return lines.linePos(start).line;
  }
  return 1;
}
