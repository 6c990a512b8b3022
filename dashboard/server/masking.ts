/**
 * A refused message as an operator may see it: what shape it has and where it is wrong, not whose
 * it is. Decided so: of JSON, all keys and the values of fields that name nobody; every other text
 * becomes its length. Of text that is no JSON, letters become x, but for words that formats are
 * made of. In both, six digits or more in a row are a number of somebody's: only the ends are
 * shown. Bytes that are no text show their length: what is readable in them would be ids.
 */
import {
  CHANNELS,
  PARTY_KINDS,
  TRANSACTION_TYPES,
  transactionJsonSchema,
} from '../../schemas/json-transaction.js';

const TEXT_MAX = 16 * 1024;
const DEPTH_MAX = 16;
/** Fields of a transaction that name nobody; their values are shown. */
const SHOWN_FIELDS = new Set([
  ...['eventTime', 'amount', 'currency', 'channel', 'type', 'kind', 'country'],
  ...['debtorBalanceAfter', 'creditorBalanceAfter', 'productRiskClass'],
]);
/**
 * A value of such a field is a number (shorter than an account's), a time or a word of a format;
 * anything else is somebody's.
 */
const PLAIN_VALUE = /^(?!.*\d{14})(?:[\d.,:+\-TZtz ]{1,40}|[A-Z]{2,3})$/;
const FIELD_NAME = /^[a-z_][a-z_.-]{0,40}\d{0,2}$/i;
const KNOWN_WORDS = new Set(
  [
    ...Object.keys(transactionJsonSchema.shape),
    ...['account', 'party', 'bank', 'country', 'kind', 'true', 'false', 'null'],
    ...[...CHANNELS, ...TRANSACTION_TYPES, ...PARTY_KINDS].flatMap((name) => name.split('-')),
  ].map((word) => word.toLowerCase()),
);

/** At most 16 KiB of the message. */
export function maskMessage(raw: Uint8Array): string {
  const text = textOf(raw);
  if (text === undefined) return `(${raw.length} bytes that are no text)`;
  const cut = text.length > TEXT_MAX ? `\n... ${text.length - TEXT_MAX} more` : '';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return maskProse(text.slice(0, TEXT_MAX)) + cut;
  }
  const shown = JSON.stringify(maskValue(value, '', 0), null, 2);
  return shown.length > TEXT_MAX ? `${shown.slice(0, TEXT_MAX)}\n...` : shown;
}

/** A reason's detail: written by admission, but it may name a key that a sender made up. */
export function maskDetail(detail: string): string {
  const known = detail.replace(/unknown key (.*); /su, (_, key: string) => {
    return `unknown key ${maskKey(key)}; `;
  });
  return maskNumbers(known.replace(/[^\P{C}\n]/gu, '\ufffd'));
}

function textOf(raw: Uint8Array): string | undefined {
  try {
    // The end may be cut in the middle of a character: `stream` lets it.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(raw, { stream: true });
    return /[^\P{C}\t\r\n]/u.test(text) ? undefined : text;
  } catch {
    return undefined;
  }
}

function maskValue(value: unknown, key: string, depth: number): unknown {
  if (depth > DEPTH_MAX) return '...';
  if (Array.isArray(value)) return value.map((item) => maskValue(item, key, depth + 1));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(
      Object.entries(value).map(([name, v]) => [maskKey(name), maskValue(v, name, depth + 1)]),
    );
  }
  const isShown = SHOWN_FIELDS.has(key);
  if (typeof value === 'number') {
    const text = String(value);
    return (isShown && PLAIN_VALUE.test(text)) || maskNumbers(text) === text
      ? value
      : maskNumbers(text);
  }
  if (typeof value !== 'string') return value;
  if (isShown && (PLAIN_VALUE.test(value) || isKnown(value))) return value;
  const digits = /^\d{6,}$/.test(value);
  return digits ? maskNumbers(value) : `(${[...value].length} characters)`;
}

/** Names of fields are kept; what does not look like one may be anybody's. */
function maskKey(name: string): string {
  return FIELD_NAME.test(name) ? name : `(${[...name].length} characters)`;
}

function isKnown(word: string): boolean {
  return word.split('-').every((part) => KNOWN_WORDS.has(part.toLowerCase()));
}

function maskProse(text: string): string {
  const masked = text.replace(/[\p{L}\p{M}]+/gu, (word) =>
    KNOWN_WORDS.has(word.toLowerCase()) || /^[A-Z]{3}$/.test(word) ? word : 'x'.repeat(word.length),
  );
  return maskNumbers(masked);
}

/** `62...2345`: of long numbers the first two and the last four, of shorter ones the last two. */
function maskNumbers(text: string): string {
  return text.replace(/\p{Nd}{6,}/gu, (digits) =>
    digits.length >= 10 ? `${digits.slice(0, 2)}...${digits.slice(-4)}` : `...${digits.slice(-2)}`,
  );
}
