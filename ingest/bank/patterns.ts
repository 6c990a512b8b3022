/**
 * Labelled patterns woven into the days. Instances are numbered like payments of ordinary life:
 * number `k` of a kind starts on the day that its place falls on, so any day can be made alone.
 */
import type { Day } from './calendar.js';
import { chance3, Dice, hash3 } from './dice.js';
import { CASH_DESK, type Emit, type Life } from './life.js';
import type { Cast, Customer } from './people.js';
import * as stories from './stories.js';

interface PatternKind {
  kind: string;
  suspicious: boolean;
  /** Instances a day in a bank of 5,000 customers. */
  perDay: number;
  /** Days that one instance is spread over. */
  days: number;
  story: stories.Story;
  subjects(cast: Cast): readonly Customer[];
}

const persons = (cast: Cast): readonly Customer[] => cast.persons;
const row = (
  kind: string,
  perDay: number,
  days: number,
  story: stories.Story,
  subjects: PatternKind['subjects'] = persons,
  suspicious = true,
): PatternKind => ({ kind, suspicious, perDay, days, story, subjects });
const listed = (cast: Cast): readonly Customer[] => cast.byRole.get('listed-life') ?? [];

/** In this order for good: the place in the list is part of the ids. */
const KINDS: readonly PatternKind[] = [
  row('structuring', 1.3, 1, stories.structuring),
  row('structuring', 0.7, 1, stories.structuringOut),
  row('structuring', 0.8, 6, stories.structuringSlow),
  row('fan-in', 0.5, 7, stories.fanIn),
  row('fan-out', 0.5, 7, stories.fanOut),
  row('pass-through', 0.7, 2, stories.passThrough),
  row('cycle', 0.4, 14, stories.cycle),
  row('scatter-gather', 0.4, 10, stories.scatterGather),
  row('gather-scatter', 0.4, 10, stories.gatherScatter),
  row('bipartite', 0.2, 12, stories.bipartite),
  row('stack', 0.2, 14, stories.stack),
  row('remittances', 0.9, 1, stories.remittances),
  row('remittances', 0.5, 1, stories.companyRemittances, (cast) => cast.companies),
  row('over-limit', 1.6, 1, stories.overLimit, listed),
  row('over-limit', 1, 1, stories.nearLimit, listed),
  row('outflow', 5, 1, stories.outflow, (cast) => cast.watched),
  row('outflow', 0.7, 1, stories.careOutflow, (cast) => cast.cared),
  row('tuition', 0.5, 1, stories.tuition, persons, false),
];
const CUSTOMERS_OF_RATES = 5_000;

/** What ordinary life is labelled with, and is not suspicious. */
const HARD_NEGATIVES = ['payroll', 'rent-collector', 'collection-account', 'merchant', 'harvest'];

export function isSuspicious(kind: string): boolean {
  if (HARD_NEGATIVES.includes(kind)) return false;
  return KINDS.find((k) => k.kind === kind)?.suspicious ?? true;
}

const HOUR_MS = 3_600_000;
const OPENS_MS = 9 * HOUR_MS;
const OPEN_MS = 8 * HOUR_MS;
const SALT = { place: 31, story: 32, sleeper: 33 };
/** A sleeper moves once in so many days, and a little more. */
const SILENCE_DAYS = 93;

export class Patterns {
  readonly #dice = new Dice();
  readonly #subjects: (readonly Customer[])[];

  constructor(
    private readonly seed: number,
    private readonly cast: Cast,
    private readonly life: Life,
    private readonly dayAt: (day: number) => Day,
  ) {
    this.#subjects = KINDS.map((k) => k.subjects(cast));
  }

  onDay(day: Day, emit: Emit): void {
    KINDS.forEach((kind, i) => {
      for (let start = day.day - kind.days + 1; start <= day.day; start++) {
        this.#instances(kind, i, start, day.day, emit);
      }
    });
    this.#sleepers(day, emit);
  }

  #instances(kind: PatternKind, i: number, start: number, today: number, emit: Emit): void {
    const subjects = this.#subjects[i] as readonly Customer[];
    if (subjects.length === 0) return;
    const { weightFrom, weightTo } = this.dayAt(start);
    const rate = (kind.perDay * this.cast.customers.length) / CUSTOMERS_OF_RATES;
    // Weekends bring less than working days, and not nothing.
    const from = (rate * (weightFrom.company + weightFrom.person)) / 2;
    const to = (rate * (weightTo.company + weightTo.person)) / 2;
    for (let k = Math.floor(from - 1); k <= to; k++) {
      const at = k + chance3(this.seed + i, k, SALT.place);
      if (at < from || at >= to) continue;
      const dice = this.#dice.set(this.seed + i, k, SALT.story);
      const subject = dice.pick(subjects);
      const balanceMinor = this.life.balanceMinor(subject, start);
      const startMs = OPENS_MS + dice.next() * HOUR_MS;
      const steps = kind.story({ dice, subject, cast: this.cast, balanceMinor });
      const id = `p${i.toString(36)}-${k.toString(36)}`;
      steps.forEach(({ at: place, fields }, s) => {
        const days = place * kind.days;
        if (start + Math.floor(days) !== today) return;
        const msOfDay = Math.floor(startMs + (days % 1) * OPEN_MS + s * 1_000);
        emit({
          msOfDay,
          told: true,
          fields: { id: `${id}-${s}`, ...fields },
          pattern: `${kind.kind}:${subject.party}:${start}${i.toString(36)}`,
        });
      });
    }
  }

  /** Customers who are silent for three months and then move much at once. */
  #sleepers(day: Day, emit: Emit): void {
    for (const c of this.cast.byRole.get('sleeper') ?? []) {
      const period = SILENCE_DAYS + (c.index % 29);
      if ((day.day + hash3(this.seed, c.index, SALT.sleeper)) % period !== 0) continue;
      const dice = this.#dice.set(this.seed + c.index, day.day, SALT.sleeper);
      const scene = { dice, subject: c, cast: this.cast, balanceMinor: c.levelMinor };
      const [{ fields }] = stories.awakening(scene) as [stories.Step];
      if (dice.next() < 0.3) {
        fields.debtor = CASH_DESK;
        fields.creditor = c.account;
        fields.type = 'cash-in';
      }
      emit({
        msOfDay: Math.floor(OPENS_MS + dice.next() * OPEN_MS),
        told: true,
        fields: { id: `s${c.tag}-${day.day.toString(36)}`, ...fields },
        pattern: `dormant:${c.party}:${day.day}`,
      });
    }
  }
}
