/**
 * The officer's sentence: a rule's template with a hit's numbers in it, in the words of each
 * language. Runs on the server and in the page, so it is small and leans on nothing.
 *
 * Placeholders: `{name}` of the observed feature, of a gate, or one of the built-ins;
 * `{name:unit}` of a fact (facts carry no unit of their own). Its one trick: numbers are cut, not
 * rounded, so that a sentence never says that a line was reached which was not.
 */
import type { Hit, Unit } from './hit.js';

export type SentenceLanguage = 'zh' | 'en';

export const BUILT_INS: readonly string[] = ['amount', 'threshold', 'count', 'subject', 'window'];
const PLACEHOLDER = /\{([A-Za-z][A-Za-z0-9]*)(?::([a-z]+))?\}/g;
/** One of something: a count of 1 and the plural word behind it. */
const ONE_OF = /(?<![\w.,¥-])1 (transaction|payment|remittance)s\b/g;
const UNKNOWN = '—';

/** Placeholders of a template as written, without braces: `sum`, `mean:money`. */
export function placeholdersOf(template: string): string[] {
  return Array.from(template.matchAll(PLACEHOLDER), (m) =>
    m[2] === undefined ? (m[1] ?? '') : `${m[1]}:${m[2]}`,
  );
}

/** Integer with thousands separators. */
function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/**
 * `scaled` / 10^digits as a decimal with at most `decimals` places, cut towards zero, trailing
 * zeros dropped down to `keep` places. Integers in, so no rounding of binary fractions.
 */
function decimal(scaled: number, digits: number, decimals: number, keep: number): string {
  const unit = 10 ** digits;
  const whole = Math.floor(scaled / unit);
  let rest = String(scaled % unit)
    .padStart(digits, '0')
    .slice(0, decimals);
  while (rest.length > keep && rest.endsWith('0')) rest = rest.slice(0, -1);
  return rest === '' ? grouped(whole) : `${grouped(whole)}.${rest}`;
}

const ZH_CURRENCY: Record<string, string> = {
  CNY: '元',
  USD: '美元',
  EUR: '欧元',
  HKD: '港元',
  GBP: '英镑',
  AUD: '澳元',
  SGD: '新加坡元',
};

/** Base-currency minor units (2 decimals). A threshold is exact and without a trailing zero. */
export function formatMoney(
  minor: number,
  lang: SentenceLanguage,
  currency: string,
  exact = false,
): string {
  if (!Number.isFinite(minor)) return UNKNOWN;
  const sign = minor < 0 ? '-' : '';
  const abs = Math.round(Math.abs(minor));
  if (lang === 'en') {
    const text = decimal(abs, 2, 2, abs % 100 === 0 ? 0 : 2);
    return currency === 'CNY' ? `${sign}¥${text}` : `${sign}${currency} ${text}`;
  }
  const name = ZH_CURRENCY[currency] ?? currency;
  const decimals = exact ? 10 : 2;
  const keep = exact ? 0 : 1;
  if (abs >= 1e10) return `${sign}${decimal(abs, 10, decimals, keep)} 亿${name}`;
  if (abs >= 1e6) return `${sign}${decimal(abs, 6, decimals, keep)} 万${name}`;
  return `${sign}${decimal(abs, 2, 2, 0)} ${name}`;
}

/** Cut to one decimal, none when it is zero; a hair of binary error below a step is forgiven. */
function oneDecimal(value: number): string {
  const tenths = Math.floor(Math.abs(value) * 10 + 1e-6);
  return `${value < 0 && tenths > 0 ? '-' : ''}${decimal(tenths, 1, 1, 0)}`;
}

/** What binary arithmetic may take from a percentage; 76.9999999 is not that: it stays. */
const BINARY_ERROR = 1e-8;

/**
 * Cut to one decimal; where that would hide that the value is above a whole number, to two or four:
 * 100.0002 is over the limit, and says so.
 */
export function percentText(value: number): string {
  const abs = Math.abs(value);
  for (const digits of [1, 2, 4]) {
    const scaled = Math.floor(abs * 10 ** digits + BINARY_ERROR);
    if (scaled % 10 ** digits === 0) continue;
    return `${value < 0 ? '-' : ''}${decimal(scaled, digits, digits, 0)}`;
  }
  const whole = Math.floor(abs + BINARY_ERROR);
  return `${value < 0 && whole > 0 ? '-' : ''}${grouped(whole)}`;
}

/** Milliseconds as hours up to two days, else days; minutes below an hour, seconds below one. */
export function formatDuration(ms: number, lang: SentenceLanguage): string {
  const [n, zh, en] =
    ms < 60_000
      ? [ms / 1000, '秒', 'second']
      : ms < 3_600_000
        ? [ms / 60_000, '分钟', 'minute']
        : ms <= 172_800_000
          ? [ms / 3_600_000, '小时', 'hour']
          : [ms / 86_400_000, '天', 'day'];
  const text = oneDecimal(n);
  return lang === 'zh' ? `${text} ${zh}` : `${text} ${en}${text === '1' ? '' : 's'}`;
}

/** A value in the words of its unit. */
export function formatValue(
  unit: Unit,
  value: number | null | undefined,
  lang: SentenceLanguage,
  currency: string,
  exact = false,
): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return UNKNOWN;
  const zh = lang === 'zh';
  switch (unit) {
    case 'money':
      return formatMoney(value, lang, currency, exact);
    case 'percent':
      return `${percentText(value)} %`;
    case 'ratio': {
      const text = Math.abs(value) >= 10 ? grouped(Math.floor(value + 1e-6)) : oneDecimal(value);
      return zh ? `${text} 倍` : `${text}x`;
    }
    case 'days': {
      const days = Math.floor(value + 1e-6);
      return zh ? `${grouped(days)} 天` : `${grouped(days)} day${days === 1 ? '' : 's'}`;
    }
    case 'flag':
      return value === 0 ? (zh ? '否' : 'no') : zh ? '是' : 'yes';
    case 'count':
      return grouped(Math.floor(value));
    case 'seconds':
      return formatDuration(value * 1000, lang);
    case 'number':
      return oneDecimal(value);
  }
}

/** Value and unit behind a placeholder; undefined = nothing of that name in the hit. */
function numberIn(
  hit: Hit,
  name: string,
  unit: string | undefined,
): [Unit, number | null] | undefined {
  if (hit.observed.feature === name) return [hit.observed.unit, hit.observed.value];
  const gate = hit.gates.find((g) => g.feature === name);
  if (gate !== undefined) return [gate.unit, gate.value];
  if (Object.hasOwn(hit.facts, name)) return [(unit ?? 'count') as Unit, hit.facts[name] ?? null];
  return undefined;
}

/** Of an alert that groups the hits behind a rule's open breaker. */
export function floodSentence(hits: number): Record<SentenceLanguage, string> {
  const n = grouped(hits);
  return {
    zh: `规则命中过多，断路器已打开：${n} 次命中合并为一条`,
    en: `The rule floods, its breaker is open: ${n} hit${hits === 1 ? '' : 's'} grouped`,
  };
}

export function renderSentence(
  template: string,
  hit: Hit,
  lang: SentenceLanguage,
  currency: string,
  subjectName?: string,
): string {
  const atLeast = hit.atLeast ? (lang === 'zh' ? '至少 ' : 'at least ') : '';
  const sentence = template.replace(PLACEHOLDER, (_, name: string, unit: string | undefined) => {
    // A rule's own feature wins over a built-in of the same name: `amount`, `count`.
    const found = numberIn(hit, name, unit);
    if (found !== undefined) return formatValue(found[0], found[1], lang, currency);
    switch (name) {
      case 'amount':
        return formatMoney(hit.amountBaseMinor, lang, currency);
      case 'threshold':
        return formatValue(hit.observed.unit, hit.threshold, lang, currency, true);
      case 'count':
        return `${atLeast}${grouped(hit.transactionCount)}`;
      case 'subject':
        return subjectName ?? hit.subject;
      case 'window':
        return formatDuration(hit.window.to - hit.window.from, lang);
      default:
        return UNKNOWN;
    }
  });
  return lang === 'zh' ? sentence : sentence.replace(ONE_OF, '1 $1');
}
