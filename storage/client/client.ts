/**
 * The one place that makes clients of ClickHouse, for the embedded child and for a server alike.
 * Its trick is that nothing is left to defaults: each request has a time after which it is over,
 * whatever the other side does, every result is read to its end, and settings that lose data or
 * digits silently are switched off. A failed request rejects; `classify` says what it was.
 */
import { Readable } from 'node:stream';
import {
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
  type ClickHouseClient as RawClient,
} from '@clickhouse/client';
import { DatabaseError } from './errors.js';

export interface DatabaseClientOptions {
  /** http(s)://host:port of the server. */
  url: string;
  user: string;
  password: string;
  /** From sending to the last byte of the answer. */
  requestTimeoutMs: number;
  connectionsMax?: number;
  /** Constants of ours only: values of settings are not escaped as parameters are. */
  settings?: ClickHouseSettings;
}

export interface DatabaseClient {
  /** A statement without a result. */
  command(sql: string, timeoutMs?: number): Promise<void>;
  /** Rows as objects; 64-bit integers come as strings, see `exact`. Text only by `parameters`. */
  query<Row>(sql: string, parameters?: QueryParameters, timeoutMs?: number): Promise<Row[]>;
  /** `sql` is the INSERT up to its FORMAT; `body` must stay as it is until this is settled. */
  insert(sql: string, body: Uint8Array, timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
}

export type QueryParameters = Record<string, string | number | readonly string[]>;

/** Below the 3 s after which the oldest servers close an idle connection; newer ones wait 10 s. */
const IDLE_SOCKET_MS = 2_500;
const CONNECTIONS_MAX = 4;
/** Behind our own time-out, which says `timeout` at the right moment. */
const SOCKET_SLACK_MS = 1_000;

const SETTINGS: ClickHouseSettings = {
  // Batches are ours, and an insert is answered when its rows are in a part.
  async_insert: 0,
  output_format_json_quote_64bit_integers: 1,
  // A misspelt column is an error, and so is a null where none belongs.
  input_format_skip_unknown_fields: 0,
  input_format_null_as_default: 0,
  // The status comes after the whole result, so that an error is never inside an answer 200.
  wait_end_of_query: 1,
};

export function createDatabaseClient(options: DatabaseClientOptions): DatabaseClient {
  const { requestTimeoutMs } = options;
  const raw: RawClient = createClient({
    url: options.url,
    username: options.user,
    password: options.password,
    application: 'weir',
    // A fuse only: this one counts silence on the socket, so a trickle would never trip it.
    request_timeout: requestTimeoutMs + SOCKET_SLACK_MS,
    max_open_connections: options.connectionsMax ?? CONNECTIONS_MAX,
    keep_alive: {
      enabled: true,
      idle_socket_ttl: IDLE_SOCKET_MS,
      eagerly_destroy_stale_sockets: true,
    },
    compression: { request: false, response: false },
    clickhouse_settings: { ...SETTINGS, ...options.settings },
    // It would print queries; what matters is in the rejection.
    log: { level: ClickHouseLogLevel.OFF },
  });
  return {
    command: (sql, timeoutMs = requestTimeoutMs) =>
      within(timeoutMs, async (abort_signal) => {
        await raw.command({ query: sql, abort_signal });
      }),
    query: (sql, parameters = {}, timeoutMs = requestTimeoutMs) =>
      within(timeoutMs, async (abort_signal) => {
        const result = await raw.query({
          query: sql,
          format: 'JSONEachRow',
          query_params: parameters,
          // A long text would not fit into the address.
          use_multipart_params_auto: true,
          abort_signal,
        });
        return result.json();
      }),
    insert: (sql, body, timeoutMs = requestTimeoutMs) =>
      within(timeoutMs, async (abort_signal) => {
        const values = Readable.from(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
        const { stream } = await raw.exec({ query: sql, values, abort_signal });
        for await (const _ of stream);
      }),
    close: () => raw.close(),
  };
}

/** Ends the work after `timeoutMs` even if it ignores its signal. */
async function within<T>(timeoutMs: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new DatabaseError('timeout', `no answer within ${timeoutMs} ms`));
      abort.abort();
    }, timeoutMs);
  });
  try {
    return await Promise.race([work(abort.signal), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A 64-bit integer of an answer as a number. Throws where a number would lose digits. */
export function exact(text: string | number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) {
    throw new DatabaseError('too-large', 'a number of the database is beyond 2^53');
  }
  return value;
}
