/**
 * Logs of a role: pino to stderr, JSON lines for machines, short lines when a person watches a
 * terminal. Secrets are removed by key name wherever they stand up to two levels deep.
 */
import { type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

const secretKeys = ['authorization', 'cookie', 'key', 'ingestKey', 'password', 'secret', 'token'];
const redactPaths = secretKeys.flatMap((k) => [k, `*.${k}`, `*.*.${k}`]);

export interface LoggerOptions {
  role: string;
  level?: LogLevel;
  /** Short lines instead of JSON; by default when stderr is a terminal. */
  human?: boolean;
  /** Where lines go; stderr by default. */
  write?: (line: string) => void;
}

export function createLogger(options: LoggerOptions): Logger {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const human = options.human ?? (options.write === undefined && process.stderr.isTTY === true);
  return pino(
    {
      level: options.level ?? 'info',
      base: { role: options.role },
      redact: { paths: redactPaths, censor: '[removed]' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: human ? (line: string) => write(humanLine(line)) : write },
  );
}

/** `12:34:56.789 WARN  engine  message key=value`; a line that is not ours stays as it is. */
export function humanLine(json: string): string {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(json) as Record<string, unknown>;
  } catch {
    return json;
  }
  const { time, level, role, msg, err, ...rest } = record;
  const clock = String(time).slice(11, 23);
  const details = Object.entries(rest)
    .map(([k, v]) => ` ${k}=${typeof v === 'object' ? JSON.stringify(v) : String(v)}`)
    .join('');
  const stack = (err as { stack?: string } | undefined)?.stack;
  const tail = stack === undefined ? '' : `\n${stack}`;
  const head = `${clock} ${String(level).toUpperCase().padEnd(5)} ${String(role).padEnd(10)}`;
  return `${head} ${msg ?? ''}${details}${tail}\n`;
}
