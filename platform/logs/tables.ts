/**
 * What stands beside the chunks in a log's file: side tables, the small meta table, blobs. All
 * values handed out are copies, because the pages that they came from may be written again.
 */
import { createHash } from 'node:crypto';
import type { BlobStore, SideTable } from '../../schemas/ports.js';
import type { Database, Environment, TableKey } from './environment.js';
import { LogError } from './errors.js';

const RANGE_LIMIT = 1000;
const KEY_BYTES_MAX = 1024;
const BLOB_BYTES_MAX = 256 * 1024 * 1024;

/** A copy that owns its buffer from offset 0: views of any width may stand on it. */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy;
}

/**
 * A plain view that owns its buffer from offset 0, copied only where needed: lmdb and fs return
 * either a buffer of its own or a piece of Node's pool. (lmdb's uncopied `getBinaryFast` buffer
 * has a length that is not its own, so it is not used here.)
 */
export function owned(bytes: Uint8Array): Uint8Array {
  return bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.byteLength
    ? new Uint8Array(bytes.buffer)
    : ownCopy(bytes);
}

/** Refuses what LMDB would only refuse in the middle of a batch. */
export function checkKey(log: string, key: TableKey): void {
  const good =
    typeof key === 'number'
      ? Number.isFinite(key)
      : key.length > 0 && Buffer.byteLength(key) <= KEY_BYTES_MAX;
  if (!good) {
    throw new LogError(
      'bad_key',
      `log ${log}: a key must be a finite number or 1 to ${KEY_BYTES_MAX} bytes of text`,
    );
  }
}

/** The handle and its database are looked up at each call: a reader may attach later. */
export function sideTable(
  log: string,
  environment: () => Environment | undefined,
  name: string,
): SideTable {
  const with_ = <T>(none: T, reads: (database: Database) => T): T => {
    const file = environment();
    return (
      file?.fresh(() => {
        const database = file.database(name);
        return database === undefined ? none : reads(database);
      }) ?? none
    );
  };
  return {
    get(key) {
      checkKey(log, key);
      return with_<Uint8Array | undefined>(undefined, (database) => {
        const bytes = database.getBinary(key);
        return bytes === undefined ? undefined : owned(bytes);
      });
    },
    has(key) {
      checkKey(log, key);
      return with_(false, (database) => database.doesExist(key));
    },
    range({ from, limit = RANGE_LIMIT, reverse = false }) {
      return with_<{ key: TableKey; value: Uint8Array }[]>([], (database) => {
        const start = from === undefined ? {} : { start: from };
        return Array.from(database.getRange({ ...start, limit, reverse }), (entry) => ({
          key: entry.key,
          value: owned(entry.value),
        }));
      });
    },
    count: () => with_(0, (database) => database.getStats().entryCount),
  };
}

export type MetaValue = string | number | Uint8Array;

/** One tag byte (0 bytes, 1 text, 2 number), then the value. */
export function encodeMeta(value: MetaValue): Uint8Array {
  if (typeof value === 'number') {
    const bytes = new Uint8Array(9);
    bytes[0] = 2;
    new DataView(bytes.buffer).setFloat64(1, value, true);
    return bytes;
  }
  const body = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = typeof value === 'string' ? 1 : 0;
  bytes.set(body, 1);
  return bytes;
}

export function decodeMeta(bytes: Uint8Array): MetaValue {
  const body = ownCopy(bytes.subarray(1));
  if (bytes[0] === 2) return new DataView(body.buffer).getFloat64(0, true);
  return bytes[0] === 1 ? Buffer.from(body).toString('utf8') : body;
}

/** `store` commits a value (null removes) in the blob database; resolves when it is durable. */
export function blobStore(
  log: string,
  environment: () => Environment | undefined,
  store: (sha256: string, bytes: Uint8Array | null) => Promise<void>,
): BlobStore {
  const table = sideTable(log, environment, 'blobs');
  const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  return {
    async put(bytes) {
      if (bytes.length > BLOB_BYTES_MAX) {
        throw new LogError(
          'record_too_large',
          `log ${log}: a blob of ${bytes.length} bytes is over the limit of ${BLOB_BYTES_MAX}`,
        );
      }
      const sha256 = hashOf(bytes);
      if (!table.has(sha256)) await store(sha256, ownCopy(bytes));
      return sha256;
    },
    get(sha256) {
      const bytes = table.get(sha256);
      if (bytes === undefined) {
        throw new LogError(
          'blob_missing',
          `log ${log}: blob ${sha256} is not in the file; restore the file from a backup`,
        );
      }
      if (hashOf(bytes) !== sha256) {
        throw new LogError(
          'blob_corrupt',
          `log ${log}: blob ${sha256} is damaged; restore the file from a backup`,
        );
      }
      return bytes;
    },
    async remove(sha256) {
      if (table.has(sha256)) await store(sha256, null);
    },
  };
}
