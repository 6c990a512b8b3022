/**
 * Moves a shard's state under another catalogue: every row, leg, pair and timer of the old region
 * is entered anew in an emptied one, where the new aggregates form by themselves. Used when a
 * catalogue changes and when a snapshot of another layout is read.
 */
import { ClassBit } from '../schemas/classes.js';
import type { BankTime } from './bank-time.js';
import type { BreakerCount } from './breaker.js';
import { lastHit, readLastHit, writeLastHit } from './cooldowns.js';
import { insertLeg, LEG_WORDS, legAt, listCount, PACKED } from './lists.js';
import { moveOutcomes, outcomeColumns, standingName } from './outcomes.js';
import { type CompiledRule, NOTABLE, type Plan, RECENT } from './plan.js';
import { H, type Region } from './region.js';
import {
  BALANCE_SLOTS,
  BLOCK_DAYS,
  BLOCKS_KEPT,
  ROW,
  type RowLayout,
  rowLayout,
  SECTIONS,
} from './row.js';
import { addSubject, eachSubject, formatTables, importPair, intern } from './tables.js';
import { armTimer, eachTimer, formatTimers } from './timers.js';
import type { CompiledTypology } from './typologies.js';
import type { WholeSince } from './warming.js';
import { enterWindows } from './windows.js';

/** What a reader must know of a region besides its bytes; written in every snapshot. */
export interface RegionDescription {
  /** 1: rows without what stands at and behind `firstMs`, legs without channel, type, country. */
  format: 1 | 2;
  rowWords: number;
  legWords: number;
  strideWords: number;
  /** Of format 1: word of the first cooldown's (ms, band + 1) in the row. */
  cooldowns?: number;
  /** Rule ids in the order of their cooldown columns. */
  cooldownRules: string[];
  /** Windows and groups as text, in column order. */
  columns: string[];
  /** Slots of a subject's outcomes, in their order; none in older snapshots. */
  outcomes?: string[];
  /** First word of each section that rows have; none in older snapshots. */
  sections?: Partial<Record<keyof typeof SECTIONS, number>>;
  catalogueSha256: string;
  /** Hits of each rule in its newest ten minutes. */
  breaker?: BreakerCount[];
  /** Windows that have not seen all their legs yet. */
  wholeSince?: WholeSince;
}

export function describeRegion(plan: Plan): RegionDescription {
  const layout = rowLayout(plan);
  return {
    format: 2,
    rowWords: ROW.aggregates,
    legWords: LEG_WORDS,
    strideWords: layout.strideWords,
    cooldownRules: cooling(plan).map(standingName),
    columns: [
      ...plan.windows.map((w) => `${w.list}:${w.kind}:${w.ms}:${w.days}`),
      ...plan.groups.map((g) =>
        [g.window, g.column, g.distinct, g.all, g.none, g.min, g.below, g.channels, g.types].join(
          ':',
        ),
      ),
    ],
    outcomes: outcomeColumns(plan),
    sections: sectionsOf(layout),
    catalogueSha256: plan.catalogueSha256,
  };
}

const SECTION_NAMES = Object.keys(SECTIONS) as (keyof typeof SECTIONS)[];

function sectionsOf(layout: RowLayout): NonNullable<RegionDescription['sections']> {
  return Object.fromEntries(SECTION_NAMES.map((name) => [name, layout[name]]));
}

/** Rules and typologies that keep a cooldown, in the order of their columns. */
function cooling(plan: Plan): (CompiledRule | CompiledTypology)[] {
  return [...plan.rules, ...plan.typologies].filter((r) => r.cooldown >= 0);
}

/** Whether bytes written under `a` can be used as they are under `b`. */
export function sameColumns(a: RegionDescription, b: RegionDescription): boolean {
  return (
    a.format === b.format &&
    a.rowWords === b.rowWords &&
    a.legWords === b.legWords &&
    a.strideWords === b.strideWords &&
    a.columns.join() === b.columns.join() &&
    JSON.stringify(a.sections) === JSON.stringify(b.sections) &&
    (a.outcomes ?? []).join() === (b.outcomes ?? []).join() &&
    a.cooldownRules.join() === b.cooldownRules.join()
  );
}

const COUNTERS = [
  H.position,
  H.watermarkMs,
  H.lateScored,
  H.lateDropped,
  H.reversalsApplied,
  H.reversalsUnmatched,
  H.legsDroppedAtCap,
  H.notApplicable,
  H.repeatedOrigins,
  H.postponed,
  H.laterUnjudged,
  H.catalogueSeen,
];

/** Fills `to` (any content) with the state of `from`, laid out for `plan`. */
export function rebuildRegion(
  from: Region,
  described: RegionDescription,
  to: Region,
  plan: Plan,
  time: BankTime,
): void {
  to.format();
  formatTables(to);
  formatTimers(to);
  for (const c of COUNTERS) to.f64[c] = from.f64[c];
  to.f64[H.origins] = from.f64[H.origins];
  const origins = H.originTable;
  to.f64.set(from.f64.subarray(origins, origins + from.f64[H.origins] * 3), origins);
  const layout = rowLayout(plan);
  const rows = new Map<number, number>();
  const interned = new Map<number, number>([[0, 0]]);
  const translate = (entry: number): number => {
    let at = interned.get(entry);
    if (at === undefined) {
      const [hash, length] = from.u32.subarray(entry * 2, entry * 2 + 2);
      at = intern(to, hash, from.u8, (entry + 1) * 8, length);
      interned.set(entry, at);
    }
    return at;
  };
  eachSubject(from, (row) => {
    const moved = moveRow(from, row, described, to, layout, translate);
    rows.set(row, moved);
    moveCooldowns(from, row, described, to, moved, plan);
    moveOutcomes(from, row, described.outcomes ?? [], to, moved, plan);
    for (let list = RECENT; list <= NOTABLE; list++) {
      moveLegs(from, row, list, to, moved, plan, layout, time, translate);
      if (described.format === 1) fillFormat1(to, moved, list);
    }
    if (described.format === 1) widenMaxima(from, row, to, moved);
  });
  const pairs = from.f64[H.pairAddress];
  for (let i = 0; i < from.f64[H.pairCapacity]; i++) {
    const at = pairs + i * 4;
    const row = rows.get(from.u32[at * 2]);
    if (from.u32[at * 2 + 1] === 0 || row === undefined) continue;
    importPair(to, row, translate(from.u32[at * 2 + 1]), from, at);
  }
  eachTimer(from, (row, kind, deadlineMs) => {
    const moved = rows.get(row);
    if (moved !== undefined) armTimer(to, moved, kind, deadlineMs);
  });
}

function moveRow(
  from: Region,
  row: number,
  described: RegionDescription,
  to: Region,
  layout: RowLayout,
  translate: (entry: number) => number,
): number {
  const r = row * 2;
  const moved = addSubject(
    to,
    layout.strideWords,
    from.u32[r + ROW.hashLow],
    from.u32[r + ROW.hashHigh],
    from.u8,
    from.u32[r + ROW.idAddress] * 8,
    from.u32[r + ROW.idLength],
  );
  for (const column of [ROW.profile, ROW.source, ROW.timerArmed]) {
    to.u32[moved * 2 + column] = from.u32[r + column];
  }
  // Columns that the older layout does not have stay 0; blocks are moved by who knows them.
  const words = Math.min(described.rowWords, ROW.aggregates);
  to.f64.set(from.f64.subarray(row + ROW.lastMs, row + words), moved + ROW.lastMs);
  to.u32[moved * 2 + ROW.cooldowns] = 0;
  for (const name of SECTION_NAMES) {
    const old = described.sections?.[name] ?? -1;
    if (old < 0 || layout[name] < 0) continue;
    const at = row + old;
    to.f64.set(from.f64.subarray(at, at + SECTIONS[name]), moved + layout[name]);
  }
  for (let s = 0; s < BALANCE_SLOTS; s++) {
    const at = moved * 2 + ROW.accounts + s;
    to.u32[at] = translate(to.u32[at]);
  }
  return moved;
}

/** Bit of the packed word by which a leg of format 1 said that its counterparty was new. */
const NEW_PAIR_OF_FORMAT_1 = 1 << 10;
const BLOCKS_OF_FORMAT_1 = 6;

/** What legs and rows of format 1 say elsewhere, or only by what is still kept of them. */
function fillFormat1(region: Region, row: number, list: number): void {
  const { f64, u32 } = region;
  const count = listCount(region, row, list);
  const oldestMs = count === 0 ? f64[row + ROW.lastMs] : f64[legAt(region, row, list, 0)];
  const firstMs = f64[row + ROW.firstMs];
  f64[row + ROW.firstMs] = firstMs === 0 ? oldestMs : Math.min(firstMs, oldestMs);
  for (let i = 0; i < count; i++) {
    const leg = legAt(region, row, list, i);
    const packed = u32[(leg + 4) * 2 + 1];
    if ((packed & NEW_PAIR_OF_FORMAT_1) === 0) continue;
    u32[(leg + 4) * 2 + 1] = packed & ~NEW_PAIR_OF_FORMAT_1;
    u32[(leg + 3) * 2] |= ClassBit.firstPayment;
  }
}

/** A ring of six blocks becomes one of seven. */
function widenMaxima(from: Region, row: number, to: Region, moved: number): void {
  const newest = Math.floor(from.f64[row + ROW.day] / BLOCK_DAYS);
  to.f64.fill(0, moved + ROW.maxima, moved + ROW.maxima + BLOCKS_KEPT);
  for (let block = Math.max(0, newest - BLOCKS_OF_FORMAT_1 + 1); block <= newest; block++) {
    const largest = from.f64[row + ROW.maxima + (block % BLOCKS_OF_FORMAT_1)];
    to.f64[moved + ROW.maxima + (block % BLOCKS_KEPT)] = largest;
  }
}

function moveCooldowns(
  from: Region,
  row: number,
  described: RegionDescription,
  to: Region,
  moved: number,
  plan: Plan,
): void {
  for (const rule of cooling(plan)) {
    const old = described.cooldownRules.indexOf(standingName(rule));
    if (old < 0) continue;
    if (described.cooldowns === undefined) readLastHit(from, row, old);
    else {
      const at = row + described.cooldowns + old * 2;
      lastHit.ms = from.f64[at];
      lastHit.band = from.f64[at + 1] - 1;
    }
    const { ms, band } = lastHit;
    if (band >= 0) writeLastHit(to, moved, plan.cooldowns, rule.cooldown, ms, band);
  }
}

function moveLegs(
  from: Region,
  row: number,
  list: number,
  to: Region,
  moved: number,
  plan: Plan,
  layout: RowLayout,
  time: BankTime,
  translate: (entry: number) => number,
): void {
  const asOf = to.f64[moved + ROW.lastMs];
  const count = listCount(from, row, list);
  for (let i = 0; i < count; i++) {
    const old = legAt(from, row, list, i);
    const at = insertLeg(to, moved, list, from.f64[old], from.f64[old + 1]);
    to.f64.set(from.f64.subarray(old, old + LEG_WORDS), at);
    to.u32[(at + 3) * 2 + 1] = translate(from.u32[(old + 3) * 2 + 1]);
    const idLength = from.u32[(old + 4) * 2 + 1] & PACKED.idLengthMask;
    to.u32[(at + 4) * 2] = to.putBytes(from.u8, from.u32[(old + 4) * 2] * 8, idLength);
    enterWindows(to, moved, layout, plan, list, at, asOf, time);
  }
}
