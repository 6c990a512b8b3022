/**
 * Numbers that are read off a subject's exact list when somebody asks, not kept: which legs of a
 * window a moment sees, and what they amount to. Its one trick: the legs are picked once into a
 * reused array, newest first, and every number is a short loop over it.
 */
import type { BankTime } from './bank-time.js';
import { legAt, listCount, PACKED } from './lists.js';
import type { CompiledFeature, Group, Plan } from './plan.js';
import type { Region } from './region.js';
import { matches, windowCutoff } from './windows.js';

/** As of which leg (or deadline) a window is asked for. */
export interface ScanMoment {
  row: number;
  atMs: number;
  position: number;
  side: number;
  amount: number;
  /** Interned, 0 = none. */
  counterparty: number;
  /** The leg's packed word, as its line has it. */
  packed: number;
}

/** What a leg must share with the moment's, of `same` in schemas/features.ts. */
export interface Same {
  counterparty: boolean;
  amount: boolean;
  /** Bits of the packed word that must be equal: channel, account. */
  packed: number;
}

/** Word addresses of the legs picked last, newest first; valid until the next pick. */
let picked = new Float64Array(64);
let pickedCount = 0;

/**
 * Picks the legs of a group's window that the moment sees, its own leg included; at most `max`.
 * Returns how many there are.
 */
export function pickLegs(
  region: Region,
  plan: Plan,
  group: Group,
  m: ScanMoment,
  time: BankTime,
  same?: Same,
  max = Number.POSITIVE_INFINITY,
): number {
  const { f64, u32 } = region;
  const { row, atMs, position, side } = m;
  // At the close of a day the window ends with the day's last millisecond.
  const untilMs = position < 0 ? atMs - 1 : atMs;
  const cutoff = windowCutoff(plan.windows[group.window], untilMs, time);
  pickedCount = 0;
  for (let i = listCount(region, row, group.list) - 1; i >= 0 && pickedCount < max; i--) {
    const leg = legAt(region, row, group.list, i);
    const ms = f64[leg];
    if (ms > atMs || (ms === atMs && f64[leg + 1] > position)) continue;
    if (ms <= cutoff) break;
    const packed = u32[(leg + 4) * 2 + 1];
    if ((packed & PACKED.reversed) !== 0) continue;
    // Between own accounts both legs have one position; the debit stands first.
    if (side === 0 && ms === atMs && f64[leg + 1] === position && (packed & PACKED.credit) !== 0)
      continue;
    if (!matches(group, u32[(leg + 3) * 2], f64[leg + 2], packed)) continue;
    if (same !== undefined && !isSame(region, leg, packed, m, same)) continue;
    if (pickedCount === picked.length) {
      const longer = new Float64Array(picked.length * 2);
      longer.set(picked);
      picked = longer;
    }
    picked[pickedCount++] = leg;
  }
  return pickedCount;
}

function isSame(region: Region, leg: number, packed: number, m: ScanMoment, same: Same): boolean {
  return (
    ((packed ^ m.packed) & same.packed) === 0 &&
    (!same.counterparty || region.u32[(leg + 3) * 2 + 1] === m.counterparty) &&
    (!same.amount || region.f64[leg + 2] === m.amount)
  );
}

/** Word address of the i-th newest leg picked. */
export function pickedLeg(i: number): number {
  return picked[i];
}

/** Whether a leg is the moment's own. */
function isOwn(region: Region, leg: number, m: ScanMoment): boolean {
  const side = (region.u32[(leg + 4) * 2 + 1] & PACKED.credit) !== 0 ? 1 : 0;
  return region.f64[leg + 1] === m.position && side === m.side;
}

/** Takes the moment's own leg out of what was picked. */
function leaveOutOwn(region: Region, m: ScanMoment): number {
  let kept = 0;
  for (let i = 0; i < pickedCount; i++) {
    if (!isOwn(region, picked[i], m)) picked[kept++] = picked[i];
  }
  pickedCount = kept;
  return kept;
}

/** Base minor units, so exact. */
export function pickedSum(region: Region): number {
  let sum = 0;
  for (let i = 0; i < pickedCount; i++) sum += region.f64[picked[i] + 2];
  return sum;
}

/** 0 without any. */
function pickedMax(region: Region): number {
  let max = 0;
  for (let i = 0; i < pickedCount; i++) max = Math.max(max, region.f64[picked[i] + 2]);
  return max;
}

/** NaN without any. */
function pickedMin(region: Region): number {
  let min = Number.POSITIVE_INFINITY;
  for (let i = 0; i < pickedCount; i++) min = Math.min(min, region.f64[picked[i] + 2]);
  return pickedCount === 0 ? Number.NaN : min;
}

/** NaN without any. */
function pickedMean(region: Region): number {
  return pickedCount === 0 ? Number.NaN : pickedSum(region) / pickedCount;
}

/** Of the population, squares added from the newest on; NaN without any. */
function pickedDeviation(region: Region): number {
  if (pickedCount === 0) return Number.NaN;
  const mean = pickedMean(region);
  let squares = 0;
  for (let i = 0; i < pickedCount; i++) {
    const off = region.f64[picked[i] + 2] - mean;
    squares += off * off;
  }
  return Math.sqrt(squares / pickedCount);
}

const seen = new Set<number>();

function pickedCounterparties(region: Region): number {
  seen.clear();
  for (let i = 0; i < pickedCount; i++) seen.add(region.u32[(picked[i] + 3) * 2 + 1]);
  return seen.size;
}

/** Unknown ones are none. */
function pickedCountries(region: Region): number {
  seen.clear();
  for (let i = 0; i < pickedCount; i++) {
    const country = region.u32[(picked[i] + 4) * 2 + 1] >>> PACKED.countryShift;
    if (country !== 0) seen.add(country);
  }
  return seen.size;
}

const sums = new Map<number, number>();

/** See `largest-share`; NaN when the sum is 0. */
function pickedLargestShare(region: Region): number {
  sums.clear();
  let sum = 0;
  let largest = 0;
  for (let i = 0; i < pickedCount; i++) {
    const counterparty = region.u32[(picked[i] + 3) * 2 + 1];
    const amount = region.f64[picked[i] + 2];
    const own = (sums.get(counterparty) ?? 0) + amount;
    sums.set(counterparty, own);
    sum += amount;
    if (own > largest) largest = own;
  }
  return sum > 0 ? (largest * 100) / sum : Number.NaN;
}

/** log10(1 + 1/d) for d = 1 .. 9. */
const BENFORD = [
  0.3010299956639812, 0.17609125905568124, 0.12493873660829995, 0.09691001300805642,
  0.07918124604762482, 0.06694678963061322, 0.05799194697768673, 0.05115252244738129,
  0.04575749056067514,
] as const;
const BENFORD_LEGS_MIN = 50;
const digits = new Float64Array(10);

/** See `benford`; NaN below 50 legs. */
function pickedBenford(region: Region): number {
  digits.fill(0);
  for (let i = 0; i < pickedCount; i++) {
    let amount = region.f64[picked[i] + 2];
    while (amount >= 10) amount = Math.floor(amount / 10);
    digits[amount]++;
  }
  const n = pickedCount - digits[0];
  if (n < BENFORD_LEGS_MIN) return Number.NaN;
  let chiSquare = 0;
  for (let d = 1; d <= 9; d++) {
    const expected = n * BENFORD[d - 1];
    const off = digits[d] - expected;
    chiSquare += (off * off) / expected;
  }
  return chiSquare;
}

/** Value of a feature that is read off the list; not `count` or `sum` without `same`. */
export function scannedValue(
  region: Region,
  plan: Plan,
  feature: CompiledFeature,
  m: ScanMoment & { isTimer: boolean },
  time: BankTime,
): number {
  const { spec, same } = feature;
  const group = plan.groups[feature.group];
  // At the close of a day there is no leg to compare with.
  const needsLeg = same !== undefined || spec.kind === 'z-score' || spec.kind === 'since-previous';
  if (needsLeg && m.isTimer) return Number.NaN;
  if (spec.kind === 'since-previous') return sincePrevious(region, plan, group, m, time);
  pickLegs(region, plan, group, m, time, same);
  switch (spec.kind) {
    case 'count':
      return pickedCount;
    case 'sum':
      return pickedSum(region);
    case 'max':
      return pickedMax(region);
    case 'min':
      return pickedMin(region);
    case 'mean':
      return pickedMean(region);
    case 'deviation':
      return pickedDeviation(region);
    case 'z-score':
      return zScore(region, m, spec.min);
    case 'distinct-counterparties':
      return pickedCounterparties(region);
    case 'distinct-countries':
      return pickedCountries(region);
    case 'largest-share':
      return pickedLargestShare(region);
    case 'benford':
      return pickedBenford(region);
    default:
      throw new Error(`${spec.kind} is not read off a list`);
  }
}

/** See `z-score`. */
function zScore(region: Region, m: ScanMoment, min: number): number {
  if (leaveOutOwn(region, m) < min) return Number.NaN;
  const deviation = pickedDeviation(region);
  return deviation > 0 ? (m.amount - pickedMean(region)) / deviation : Number.NaN;
}

/** See `since-previous`: of the two newest legs one is not the moment's own. */
function sincePrevious(
  region: Region,
  plan: Plan,
  group: Group,
  m: ScanMoment,
  time: BankTime,
): number {
  pickLegs(region, plan, group, m, time, undefined, 2);
  return leaveOutOwn(region, m) === 0 ? Number.NaN : (m.atMs - region.f64[picked[0]]) / 1000;
}
