/**
 * A seeded random log that visits every shipped rule and its edges: amounts on both sides of each
 * line, gaps of exactly a window, equal event times, late and too late legs, reversals, silence.
 * The same seed gives the same log, so a disagreement can be told by its seed.
 */
import { type Profile, packProfile, WATCH_CLASSES } from '../../schemas/classes.js';
import { classBits, type LegFacts } from './example.js';
import type { OracleRecord, OracleSide, OracleTransaction } from './types.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const QUIET_MAX_MS = 5 * DAY_MS;

export interface RandomLogOptions {
  seed: number;
  transactions: number;
  subjects: number;
  /** Event times spread over this many days. */
  days: number;
  startMs: number;
  latenessMs: number;
}

export const RANDOM_LOG_DEFAULTS: RandomLogOptions = {
  seed: 1,
  transactions: 5_000,
  subjects: 25,
  days: 500,
  startMs: Date.UTC(2025, 0, 1),
  latenessMs: 10 * MINUTE_MS,
};

type Dice = (below: number) => number;

/** mulberry32: whole numbers in [0, below). */
function dice(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

interface Customer {
  subject: string;
  profile: Profile;
  limits: OracleSide['limits'];
  /** Makes nothing in this time: [from, to) in epoch ms. */
  asleepMs: [from: number, to: number];
}

function customers(options: RandomLogOptions, roll: Dice): Customer[] {
  const { subjects, startMs, days } = options;
  return Array.from({ length: subjects }, (_, i) => {
    const listed = i % 5 === 3;
    const watch = i % 3 === 0 ? [] : [WATCH_CLASSES[i % WATCH_CLASSES.length]];
    const limit = (minor: number): number => (roll(3) === 0 ? Number.NaN : minor);
    const sleep = (n: number): [number, number] => {
      const fromMs = startMs + roll(Math.ceil(days / 5)) * DAY_MS;
      return [fromMs, fromMs + (n % 2 === 0 ? 80 + roll(320) : 0) * DAY_MS];
    };
    return {
      subject: `S${i}`,
      profile: {
        kind: i % 4 === 1 ? 'company' : i % 4 === 2 ? 'unknown' : 'person',
        tier: 'base',
        riskClass: i % 6,
        watch,
        lists: listed ? ['fraud'] : [],
      },
      limits: listed
        ? { single: limit(500_000), day: limit(8_000_000), month: limit(90_000_000) }
        : undefined,
      asleepMs: sleep(i),
    };
  });
}

/** What a burst is made of: the type, abroad or not, and amounts about the lines of some rule. */
interface Theme {
  type: LegFacts['type'];
  abroad: boolean;
  amounts: readonly number[];
  credit: boolean;
}

const THEMES: readonly Theme[] = [
  {
    type: 'transfer',
    abroad: true,
    amounts: [4_999_999, 5_000_000, 5_000_001, 6_600_000, 10_000_000, 40_000_000],
    credit: false,
  },
  {
    type: 'transfer',
    abroad: true,
    amounts: [49_999_999, 50_000_000, 66_600_000, 70_000_000, 400_000_000],
    credit: false,
  },
  {
    type: 'cash-in',
    abroad: false,
    amounts: [3_999_999, 4_000_000, 4_999_999, 5_000_000],
    credit: true,
  },
  {
    type: 'cash-out',
    abroad: false,
    amounts: [3_999_999, 4_000_000, 4_500_000, 4_999_999],
    credit: false,
  },
  {
    type: 'transfer',
    abroad: false,
    amounts: [150_000, 500_000, 500_001, 5_000_000, 6_200_000],
    credit: false,
  },
  { type: 'card', abroad: false, amounts: [1_000, 2_550, 8_800, 150_000], credit: false },
  { type: 'salary', abroad: false, amounts: [900_000, 5_500_000], credit: true },
  { type: 'interest', abroad: false, amounts: [1_234, 6_000_000], credit: true },
];

/** Exact windows and a hair beside them, else some minutes. */
const GAPS_MS: readonly number[] = [0, 1, MINUTE_MS, 7 * MINUTE_MS, DAY_MS - 1, DAY_MS, 7 * DAY_MS];

type Draft = Omit<OracleTransaction, 'position' | 'ingestMs' | 'history'>;

class Maker {
  readonly #roll: Dice;
  readonly #customers: Customer[];
  readonly drafts: Draft[] = [];

  constructor(roll: Dice, options: RandomLogOptions) {
    this.#roll = roll;
    this.#customers = customers(options, roll);
  }

  #side(customer: Customer, facts: LegFacts): OracleSide {
    const account = `${customer.subject}-${this.#roll(2)}`;
    const reported = this.#roll(2) === 0;
    return {
      subject: customer.subject,
      account,
      classBits: classBits(facts),
      profile: packProfile(customer.profile),
      balanceAfterMinor: reported ? this.#roll(5) * facts.amountMinor : Number.NaN,
      external: false,
      ...(customer.limits === undefined ? {} : { limits: customer.limits }),
    };
  }

  /** A transaction of `customer`; the other side is outside, a customer too, or the same one. */
  add(customer: Customer, theme: Theme, eventMs: number, reversedId = ''): void {
    const roll = this.#roll;
    const amountMinor = theme.amounts[roll(theme.amounts.length)];
    const which = theme.abroad || roll(4) > 0 ? 'outside' : roll(3) === 0 ? 'own' : 'customer';
    const partner = this.#customers[roll(this.#customers.length)];
    const other =
      which === 'own'
        ? customer
        : which === 'customer' && awake(partner, eventMs)
          ? partner
          : undefined;
    const facts = (side: 'debit' | 'credit', whose: Customer): LegFacts => ({
      side,
      type: reversedId === '' ? theme.type : 'reversal',
      amountMinor,
      ownAccount: other?.subject === customer.subject,
      external: other === undefined,
      crossBorder: theme.abroad,
      medical: theme.type === 'transfer' && amountMinor === 150_000,
      listed: whose.profile.lists.length > 0,
    });
    const credit = theme.credit !== (reversedId !== '');
    const mine = this.#side(customer, facts(credit ? 'credit' : 'debit', customer));
    const theirs =
      other === undefined
        ? outside(`X${roll(40)}`)
        : this.#side(other, facts(credit ? 'debit' : 'credit', other));
    this.drafts.push({
      kind: 'transaction',
      id: `t${this.drafts.length}`,
      eventMs,
      amountBaseMinor: amountMinor,
      debtor: credit ? theirs : mine,
      creditor: credit ? mine : theirs,
      reversedId,
    });
  }

  /** A few transactions of one theme by one customer, sometimes with one of them undone. */
  burst(startMs: number): void {
    const roll = this.#roll;
    const customer = this.#customers[roll(this.#customers.length)];
    const theme = THEMES[roll(THEMES.length)];
    if (!awake(customer, startMs)) return;
    let eventMs = startMs;
    const length = 1 + roll(7);
    for (let i = 0; i < length; i++) {
      this.add(customer, theme, eventMs);
      const undone = this.drafts.at(-1)?.id ?? '';
      const gapMs = GAPS_MS[roll(GAPS_MS.length)];
      if (roll(20) === 0) this.add(customer, theme, eventMs + MINUTE_MS, undone);
      // A burst of daily gaps stays within a week or so; most are a matter of minutes.
      eventMs += i > 2 ? gapMs % DAY_MS : gapMs;
    }
  }
}

function awake(customer: Customer, ms: number): boolean {
  return ms < customer.asleepMs[0] || ms >= customer.asleepMs[1];
}

function outside(subject: string): OracleSide {
  return {
    subject,
    account: subject,
    classBits: 0,
    profile: 0,
    balanceAfterMinor: Number.NaN,
    external: true,
  };
}

export function randomLog(given: Partial<RandomLogOptions> = {}): OracleRecord[] {
  const options = { ...RANDOM_LOG_DEFAULTS, ...given };
  const roll = dice(options.seed);
  const maker = new Maker(roll, options);
  while (maker.drafts.length < options.transactions) {
    maker.burst(options.startMs + roll(options.days) * DAY_MS + roll(1440) * MINUTE_MS);
  }
  // Most arrive in order; some within the lateness, a few beyond it.
  const arriving = maker.drafts.slice(0, options.transactions).map((draft) => {
    const luck = roll(100);
    const delayMs = luck < 85 ? 0 : roll(luck < 98 ? options.latenessMs : 2 * DAY_MS);
    return { draft, arrivalMs: draft.eventMs + delayMs };
  });
  arriving.sort((a, b) => a.arrivalMs - b.arrivalMs);
  const records: OracleRecord[] = [];
  let newestMs = 0;
  let toldMs = arriving[0].arrivalMs;
  for (const { draft, arrivalMs } of arriving) {
    // Without traffic the clock moves the watermark on: no day closes 8 d behind a newer leg.
    if (arrivalMs - toldMs > QUIET_MAX_MS) {
      const watermarkMs = arrivalMs - QUIET_MAX_MS;
      const position = records.length;
      records.push({ kind: 'watermark', position, watermarkMs, ingestMs: arrivalMs });
      toldMs = watermarkMs;
    }
    records.push({ ...draft, position: records.length, ingestMs: arrivalMs, history: false });
    newestMs = Math.max(newestMs, draft.eventMs);
    if (roll(3) > 0) continue;
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
