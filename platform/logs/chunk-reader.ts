/**
 * Finds and verifies chunks. Its one trick: the last chunk read stays, so a reader that follows
 * the log in small steps copies and checks each chunk once.
 */
import type { LogRecord } from '../../schemas/ports.js';
import { type Chunk, parseChunk } from './chunk.js';
import type { Environment } from './environment.js';
import { LogError } from './errors.js';
import { owned } from './tables.js';

export class ChunkReader {
  readonly #log: string;
  #last: Chunk | undefined;

  constructor(log: string) {
    this.#log = log;
  }

  /** Records from `from` up to `end`; all that follows runs within `fresh`. */
  read(file: Environment, from: number, end: number, limit: number, bytesMax: number): LogRecord[] {
    const out: LogRecord[] = [];
    let bytes = 0;
    for (let position = from; position < end && out.length < limit; ) {
      const chunk = this.#chunkOf(file, position);
      const stop = Math.min(chunk.end, end, position + limit - out.length);
      for (; position < stop; position++) {
        const offset = chunk.offsets[position - chunk.first];
        const length = chunk.lengths[position - chunk.first];
        if (bytes + length > bytesMax && out.length > 0) return out;
        bytes += length;
        out.push({ position, bytes: chunk.bytes.subarray(offset, offset + length) });
      }
    }
    return out;
  }

  /** Keys of chunks that lie wholly below `position`, oldest first, at most `limit`. */
  keysBelow(file: Environment, position: number, end: number, limit: number): number[] {
    const keys = Array.from(file.database('chunks')?.getKeys({ limit: limit + 1 }) ?? [], Number);
    const below: number[] = [];
    for (let i = 0; i < keys.length && i < limit; i++) {
      const chunkEnd = i + 1 < keys.length ? keys[i + 1] : end;
      if (chunkEnd > position) break;
      below.push(keys[i]);
    }
    return below;
  }

  /** At the writer's start: the end that is written down must be that of the last chunk. */
  checkEnd(file: Environment, first: number, end: number): void {
    const [last] = file.database('chunks')?.getKeys({ reverse: true, limit: 1 }) ?? [];
    const found = last === undefined ? first : this.#load(file, Number(last)).end;
    if (found === end) return;
    throw new LogError(
      'log_corrupt',
      `log ${this.#log}: its chunks end at ${found}, but its end is noted as ${end}; ` +
        'restore the file from a backup',
    );
  }

  #chunkOf(file: Environment, position: number): Chunk {
    const last = this.#last;
    if (last !== undefined && last.first <= position && position < last.end) return last;
    // A reader that follows asks for the first position of the next chunk: one get finds it.
    let key = position;
    if (!file.database('chunks')?.doesExist(key)) {
      const before = { start: position, reverse: true, limit: 1 };
      const [found] = file.database('chunks')?.getKeys(before) ?? [];
      key = found === undefined ? -1 : Number(found);
    }
    const chunk = key < 0 ? undefined : this.#load(file, key);
    if (chunk === undefined || position >= chunk.end) {
      const keys = file.database('chunks')?.getKeys({ start: position, limit: 1 });
      const [next] = keys ?? [];
      const around = `the one before ends at ${chunk?.end ?? 'nothing'}, the next is ${next}`;
      throw new LogError(
        'log_corrupt',
        `log ${this.#log}: no chunk holds position ${position} (${around}); ` +
          'restore the file from a backup',
      );
    }
    this.#last = chunk;
    return chunk;
  }

  #load(file: Environment, key: number): Chunk {
    const bytes = file.database('chunks')?.getBinary(key) ?? new Uint8Array(0);
    return parseChunk(this.#log, key, owned(bytes));
  }
}
