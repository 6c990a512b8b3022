/**
 * Who notices that a rule is wrong? Its examples, by what they expect, are the test. Customers who
 * do nearly what the examples do (neighbours.ts), then those of random logs, tell only whether a
 * wrong rule that the examples let pass says something else at all. All through the kernel, with
 * nothing but the rule compiled.
 */
import type { Catalogue, Rule } from '../../schemas/catalogue.js';
import { runExample } from '../catalogue/run-example.js';
import { Feeder } from '../testing/feeder.js';
import { whyEquivalent } from './equivalent-mutants.js';
import { logOf, neighboursOf } from './neighbours.js';
import { randomLog } from './random-log.js';
import type { RuleMutant } from './rule-mutants.js';
import { RATES } from './synthetic.js';
import type { OracleRecord } from './types.js';

const REGION_BYTES = 64 << 20;
const RANDOM_LOGS = [
  { seed: 1, transactions: 2_500, subjects: 25 },
  { seed: 1, transactions: 2_500, subjects: 8, days: 40, historyEvery: 15 },
];

/** `unseen`: by nobody, and no reason is known why nobody could. */
export const VERDICTS = ['examples', 'equivalent', 'neighbours', 'random', 'unseen'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Judged {
  mutant: RuleMutant;
  verdict: Verdict;
  /** Why nobody should be able to tell it; with another verdict it is wrong. */
  reason?: string | undefined;
}

function told(rule: Rule, log: readonly OracleRecord[], rates: Record<string, number>): string {
  const feeder = new Feeder({
    catalogue: { sha256: '0'.repeat(64), rules: [{ ...rule, state: 'active' }], typologies: [] },
    shardsTotal: 1,
    regionBytes: REGION_BYTES,
    evidenceMax: 0,
    rates,
  });
  feeder.feed(log);
  return [...feeder.hits.values()]
    .map((h) => `${h.subject} ${h.eventTime} ${h.origin.offset} ${h.band} ${h.observed.value}`)
    .join('\n');
}

/** What the right rule says of a log, found when first asked. */
class Teller {
  #log: OracleRecord[] | undefined;
  #told = '';

  constructor(
    readonly rule: Rule,
    readonly make: () => OracleRecord[],
    readonly rates: Record<string, number>,
  ) {}

  isOther(mutant: Rule): boolean {
    if (this.#log === undefined) {
      this.#log = this.make();
      this.#told = told(this.rule, this.#log, this.rates);
    }
    return told(mutant, this.#log, this.rates) !== this.#told;
  }
}

/** Made once: they are the same for every rule. */
const randomLogs: OracleRecord[][] = [];
function randomLogAt(i: number): OracleRecord[] {
  randomLogs[i] ??= randomLog(RANDOM_LOGS[i]);
  return randomLogs[i];
}

/** The cheapest way to notice each mutant of `rule`. */
export function judgeMutants(
  catalogue: Catalogue,
  rule: Rule,
  mutants: readonly RuleMutant[],
  neighboursMax: number,
): Judged[] {
  const rates = rule.examples.map((e) => e.rates).find((r) => Object.keys(r).length > 0) ?? RATES;
  const near = new Teller(
    rule,
    () => logOf(neighboursOf(rule, neighboursMax).map((n) => n.example)),
    rates,
  );
  const random = RANDOM_LOGS.map((_, i) => new Teller(rule, () => randomLogAt(i), RATES));
  const verdictOf = (mutant: Rule, isEquivalent: boolean): Verdict => {
    const isNoticed = (e: Rule['examples'][number]) => runExample(catalogue, mutant, e).length > 0;
    if (rule.examples.some(isNoticed)) return 'examples';
    if (near.isOther(mutant)) return 'neighbours';
    if (random.some((log) => log.isOther(mutant))) return 'random';
    return isEquivalent ? 'equivalent' : 'unseen';
  };
  return mutants.map((mutant) => {
    const reason = whyEquivalent(rule, mutant);
    return { mutant, verdict: verdictOf(mutant.rule, reason !== undefined), reason };
  });
}
