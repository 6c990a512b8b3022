/**
 * A seeded random log that visits every shipped rule and its edges: amounts on both sides of each
 * line, gaps of exactly a window, equal event times, ends of days, months and years, late and too
 * late legs, reversals young and old, silence, hubs. The same seed gives the same log, so a
 * disagreement can be told by its seed.
 */
import { unpackProfile } from '../../schemas/classes.js';
import { bankDay, bankDayStartMs, bankMonthStartMs, type ZoneTable } from '../../schemas/time.js';
import { classBits, type LegFacts } from '../testing/example-log.js';
import { type Customer, customers, type Dice, dice, outside } from './random-customers.js';
import { scheme } from './random-schemes.js';
import { GAPS_MS, PLAIN_TRANSFER, THEMES, type Theme } from './random-themes.js';
import type { Channel, OracleRecord, OracleSide, OracleTransaction } from './types.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const MEDICAL_AMOUNTS: readonly number[] = [150_000, 30_000_000];
const QUIET_MAX_MS = 12 * HOUR_MS;
const UNDONE_LATER_MS: readonly number[] = [MINUTE_MS, HOUR_MS, DAY_MS, 20 * DAY_MS, 45 * DAY_MS];
const CHANNELS: readonly Channel[] = ['online', 'mobile', 'counter', 'atm', 'pos', 'unknown'];
const COUNTRIES_ABROAD: readonly string[] = ['US', 'SG', 'DE', 'IR', ''];

export interface RandomLogOptions {
  seed: number;
  transactions: number;
  subjects: number;
  /** Event times spread over this many days. */
  days: number;
  startMs: number;
  latenessMs: number;
  /** Of the bank; for the bit `offHours` and for events about midnight. */
  zoneTable: ZoneTable;
  /** One burst in so many is sent by a source of history; 0 = none. */
  historyEvery: number;
  /** A watermark stands behind one record in so many. */
  watermarkEvery: number;
}

export const RANDOM_LOG_DEFAULTS: RandomLogOptions = {
  seed: 1,
  transactions: 5_000,
  subjects: 25,
  days: 500,
  startMs: Date.UTC(2025, 0, 1),
  latenessMs: 10 * MINUTE_MS,
  zoneTable: [{ fromMs: 0, offsetMs: 8 * HOUR_MS }],
  historyEvery: 0,
  watermarkEvery: 3,
};

type Draft = Omit<OracleTransaction, 'position' | 'ingestMs'>;

interface Added {
  customer: Customer;
  theme: Theme;
  eventMs: number;
  amountMinor: number;
  counterparty: string;
  channel: Channel;
  history: boolean;
  /** What it undoes, '' = nothing. */
  reversedId: string;
  /** Nobody of ours on the other side. */
  isOutside?: boolean;
}

class Maker {
  readonly #roll: Dice;
  readonly #options: RandomLogOptions;
  readonly #customers: Customer[];
  readonly drafts: Draft[] = [];

  constructor(roll: Dice, options: RandomLogOptions) {
    this.#roll = roll;
    this.#options = options;
    this.#customers = customers(options, roll);
  }

  #side(customer: Customer, facts: LegFacts, eventMs: number): OracleSide {
    const reported = this.#roll(2) === 0;
    const profile = eventMs < customer.changesMs ? customer.profile : customer.profileThen;
    return {
      subject: customer.subject,
      account: `${customer.subject}-${this.#roll(customer.accounts)}`,
      classBits: classBits({ ...facts, listed: unpackProfile(profile).lists.length > 0 }),
      profile,
      balanceAfterMinor: reported ? this.#roll(5) * facts.amountMinor : Number.NaN,
      external: false,
      country: 'CN',
      ...(customer.limits === undefined ? {} : { limits: customer.limits }),
    };
  }

  /** Who is on the other side: nobody of ours, a customer too, or the same one. */
  #other({ theme, customer, eventMs, isOutside }: Added): Customer | undefined {
    if (isOutside === true || theme.abroad || this.#roll(4) > 0) return undefined;
    if (this.#roll(3) === 0) return customer;
    const partner = this.#customers[this.#roll(this.#customers.length)] as Customer;
    return awake(partner, eventMs) ? partner : undefined;
  }

  add(added: Added): void {
    const { customer, theme, eventMs, amountMinor, counterparty, reversedId } = added;
    const roll = this.#roll;
    const other = this.#other(added);
    const country = theme.abroad ? (COUNTRIES_ABROAD[roll(5)] as string) : 'CN';
    const isOwn = other?.subject === customer.subject;
    const facts = (side: 'debit' | 'credit'): LegFacts => ({
      side,
      type: reversedId === '' ? theme.type : 'reversal',
      amountMinor,
      ownAccount: isOwn,
      external: other === undefined,
      crossBorder: theme.abroad,
      medical: theme.type === 'transfer' && MEDICAL_AMOUNTS.includes(amountMinor),
      listed: false,
      offHours: this.#isOffHours(eventMs),
      more: [
        ...(theme.abroad && roll(4) > 0 ? (['foreignCurrency'] as const) : []),
        ...(country === 'IR' ? (['highRiskCountry'] as const) : []),
        ...(counterparty.endsWith('7') && !isOwn ? (['counterpartyListed'] as const) : []),
        ...(theme.type === 'transfer' && roll(12) === 0 ? (['household'] as const) : []),
        ...(other === undefined && roll(2) === 0 ? (['otherBank'] as const) : []),
      ],
    });
    const credit = theme.credit !== (reversedId !== '');
    const mine = this.#side(customer, facts(credit ? 'credit' : 'debit'), eventMs);
    const theirs =
      other === undefined
        ? outside(counterparty, country)
        : this.#side(other, facts(credit ? 'debit' : 'credit'), eventMs);
    this.drafts.push({
      kind: 'transaction',
      id: `t${this.drafts.length}`,
      eventMs,
      amountBaseMinor: amountMinor,
      channel: added.channel,
      type: reversedId === '' ? theme.type : 'reversal',
      debtor: credit ? theirs : mine,
      creditor: credit ? mine : theirs,
      reversedId,
      history: added.history,
    });
  }

  #isOffHours(ms: number): boolean {
    const { zoneTable } = this.#options;
    const offsetMs = [...zoneTable].reverse().find((z) => z.fromMs <= ms)?.offsetMs ?? 0;
    return (ms + offsetMs) % DAY_MS < 5 * HOUR_MS;
  }

  /** Mostly any minute; sometimes the first or last instant of a day or month, or the next. */
  #startMs(): number {
    const { startMs, days, zoneTable } = this.#options;
    const roll = this.#roll;
    const ms = startMs + roll(days) * DAY_MS + roll(1440) * MINUTE_MS;
    if (roll(8) > 0) return ms;
    const edgeMs =
      roll(3) === 0
        ? bankMonthStartMs(ms, zoneTable)
        : bankDayStartMs(bankDay(ms, zoneTable), zoneTable);
    return Math.max(startMs, edgeMs + roll(3) - 1);
  }

  #scheme(customer: Customer, startMs: number, history: boolean): void {
    let eventMs = startMs;
    for (const { credit, gapMs, amountMinor, counterparty } of scheme(this.#roll)) {
      const theme = { ...PLAIN_TRANSFER, credit };
      const { channel } = theme;
      const place = { customer, theme, channel, eventMs, history };
      this.add({ ...place, amountMinor, counterparty, reversedId: '', isOutside: true });
      eventMs += gapMs;
    }
  }

  /** Some transactions of one theme by one customer, sometimes with one of them undone. */
  burst(): void {
    const roll = this.#roll;
    const { historyEvery } = this.#options;
    const startMs = this.#startMs();
    const customer = this.#customers[roll(this.#customers.length)] as Customer;
    const theme = THEMES[roll(THEMES.length)] as Theme;
    if (!awake(customer, startMs)) return;
    const history = historyEvery > 0 && roll(historyEvery) === 0;
    if (roll(8) === 0) {
      this.#scheme(customer, startMs, history);
      return;
    }
    // A hub's counterparties are its own and many, so that most of them are new.
    const scattered = theme.scattered || customer.isHub;
    const length = (scattered ? 2 : 1) + roll(customer.isHub ? 12 : 7);
    let eventMs = startMs;
    for (let i = 0; i < length; i++) {
      const added: Added = {
        customer,
        theme,
        eventMs,
        amountMinor: theme.amounts[roll(theme.amounts.length)] as number,
        counterparty: scattered ? `Y${roll(400)}` : `X${roll(40)}`,
        channel: roll(9) === 0 ? (CHANNELS[roll(CHANNELS.length)] as Channel) : theme.channel,
        history,
        reversedId: '',
      };
      this.add(added);
      const undone = this.drafts.at(-1)?.id ?? '';
      const gapMs = GAPS_MS[roll(GAPS_MS.length)] as number;
      if (roll(20) === 0) {
        const laterMs = UNDONE_LATER_MS[roll(UNDONE_LATER_MS.length)] as number;
        this.add({ ...added, eventMs: eventMs + laterMs, reversedId: undone });
      }
      // A burst of daily gaps stays within a week or so; most are a matter of minutes.
      eventMs += i > 2 ? gapMs % DAY_MS : gapMs;
    }
  }
}

function awake(customer: Customer, ms: number): boolean {
  return ms < customer.asleepMs[0] || ms >= customer.asleepMs[1];
}

export function randomLog(given: Partial<RandomLogOptions> = {}): OracleRecord[] {
  const options = { ...RANDOM_LOG_DEFAULTS, ...given };
  const roll = dice(options.seed);
  const maker = new Maker(roll, options);
  while (maker.drafts.length < options.transactions) maker.burst();
  // Most arrive in order; some within the lateness, a few beyond it.
  const arriving = maker.drafts.slice(0, options.transactions).map((draft) => {
    const luck = roll(100);
    const delayMs = luck < 85 ? 0 : roll(luck < 98 ? options.latenessMs : 2 * DAY_MS);
    return { draft, arrivalMs: draft.eventMs + delayMs };
  });
  arriving.sort((a, b) => a.arrivalMs - b.arrivalMs);
  const records: OracleRecord[] = [];
  let newestMs = 0;
  let toldMs = arriving[0]?.arrivalMs ?? 0;
  for (const { draft, arrivalMs } of arriving) {
    // Without traffic the clock moves the watermark on: no day closes long behind a newer leg.
    if (arrivalMs - toldMs > QUIET_MAX_MS) {
      const watermarkMs = arrivalMs - QUIET_MAX_MS;
      const position = records.length;
      records.push({ kind: 'watermark', position, watermarkMs, ingestMs: arrivalMs });
      toldMs = watermarkMs;
    }
    records.push({ ...draft, position: records.length, ingestMs: arrivalMs });
    newestMs = Math.max(newestMs, draft.eventMs);
    if (roll(options.watermarkEvery) > 0) continue;
    const watermarkMs = newestMs - options.latenessMs;
    const ingestMs = arrivalMs;
    records.push({ kind: 'watermark', position: records.length, watermarkMs, ingestMs });
    toldMs = Math.max(toldMs, watermarkMs);
  }
  const watermarkMs = newestMs + 2 * DAY_MS;
  const ingestMs = watermarkMs;
  records.push({ kind: 'watermark', position: records.length, watermarkMs, ingestMs });
  return records;
}
