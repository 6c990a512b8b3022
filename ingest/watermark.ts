/**
 * Keeps the stream's own time. Watermark of a source partition = its highest event time less the
 * allowed lateness; the stream's is the lowest over the partitions in use, never going back. Its
 * one trick: everything it decides is written into the journal as a control record, so scoring and
 * replay never ask a clock.
 */
import type { ControlRecord } from '../schemas/control.js';
import { bankDay, bankDayStartMs, type ZoneTable } from '../schemas/time.js';

export type WatermarkRecord = Extract<ControlRecord, { type: 'watermark' }>;
type PartitionState = 'active' | 'idle' | 'ended';

export interface WatermarkOptions {
  latenessMs: number;
  /** A live partition without transactions for this long is idle. */
  idleAfterMs: number;
  /** Ingest time between two records. */
  intervalMs: number;
  /** Event time after which a record is due at once: history read at full speed stays fine. */
  stepMs?: number;
  zoneTable: ZoneTable;
}

const STEP_MS = 15 * 60_000;
/** The guard: the closed day against the mean of this many days before it. */
const GUARD_DAYS = 7;
const GUARD_TRANSACTIONS_MIN = 100;
const GUARD_RATIO = 0.5;

interface Partition {
  source: number;
  partition: number;
  maxEventMs: number;
  lastIngestMs: number;
  state: PartitionState;
  /** Delivered history since this process started: never idle by itself, it says when it ends. */
  history: boolean;
  volume: Volume;
}

/** Transactions of one source per bank day. */
interface Volume {
  /** Without those of `day` that are still in `count`. */
  days: Map<number, number>;
  /** The day counted last, so that the map and the zone table stay off the hot path. */
  day: number;
  dayFromMs: number;
  dayToMs: number;
  count: number;
}

/** What a keeper knows, as JSON takes it. */
export interface KeeperState {
  partitions: (Pick<Partition, 'source' | 'partition' | 'state' | 'lastIngestMs'> & {
    /** null: none yet. */
    maxEventMs: number | null;
  })[];
  /** null: before the first record. */
  watermarkMs: number | null;
  silent: number[];
  volumes: string;
}

export class WatermarkKeeper {
  readonly #options: Required<WatermarkOptions>;
  readonly #partitions = new Map<number, Partition>();
  readonly #volumes = new Map<number, Volume>();
  #last: Partition | undefined;
  #watermarkMs = -Infinity;
  #takenAtMs = -Infinity;
  #closedDay: number | undefined;
  #silent: number[] = [];
  /** A state changed, or event time went on by a step: do not wait for the interval. */
  #dueAtOnce = false;

  constructor(options: WatermarkOptions) {
    this.#options = { stepMs: STEP_MS, ...options };
  }

  /** Of the last record taken; -Infinity before the first. */
  get watermarkMs(): number {
    return this.#watermarkMs;
  }

  /** Sources too quiet for absence rules, as in the last record taken. */
  get silentSources(): readonly number[] {
    return this.#silent;
  }

  setZoneTable(zoneTable: ZoneTable): void {
    this.#options.zoneTable = zoneTable;
    for (const volume of this.#volumes.values()) {
      settle(volume);
      volume.dayToMs = volume.dayFromMs;
    }
  }

  /** One admitted transaction; not `counted` when its volume was restored already. */
  observe(
    source: number,
    partition: number,
    eventMs: number,
    ingestMs: number,
    history: boolean,
    counted = true,
  ): void {
    let p = this.#last;
    if (p === undefined || p.source !== source || p.partition !== partition) {
      p = this.#partition(source, partition);
      this.#last = p;
    }
    if (p.state !== 'active') {
      p.state = 'active';
      this.#dueAtOnce = true;
    }
    p.lastIngestMs = ingestMs;
    p.history = history;
    if (counted) this.#count(p.volume, eventMs);
    if (eventMs <= p.maxEventMs) return;
    p.maxEventMs = eventMs;
    const dueMs = this.#watermarkMs + this.#options.stepMs;
    if (eventMs - this.#options.latenessMs < dueMs) return;
    if (this.#combinedMs(ingestMs) >= dueMs) this.#dueAtOnce = true;
  }

  /** Nothing more to come for now. */
  idle(source: number): void {
    this.#setState(source, 'idle');
  }

  /** Nothing more to come. */
  ended(source: number): void {
    this.#setState(source, 'ended');
  }

  /** It said so, and has brought nothing since. */
  hasEnded(source: number): boolean {
    let ended = false;
    for (const p of this.#partitions.values()) {
      if (p.source !== source) continue;
      if (p.state !== 'ended') return false;
      ended = true;
    }
    return ended;
  }

  /** True when a record should be written; cheap enough for every batch. */
  due(nowMs: number): boolean {
    if (this.#partitions.size === 0) return false;
    return this.#dueAtOnce || nowMs - this.#takenAtMs >= this.#options.intervalMs;
  }

  /** The record to write now; undefined when no source was ever used. */
  take(nowMs: number): WatermarkRecord | undefined {
    if (this.#partitions.size === 0) return undefined;
    for (const p of this.#partitions.values()) {
      const quietMs = nowMs - p.lastIngestMs;
      if (p.state === 'active' && !p.history && quietMs >= this.#options.idleAfterMs) {
        p.state = 'idle';
      }
    }
    this.#watermarkMs = Math.max(this.#watermarkMs, this.#combinedMs(nowMs));
    this.#takenAtMs = nowMs;
    this.#dueAtOnce = false;
    this.#closeDay();
    return {
      type: 'watermark',
      watermarkMs: this.#watermarkMs,
      sources: [...this.#partitions.values()].map((p) => ({
        source: p.source,
        partition: p.partition,
        maxEventMs: p.maxEventMs,
        state: p.state,
      })),
      silentSources: [...this.#silent],
    };
  }

  /** Takes over what a record in the journal said; `observe` goes on from there. */
  restore(record: WatermarkRecord, ingestMs: number): void {
    for (const said of record.sources) {
      const p = this.#partition(said.source, said.partition);
      p.maxEventMs = Math.max(p.maxEventMs, said.maxEventMs);
      p.state = said.state;
      p.lastIngestMs = ingestMs;
    }
    this.#watermarkMs = Math.max(this.#watermarkMs, record.watermarkMs);
    this.#silent = [...record.silentSources];
    this.#closedDay = bankDay(this.#watermarkMs, this.#options.zoneTable) - 1;
    this.#dueAtOnce = false;
  }

  /** After a restart a source counts as live until it says otherwise, or a dead one holds all. */
  restored(nowMs: number): void {
    for (const p of this.#partitions.values()) {
      p.history = false;
      p.lastIngestMs = nowMs;
    }
    this.#takenAtMs = nowMs;
  }

  /** Counts per source and bank day, kept beside the journal's chunks with each record. */
  volumes(): string {
    const all = [...this.#volumes].map(([source, volume]) => {
      settle(volume);
      return [source, [...volume.days]];
    });
    return JSON.stringify(all);
  }

  /** In place of what was known. */
  restoreVolumes(text: string): void {
    for (const volume of this.#volumes.values()) {
      volume.days.clear();
      volume.count = 0;
    }
    for (const [source, days] of JSON.parse(text) as [number, [number, number][]][]) {
      const volume = this.#volume(source);
      for (const [day, count] of days) volume.days.set(day, count);
    }
  }

  state(): KeeperState {
    return {
      partitions: [...this.#partitions.values()].map((p) => ({
        source: p.source,
        partition: p.partition,
        state: p.state,
        lastIngestMs: p.lastIngestMs,
        maxEventMs: finite(p.maxEventMs),
      })),
      watermarkMs: finite(this.#watermarkMs),
      silent: [...this.#silent],
      volumes: this.volumes(),
    };
  }

  /** Takes over what `state` gave; `observe` and `restore` go on from there. */
  restoreState(known: KeeperState): void {
    for (const { source, partition, state, lastIngestMs, maxEventMs } of known.partitions) {
      const p = this.#partition(source, partition);
      Object.assign(p, { state, lastIngestMs, maxEventMs: maxEventMs ?? -Infinity });
    }
    this.restoreVolumes(known.volumes);
    this.#silent = [...known.silent];
    if (known.watermarkMs === null) return;
    this.#watermarkMs = known.watermarkMs;
    this.#closedDay = bankDay(known.watermarkMs, this.#options.zoneTable) - 1;
  }

  #partition(source: number, partition: number): Partition {
    const key = source * 65_536 + partition;
    let p = this.#partitions.get(key);
    if (p === undefined) {
      p = {
        source,
        partition,
        maxEventMs: -Infinity,
        lastIngestMs: -Infinity,
        state: 'active',
        history: false,
        volume: this.#volume(source),
      };
      this.#partitions.set(key, p);
    }
    return p;
  }

  #setState(source: number, state: PartitionState): void {
    for (const p of this.#partitions.values()) {
      if (p.source !== source || p.state === state) continue;
      p.state = state;
      p.history = false;
      this.#dueAtOnce = true;
    }
  }

  /** Lowest watermark of the active partitions; with none active, ingest time leads. */
  #combinedMs(nowMs: number): number {
    let lowest = Infinity;
    for (const p of this.#partitions.values()) {
      if (p.state === 'active' && p.maxEventMs < lowest) lowest = p.maxEventMs;
    }
    return (lowest === Infinity ? nowMs : lowest) - this.#options.latenessMs;
  }

  #volume(source: number): Volume {
    let volume = this.#volumes.get(source);
    if (volume === undefined) {
      volume = { days: new Map(), day: 0, dayFromMs: 0, dayToMs: 0, count: 0 };
      this.#volumes.set(source, volume);
    }
    return volume;
  }

  #count(volume: Volume, eventMs: number): void {
    if (eventMs < volume.dayFromMs || eventMs >= volume.dayToMs) {
      settle(volume);
      const table = this.#options.zoneTable;
      volume.day = bankDay(eventMs, table);
      volume.dayFromMs = bankDayStartMs(volume.day, table);
      volume.dayToMs = bankDayStartMs(volume.day + 1, table);
    }
    volume.count++;
  }

  /** When the watermark has passed a bank day's end: which sources were too quiet on it? */
  #closeDay(): void {
    const closed = bankDay(this.#watermarkMs, this.#options.zoneTable) - 1;
    if (this.#closedDay !== undefined && closed <= this.#closedDay) return;
    this.#closedDay = closed;
    this.#silent = [];
    for (const [source, volume] of this.#volumes) {
      settle(volume);
      if (this.#isOver(source)) continue;
      if (isSilent(volume.days, closed)) this.#silent.push(source);
    }
    for (const volume of this.#volumes.values()) {
      for (const day of volume.days.keys()) {
        if (day < closed - GUARD_DAYS) volume.days.delete(day);
      }
    }
  }

  /** A source that has ended is not missed. */
  #isOver(source: number): boolean {
    for (const p of this.#partitions.values()) {
      if (p.source === source && p.state !== 'ended') return false;
    }
    return true;
  }
}

function finite(ms: number): number | null {
  return Number.isFinite(ms) ? ms : null;
}

function settle(volume: Volume): void {
  if (volume.count === 0) return;
  volume.days.set(volume.day, (volume.days.get(volume.day) ?? 0) + volume.count);
  volume.count = 0;
}

function isSilent(days: ReadonlyMap<number, number>, closed: number): boolean {
  let sum = 0;
  for (let day = closed - GUARD_DAYS; day < closed; day++) {
    const count = days.get(day) ?? 0;
    if (count < GUARD_TRANSACTIONS_MIN) return false;
    sum += count;
  }
  return (days.get(closed) ?? 0) < (sum / GUARD_DAYS) * GUARD_RATIO;
}
