/**
 * The history store of the test world, in memory: every customer has a year of days that follow
 * from the seed of their id, ending at the day of their newest alert.
 */
import type {
  CounterpartyFlow,
  CustomerDay,
  CustomerTransaction,
  History,
  HistoryAnswer,
  HistoryStatus,
  StoredAlert,
} from '../../../schemas/history.js';
import type { AlertRow } from '../../../schemas/protocol.js';
import { seeded } from './alerts.js';

const DAY_MS = 86_400_000;
const ZONE_MS = 8 * 3_600_000;

/** YYYY-MM-DD in the test bank's zone, UTC+8 all year. */
export function bankDay(ms: number): string {
  return new Date(ms + ZONE_MS).toISOString().slice(0, 10);
}

export function bankDayStartMs(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) - ZONE_MS;
}

function seedOf(subject: string): number {
  let seed = 7;
  for (const letter of subject) seed = (Math.imul(seed, 31) + letter.charCodeAt(0)) >>> 0;
  return seed;
}

/** A living customer: salary once a month, a few payments most days, a quiet end after a drop. */
function makeDays(subject: string, fromDay: string, toDay: string): CustomerDay[] {
  const days: CustomerDay[] = [];
  const last = Date.parse(`${toDay}T00:00:00Z`);
  for (let ms = Date.parse(`${fromDay}T00:00:00Z`); ms <= last; ms += DAY_MS) {
    const random = seeded(seedOf(subject) ^ (ms / DAY_MS));
    const out = Math.floor(random() * 4) + (random() < 0.06 ? 5 : 0);
    const salary = new Date(ms).getUTCDate() === 10 ? 1 : 0;
    const inCount = salary + (random() < 0.15 ? 1 : 0);
    if (out + inCount === 0) continue;
    const outMinor = Math.round(out * (20_000 + random() * 180_000));
    const inMinor = salary * 2_400_000 + (inCount - salary) * Math.round(random() * 400_000);
    const day = new Date(ms).toISOString().slice(0, 10);
    days.push({ day, inCount, inMinor, outCount: out, outMinor, customerMade: out });
  }
  return days;
}

const stored = (row: AlertRow): StoredAlert => ({
  id: row.id,
  rule: row.rule,
  family: row.family,
  subject: row.subject,
  severity: row.severity,
  score: row.score,
  amountBaseMinor: row.amountBaseMinor,
  hitCount: row.hitCount,
  state: row.state,
  owner: row.owner ?? '',
  closeReason: row.closeReason ?? '',
  eventMs: row.eventTime,
  openedMs: row.openedMs,
  changedMs: row.updatedMs,
});

const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'];

export class MemoryHistory implements History {
  /** How far the store is behind; then it has no days yet. */
  behindMs = 0;
  state: HistoryStatus = { state: 'ready', detail: '', writtenToMs: Date.now() };

  constructor(private readonly rows: () => Iterable<AlertRow>) {}

  status(): HistoryStatus {
    return this.state;
  }

  private answer<T>(value: T, truncated = false): Promise<HistoryAnswer<T>> {
    if (this.state.state !== 'ready') {
      const { detail } = this.state;
      return Promise.resolve({ ok: false, failure: 'unavailable', detail });
    }
    const writtenToMs = Date.now() - this.behindMs;
    return Promise.resolve({ ok: true, value, writtenToMs, truncated });
  }

  customerDays(subject: string, fromDay: string, toDay: string) {
    return this.answer(this.behindMs > 0 ? [] : makeDays(subject, fromDay, toDay));
  }

  customerAccounts(subject: string) {
    const account = {
      account: `6222020000${subject}`,
      balanceMinor: 20_000_000,
      balanceAtMs: Date.now() - 3_600_000,
      firstMs: Date.now() - 400 * DAY_MS,
      lastMs: Date.now() - 3_600_000,
      transactions: 412,
    };
    return this.answer([account]);
  }

  topCounterparties(subject: string, fromMs: number, limit: number) {
    const random = seeded(seedOf(subject));
    const flows: CounterpartyFlow[] = Array.from({ length: Math.min(5, limit) }, (_, at) => ({
      counterparty: `6217${subject.slice(1)}${at}88`,
      country: at === 1 ? 'SG' : 'CN',
      inCount: at % 2 === 0 ? 2 : 0,
      inMinor: at % 2 === 0 ? Math.round(random() * 900_000) : 0,
      outCount: 6 - at,
      outMinor: Math.round((6 - at) * 400_000 * (0.5 + random())),
      firstMs: fromMs,
      lastMs: Date.now() - at * DAY_MS,
    }));
    return this.answer(flows);
  }

  customerTransactions(subject: string, beforeMs: number, limit: number) {
    const random = seeded(seedOf(subject));
    const found: CustomerTransaction[] = Array.from({ length: Math.min(limit, 60) }, (_, at) => {
      const amount = Math.round(random() * 500_000 + 1_000);
      return {
        id: `T${subject}-${beforeMs - (at + 1) * 7_200_000}`,
        eventMs: beforeMs - (at + 1) * 7_200_000,
        side: random() < 0.7 ? ('debit' as const) : ('credit' as const),
        account: `6222020000${subject}`,
        counterparty: `6217${subject.slice(1)}${at % 5}88`,
        country: 'CN',
        amountBaseMinor: amount,
        amountMinor: amount,
        currency: 'CNY',
        type: 'transfer',
        channel: 'mobile',
        balanceAfterMinor: 20_000_000 + amount,
      };
    });
    return this.answer(found, limit < 60);
  }

  searchAlerts(search: Parameters<History['searchAlerts']>[0]) {
    const least = SEVERITIES.indexOf(search.severityAtLeast ?? 'info');
    const found = [...this.rows()].filter(
      (row) =>
        row.openedMs >= search.fromMs &&
        row.openedMs < search.toMs &&
        (search.rule === undefined || row.rule === search.rule) &&
        (search.family === undefined || row.family === search.family) &&
        (search.subject === undefined || row.subject === search.subject) &&
        (search.state === undefined || row.state === search.state) &&
        (search.closeReason === undefined || row.closeReason === search.closeReason) &&
        SEVERITIES.indexOf(row.severity) >= least,
    );
    found.sort((a, b) => b.openedMs - a.openedMs || (a.id < b.id ? -1 : 1));
    const from = search.offset ?? 0;
    const page = found.slice(from, from + search.limit);
    return this.answer(page.map(stored), found.length > from + search.limit);
  }

  ruleStatistics() {
    const rules = new Map([['quiet', 312]]);
    for (const row of this.rows()) rules.set(row.rule, (rules.get(row.rule) ?? 0) + row.hitCount);
    const statistics = [...rules].map(([rule, hits]) => ({
      rule,
      hits,
      historyHits: 0,
      shadowHits: rule === 'quiet' ? 312 : 0,
      subjects: hits,
      alerts: rule === 'quiet' ? 0 : hits,
      closed: 0,
      falsePositives: 0,
      confirmed: 0,
      handlingP50Ms: null,
    }));
    return this.answer(statistics);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
