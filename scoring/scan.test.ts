/** What is read off the list against plain arrays; each formula written again as it is said. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../schemas/catalogue.js';
import { ClassBit } from '../schemas/classes.js';
import type { Feature } from '../schemas/features.js';
import { CHANNELS, TRANSACTION_TYPES } from '../schemas/json-transaction.js';
import { packCountry } from '../schemas/money.js';
import { BankTime } from './bank-time.js';
import { countryPlace } from './countries.js';
import { insertLeg, PACKED } from './lists.js';
import { compilePlan } from './plan.js';
import { Region } from './region.js';
import { rowLayout } from './row.js';
import { scannedValue } from './scan.js';
import { addSubject, formatTables } from './tables.js';
import { testCatalogue, testRule } from './testing/rules.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 2, 2);
const of = { all: ['debit' as const], none: [] };
const window = '24h';
const FEATURES: Record<string, Feature> = {
  count: { kind: 'count', window, of },
  sum: { kind: 'sum', window, of },
  max: { kind: 'max', window, of },
  min: { kind: 'min', window, of },
  mean: { kind: 'mean', window, of },
  deviation: { kind: 'deviation', window, of },
  zScore: { kind: 'z-score', window, of, min: 3 },
  counterparties: { kind: 'distinct-counterparties', window, of },
  countries: { kind: 'distinct-countries', window, of },
  share: { kind: 'largest-share', window, of },
  benford: { kind: 'benford', window, of },
  previous: { kind: 'since-previous', of },
  sameAmount: { kind: 'count', window, of, same: ['amount', 'channel'] },
  sameOther: { kind: 'sum', window, of, same: ['counterparty', 'account'] },
  byPhone: { kind: 'count', window, of: { ...of, channels: ['phone'], types: ['card', 'other'] } },
};

const [model] = testCatalogue([testRule('model')]).rules;
const rule = {
  ...model,
  on: of,
  features: FEATURES,
  gates: [],
  observed: 'count',
  facts: [],
  normals: {},
  score: undefined,
  bands: [{ ...model.bands[0], from: 1, above: undefined }],
};
const catalogue = { sha256: '', rules: [rule], typologies: [] } as unknown as Catalogue;
const plan = compilePlan(catalogue, 600_000);
const features = new Map(plan.rules[0].features.map((f) => [f.name, f]));

interface Leg {
  ms: number;
  position: number;
  credit: boolean;
  amount: number;
  other: number;
  channel: number;
  type: number;
  country: number;
  account: number;
  reversed: boolean;
}

const COUNTRIES = ['CN', 'US', 'IR', 'ZZ', ''].map((c) => countryPlace(packCountry(c)));

function packedOf(leg: Leg): number {
  return (
    ((leg.credit ? PACKED.credit : 0) |
      (leg.reversed ? PACKED.reversed : 0) |
      (leg.account << PACKED.accountShift) |
      (leg.channel << PACKED.channelShift) |
      (leg.type << PACKED.typeShift) |
      (leg.country << PACKED.countryShift)) >>>
    0
  );
}

function ask(legs: readonly Leg[], at: Leg, isTimer = false): Record<string, number> {
  const region = new Region(new ArrayBuffer(4 << 20), 0, 4 << 20, 0);
  region.format();
  formatTables(region);
  const { strideWords } = rowLayout(plan);
  const row = addSubject(region, strideWords, 1, 1, new Uint8Array([65]), 0, 1);
  for (const leg of legs) {
    const word = insertLeg(region, row, 0, leg.ms, leg.position);
    region.f64.fill(0, word, word + 8);
    region.f64.set([leg.ms, leg.position, leg.amount], word);
    region.u32[(word + 3) * 2] = leg.credit ? ClassBit.credit : ClassBit.debit;
    region.u32[(word + 3) * 2 + 1] = leg.other;
    region.u32[(word + 4) * 2 + 1] = packedOf(leg);
  }
  const time = new BankTime([{ fromMs: 0, offsetMs: 0 }]);
  const m = {
    row,
    atMs: at.ms,
    position: at.position,
    side: at.credit ? 1 : 0,
    amount: at.amount,
    counterparty: at.other,
    packed: packedOf(at),
    isTimer,
  };
  const value = (name: string) => {
    const feature = features.get(name);
    if (feature === undefined) throw new Error(name);
    return scannedValue(region, plan, feature, m, time);
  };
  return Object.fromEntries(Object.keys(FEATURES).map((name) => [name, value(name)]));
}

const before = (a: Leg, b: Leg): number =>
  a.ms - b.ms || a.position - b.position || Number(a.credit) - Number(b.credit);
const none = (values: readonly unknown[], value: number): number =>
  values.length === 0 ? Number.NaN : value;

/** The formulas of schemas/features.ts over an array. */
function expected(legs: readonly Leg[], at: Leg): Record<string, number> {
  const standing = legs.filter((l) => !l.reversed && before(l, at) <= 0);
  const debits = standing.filter((l) => !l.credit).sort((a, b) => before(b, a));
  const inside = debits.filter((l) => l.ms > at.ms - 24 * HOUR_MS);
  const sum = (of: readonly Leg[]) => of.reduce((s, l) => s + l.amount, 0);
  const mean = (of: readonly Leg[]) => none(of, sum(of) / of.length);
  const deviation = (of: readonly Leg[]) => {
    const squares = of.reduce((s, l) => s + (l.amount - mean(of)) ** 2, 0);
    return none(of, Math.sqrt(squares / of.length));
  };
  const isOwn = (l: Leg) => l.position === at.position && l.credit === at.credit;
  const others = inside.filter((l) => !isOwn(l));
  const enough = others.length >= 3 && deviation(others) > 0;
  const names = [...new Set(inside.map((l) => l.other))];
  const shares = names.map((n) => sum(inside.filter((l) => l.other === n)));
  const same = (l: Leg, keys: (keyof Leg)[]) => keys.every((key) => l[key] === at[key]);
  const earlier = debits.find((l) => !isOwn(l) && l.ms > at.ms - 48 * HOUR_MS);
  const places = new Set(inside.map((l) => l.country).filter((c) => c > 0));
  const byPhone = inside.filter(
    (l) =>
      CHANNELS[l.channel] === 'phone' &&
      ['card', 'other'].includes(TRANSACTION_TYPES[l.type] as string),
  );
  return {
    count: inside.length,
    sum: sum(inside),
    max: Math.max(0, ...inside.map((l) => l.amount)),
    min: none(inside, Math.min(...inside.map((l) => l.amount))),
    mean: mean(inside),
    deviation: deviation(inside),
    zScore: enough ? (at.amount - mean(others)) / deviation(others) : Number.NaN,
    counterparties: names.length,
    countries: places.size,
    share: sum(inside) > 0 ? (Math.max(...shares) * 100) / sum(inside) : Number.NaN,
    benford: Number.NaN,
    previous: earlier === undefined ? Number.NaN : (at.ms - earlier.ms) / 1000,
    sameAmount: inside.filter((l) => same(l, ['amount', 'channel'])).length,
    sameOther: sum(inside.filter((l) => same(l, ['other', 'account']))),
    byPhone: byPhone.length,
  };
}

const leg = fc.record({
  ms: fc
    .oneof(fc.constantFrom(0, 1, 24 * HOUR_MS, 48 * HOUR_MS), fc.nat(60 * HOUR_MS))
    .map((ms) => START_MS + ms),
  credit: fc.boolean(),
  amount: fc.oneof(fc.constantFrom(0, 5, 5, 100), fc.nat(1_000_000)),
  other: fc.integer({ min: 1, max: 5 }),
  channel: fc.nat(CHANNELS.length - 1),
  type: fc.constantFrom(4, 17, 1),
  country: fc.constantFrom(...COUNTRIES),
  account: fc.constantFrom(0, 1, 7),
  reversed: fc.boolean(),
});

describe('what is read off the list', () => {
  it('is what its formula says, as of every leg', () => {
    fc.assert(
      fc.property(fc.array(leg, { minLength: 1, maxLength: 40 }), (given) => {
        // Legs of one move between own accounts share a position.
        const legs = given.map((l, i) => ({ ...l, position: i - (i % 3 === 1 ? 1 : 0) }));
        const own = (l: Leg, i: number): boolean =>
          legs.findIndex((k) => k.position === l.position && k.credit === l.credit) === i;
        const known = legs.filter(own);
        for (const at of known.filter((l) => !l.reversed)) {
          expect(ask(known, at)).toEqual(expected(known, at));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('compares nothing with a leg at the close of a day', () => {
    const one = { ms: START_MS, position: 0, credit: false, amount: 7, other: 1 };
    const rest = { channel: 1, type: 1, country: 0, account: 0, reversed: false };
    const values = ask([{ ...one, ...rest }], { ...one, ...rest }, true);
    const absent = Object.keys(values).filter((name) => Number.isNaN(values[name]));
    expect(absent.sort()).toEqual(
      ['benford', 'previous', 'sameAmount', 'sameOther', 'zScore'].sort(),
    );
  });

  it('knows Benford by his own counts, and equal digits by the sum', () => {
    const of = (amounts: number[]): number => {
      const legs = amounts.map((amount, position) => ({
        ...{ ms: START_MS, position, credit: false, amount, other: 1 },
        ...{ channel: 1, type: 1, country: 0, account: 0, reversed: false },
      }));
      return ask(legs, legs[legs.length - 1] as Leg).benford as number;
    };
    const told = [301, 176, 125, 97, 79, 67, 58, 51, 46];
    const honest = told.flatMap((n, d) => Array<number>(n).fill((d + 1) * 1_000 + 17));
    expect(of(honest)).toBeLessThan(0.05);
    const equal = Array.from({ length: 900 }, (_, i) => 100 + i);
    // Sum of (100 - 900 e)^2 / (900 e), reckoned with log10.
    expect(of(equal)).toBeCloseTo(361.528464, 5);
    expect(of(equal.slice(0, 49))).toBeNaN();
    expect(of([...Array<number>(40).fill(0), ...equal.slice(0, 49)])).toBeNaN();
  });
});
