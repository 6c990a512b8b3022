/**
 * What follows when a rule has reached a band in one shard: its outcome is noted for typologies,
 * the cooldown asked, the hit built, flagged and handed on. The breaker's counts and the state of
 * the windows after a change stand here, outside the region, and go into a snapshot's description.
 */
import type { Hit } from '../schemas/hit.js';
import { Breaker } from './breaker.js';
import type { Moment } from './evaluate.js';
import { buildHit, type LegWords } from './evidence.js';
import { noteOutcome } from './outcomes.js';
import type { CompiledRule } from './plan.js';
import { describeRegion, type RegionDescription } from './rebuild.js';
import { H, type Region } from './region.js';
import type { ShardContext } from './shard.js';
import { type CompiledTypology, judgeTypology, type Reached, typologyHit } from './typologies.js';
import { warmingUntil } from './warming.js';

/** What hits: a rule or a typology. */
export type Judged = CompiledRule | CompiledTypology;

export class Verdicts {
  /** Recorded with what is being scored. */
  ingestMs = 0;
  readonly #region: Region;
  readonly #context: ShardContext;
  /** Members of typologies that have reached a band at the moment at hand. */
  readonly #reached: Reached[] = [];
  #breaker = new Breaker();
  /** What the region's columns are, and since when its windows are whole. */
  #described: RegionDescription;

  constructor(region: Region, context: ShardContext) {
    this.#region = region;
    this.#context = context;
    this.#described = describeRegion(context.plan);
  }

  get description(): RegionDescription {
    return { ...this.#described, breaker: this.#breaker.counts() };
  }

  set description(described: RegionDescription) {
    this.#described = described;
    this.#breaker = new Breaker(described.breaker);
  }

  /** Whether the breaker of this rule is open at the shard's present. */
  isOpen(rule: string): boolean {
    const { breakerHits } = this.#context;
    return this.#breaker.isOpen(rule, this.#region.f64[H.watermarkMs], breakerHits);
  }

  /** Until when a rule's hits are lower bounds; 0 = they are not. */
  warmingUntil(rule: CompiledRule): number {
    return warmingUntil(this.#context.plan, rule, this.#described.wholeSince);
  }

  /** A rule has reached a band: typologies are told, cooldown or not. */
  reach(rule: CompiledRule, band: number, m: Moment, leg: LegWords, position: number): void {
    const region = this.#region;
    const context = this.#context;
    const { evaluator, plan } = context;
    if (rule.outcomes >= 0) {
      noteOutcome(region, m.row, plan, rule, band, m.atMs);
      this.#reached.push({ rule, band });
    }
    if (evaluator.silenced(region, rule, band, m)) return;
    if (context.onOutcome !== undefined) {
      context.onOutcome(rule, band, evaluator.value(region, rule, rule.observed, m), m);
      return;
    }
    const hit = buildHit(region, evaluator, rule, band, m, leg, context.evidenceMax);
    this.#emit(hit, rule, band, m, position, this.warmingUntil(rule));
  }

  /** Behind all rules of a moment, so that a typology speaks once, with all that was reached. */
  settle(m: Moment, leg: LegWords, position: number): void {
    const reached = this.#reached;
    if (reached.length === 0) return;
    const region = this.#region;
    const { evaluator, plan, evidenceMax } = this.#context;
    for (const typology of plan.typologies) {
      const found = judgeTypology(region, m.row, typology, reached, m.atMs);
      if (found === undefined || evaluator.silenced(region, typology, found.band, m)) continue;
      const { rule, band } = found.cause;
      // Its values once more: another rule has been evaluated since. That is no evaluation more.
      evaluator.evaluate(region, rule, m);
      evaluator.counters.evaluations[rule.index]--;
      const member = buildHit(region, evaluator, rule, band, m, leg, evidenceMax);
      const hit = typologyHit(member, typology, found);
      const warming = typology.members.map((each) => this.warmingUntil(each.rule));
      this.#emit(hit, typology, found.band, m, position, Math.max(...warming), found.parts);
    }
    reached.length = 0;
  }

  /** Flags stand last in a hit, in the order of the schema. */
  #emit(
    hit: Hit,
    rule: Judged,
    band: number,
    m: Moment,
    position: number,
    warmingUntilMs: number,
    parts?: Hit['parts'],
  ): void {
    const context = this.#context;
    hit.referenceVersion = context.referenceVersion;
    if (rule.shadow) hit.shadow = true;
    if (!m.history) {
      const isNew = m.isTimer || m.position === position;
      const { id } = rule.rule;
      if (this.#breaker.takes(id, m.atMs, isNew, context.breakerHits)) hit.flood = true;
    }
    if (m.atMs < warmingUntilMs) hit.warmingUntil = warmingUntilMs;
    if (parts !== undefined) hit.parts = parts;
    context.emit(hit, rule, band, position, this.ingestMs);
  }
}
