/** Features that are made of others, and those that an evaluation's row holds already. */
import type { Feature, Filter } from '../../schemas/features.js';
import {
  type Compiled,
  dayCountSql,
  largestPaymentSql,
  legOnly,
  limitSql,
  meanDailyOutflowSql,
  meanPaymentSql,
  minor,
  newCounterpartiesSql,
  type Of,
  silenceSql,
  sincePreviousSql,
  windowedSql,
} from './features.js';

type Rates = Readonly<Record<string, number>>;
const DAY_MS = 86_400_000;
/** Nothing joined: the value is of the row alone. */
const row = (value: string): Compiled => ({ value });

/** `of` by name -> column of its value, a Nullable number. */
export function featureSql(
  f: Feature,
  of: Filter,
  column: (name: string) => string,
  rates: Rates,
): Compiled {
  switch (f.kind) {
    case 'amount':
      return row(legOnly('e.amount'));
    case 'since-previous':
      return sincePreviousSql(of);
    case 'silence':
      return silenceSql();
    case 'account-age':
      return row(`(e.event - e.first_event) / ${DAY_MS}`);
    case 'customer-made':
      return dayCountSql(f);
    case 'new-counterparties':
      return newCounterpartiesSql(f);
    case 'mean-payment':
      return meanPaymentSql(f);
    case 'largest-payment':
      return largestPaymentSql(f);
    case 'mean-daily-outflow':
      return meanDailyOutflowSql(f);
    case 'new-counterparty':
      return row(legOnly('e.new_counterparty'));
    case 'balance-before':
      return row(legOnly('e.balance_before'));
    case 'balance-after':
      return row(legOnly('e.balance_after'));
    case 'balance-total':
      return row('e.total');
    case 'mean-balance':
      return meanBalanceSql(f);
    case 'limit-use':
    case 'limit-excess':
      return limitSql(f, of);
    default:
      return 'window' in f ? windowedSql(f, of) : row(combinedSql(f, column, rates));
  }
}

type Combined = Of<
  | 'drop'
  | 'rate-ratio'
  | 'surprise'
  | 'percent'
  | 'ratio'
  | 'money-difference'
  | 'count-difference'
  | 'larger-of'
  | 'share-of-line'
  | 'balance-before-outflow'
>;

function combinedSql(f: Combined, column: (name: string) => string, rates: Rates): string {
  const of = (name: string) => `toFloat64(${column(name)})`;
  switch (f.kind) {
    case 'drop': {
      const [recent, baseline] = [of(f.recent), of(f.baseline)];
      const whole = `(${baseline} * ${f.recentDays})`;
      return `if(${baseline} != 0,
        100 * (${whole} - ${recent} * ${f.baselineDays}) / ${whole}, NULL)`;
    }
    case 'rate-ratio': {
      const [recent, baseline] = [of(f.recent), of(f.baseline)];
      return `if(${baseline} != 0,
        (${recent} * ${f.baselineDays}) / (${baseline} * ${f.recentDays}), NULL)`;
    }
    case 'surprise':
      return surpriseSql(f, of(f.of), of(f.expected));
    case 'percent':
      return `if(${of(f.to)} > 0, ${of(f.of)} * 100 / ${of(f.to)}, NULL)`;
    case 'ratio':
      return `if(${of(f.to)} > 0, ${of(f.of)} / ${of(f.to)}, NULL)`;
    case 'money-difference':
    case 'count-difference':
      return `${of(f.of)} - ${of(f.less)}`;
    case 'larger-of':
      return `arrayReduce('maxOrNull', [${f.among.map(of).join(', ')}])`;
    case 'share-of-line': {
      const rate = f.currency === undefined ? 1 : rates[f.currency];
      const line = rate === undefined ? 'NULL' : Math.round(minor(f.line) * rate);
      return `${of(f.of)} * 100 / ${line}`;
    }
    case 'balance-before-outflow':
      return legOnly(`e.balance_before + ${of(f.outflow)} - if(e.side = 0, e.amount, 0)`);
  }
}

/** Tail terms are summed until they are this many means and spreads beyond. */
const TAIL_SPREADS = 40;

/**
 * Negative binomial of mean m and shape r: P(X = x) = G(x+r) / (G(r) x!) (r/(r+m))^r (m/(r+m))^x,
 * by the logarithm of the gamma function. The smaller tail is summed, never 1 less a sum near 1.
 */
function surpriseSql(f: Of<'surprise'>, k: string, expected: string): string {
  const r = f.shape;
  const m = `((${expected} + ${f.prior}) * ${f.ofDays} / ${f.expectedDays})`;
  const p = (x: string) => `exp(lgamma(${x} + ${r}) - lgamma(${r}) - lgamma(${x} + 1)
    + ${r} * log(${r} / (${r} + ${m})) + ${x} * log(${m} / (${r} + ${m})))`;
  const whole = `toUInt32(ifNull(${k}, 0))`;
  const far = `(greatest(${whole}, toUInt32(${m})) + toUInt32(${TAIL_SPREADS} * (1 + ${m} / ${r}
    + sqrt(${m}))))`;
  const below = `arraySum(x -> ${p('x')}, range(if(${k} > ${m}, 0, ${whole})))`;
  const above = `arraySum(x -> ${p('x')}, range(if(${k} > ${m}, ${whole}, ${far}), ${far}))`;
  const upTo = `arraySum(x -> ${p('x')}, range(${whole} + 1))`;
  const tail = f.tail === 'high' ? `if(${k} > ${m}, ${above}, 1 - ${below})` : upTo;
  // -log10 by straight lines between powers of ten.
  const e = 'floor(-log10(tail))';
  const lines = `least(12, ${e} + (1 - tail * pow(10, ${e})) / 0.9)`;
  const zero = f.tail === 'high' ? `${k} = 0` : '0';
  return `multiIf(isNull(${k}) OR isNull(${expected}), NULL, ${zero}, 0,
    arrayMap(tail -> ${lines}, [assumeNotNull(${tail})])[1])`;
}

/** Over `weir.held` in place of the legs. */
function meanBalanceSql(f: Of<'mean-balance'>): Compiled {
  const today = 'intDiv(e.today, 5)';
  const passes = `l.pane < ${today} AND l.pane >= ${today} - ${f.days / 5}`;
  return {
    group: 'held: l.ord <= e.at',
    aggregate: `(sumIf(l.stood * l.span_ms, ${passes}), sumIf(l.span_ms, ${passes}))`,
    value: `if(@.2 >= ${DAY_MS}, @.1 / @.2, NULL)`,
  };
}
