/** Cases that are planted on request: a fresh customer of the pool, and the story of the kind. */
import { CASE_KINDS, type CaseKind } from '../../schemas/demo.js';
import { DAY_MS } from '../../schemas/time.js';
import type { TransactionFields } from '../../schemas/transaction-codec.js';
import { dayOf } from './calendar.js';
import { Dice } from './dice.js';
import type { Life } from './life.js';
import type { Cast, Customer } from './people.js';
import * as stories from './stories.js';
import type { PlannedCase } from './types.js';

/** No step: everything that the case needs lies in the past. */
const nothing: stories.Story = () => [];

const KINDS: Record<CaseKind, { story: stories.Story; rule: string | undefined }> = {
  remittances: { story: stories.remittances, rule: 'cross-border-remittances-person' },
  structuring: { story: stories.structuring, rule: 'structuring-cash-deposits' },
  dormant: { story: stories.awakening, rule: 'dormant-reactivation' },
  listed: { story: stories.overLimit, rule: 'listed-customer-limits' },
  'activity-drop': { story: nothing, rule: 'activity-drop' },
  'care-outflow': { story: stories.careOutflow, rule: 'watched-outflow-special-care' },
  'corporate-outflow': { story: stories.outflow, rule: 'watched-outflow' },
  'fan-in': { story: stories.fanIn, rule: undefined },
  'fan-out': { story: stories.fanOut, rule: undefined },
  'pass-through': { story: stories.passThrough, rule: undefined },
  cycle: { story: stories.cycle, rule: undefined },
  'scatter-gather': { story: stories.scatterGather, rule: undefined },
};
const STEP_MS = 1_500;
const SALT = 51;
/** A payment of the past has its place in the day by number, never after the evening. */
const MORNING_MS = 10 * 3_600_000;

export function planCase(
  seed: number,
  cast: Cast,
  life: Life,
  kind: CaseKind,
  n: number,
  nowMs: number,
): PlannedCase {
  const pool = cast.byRole.get(kind) ?? [];
  const subject = pool[n % pool.length];
  if (subject === undefined) throw new Error(`the bank is too small for a case of ${kind}`);
  const dice = new Dice().set(seed + CASE_KINDS.indexOf(kind), n, SALT);
  const balanceMinor = life.balanceMinor(subject, dayOf(nowMs));
  const { story, rule } = KINDS[kind];
  const steps = story({ dice, subject, cast, balanceMinor });
  const past = pastOf(kind, subject, dice, nowMs).map((row, i) => ({
    ...row,
    id: `k-${kind}-${n}-${dayOf(nowMs)}-${i}`,
  }));
  return {
    kind,
    subject: subject.party,
    rule,
    past,
    live: steps.map(({ fields }, i) => ({ afterMs: i * STEP_MS, fields })),
  };
}

function pastOf(kind: CaseKind, c: Customer, dice: Dice, nowMs: number): TransactionFields[] {
  const today = nowMs - ((nowMs + 8 * 3_600_000) % DAY_MS);
  const pay = (daysAgo: number, yuan: number): TransactionFields => ({
    id: '',
    eventTimeMs: today - daysAgo * DAY_MS + MORNING_MS + dice.between(0, MORNING_MS),
    debtor: c.account,
    creditor: { account: `POS-${dice.between(100_000, 999_999)}`, kind: 'technical' },
    amountMinor: yuan * 100,
    currency: 'CNY',
    type: 'card',
    channel: 'pos',
  });
  if (kind === 'dormant') return [pay(dice.between(100, 390), dice.between(40, 400))];
  if (kind !== 'activity-drop') return [];
  // One a day for 90 days; then every third to sixth day, or hardly anything.
  const rows: TransactionFields[] = [];
  const every = dice.between(3, 8);
  for (let daysAgo = 121; daysAgo > 1; daysAgo -= daysAgo > 31 ? 1 : every) {
    rows.push(pay(daysAgo, dice.between(30, 600)));
  }
  return rows;
}
