/**
 * The scoring of one thread: its shards in one shared buffer, fed with ring records in log order.
 * Records come in batches; the table slots and rows of a whole batch are touched first, so that
 * their cache misses overlap (at 1 M subjects a leg otherwise waits for each in turn).
 */
import type { Catalogue } from '../schemas/catalogue.js';
import * as L from '../schemas/generated/records.js';
import type { Hit } from '../schemas/hit.js';
import type { ZoneTable } from '../schemas/time.js';
import { BankTime, type CalendarDays } from './bank-time.js';
import { Evaluator, type RuleCounters } from './evaluate.js';
import { newLegView, readLeg } from './leg-view.js';
import { compilePlan, type Plan } from './plan.js';
import { describeRegion, type RegionDescription, rebuildRegion, sameColumns } from './rebuild.js';
import { H, Region } from './region.js';
import { rowLayout } from './row.js';
import { Shard, type ShardContext } from './shard.js';
import { eachSubject, findSubject } from './tables.js';
import { Toucher } from './touch.js';
import type { Judged } from './verdicts.js';
import { wholeSinceAfter } from './warming.js';
import { forgetDues } from './windows.js';

/** What scoring takes from reference data. */
export interface ReferenceFacts {
  zoneTable: ZoneTable;
  /** Of business days; every weekday is one when absent. */
  calendar?: CalendarDays;
  /** Base minor units for one minor unit of a currency, the base currency among them. */
  rates?: Record<string, number>;
}

/** Commands that stand in the ring at their position (kind 2, JSON behind 16 bytes). */
export type RingCommand =
  | { type: 'catalogue'; position: number; catalogue: Catalogue; breakerHits?: number }
  | ({ type: 'reference'; position: number; version: number } & ReferenceFacts)
  | {
      type: 'watermark';
      position: number;
      watermarkMs: number;
      ingestMs: number;
      silentSources: number[];
    }
  | { type: 'history-end'; position: number; asOfMs: number; ingestMs: number }
  | {
      type: 'profile';
      position: number;
      shard: number;
      hashLow: number;
      hashHigh: number;
      subject: string;
      profile: number;
    }
  /** For the host: copy this shard now. */
  | { type: 'snapshot'; shard: number; generation: number }
  | { type: 'stop' };

export interface OperatorOptions extends ReferenceFacts {
  buffer: SharedArrayBuffer;
  regionBytes: number;
  /** Shards of this thread; the i-th has the i-th region. */
  shards: number[];
  catalogue: Catalogue;
  latenessMs: number;
  evidenceMax: number;
  /** Most legs of a subject in its recent and notable list; 4,096 and 1,024 when absent. */
  legsPerSubjectMax?: readonly [number, number];
  /** Called instead of `emit`, before a hit is built: for jobs whose rules fire all the time. */
  onOutcome?: ShardContext['onOutcome'];
  /** Called before the rules of a new leg or the close of a day are evaluated. */
  onMoment?: ShardContext['onMoment'];
  /** Where to count, with room for every rule; own memory when absent. */
  counters?: RuleCounters;
  /** Hits of a rule in a shard in ten minutes above which its breaker opens. */
  breakerHits?: number;
  emit(
    hit: Hit,
    rule: Judged,
    band: number,
    position: number,
    ingestMs: number,
    shard: number,
  ): void;
}

const BREAKER_HITS = 1_000;

export class ScoringOperator {
  readonly #byNumber: (Shard | undefined)[] = [];
  readonly #shards: Shard[] = [];
  readonly #context: ShardContext;
  readonly #options: OperatorOptions;
  readonly #leg = newLegView();
  #touch: Toucher | undefined;
  #rates: Readonly<Record<string, number>>;
  #emitting = 0;

  constructor(options: OperatorOptions) {
    this.#options = options;
    const time = new BankTime(options.zoneTable, options.calendar);
    this.#rates = options.rates ?? {};
    const { catalogue, breakerHits = BREAKER_HITS } = options;
    this.#context = this.#newContext(catalogue, time, 0, breakerHits);
    options.shards.forEach((number, i) => {
      const region = new Region(
        options.buffer,
        i * options.regionBytes,
        options.regionBytes,
        number,
      );
      const shard = new Shard(region, this.#context);
      this.#byNumber[number] = shard;
      this.#shards.push(shard);
    });
  }

  #newContext(
    catalogue: Catalogue,
    time: BankTime,
    referenceVersion: number,
    breakerHits: number,
  ): ShardContext {
    const plan = compilePlan(catalogue, this.#options.latenessMs, this.#options.legsPerSubjectMax);
    const layout = rowLayout(plan);
    return {
      plan,
      layout,
      time,
      evaluator: new Evaluator(plan, layout, time, this.#counters(plan), this.#rates),
      evidenceMax: this.#options.evidenceMax,
      onOutcome: this.#options.onOutcome,
      onMoment: this.#options.onMoment,
      referenceVersion,
      breakerHits,
      emit: (hit, rule, band, position, ingestMs) => {
        this.#options.emit(hit, rule, band, position, ingestMs, this.#emitting);
      },
    };
  }

  #counters(plan: Plan): RuleCounters {
    const length = plan.rules.length + plan.typologies.length;
    return (
      this.#options.counters ?? {
        evaluations: new Float64Array(length),
        notApplicable: new Float64Array(length),
      }
    );
  }

  /** Place of the rule that was being evaluated when something failed; -1 for none. */
  get ruleInHand(): number {
    return this.#context.evaluator.current;
  }

  get catalogueSha256(): string {
    return this.#context.plan.catalogueSha256;
  }

  /** Rules, then typologies, in the order of their counters. */
  get judged(): readonly Judged[] {
    const { rules, typologies } = this.#context.plan;
    return [...rules, ...typologies];
  }

  /** How a rule or typology stands over all shards of the thread. */
  stateOf(judged: Judged): { openShards: number; warmingUntilMs: number } {
    const rules = 'members' in judged ? judged.members.map((m) => m.rule) : [judged];
    let openShards = 0;
    let warmingUntilMs = 0;
    for (const shard of this.#shards) {
      if (shard.verdicts.isOpen(judged.rule.id)) openShards++;
      for (const rule of rules) {
        const untilMs = shard.verdicts.warmingUntil(rule);
        const isWarming = shard.region.f64[H.watermarkMs] < untilMs;
        if (isWarming && untilMs > warmingUntilMs) warmingUntilMs = untilMs;
      }
    }
    return { openShards, warmingUntilMs };
  }

  get shards(): readonly Shard[] {
    return this.#shards;
  }

  shard(number: number): Shard {
    const shard = this.#byNumber[number];
    if (shard === undefined) throw new Error(`shard ${number} is not in this thread`);
    return shard;
  }

  /**
   * Puts a snapshot's body into a shard. One of another catalogue is of a later place of the log
   * than the rest: it waits as it is for the log to come there. (Before shards noted the place of
   * their catalogue, it was moved to ours at once.)
   */
  restore(number: number, body: Uint8Array, described: RegionDescription): void {
    const shard = this.shard(number);
    const { region } = shard;
    if (body.byteLength > region.bytes) throw new Error('snapshot larger than the region');
    region.u8.set(body);
    shard.description = described;
    const isOurs = described.catalogueSha256 === this.catalogueSha256;
    if (isOurs || region.f64[H.catalogueSeen] === 0) this.#lay(shard);
  }

  /** Lays a shard's state out for our catalogue, where its columns are others. */
  #lay(shard: Shard): void {
    const { region, description } = shard;
    const { plan } = this.#context;
    const wanted = describeRegion(plan);
    const { breaker = [], wholeSince = [] } = description;
    shard.description = { ...wanted, breaker, wholeSince };
    if (!sameColumns(description, wanted)) this.#rebuild(region, description);
    else this.#forgetDues(region);
  }

  /** Days and months may end at other times than a row thinks. */
  #forgetDues(region: Region): void {
    eachSubject(region, (row) => forgetDues(region, row, this.#context.layout));
  }

  /** Enters everything anew: the aggregates of our catalogue and calendar form by themselves. */
  #rebuild(region: Region, described: RegionDescription): void {
    const { plan, time } = this.#context;
    const copy = region.u8.slice(0, region.usedBytes);
    const old = new Region(copy.buffer, 0, copy.byteLength, region.shard);
    rebuildRegion(old, described, region, plan, time);
  }

  /**
   * Legs of a batch (at most 64): touches what scoring them will read (touch.ts). `starts` holds
   * `count` offsets.
   */
  touchAhead(bytes: Uint8Array, view: DataView, starts: Int32Array, count: number): void {
    const { plan, layout, time } = this.#context;
    if (this.#touch?.plan !== plan) this.#touch = new Toucher(plan, layout);
    const touch = this.#touch;
    touch.begin();
    for (let i = 0; i < count; i++) {
      const at = starts[i];
      if (bytes[at + L.LEG_KIND] !== 1) continue;
      const shard = this.#byNumber[view.getUint16(at + L.LEG_SHARD, true)];
      if (shard !== undefined) touch.slots(shard.region, view, at);
    }
    for (let i = 0; i < count; i++) {
      const at = starts[i];
      if (bytes[at + L.LEG_KIND] !== 1) continue;
      const shard = this.#byNumber[view.getUint16(at + L.LEG_SHARD, true)];
      if (shard !== undefined) touch.add(shard.region, view, at, time);
    }
    touch.finish();
  }

  /** One ring record that starts at byte `at`; returns the command for the host, if it is one. */
  apply(bytes: Uint8Array, view: DataView, at: number): RingCommand | undefined {
    const kind = bytes[at + L.LEG_KIND];
    this.#context.evaluator.current = -1;
    if (kind === 1) {
      const number = view.getUint16(at + L.LEG_SHARD, true);
      const shard = this.#byNumber[number];
      if (shard === undefined) throw new Error(`a leg of shard ${number} in a foreign ring`);
      readLeg(this.#leg, bytes, view, at);
      this.#emitting = number;
      shard.applyLeg(this.#leg);
      return undefined;
    }
    if (kind === 3) {
      const watermarkMs = view.getFloat64(at + L.LEG_EVENT_MS, true);
      const ingestMs = view.getFloat64(at + L.LEG_INGEST_MS, true);
      this.#watermark(watermarkMs, ingestMs, view.getFloat64(at + L.LEG_POSITION, true), []);
      return undefined;
    }
    const length = view.getUint32(at, true);
    const json = Buffer.from(bytes.subarray(at + 16, at + length)).toString('utf8');
    return this.applyCommand(JSON.parse(json) as RingCommand);
  }

  applyCommand(command: RingCommand): RingCommand | undefined {
    switch (command.type) {
      case 'catalogue':
        this.#switchCatalogue(command);
        return undefined;
      case 'reference':
        this.#switchReference(command);
        return undefined;
      case 'watermark':
        this.#watermark(
          command.watermarkMs,
          command.ingestMs,
          command.position,
          command.silentSources,
        );
        return undefined;
      case 'history-end':
        for (const s of this.#shards) {
          this.#emitting = s.region.shard;
          s.applyHistoryEnd(command.asOfMs, command.ingestMs, command.position);
        }
        return undefined;
      case 'profile':
        this.#profile(command);
        return undefined;
      default:
        return command;
    }
  }

  #watermark(watermarkMs: number, ingestMs: number, position: number, silent: number[]): void {
    for (const s of this.#shards) {
      this.#emitting = s.region.shard;
      s.applyWatermark(watermarkMs, ingestMs, position, silent);
    }
  }

  #profile(command: Extract<RingCommand, { type: 'profile' }>): void {
    const { region } = this.shard(command.shard);
    const bytes = Buffer.from(command.subject, 'utf8');
    const row = findSubject(region, command.hashLow, command.hashHigh, bytes, 0, bytes.byteLength);
    if (row !== 0) this.shard(command.shard).applyProfile(row, command.profile, command.position);
  }

  #switchReference(command: Extract<RingCommand, { type: 'reference' }>): void {
    const { plan, layout, time: before } = this.#context;
    const time = new BankTime(command.zoneTable, command.calendar);
    this.#rates = command.rates ?? {};
    const evaluator = new Evaluator(plan, layout, time, this.#counters(plan), this.#rates);
    const referenceVersion = command.version;
    Object.assign(this.#context, { time, referenceVersion, evaluator });
    // Another calendar moves where windows of business days begin: they are formed anew.
    const isSame = JSON.stringify(time.days) === JSON.stringify(before.days);
    const moves = !isSame && plan.windows.some((w) => w.kind === 'business-days');
    for (const { region, description } of this.#shards) {
      // What waits for another catalogue is laid out then.
      if (description.catalogueSha256 !== plan.catalogueSha256) continue;
      if (moves) this.#rebuild(region, description);
      else this.#forgetDues(region);
    }
  }

  #switchCatalogue(command: Extract<RingCommand, { type: 'catalogue' }>): void {
    const { catalogue, breakerHits = BREAKER_HITS, position } = command;
    const { plan: before, time, referenceVersion } = this.#context;
    this.#context.breakerHits = breakerHits;
    if (catalogue.sha256 !== before.catalogueSha256) {
      const next = this.#newContext(catalogue, time, referenceVersion, breakerHits);
      Object.assign(this.#context, next);
    }
    const { plan } = this.#context;
    for (const shard of this.#shards) {
      const { f64 } = shard.region;
      // Restored from behind a later change: it has been through this one.
      if (f64[H.catalogueSeen] > position + 1) continue;
      const isNew = f64[H.catalogueSeen] < position + 1;
      f64[H.catalogueSeen] = position + 1;
      const { description } = shard;
      if (description.catalogueSha256 === plan.catalogueSha256) continue;
      this.#lay(shard);
      if (!isNew || f64[H.subjects] === 0) continue;
      const atMs = f64[H.watermarkMs] + this.#options.latenessMs;
      const wholeSince = wholeSinceAfter(before, description.wholeSince, plan, atMs);
      shard.description = { ...shard.description, wholeSince };
    }
  }
}
