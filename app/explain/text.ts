/** An explanation for a terminal, in either language: aligned, one rule a paragraph. */

import type { Explained, Explanation } from '../../schemas/explanation.js';
import type { Unit } from '../../schemas/hit.js';
import { formatDuration, formatValue, type SentenceLanguage } from '../../schemas/sentence.js';
import type { ZoneTable } from '../../schemas/time.js';
import { zoneOffsetMs } from '../../schemas/time.js';
import { table } from '../columns.js';

export interface TextOptions {
  lang: SentenceLanguage;
  currency: string;
  zoneTable: ZoneTable;
  /** Names of rules and typologies by id. */
  nameOf(id: string): string;
}

type Words = readonly [zh: string, en: string];

const VERDICTS: Record<Explained['verdict'], Words> = {
  hit: ['命中', 'HIT'],
  silenced: ['静默中', 'silenced'],
  'below-bands': ['未达区间', 'below its bands'],
  gate: ['前提不满足', 'a gate does not hold'],
  'not-available': ['无法判断', 'not available'],
  'no-trigger': ['未触发', 'not triggered'],
  'out-of-scope': ['不适用', 'not for this customer'],
};

const MISSING: Record<NonNullable<NonNullable<Explained['observed']>['missing']>, Words> = {
  'no-leg': ['没有对应交易', 'there is no leg'],
  'no-balance': ['余额未知', 'no balance known'],
  'no-history': ['没有历史', 'no history'],
  'no-legs': ['窗口内没有交易', 'no leg in the window'],
  'too-few-legs': ['交易太少或金额都相同', 'too few legs, or all alike'],
  'no-limit': ['没有名单限额', 'no limit of a list'],
  'not-exceeded': ['未超限额', 'no limit is exceeded'],
  'no-rate': ['没有汇率', 'no exchange rate'],
  'nothing-to-compare': ['没有可比较的数值', 'nothing to compare with'],
};

const OPERATORS = { atLeast: '>=', above: '>', atMost: '<=', below: '<', equals: '=' } as const;

/** Sections: what hits first, what was never asked last. */
const ORDER: Explained['verdict'][] = [
  'hit',
  'silenced',
  'below-bands',
  'gate',
  'not-available',
  'no-trigger',
  'out-of-scope',
];

export function explanationText(e: Explanation, options: TextOptions): string {
  return new ExplanationText(options).whole(e);
}

class ExplanationText {
  readonly #options: TextOptions;
  readonly #at: 0 | 1;

  constructor(options: TextOptions) {
    this.#options = options;
    this.#at = options.lang === 'zh' ? 0 : 1;
  }

  whole(e: Explanation): string {
    const head: string[][] = [
      [this.#say('客户', 'subject'), e.subject],
      [this.#say('时间', 'asked at'), this.#time(e.atMs)],
    ];
    if (e.leg !== undefined) head.push([this.#say('交易', 'leg'), this.#leg(e.leg)]);
    if (e.dayCloseMs !== undefined) {
      head.push([this.#say('日终', 'day close'), this.#time(e.dayCloseMs)]);
    }
    head.push([this.#say('规则版本', 'catalogue'), e.catalogueVersion]);
    const parts = [table(head)];
    if (e.keptSince !== undefined) parts.push(this.#cut(e.keptSince.position));
    const sorted = [...e.rules].sort((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict));
    const asked = sorted.filter((r) => r.verdict !== 'no-trigger' && r.verdict !== 'out-of-scope');
    parts.push(...asked.map((r) => this.#paragraph(r)));
    parts.push(this.#rest(sorted, e));
    return parts.join('\n');
  }

  #say(zh: string, en: string): string {
    return this.#at === 0 ? zh : en;
  }

  #leg({
    transactionId,
    side,
    amountBaseMinor,
    eventMs,
    position,
  }: NonNullable<Explanation['leg']>) {
    const way = side === 'debit' ? this.#say('付出', 'debit') : this.#say('收入', 'credit');
    const money = this.#value('money', amountBaseMinor);
    return (
      `${transactionId}, ${way} ${money}, ${this.#time(eventMs)}, ` +
      `${this.#say('日志位置', 'log position')} ${position}`
    );
  }

  #cut(position: number): string {
    return this.#say(
      `日志从位置 ${position} 开始：更早的交易未计入\n`,
      `The journal begins at ${position}: earlier legs are not counted\n`,
    );
  }

  /** In the bank's zone. */
  #time(ms: number): string {
    const offsetMs = zoneOffsetMs(ms, this.#options.zoneTable);
    const local = new Date(ms + offsetMs).toISOString().replace('T', ' ').slice(0, 23);
    const minutes = Math.abs(offsetMs) / 60_000;
    const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
    const sign = offsetMs < 0 ? '-' : '+';
    return `${local.replace(/\.000$/, '')} ${sign}${two(minutes / 60)}:${two(minutes % 60)}`;
  }

  #value(unit: Unit, value: number | null): string {
    const { lang, currency } = this.#options;
    return formatValue(unit, value, lang, currency, true);
  }

  #paragraph(r: Explained): string {
    const name = this.#options.nameOf(r.id);
    const shadow = r.shadow ? this.#say('（影子）', ' (shadow)') : '';
    const title = `${r.id}${shadow}: ${VERDICTS[r.verdict][this.#at]}  ${name}\n`;
    return `${title}${table([...this.#rows(r)], '  ')}`;
  }

  *#rows(r: Explained): Iterable<string[]> {
    for (const gate of r.gates ?? []) {
      const { unit, op, threshold, held } = gate;
      yield [
        gate.feature,
        this.#shown(gate),
        `${OPERATORS[op]} ${this.#value(unit, threshold)}`,
        held ? this.#say('满足', 'holds') : this.#say('不满足', 'does not hold'),
      ];
    }
    if (r.observed !== undefined) yield* this.#observedRows(r, r.observed);
    for (const p of r.parts ?? []) {
      const what = `${p.weight} x ${p.outcome} = ${Math.round(p.weight * p.outcome * 100) / 100}`;
      yield [p.rule, what, p.band, this.#time(p.eventTime)];
    }
    if (r.score !== undefined) {
      const { by, value } = r.score;
      const from = by === undefined ? [] : [`${by.feature} ${this.#shown(by)}`];
      yield [this.#say('评分', 'score'), String(value), ...from];
    }
    if (r.silencedSinceMs !== undefined) {
      const since = this.#time(r.silencedSinceMs);
      yield [
        this.#say('静默', 'cooldown'),
        this.#say(`自 ${since} 的命中起`, `since the hit of ${since}`),
      ];
    }
    if (r.warmingUntilMs !== undefined) {
      const until = this.#time(r.warmingUntilMs);
      yield [
        this.#say('预热', 'warming'),
        this.#say(`至 ${until}，数值为下限`, `until ${until}: values are lower bounds`),
      ];
    }
  }

  *#observedRows(r: Explained, observed: NonNullable<Explained['observed']>): Iterable<string[]> {
    const edge = (b: { threshold: number; strict: boolean }): string =>
      `${b.strict ? '>' : '>='} ${this.#value(observed.unit, b.threshold)}`;
    const texts: string[] = [];
    if (r.band !== undefined) {
      texts.push(`${this.#say('区间', 'band')} ${r.band.outcome} ${edge(r.band)}`);
    }
    if (r.next !== undefined) {
      const missing = this.#distance(observed.unit, r.next.missing);
      const next = `${this.#say('下一区间', 'next')} ${r.next.outcome} ${edge(r.next)}`;
      texts.push(`${next} (${this.#say(`还差 ${missing}`, `${missing} more`)})`);
    }
    yield [observed.feature, this.#shown(observed), ...texts];
  }

  /** Small distances of days and numbers are not cut to nothing. */
  #distance(unit: Unit, missing: number): string {
    if (unit === 'days') return formatDuration(missing * 86_400_000, this.#options.lang);
    if (unit === 'number' || unit === 'ratio') return String(Math.round(missing * 1000) / 1000);
    return this.#value(unit, missing);
  }

  #shown({ unit, value, missing }: NonNullable<Explained['observed']>): string {
    if (value !== null || missing === undefined) return this.#value(unit, value);
    return this.#say(`无（${MISSING[missing][0]}）`, `not available: ${MISSING[missing][1]}`);
  }

  /** What was not asked, a line a rule. */
  #rest(sorted: readonly Explained[], { notScored }: Explanation): string {
    const rows = sorted
      .filter((r) => r.verdict === 'no-trigger' || r.verdict === 'out-of-scope')
      .map((r) => [r.id, VERDICTS[r.verdict][this.#at], this.#why(r)]);
    const states = notScored.map(({ id, state }) => [id, state, '']);
    return table([...rows, ...states]);
  }

  #why(r: Explained): string {
    if (r.scope !== undefined) {
      const { kinds, watch, lists } = r.scope;
      const named = [kinds, watch, lists].filter((n) => n.length > 0).map((n) => n.join(', '));
      return this.#say(`仅限 ${named.join('；')}`, `only ${named.join('; ')}`);
    }
    if (r.kind === 'typology') {
      const score = `${this.#say('得分', 'score')} ${r.observed?.value ?? 0}`;
      const parts = (r.parts ?? []).map((p) => `${p.weight} x ${p.rule} ${p.outcome}`);
      const from = parts.length === 0 ? '' : ` = ${parts.join(' + ')}`;
      return `${this.#say('此刻没有成员命中', 'no member reaches a band now')}; ${score}${from}`;
    }
    const { unmet } = r;
    if (unmet === undefined) return '';
    if (unmet.moment === true) {
      return this.#say('时点不符', 'it speaks at the other kind of moment');
    }
    const parts = [
      ...unmet.missing.map((n) => this.#say(`不是 ${n}`, `not ${n}`)),
      ...unmet.excluded.map((n) => this.#say(`是 ${n}`, `is ${n}`)),
    ];
    if (unmet.amount === 'too-small') parts.push(this.#say('金额太小', 'amount too small'));
    if (unmet.amount === 'too-large') parts.push(this.#say('金额太大', 'amount too large'));
    if (unmet.other === true) parts.push(this.#say('渠道或类型不符', 'other channel or type'));
    return parts.join(', ');
  }
}
