/**
 * A change of the rules that waits for its time, as a file of the data folder: written whole by
 * `weir rules apply`, taken by the engine. It carries the catalogue itself, so that what was
 * checked is what comes into force, whatever becomes of the files meanwhile; beside it stands what
 * became of the request before.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWholeFile } from '../platform/index.js';

const requestSchema = z.strictObject({
  format: z.literal(1),
  /** Platform clock, epoch ms: not before this. */
  atMs: z.number(),
  requestedMs: z.number(),
  sha256: z.string(),
  rules: z.number().int(),
  /** Canonical JSON, as the blob store keeps it. */
  catalogue: z.string(),
});
export type RulesRequest = z.infer<typeof requestSchema>;

const answerSchema = z.strictObject({
  format: z.literal(1),
  sha256: z.string(),
  requestedMs: z.number(),
  doneMs: z.number(),
  outcome: z.enum(['applied', 'unchanged', 'refused', 'cancelled']),
  /** Why it was refused. */
  why: z.string().optional(),
  /** Journal position of its control record. */
  position: z.number().optional(),
  /** What the engine's own files said then: they count again once they have changed. */
  filesSha256: z.string().optional(),
});
export type RulesAnswer = z.infer<typeof answerSchema>;

const requestPath = (dir: string): string => join(dir, 'rules-request.json');
const answerPath = (dir: string): string => join(dir, 'rules-answer.json');

/** What waits; throws when the file is there and cannot be read. */
export function readRequest(dir: string): RulesRequest | undefined {
  return read(requestPath(dir), requestSchema);
}

export function readAnswer(dir: string): RulesAnswer | undefined {
  return read(answerPath(dir), answerSchema);
}

function read<T>(path: string, schema: z.ZodType<T>): T | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  return schema.parse(JSON.parse(text));
}

export function hasRequest(dir: string): boolean {
  return existsSync(requestPath(dir));
}

export async function writeRequest(dir: string, request: RulesRequest): Promise<void> {
  await writeWholeFile(requestPath(dir), [Buffer.from(JSON.stringify(request))]);
}

/** The answer first: a request is never gone without a word. */
export async function answerRequest(dir: string, answer: RulesAnswer): Promise<void> {
  await writeWholeFile(answerPath(dir), [Buffer.from(JSON.stringify(answer))]);
  rmSync(requestPath(dir), { force: true });
}
