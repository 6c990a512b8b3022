import { describe, expect, it } from 'vitest';
import { ClassBit } from '../schemas/classes.js';
import type { Hit } from '../schemas/hit.js';
import type { OracleTransaction } from './oracle/types.js';
import { scoreAt } from './outcomes.js';
import { Feeder } from './testing/feeder.js';
import { band, testCatalogue, testRule, testTypology } from './testing/rules.js';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2026, 2, 2, 1);
let position = 0;

/** A payment of `major` out of the one customer, `hours` behind the start. */
function paid(major: number, hours: number, more: Partial<OracleTransaction> = {}) {
  const side = { profile: 1, balanceAfterMinor: Number.NaN };
  const debtor = { ...side, subject: 'P1', account: 'a', external: false };
  const creditor = { ...side, subject: 'Q', account: 'q', external: true, classBits: 0 };
  const eventMs = START_MS + hours * HOUR_MS;
  const transaction: OracleTransaction = {
    kind: 'transaction',
    position: ++position,
    eventMs,
    ingestMs: eventMs,
    id: `T${position}`,
    amountBaseMinor: major * 100,
    debtor: { ...debtor, classBits: ClassBit.debit | ClassBit.transfer | ClassBit.customerMade },
    creditor,
    reversedId: '',
    history: false,
    ...more,
  };
  return transaction;
}

function hitsOf(catalogue: ReturnType<typeof testCatalogue>, log: OracleTransaction[]): Hit[] {
  const feeder = new Feeder({ catalogue });
  feeder.feed(log);
  return [...feeder.hits.values()];
}

describe('a score by points', () => {
  const compiled = { feature: 0, values: [10, 20, 40], scores: [30, 60, 90] };
  it.each([
    [Number.NEGATIVE_INFINITY, 30],
    [10, 30],
    [15, 45],
    [20, 60],
    [20.1, 60],
    [29, 74],
    [40, 90],
    [1e12, 90],
  ])('at %d is %d', (value, score) => expect(scoreAt(compiled, value)).toBe(score));

  it('is read from the observed feature, or from another, which then is a fact', () => {
    const features = { amount: { kind: 'amount' }, times: { kind: 'count', window: '24h' } };
    const byAmount = {
      points: [
        ['0.00', 0],
        ['100.00', 100],
      ],
    };
    const byTimes = {
      by: 'times',
      points: [
        [1, 10],
        [3, 70],
      ],
    };
    const catalogue = testCatalogue([
      testRule('by-amount', { score: byAmount }),
      testRule('by-band'),
      testRule('by-times', { features, score: byTimes }),
    ]);
    const hits = hitsOf(catalogue, [paid(25, 0), paid(250, 1)]);
    const of = (rule: string) => hits.filter((hit) => hit.rule === rule);
    expect(of('by-amount').map(({ score }) => score)).toEqual([25, 100]);
    expect(of('by-amount').map(({ facts }) => facts)).toEqual([{}, {}]);
    expect(of('by-band').map(({ score }) => score)).toEqual([10, 10]);
    expect(of('by-times').map(({ score }) => score)).toEqual([10, 40]);
    expect(of('by-times').map(({ facts }) => facts)).toEqual([{ times: 1 }, { times: 2 }]);
  });
});

describe('a typology', () => {
  const members = [
    testRule('large', {
      // A window, so that its legs are kept and evaluated again behind a late one.
      features: { amount: { kind: 'amount' }, times: { kind: 'count', window: '24h' } },
      facts: ['times'],
      bands: [band('large', '100.00', 40), band('huge', '1000.00', 90)],
    }),
    testRule('small', {
      on: { all: ['debit'], amount: { below: '100.00' } },
      bands: [band('small', '0.00', 55)],
      cooldown: '30d',
    }),
    testRule('quiet', { bands: [band('any', '0.00', 100)], state: 'shadow' }),
  ];
  const weights: [string, number][] = [
    ['large', 0.7],
    ['small', 0.5],
    ['quiet', 1],
  ];
  const bands = [band('some', 30, 10), band('more', 60, 10)];
  const typology = testTypology('together', weights, { bands, window: '24h' });
  const catalogue = testCatalogue(members, [typology]);
  const of = (rule: string, log: OracleTransaction[], of = catalogue) =>
    hitsOf(of, log).filter((hit) => hit.rule === rule);

  it('adds weight x highest outcome within its window, cooldown or not, without shadows', () => {
    const log = [paid(100, 0), paid(50, 1), paid(1_000, 2), paid(10, 23), paid(10, 25.99)];
    const hits = of('together', [...log, paid(10, 26)]);
    // 28 alone is below the first band; at 24 h sharp the large one has left the window.
    expect(hits.map(({ observed }) => observed.value)).toEqual([55.5, 90.5, 90.5, 90.5]);
    expect(hits.map((hit) => [hit.score, hit.band, hit.threshold])).toEqual([
      [56, 'some', 30],
      [91, 'more', 60],
      [91, 'more', 60],
      [91, 'more', 60],
    ]);
  });

  it('explains itself: parts highest first, facts, evidence of the hit at hand', () => {
    const [first, second] = of('together', [paid(100, 0), paid(50, 1), paid(1_000, 2)]);
    expect(first).toMatchObject({
      observed: { feature: 'score', unit: 'number', value: 55.5 },
      gates: [],
      window: { from: START_MS - 23 * HOUR_MS, to: START_MS + HOUR_MS },
      facts: { large: 28, small: 27.5 },
      amountBaseMinor: 5_000,
      transactionCount: 1,
    });
    expect(first?.transactionIds).toEqual([first?.transactionId]);
    expect(second?.parts).toEqual([
      { rule: 'large', weight: 0.7, outcome: 90, band: 'huge', eventTime: START_MS + 2 * HOUR_MS },
      { rule: 'small', weight: 0.5, outcome: 55, band: 'small', eventTime: START_MS + HOUR_MS },
    ]);
    expect(Object.keys(second ?? {}).at(-1)).toBe('parts');
  });

  it('counts shadows in shadow, is flagged then, and is told again after its cooldown', () => {
    const shadow = { ...typology, id: 'shade', state: 'shadow', cooldown: '12h' };
    const log = [paid(100, 0), paid(50, 1), paid(60, 11.99), paid(60, 12)];
    const hits = of('shade', log, testCatalogue(members, [shadow]));
    expect(hits.map(({ observed, shadow: s }) => [observed.value, s])).toEqual([
      [100, true],
      [100, true],
    ]);
    expect(hits.map(({ eventTime }) => (eventTime - START_MS) / HOUR_MS)).toEqual([0, 12]);
  });

  it('speaks once of a moment at which several members reach a band', () => {
    const both = testCatalogue(
      [testRule('a', { bands: [band('x', '0.00', 45)] }), testRule('b')],
      [
        testTypology(
          'together',
          [
            ['a', 1],
            ['b', 0.7],
          ],
          { bands: [band('some', 52, 10)] },
        ),
      ],
    );
    const hits = of('together', [paid(1, 0)], both);
    // 45 + 7: the sum of binary fractions is rounded before it is compared.
    expect(hits.map(({ observed }) => observed.value)).toEqual([52]);
  });

  it('at a late leg counts of each band the newest time, unless this very leg reaches it', () => {
    const hits = of('together', [paid(100, 0), paid(150, 2), paid(50, 1)]);
    // At hour 1 `large` is known to have been reached at hour 2, and `small` is reached now.
    expect(hits.map(({ eventTime, observed }) => [eventTime, observed.value])).toEqual([
      [START_MS + 2 * HOUR_MS, 55.5],
    ]);
  });
});
