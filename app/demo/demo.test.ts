import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SourceBatch, SourceHost } from '../../schemas/ports.js';
import { decodeTransaction, type TransactionFields } from '../../schemas/transaction-codec.js';
import { buildPast } from './past.js';
import { demoPeople } from './people.js';
import { DEMO_SOURCES, LIVE_DAYS, startDemo } from './player.js';
import { seededRandom } from './random.js';
import { loadSample, makeSample } from './sample.js';
import { remittances, structuredCash } from './scenarios.js';

const DAY_MS = 86_400_000;
const endMs = Date.parse('2026-03-02T12:00:00+08:00');

/** Ten days, four rows a day. */
function smallSample(): string {
  const rows = ['header', 'T0000000,2024-01-01,INITIAL_BALANCE,5.00,EXT_SOURCE,A1,source,b,,10.00'];
  for (let i = 0; i < 40; i++) {
    const day = String(1 + Math.floor(i / 4)).padStart(2, '0');
    const id = String(i + 1).padStart(7, '0');
    rows.push(`T${id},2024-01-${day},TRANSFER,12.34,A1,EXT_SINK,bank_a,sink,100.00,`);
  }
  return `${rows.join('\n')}\n`;
}

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-demo-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Takes everything; says "full" every third time. */
function fakeHost() {
  const batches: SourceBatch[] = [];
  const events: string[] = [];
  let calls = 0;
  const host: SourceHost = {
    offer(batch) {
      if (++calls % 3 === 0) return { full: true, retryAfterMs: 1 };
      batches.push(batch);
      events.push(batch.source);
      return { full: false, outcomes: [], flushed: Promise.resolve() };
    },
    onRoom: () => undefined,
    idle: () => undefined,
    ended: (source) => void events.push(`ended ${source}`),
  };
  const of = (source: string): { offset: number; t: TransactionFields }[] =>
    batches
      .filter((b) => b.source === source)
      .flatMap((b) => b.items.map((i) => ({ offset: i.offset, t: decodeTransaction(i.bytes) })));
  return { host, batches, events, of };
}

const logger = {
  info: () => undefined,
  error: (fields: object, message: string) => {
    throw new Error(message, { cause: fields });
  },
};

/** Plays until the condition holds, at most half a minute. */
async function play(host: SourceHost, until: () => boolean, nowMs = endMs): Promise<void> {
  const began = performance.now();
  const clock = { nowMs: () => nowMs + Math.floor(performance.now() - began) };
  const sample = async (end: number) => makeSample(smallSample(), end);
  const demo = startDemo(host, { dir, clock, logger, ratePerSecond: 400, seed: 1, sample });
  for (let i = 0; i < 3_000 && !until(); i++) await new Promise((done) => setTimeout(done, 10));
  await demo.stop();
  expect(until()).toBe(true);
}

describe('sample', () => {
  it('ends at the given moment, keeps file order, leaves opening balances out', () => {
    const sample = makeSample(smallSample(), endMs);
    expect(sample.count).toBe(40);
    expect(endMs - sample.eventMs(39)).toBeGreaterThan(0);
    expect(endMs - sample.eventMs(39)).toBeLessThanOrEqual(DAY_MS / 4);
    for (let i = 1; i < 40; i++) expect(sample.eventMs(i)).toBeGreaterThan(sample.eventMs(i - 1));
    expect(sample.transaction(0)).toEqual({
      id: 'T0000001',
      eventTimeMs: sample.eventMs(0),
      debtor: { account: 'A1', bank: 'bank_a' },
      creditor: { account: 'EXT_SINK', kind: 'technical' },
      amountMinor: 1234,
      currency: 'SEK',
      type: 'card',
      channel: 'pos',
      debtorBalanceAfterMinor: 10_000,
    });
  });

  it('reads the shipped file: 153,513 rows of 120 days', async () => {
    const sample = await loadSample(endMs);
    expect(sample.count).toBe(153_513);
    const past = buildPast(sample, endMs, LIVE_DAYS);
    let before = 0;
    for (let i = 0; i < past.count; i++) {
      const t = past.transaction(i).eventTimeMs as number;
      expect(t).toBeGreaterThanOrEqual(before);
      before = t;
    }
    expect(before).toBeLessThan(endMs - LIVE_DAYS * DAY_MS);
  });
});

describe('stories', () => {
  it('stay on the side of each line that they need', () => {
    for (let seed = 0; seed < 200; seed++) {
      const random = seededRandom(seed);
      const [person] = demoPeople;
      if (person === undefined) throw new Error('no demo people');
      const out = remittances(person, random).map((p) => p.fields.amountMinor as number);
      expect(Math.min(...out)).toBeGreaterThanOrEqual(50_000_00);
      expect(out.reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(200_000_00);
      for (const { fields } of structuredCash(person, random)) {
        expect(fields.amountMinor).toBeGreaterThanOrEqual(40_000_00);
        expect(fields.amountMinor).toBeLessThan(50_000_00);
      }
    }
  });
});

describe('player', () => {
  it('plays the past, lets the live source speak, then ends the past and goes on', async () => {
    const { host, events, of } = fakeHost();
    await play(
      host,
      () => of(DEMO_SOURCES.live).length > 30 && of(DEMO_SOURCES.planted).length >= 3,
    );
    const past = of(DEMO_SOURCES.past);
    expect(past.filter((r) => r.t.id.startsWith('T')).length).toBe(40 - 4 * LIVE_DAYS);
    expect(past.some((r) => r.t.id.startsWith('demo-past-'))).toBe(true);
    const ended = events.indexOf(`ended ${DEMO_SOURCES.past}`);
    expect(ended).toBeGreaterThan(events.indexOf(DEMO_SOURCES.live));
    expect(events.lastIndexOf(DEMO_SOURCES.past)).toBeLessThan(ended);
    const live = of(DEMO_SOURCES.live);
    expect(live[4 * LIVE_DAYS - 1]?.t.id).toBe('T0000040');
  });

  it('never lets an offset of a source go back, over restarts too', async () => {
    const { host, of } = fakeHost();
    const rows = (): number => of(DEMO_SOURCES.live).length + 10 * of(DEMO_SOURCES.planted).length;
    await play(host, () => rows() > 70);
    const first = rows();
    await play(host, () => rows() > first + 50, endMs + 60_000);
    for (const source of Object.values(DEMO_SOURCES)) {
      const offsets = of(source).map((r) => r.offset);
      for (let i = 1; i < offsets.length; i++) {
        expect(offsets[i] as number, source).toBeGreaterThan(offsets[i - 1] as number);
      }
    }
  });

  it('does not load the past twice, and never repeats an id', async () => {
    const first = fakeHost();
    await play(first.host, () => first.of(DEMO_SOURCES.live).length > 40);
    const second = fakeHost();
    await play(second.host, () => second.of(DEMO_SOURCES.live).length > 40, endMs + 60_000);
    expect(second.of(DEMO_SOURCES.past)).toEqual([]);
    expect(second.events).not.toContain(`ended ${DEMO_SOURCES.past}`);
    const ids = [first, second].flatMap((h) =>
      Object.values(DEMO_SOURCES).flatMap((s) => h.of(s).map((r) => r.t.id)),
    );
    expect(new Set(ids).size).toBe(ids.length);
  });
});
