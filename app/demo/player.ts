/**
 * Plays the labelled sample: the past at full speed as one history source, then the last days
 * live at a visible speed, then the same people go on with payments of today. Planted stories for
 * the families that the sample lacks come within the first seconds and trickle on.
 */
import type { Clock, SourceHost, SourceItem } from '../../schemas/ports.js';
import { encodeTransaction, type TransactionFields } from '../../schemas/transaction-codec.js';
import { Feeder } from './feeder.js';
import { buildPast, type Past } from './past.js';
import { peopleOf } from './people.js';
import { type Random, seededRandom } from './random.js';
import { loadSample, type Sample } from './sample.js';
import * as scenarios from './scenarios.js';
import { type DemoState, readState, writeState } from './state.js';

/**
 * Live sources take events up to 7 d old, but when the past ends, activity is judged as of now:
 * each day not played yet looks like silence. On this sample 6 days gave 688 churn warnings, one
 * day 290, none 248.
 */
export const LIVE_DAYS = 1;
const TOO_OLD_MS = 6.5 * 86_400_000;
const PAST_BATCH = 64;
const TICK_MS = 50;
const SAVE_EVERY_MS = 2_000;
const TRICKLE_MS = { from: 8_000, to: 25_000 };

export const DEMO_SOURCES = { past: 'demo-past', live: 'demo', planted: 'demo-planted' } as const;

export interface DemoOptions {
  dir: string;
  clock: Clock;
  logger: {
    info(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  ratePerSecond: number;
  seed?: number;
  /** Tests give a small one. */
  sample?: (endMs: number) => Promise<Sample>;
}

export interface Demo {
  stop(): Promise<void>;
  /** The past is in, and its end was told. */
  readonly pastDone: Promise<void>;
}

export function startDemo(host: SourceHost, options: DemoOptions): Demo {
  const player = new Player(host, options);
  // The demo is a guest in the engine: when it fails, transactions of others still come in.
  const over = player.play().catch((error: unknown) => {
    player.stop();
    options.logger.error({ err: error }, 'the demo stopped');
  });
  return {
    pastDone: player.pastDone,
    stop: async () => {
      player.stop();
      await over;
    },
  };
}

class Player {
  readonly pastDone: Promise<void>;
  private tellPastDone: () => void = () => undefined;
  private readonly feeder: Feeder;
  private readonly state: DemoState;
  private readonly random: Random;
  private readonly startedMs: number;
  private savedAt = 0;
  private plantedOffset = 0;
  private generatedOffset = 0;

  constructor(
    private readonly host: SourceHost,
    private readonly options: DemoOptions,
  ) {
    this.feeder = new Feeder(host);
    this.startedMs = options.clock.nowMs();
    this.state = readState(options.dir, this.startedMs);
    this.random = seededRandom(options.seed ?? this.startedMs);
    this.pastDone = new Promise((resolve) => {
      this.tellPastDone = resolve;
    });
  }

  stop(): void {
    this.feeder.stop();
  }

  async play(): Promise<void> {
    const load = this.options.sample ?? loadSample;
    const sample = await load(this.state.endMs);
    const past = buildPast(sample, this.state.endMs, LIVE_DAYS);
    const planting = this.plantFirst();
    await this.playPast(past);
    await this.playLastDays(sample, past.sampleEnd);
    await this.goOn(sample, past.sampleEnd);
    await planting;
    await this.save();
  }

  private async playPast(past: Past): Promise<void> {
    const { state, feeder, options } = this;
    const fromMs = performance.now();
    const first = state.pastNext;
    while (state.pastNext < past.count && !feeder.stopped) {
      const to = Math.min(past.count, state.pastNext + PAST_BATCH);
      const rows: SourceItem[] = [];
      for (let i = state.pastNext; i < to; i++) {
        rows.push(itemOf(i, past.transaction(i)));
      }
      const batch = { source: DEMO_SOURCES.past, history: true, items: rows };
      if (await feeder.offer(batch)) state.pastNext = to;
      await new Promise(setImmediate);
    }
    await this.save();
    const seconds = (performance.now() - fromMs) / 1000;
    const rows = state.pastNext - first;
    if (rows > 0) options.logger.info({ rows, seconds }, 'the past of the demo is in');
  }

  /** The live source speaks before the past ends, or the watermark would jump over these days. */
  private async playLastDays(sample: Sample, sampleEnd: number): Promise<void> {
    const { state, feeder } = this;
    let i = Math.max(sampleEnd, state.liveNext);
    const oldestMs = this.options.clock.nowMs() - TOO_OLD_MS;
    while (i < sample.count && sample.eventMs(i) < oldestMs) i++;
    await this.pace(async (due) => {
      const rows: SourceItem[] = [];
      while (rows.length < due && i < sample.count) {
        rows.push(itemOf(i, sample.transaction(i++)));
      }
      const batch = { source: DEMO_SOURCES.live, history: false, items: rows };
      if (rows.length > 0 && (await feeder.offer(batch))) state.liveNext = i;
      await this.endPast();
      return i < sample.count;
    });
    await this.endPast();
  }

  private async endPast(): Promise<void> {
    if (this.state.pastEnded || this.feeder.stopped) return;
    this.host.ended(DEMO_SOURCES.past);
    this.state.pastEnded = true;
    await this.save();
    this.tellPastDone();
  }

  /** The sample is played: its last days' payments again, as new ones of now. */
  private async goOn(sample: Sample, from: number): Promise<void> {
    this.tellPastDone();
    if (sample.count === from) return;
    await this.pace(async (due) => {
      const rows: SourceItem[] = [];
      while (rows.length < due) {
        const nowMs = this.options.clock.nowMs();
        this.generatedOffset = Math.max(this.generatedOffset + 1, nowMs);
        const again = {
          ...sample.transaction(this.random.between(from, sample.count - 1)),
          id: `demo-${this.generatedOffset.toString(36)}`,
          eventTimeMs: nowMs,
        };
        rows.push(itemOf(this.generatedOffset, again));
      }
      const batch = { source: DEMO_SOURCES.live, history: false, items: rows };
      if (rows.length > 0) await this.feeder.offer(batch);
      return true;
    });
  }

  /** Calls `send` with how many are due, until it says that nothing is left. */
  private async pace(send: (due: number) => Promise<boolean>): Promise<void> {
    const perTick = (this.options.ratePerSecond * TICK_MS) / 1000;
    let credit = 1;
    let before = performance.now();
    while (!this.feeder.stopped) {
      const now = performance.now();
      // A machine that slept owes no burst: at most one second's worth.
      const burst = Math.max(1, this.options.ratePerSecond);
      credit = Math.min(burst, credit + (perTick * (now - before)) / TICK_MS);
      before = now;
      const due = Math.floor(credit);
      credit -= due;
      if (!(await send(due))) return;
      this.saveNowAndThen();
      await this.feeder.sleep(TICK_MS);
    }
  }

  /** One story a family in the first seconds; those that need a past wait for it. */
  private async plantFirst(): Promise<void> {
    const { random, feeder } = this;
    const tell = (part: Parameters<typeof peopleOf>[0], story: scenarios.Story['tell']) =>
      story(random.pick(peopleOf(part)), random);
    await feeder.sleep(500);
    await Promise.all([
      this.plant(tell('remitter', scenarios.remittances)),
      this.plant(tell('cash', scenarios.structuredCash)),
      this.plant(tell('listed', scenarios.overLimit)),
    ]);
    await Promise.race([this.pastDone, feeder.sleep(120_000)]);
    await this.plant(tell('dormant', scenarios.awakening));
    await this.plant(tell('care', scenarios.outflow));
    while (!feeder.stopped) {
      await feeder.sleep(random.between(TRICKLE_MS.from, TRICKLE_MS.to));
      if (feeder.stopped) return;
      const story = random.pick(scenarios.trickleStories);
      await this.plant(tell(story.part, story.tell));
    }
  }

  private async plant(story: readonly scenarios.Planted[]): Promise<void> {
    let waitedMs = 0;
    for (const { afterMs, fields } of story) {
      await this.feeder.sleep(afterMs - waitedMs);
      waitedMs = afterMs;
      if (this.feeder.stopped) return;
      const nowMs = this.options.clock.nowMs();
      this.plantedOffset = Math.max(this.plantedOffset + 1, nowMs);
      const offset = this.plantedOffset;
      const id = `planted-${offset.toString(36)}`;
      const transaction: TransactionFields = { ...fields, id, eventTimeMs: nowMs };
      const items = [itemOf(offset, transaction)];
      await this.feeder.offer({ source: DEMO_SOURCES.planted, history: false, items });
    }
  }

  /** Writes only what is durable: after a crash nothing is left out. */
  private async save(): Promise<void> {
    const known = { ...this.state };
    await this.feeder.flushed();
    writeState(this.options.dir, known);
  }

  private saveNowAndThen(): void {
    const now = performance.now();
    if (now - this.savedAt < SAVE_EVERY_MS) return;
    this.savedAt = now;
    void this.save();
  }
}

function itemOf(offset: number, transaction: TransactionFields): SourceItem {
  return { offset, index: 0, bytes: encodeTransaction(transaction) };
}
