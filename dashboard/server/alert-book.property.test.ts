import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AlertCommand } from '../../schemas/protocol.js';
import type { WorkRecord } from '../../schemas/work-log.js';
import type { AlertBook } from './alert-book.js';
import { alertDetail } from './alert-query.js';
import { LogKeeper } from './log-keeper.js';
import { directory, drain, list, openBook, put, run } from './testing/book.js';
import { MemoryLog } from './testing/memory-log.js';
import { sampleHit } from './testing/sample.js';

/** The simplest thing that could be right: a list of alerts. */
interface ModelAlert {
  id: string;
  pair: string;
  hits: string[];
  state: string;
  owner: string | null;
  before: string | null;
  follows: string | null;
  lastPosition: number;
}

type Command = 'take' | 'release' | 'close' | 'undo-close';
type Step =
  | { do: 'hit'; subject: number; rule: number }
  | { do: 'command'; alert: number; type: Command; user: string }
  | { do: 'turn' }
  | { do: 'checkpoint' }
  | { do: 'tend' }
  | { do: 'crash' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('hit' as const),
      subject: fc.nat(3),
      rule: fc.nat(1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('command' as const),
      alert: fc.nat(8),
      type: fc.constantFrom<Command>('take', 'release', 'close', 'undo-close'),
      user: fc.constantFrom('li', 'wang'),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ do: 'turn' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'checkpoint' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'tend' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'crash' as const }) },
);

describe('alert book against a model', () => {
  it('loses and doubles nothing, whatever comes and whenever it dies', async () => {
    const runs = process.env['WEIR_DEEP'] === '1' ? 5_000 : 300;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.nat(), async (steps, salt) => {
        await scenario(steps, 1 + (salt % 12));
      }),
      { numRuns: runs },
    );
  });
});

async function scenario(steps: Step[], max: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'weir-keeper-'));
  try {
    await play(steps, max, dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The smallest limits; the engine then drops every hit that it may. */
async function tend(dir: string, book: AlertBook, hits: MemoryLog, work: MemoryLog): Promise<void> {
  const limits = {
    ...{ everyMs: 0, hitsHeldMax: 3, hitsBehindCheckpointMax: 10 },
    ...{ workBytesMax: 0, workRecordsKept: 4 },
  };
  const logger = { warn: (fields: object) => expect.unreachable(JSON.stringify(fields)) };
  await new LogKeeper({ dir, hits, work, book, logger, limits }).tend();
  const text = readFileSync(join(dir, 'cursors', 'dashboard.json'), 'utf8');
  const { position } = (JSON.parse(text) as { hits: { position: number } }).hits;
  if (position > hits.first()) await hits.truncate(position);
}

async function play(steps: Step[], max: number, dir: string): Promise<void> {
  const hits = new MemoryLog();
  let work = new MemoryLog();
  let book = await openBook(hits, work, max);
  const sent: string[] = [];
  let commands = 0;
  for (const s of steps) {
    if (s.do === 'hit') {
      const hit = sampleHit(sent.length, { rule: `rule-${s.rule}`, subject: `s${s.subject}` });
      sent.push(hit.id);
      await put(hits, hit);
    } else if (s.do === 'command') {
      const alert = replay(work, sent.length).at(-1 - s.alert);
      if (alert === undefined) continue;
      const command = `c${commands++}`;
      const full: AlertCommand =
        s.type === 'close'
          ? { type: s.type, command, reason: 'confirmed', note: '' }
          : { type: s.type, command };
      const reply = run(book, alert.id, full, s.user);
      const outcome = await reply;
      const isThere = book.row(alert.id) !== undefined;
      const all = replay(work, sent.length);
      expect(outcome.ok).toBe(isThere && isPossible(alert, s.type, s.user, all));
    } else if (s.do === 'turn') {
      await book.turn();
    } else if (s.do === 'checkpoint') {
      await book.checkpoint();
    } else if (s.do === 'tend') {
      await tend(dir, book, hits, work);
    } else {
      // Dies in the middle of a turn: what it appended is not flushed.
      work.hold = true;
      void book.turn();
      await Promise.resolve();
      work = work.crash();
      book = await openBook(hits, work, max);
    }
  }
  await drain(book);
  check(book, work, sent);
  work = work.crash();
  check(await openBook(hits, work, max), work, sent);
}

function isPossible(alert: ModelAlert, type: Command, user: string, all: ModelAlert[]): boolean {
  const isNewest = !all.some((a) => a.follows === alert.id);
  if (type === 'undo-close') return alert.state === 'closed' && alert.owner === user && isNewest;
  const free = alert.owner === null || alert.owner === user;
  return alert.state !== 'closed' && free && !(type === 'release' && alert.owner === null);
}

/** Alerts as the work log alone tells them. */
function replay(work: MemoryLog, hitsMax: number): ModelAlert[] {
  const alerts: ModelAlert[] = [];
  for (const [position, bytes] of work.everything().entries()) {
    const record = JSON.parse(Buffer.from(bytes).toString()) as WorkRecord;
    if (record.type === 'open') {
      const pair = `${record.rule}|${record.subject}`;
      expect(alerts.some((a) => a.pair === pair && a.state !== 'closed')).toBe(false);
      const last = alerts.findLast((a) => a.pair === pair);
      expect(record.follows ?? null).toBe(last?.id ?? null);
      const { alertId: id, follows = null } = record;
      const unowned = { state: 'open', owner: null, before: null };
      alerts.push({ id, pair, hits: [id], ...unowned, follows, lastPosition: position });
      continue;
    }
    const alert = alerts.find((a) => a.id === record.alertId)!;
    alert.lastPosition = position;
    expect(alert.state === 'closed').toBe(record.type === 'undo-close');
    if (record.type === 'append') alert.hits.push(record.hitId);
    else if (record.type === 'take') Object.assign(alert, { state: 'taken', owner: record.user });
    else if (record.type === 'release') Object.assign(alert, { state: 'open', owner: null });
    else if (record.type === 'close') {
      Object.assign(alert, { state: 'closed', before: alert.owner, owner: record.user });
    } else {
      alert.owner = alert.before;
      alert.state = alert.owner === null ? 'open' : 'taken';
    }
  }
  expect(alerts.flatMap((a) => a.hits).length).toBeLessThanOrEqual(hitsMax);
  return alerts;
}

function check(book: AlertBook, work: MemoryLog, sent: readonly string[]): void {
  const alerts = replay(work, sent.length);
  expect(alerts.flatMap((a) => a.hits).sort()).toEqual([...sent].sort());
  expect(work.getMeta('hitsCursor') ?? 0).toBe(sent.length);
  for (const alert of alerts) {
    // Forgotten: closed, out of memory, and its records are gone.
    if (alert.state === 'closed' && alert.lastPosition < work.first() && !book.row(alert.id))
      continue;
    expect(book.row(alert.id)).toMatchObject({
      id: alert.id,
      hitCount: alert.hits.length,
      state: alert.state,
      owner: alert.owner,
      // Of its hit, also when that is gone.
      action: 'due-diligence',
      follows: alert.follows,
    });
    const next = alerts.find((a) => a.follows === alert.id)?.id ?? null;
    expect(alertDetail(book, directory, alert.id)?.followedBy).toBe(next);
  }
  const open = alerts.filter((a) => a.state !== 'closed').length;
  // The family is that of a hit, which a rebuild must have found.
  const { total, counts } = list(book);
  expect([total, counts.byFamily.aml]).toEqual([open, open]);
}
