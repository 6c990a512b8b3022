/**
 * Plants cases: one of each kind that alerts at every start, what a person asks for, and from then
 * on a few an hour. A case is noted before it is begun and forgotten when it is on disk, so that
 * one cut in two by a crash is told to its end, with the same ids.
 */
import type { CaseKind } from '../../schemas/demo.js';
import type { SourceHost, SourceItem } from '../../schemas/ports.js';
import type { DemoStats } from '../../schemas/stats.js';
import type { EncodedCase } from './bank-messages.js';
import type { BankState, BegunCase } from './bank-state.js';
import type { Feeder } from './feeder.js';
import { BANK_SOURCES } from './sources.js';

/** An officer's day, not a flood. */
const TRICKLE_MEAN_MS = 4 * 60_000;
/** Between the cases of a start, so that each is seen to come. */
const FIRST_GAP_MS = 400;
/** A case that a crash cut longer ago begins anew: the stream's time has passed it. */
const RESUME_MS_MAX = 5 * 60_000;
const PLANTED_SHOWN_MAX = 20;
const BEGUN_MAX = 100;

/** At once; others need a past, of the customer or a long one: a payment after no past is odd. */
const AT_ONCE: readonly CaseKind[] = ['structuring', 'listed'];
const AFTER_HISTORY: readonly CaseKind[] = [
  'remittances',
  'care-outflow',
  'activity-drop',
  'dormant',
  'corporate-outflow',
];
const ALERTING = [...AT_ONCE, ...AFTER_HISTORY];

export interface CasesOptions {
  host: SourceHost;
  feeder: Feeder;
  state: BankState;
  nowMs(): number;
  /** Asks the thread of the bank. */
  plan(begun: BegunCase): Promise<{ subject: string; encoded: EncodedCase }>;
  /** Writes the state. */
  save(): void;
  /** History is through. */
  caughtUp: Promise<void>;
  /** Offsets that are free, by source. */
  nextOffset(source: string): number;
}

export class Cases {
  /** Newest first. */
  readonly planted: DemoStats['planted'] = [];
  readonly #options: CasesOptions;
  readonly #offsets = new Map<string, number>();
  /** One case's past at a time: the end of one must not judge half of another. */
  #pasts: Promise<unknown> = Promise.resolve();

  constructor(options: CasesOptions) {
    this.#options = options;
  }

  /** Until the feeder is stopped. */
  async run(): Promise<void> {
    const { feeder, state, caughtUp } = this.#options;
    const telling: Promise<void>[] = state.begun.map((begun) => this.#resume(begun));
    telling.push(this.#plantAll(AT_ONCE));
    await Promise.race([caughtUp, feeder.ended]);
    telling.push(this.#plantAll(AFTER_HISTORY));
    await Promise.all(telling);
    while (!feeder.stopped) {
      await feeder.sleep(-Math.log(1 - Math.random()) * TRICKLE_MEAN_MS);
      if (feeder.stopped) return;
      await this.plant(ALERTING[Math.floor(Math.random() * ALERTING.length)] ?? 'listed');
    }
  }

  async #plantAll(kinds: readonly CaseKind[]): Promise<void> {
    const telling: Promise<void>[] = [];
    for (const kind of kinds) {
      if (this.#options.feeder.stopped) break;
      telling.push(this.plant(kind));
      await this.#options.feeder.sleep(FIRST_GAP_MS);
    }
    await Promise.all(telling);
  }

  /** Notes the case in the state; whoever calls `begin` writes it. */
  note(kind: CaseKind): BegunCase {
    const { state, nowMs } = this.#options;
    const n = state.cases[kind] ?? 0;
    state.cases[kind] = n + 1;
    const begun = { kind, n, startMs: nowMs() };
    state.begun = [...state.begun, begun].slice(-BEGUN_MAX);
    return begun;
  }

  async plant(kind: CaseKind): Promise<void> {
    const begun = this.note(kind);
    this.#options.save();
    await this.begin(begun);
  }

  #resume(begun: BegunCase): Promise<void> {
    const { nowMs, state } = this.#options;
    if (nowMs() - begun.startMs < RESUME_MS_MAX) return this.begin(begun);
    state.begun = state.begun.filter((b) => b !== begun);
    return Promise.resolve();
  }

  /** Tells a noted case to its end; it is forgotten once it is on disk. */
  async begin(begun: BegunCase): Promise<void> {
    const { feeder, caughtUp, state, save, plan, nowMs } = this.#options;
    const { subject, encoded } = await plan(begun);
    if (encoded.past.length > 0) {
      // The end of this past judges every customer: not before all of them have theirs.
      await Promise.race([caughtUp, feeder.ended]);
      const past = this.#pasts.then(() => this.#tellPast(encoded.past));
      this.#pasts = past;
      await past;
    }
    if (feeder.stopped) return;
    const { kind, startMs } = begun;
    this.planted.unshift({ kind, subject, atMs: nowMs() });
    this.planted.length = Math.min(this.planted.length, PLANTED_SHOWN_MAX);
    for (const { afterMs, bytes } of encoded.live) {
      await feeder.sleep(startMs + afterMs - nowMs());
      if (!(await this.#offer(BANK_SOURCES.cases, false, [bytes]))) return;
    }
    await feeder.flushed();
    if (feeder.stopped) return;
    state.begun = state.begun.filter((b) => b !== begun);
    save();
  }

  async #tellPast(past: readonly Uint8Array[]): Promise<void> {
    if (!(await this.#offer(BANK_SOURCES.casePasts, true, past))) return;
    this.#options.host.ended(BANK_SOURCES.casePasts);
  }

  #offer(source: string, history: boolean, all: readonly Uint8Array[]): Promise<boolean> {
    const first = this.#offsets.get(source) ?? this.#options.nextOffset(source);
    const nextOffset = first + all.length;
    this.#offsets.set(source, nextOffset);
    const items: SourceItem[] = all.map((bytes, i) => ({ offset: first + i, index: 0, bytes }));
    return this.#options.feeder.offer({ source, history, items, nextOffset, quiet: true });
  }
}
