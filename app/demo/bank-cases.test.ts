import { afterEach, describe, expect, it } from 'vitest';
import type { CaseKind } from '../../schemas/demo.js';
import type { SourceBatch, SourceHost } from '../../schemas/ports.js';
import { Cases } from './bank-cases.js';
import type { BankState, BegunCase } from './bank-state.js';
import { Feeder } from './feeder.js';
import { BANK_SOURCES } from './sources.js';

const START_MS = Date.parse('2026-03-02T12:00:00+08:00');
const withPast: readonly CaseKind[] = ['activity-drop', 'dormant'];

let stop = (): void => undefined;
afterEach(() => stop());

function rig(begun: BegunCase[] = [], nowMs = START_MS) {
  const events: string[] = [];
  const offsets = new Map<string, number>();
  const host: SourceHost = {
    offer({ source, items, nextOffset }: SourceBatch) {
      for (const { bytes, offset } of items) {
        expect(offset).toBeGreaterThan(offsets.get(source) ?? -1);
        offsets.set(source, offset);
        events.push(`${source}: ${Buffer.from(bytes).toString()}`);
      }
      expect(nextOffset).toBe((offsets.get(source) ?? 0) + 1);
      return { full: false, outcomes: [], flushed: Promise.resolve() };
    },
    onRoom: () => undefined,
    idle: () => undefined,
    ended: (source) => void events.push(`${source} ended`),
  };
  const feeder = new Feeder(host);
  stop = () => feeder.stop();
  const state = { cases: {}, begun } as unknown as BankState;
  const saved: string[] = [];
  let tellCaughtUp = (): void => undefined;
  const caughtUp = new Promise<void>((resolve) => {
    tellCaughtUp = resolve;
  });
  const cases = new Cases({
    host,
    feeder,
    state,
    nowMs: () => nowMs,
    save: () => void saved.push(JSON.stringify(state)),
    caughtUp,
    nextOffset: () => 7,
    plan: async ({ kind, n, startMs }) => {
      const text = (part: string): Uint8Array => Buffer.from(`${kind} ${n} ${part} ${startMs}`);
      const past = withPast.includes(kind) ? [text('past-1'), text('past-2')] : [];
      return { subject: 'C1', encoded: { past, live: [{ afterMs: 0, bytes: text('live') }] } };
    },
  });
  return { cases, state, events, saved, tellCaughtUp, feeder };
}

describe('cases', () => {
  it('are noted before they are begun, and forgotten when they are on disk', async () => {
    const { cases, state, events, saved } = rig();
    await cases.plant('listed');
    await cases.plant('listed');
    expect(JSON.parse(saved[0] ?? '')).toMatchObject({ cases: { listed: 1 }, begun: [{ n: 0 }] });
    expect(state).toMatchObject({ cases: { listed: 2 }, begun: [] });
    expect(events.map((e) => e.split(' ').slice(0, 3).join(' '))).toEqual([
      'bank-cases: listed 0',
      'bank-cases: listed 1',
    ]);
    expect(cases.planted.map((p) => p.kind)).toEqual(['listed', 'listed']);
  });

  it('with a past wait for history, and their pasts end one after another', async () => {
    const { cases, events, tellCaughtUp } = rig();
    const both = [cases.plant('activity-drop'), cases.plant('dormant')];
    await cases.plant('structuring');
    expect(events.filter((e) => e.startsWith(BANK_SOURCES.casePasts))).toEqual([]);
    tellCaughtUp();
    await Promise.all(both);
    const pasts = events.filter((e) => e.startsWith(BANK_SOURCES.casePasts));
    const words = pasts.map((e) => e.replace('bank-case-pasts', '').replace(/ \d+$/, ''));
    expect(words).toEqual([
      ': activity-drop 0 past-1',
      ': activity-drop 0 past-2',
      ' ended',
      ': dormant 0 past-1',
      ': dormant 0 past-2',
      ' ended',
    ]);
  });

  it('that a crash cut are told to their end, as they were; old ones are let go', async () => {
    const cut: BegunCase = { kind: 'remittances', n: 3, startMs: START_MS - 60_000 };
    const old: BegunCase = { kind: 'cycle', n: 1, startMs: START_MS - 3_600_000 };
    const { cases, state, events, feeder } = rig([old, cut]);
    const running = cases.run();
    while (state.begun.includes(cut) || state.begun.includes(old)) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(events).toContain(`bank-cases: remittances 3 live ${cut.startMs}`);
    expect(events.filter((e) => e.includes('cycle'))).toEqual([]);
    feeder.stop();
    await running;
  });
});
