/**
 * Lines of a file, plain or gzip (told by its first bytes), in batches as they are read, so that
 * whoever reads slowly slows the disk down. A line over the limit is handed over cut, and marked.
 */
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { FileError } from '../yaml-file.js';

export interface LineBatch {
  lines: string[];
  /** Number of lines[0], from 1. */
  firstLine: number;
  /** Index in `lines` of the ones that were cut. */
  cut: number[];
  /** Bytes of the file read so far (compressed, when it is). */
  bytesRead: number;
}

const GZIP_MAGIC = [0x1f, 0x8b];

/** Throws FileError when the file cannot be opened. */
export function openFile(path: string): { bytes: number; gzip: boolean } {
  try {
    const head = new Uint8Array(2);
    const file = openSync(path, 'r');
    readSync(file, head, 0, 2, 0);
    closeSync(file);
    const gzip = head[0] === GZIP_MAGIC[0] && head[1] === GZIP_MAGIC[1];
    return { bytes: statSync(path).size, gzip };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FileError([`${path}: cannot be read (${code}); check the path and its rights`]);
  }
}

export async function* readLines(
  path: string,
  lineCharactersMax: number,
): AsyncGenerator<LineBatch> {
  const { gzip } = openFile(path);
  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  // The iteration below throws what either of them reports.
  const stream = gzip ? pipeline(file, createGunzip(), () => undefined) : file;
  const splitter = new Splitter(lineCharactersMax);
  const decoder = new TextDecoder('utf-8');
  try {
    for await (const chunk of stream) {
      const batch = splitter.take(decoder.decode(chunk as Buffer, { stream: true }));
      if (batch.lines.length > 0) yield { ...batch, bytesRead: file.bytesRead };
    }
    const batch = splitter.end(decoder.decode());
    if (batch.lines.length > 0) yield { ...batch, bytesRead: file.bytesRead };
  } catch (error) {
    if (!gzip || !(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
    throw new FileError([
      `${path}:${splitter.nextLine}: the gzip data is cut or damaged here; get the file again`,
    ]);
  } finally {
    file.destroy();
  }
}

class Splitter {
  nextLine = 1;
  readonly #charactersMax: number;
  #rest = '';
  #skipping = false;

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax;
  }

  take(text: string): Omit<LineBatch, 'bytesRead'> {
    const parts = (this.#rest + text).split('\n');
    this.#rest = parts.pop() as string;
    const batch = this.#batch(parts);
    if (this.#rest.length > this.#charactersMax) {
      // Hand over its beginning now and forget the rest of the line as it comes.
      if (!this.#skipping) {
        batch.cut.push(batch.lines.length);
        batch.lines.push(this.#rest.slice(0, this.#charactersMax));
        this.nextLine++;
        this.#skipping = true;
      }
      this.#rest = '';
    }
    return batch;
  }

  end(text: string): Omit<LineBatch, 'bytesRead'> {
    const last = this.#rest + text;
    return this.#batch(last === '' ? [] : [last]);
  }

  #batch(parts: string[]): Omit<LineBatch, 'bytesRead'> {
    const cut: number[] = [];
    if (this.#skipping && parts.length > 0) {
      this.#skipping = false;
      parts.shift();
    }
    const firstLine = this.nextLine;
    for (let i = 0; i < parts.length; i++) {
      if (parts[i].endsWith('\r')) parts[i] = parts[i].slice(0, -1);
      if (parts[i].length > this.#charactersMax) {
        parts[i] = parts[i].slice(0, this.#charactersMax);
        cut.push(i);
      }
    }
    if (firstLine === 1 && parts.length > 0) parts[0] = parts[0].replace(/^\uFEFF/, '');
    this.nextLine += parts.length;
    return { lines: parts, firstLine, cut };
  }
}
