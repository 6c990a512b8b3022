import { describe, expect, it } from 'vitest';
import { type AlertCommand, UNDO_MS } from '../../schemas/protocol.js';
import type { WorkRecord } from '../../schemas/work-log.js';
import type { AlertBook } from './alert-book.js';
import { alertDetail } from './alert-query.js';
import { directory, drain, list, NOW, openBook, put, run } from './testing/book.js';
import { MemoryLog } from './testing/memory-log.js';
import { sampleHit } from './testing/sample.js';

describe('alert book', () => {
  it('groups open hits of one rule and subject, with due time and sentence (A1)', async () => {
    const hits = new MemoryLog();
    const book = await openBook(hits, new MemoryLog());
    const first = sampleHit(1);
    await put(hits, first, sampleHit(2), sampleHit(3, { subject: 'H' }));
    await drain(book);
    const { rows, total } = list(book);
    expect(total).toBe(2);
    const row = rows.find((r) => r.subject === 'G');
    expect(row).toMatchObject({
      id: first.id,
      hitCount: 2,
      state: 'open',
      subjectName: 'name of G',
    });
    expect(row?.dueMs).toBe(Date.parse('2026-03-09T17:30:00+08:00'));
    expect(row?.sentence.zh).toContain('21');
  });

  it('opens no alert for history, and passes over what it cannot read', async () => {
    const hits = new MemoryLog();
    const book = await openBook(hits, new MemoryLog());
    await put(hits, sampleHit(1, { history: true }));
    await hits.append([new Uint8Array(3)]);
    await put(hits, sampleHit(2));
    await drain(book);
    expect([list(book).total, book.broken, book.hitsPosition]).toEqual([1, 1, 3]);
  });

  it('opens none for a rule in shadow, and one for all behind an open breaker', async () => {
    const hits = new MemoryLog();
    const work = new MemoryLog();
    const book = await openBook(hits, work);
    const flood = { flood: true, profile: 1 << 10 };
    await put(hits, sampleHit(1, { shadow: true }), sampleHit(2, { shadow: true, flood: true }));
    await put(hits, sampleHit(3), sampleHit(4, flood), sampleHit(5, { ...flood, subject: 'H' }));
    await drain(book);
    const { rows, total } = list(book);
    expect(total).toBe(2);
    const row = rows.find(({ subject }) => subject === '');
    expect(row).toMatchObject({
      id: sampleHit(4).id,
      ...{ hitCount: 2, dueMs: null, watch: [], amountBaseMinor: 0 },
      sentence: { en: 'The rule floods, its breaker is open: 2 hits grouped' },
    });
    expect(rows.find(({ subject }) => subject === 'G')).toMatchObject({ hitCount: 1 });
    const detail = alertDetail(book, directory, row?.id ?? '');
    expect(detail?.otherAlerts).toEqual([]);
    expect(detail?.hits.map(({ subject }) => subject)).toEqual(['H', 'G']);
    const again = await openBook(hits, work);
    expect(list(again).rows).toEqual(rows);
  });

  it('shows the newest hit of the highest band', async () => {
    const hits = new MemoryLog();
    const book = await openBook(hits, new MemoryLog());
    await put(hits, sampleHit(1), sampleHit(2, { severity: 'critical', score: 95 }));
    await put(hits, sampleHit(3, { severity: 'low', score: 10 }));
    await drain(book);
    expect(list(book).rows[0]).toMatchObject({ severity: 'critical', score: 95, hitCount: 3 });
  });

  it('takes, refuses the second taker, releases, closes; each command acts once', async () => {
    const hits = new MemoryLog();
    const work = new MemoryLog();
    const book = await openBook(hits, work);
    const { id } = sampleHit(1);
    await put(hits, sampleHit(1));
    await drain(book);
    expect(await run(book, id, { type: 'take', command: 'c1' })).toMatchObject({ ok: true });
    const end = work.end();
    expect(await run(book, id, { type: 'take', command: 'c1' })).toMatchObject({ ok: true });
    expect(work.end()).toBe(end);
    const other = await run(book, id, { type: 'take', command: 'c2' }, 'wang');
    expect(other).toEqual({
      ok: false,
      status: 409,
      code: 'taken',
      message: 'already taken by li',
    });
    const closing: AlertCommand = {
      type: 'close',
      command: 'c3',
      reason: 'false-positive',
      note: 'checked',
    };
    expect(await run(book, id, closing, 'wang')).toMatchObject({ code: 'taken' });
    expect(await run(book, id, { ...closing, command: 'c1' })).toMatchObject({
      code: 'command-reused',
    });
    expect(await run(book, id, closing)).toMatchObject({ ok: true, row: { state: 'closed' } });
    expect(await run(book, id, { type: 'take', command: 'c4' })).toMatchObject({ code: 'closed' });
    expect(await run(book, 'f'.repeat(32), closing)).toMatchObject({ status: 404 });
    const records = work.read(0, 10).map((r) => JSON.parse(Buffer.from(r.bytes).toString()));
    expect(records.map((r: WorkRecord) => r.type)).toEqual(['open', 'take', 'close']);
    expect(records[2]).toMatchObject({ user: 'li', command: 'c3', atMs: NOW });
    expect(alertDetail(book, directory, id)?.trail.map((t) => [t.what, t.user])).toEqual([
      ['open', null],
      ['take', 'li'],
      ['close', 'li'],
    ]);
  });

  it('opens a new alert that follows the closed one, also in the same turn', async () => {
    const hits = new MemoryLog();
    const work = new MemoryLog();
    const book = await openBook(hits, work);
    await put(hits, sampleHit(1));
    await drain(book);
    const first = sampleHit(1).id;
    const closed = book.execute(
      first,
      { type: 'close', command: 'c', reason: 'confirmed', note: '' },
      'li',
    );
    await put(hits, sampleHit(2));
    await drain(book);
    await closed;
    expect(list(book).rows[0]).toMatchObject({ id: sampleHit(2).id, follows: first });
    const again = await openBook(hits, work.crash());
    expect(list(again).rows[0]).toMatchObject({ id: sampleHit(2).id, follows: first });
    expect(list(again, 'closed').rows[0]).toMatchObject({ id: first, closeReason: 'confirmed' });
  });

  it('takes a close back: by who closed it, in time, once, to what it was', async () => {
    const [hits, work] = [new MemoryLog(), new MemoryLog()];
    let now = NOW;
    const book = await openBook(hits, work, 10_000, () => now);
    await put(hits, sampleHit(1));
    await drain(book);
    const { id } = sampleHit(1);
    const undo = (command: string): AlertCommand => ({ type: 'undo-close', command });
    const close = (command: string): AlertCommand => ({
      ...{ type: 'close', command, reason: 'confirmed', note: 'by mistake' },
    });
    expect(await run(book, id, undo('u0'))).toMatchObject({ status: 409, code: 'not-closed' });
    await run(book, id, { type: 'take', command: 't' });
    await run(book, id, close('c1'));
    expect(await run(book, id, undo('u1'), 'wang')).toMatchObject({
      status: 403,
      code: 'not-yours',
    });
    now += UNDO_MS;
    const back = { ok: true, row: { state: 'taken', owner: 'li', closeReason: null } };
    expect(await run(book, id, undo('u1'))).toMatchObject(back);
    const end = work.end();
    expect(await run(book, id, undo('u1'))).toMatchObject(back);
    expect(work.end()).toBe(end);
    const what = alertDetail(book, directory, id)?.trail.map((t) => t.what);
    expect(what).toEqual(['open', 'take', 'close', 'undo-close']);
    await run(book, id, { type: 'release', command: 'r' });
    await run(book, id, close('c2'));
    expect(await run(book, id, undo('u2'))).toMatchObject({ row: { state: 'open', owner: null } });
    await run(book, id, close('c3'));
    now += UNDO_MS + 1;
    expect(await run(book, id, undo('u3'))).toMatchObject({ status: 409, code: 'too-late' });
  });

  it('decides between an undo and a hit by which came first', async () => {
    const [hits, work] = [new MemoryLog(), new MemoryLog()];
    const book = await openBook(hits, work);
    await put(hits, sampleHit(1));
    await drain(book);
    const first = sampleHit(1).id;
    const close = (command: string): AlertCommand => ({
      ...{ type: 'close', command, reason: 'confirmed', note: '' },
    });
    await run(book, first, close('c1'));
    // In one turn: the undo stands first, and the hit joins the alert that is open again.
    const undone = book.execute(first, { type: 'undo-close', command: 'u1' }, 'li');
    await put(hits, sampleHit(2));
    await drain(book);
    expect(await undone).toMatchObject({ ok: true });
    expect(list(book).rows.map((r) => [r.id, r.hitCount])).toEqual([[first, 2]]);
    await run(book, first, close('c2'));
    await put(hits, sampleHit(3));
    await drain(book);
    const next = sampleHit(3).id;
    const late = await run(book, first, { type: 'undo-close', command: 'u2' });
    expect(late).toMatchObject({ status: 409, code: 'superseded' });
    expect(list(book).rows[0]).toMatchObject({ id: next, follows: first });
    expect(alertDetail(book, directory, first)?.followedBy).toBe(next);
    // Still so once the follower is closed too.
    await run(book, next, close('c3'));
    const again = await openBook(hits, work.crash());
    expect(alertDetail(again, directory, first)?.followedBy).toBe(next);
    expect(await run(again, first, { type: 'undo-close', command: 'u3' })).toMatchObject({
      code: 'superseded',
    });
  });

  it('publishes nothing before it is flushed', async () => {
    const hits = new MemoryLog();
    const work = new MemoryLog();
    const book = await openBook(hits, work);
    await put(hits, sampleHit(1));
    await drain(book);
    work.hold = true;
    const reply = book.execute(sampleHit(1).id, { type: 'take', command: 'c' }, 'li');
    const turn = book.turn();
    expect([book.row(sampleHit(1).id)?.state, book.workPosition]).toEqual(['open', 1]);
    work.flush();
    await turn;
    expect([book.row(sampleHit(1).id)?.state, book.workPosition]).toEqual(['taken', 2]);
    expect(await reply).toMatchObject({ ok: true });
  });

  it('keeps every open alert countable and in order beyond the limit', async () => {
    const hits = new MemoryLog();
    const work = new MemoryLog();
    const book = await openBook(hits, work, 20);
    for (let i = 0; i < 100; i++) {
      const severity = i % 10 === 0 ? 'critical' : 'low';
      await put(hits, sampleHit(i, { subject: `s${i}`, severity, score: i }));
    }
    await drain(book);
    const check = (b: AlertBook): void => {
      const { rows, total, counts } = list(b);
      expect([total, counts.all, counts.byFamily.aml, rows.length]).toEqual([100, 100, 100, 100]);
      expect(rows.slice(0, 10).every((r) => r.severity === 'critical')).toBe(true);
      expect(rows.map((r) => r.score)).toEqual([
        ...[90, 80, 70, 60, 50, 40, 30, 20, 10, 0],
        ...Array.from({ length: 100 }, (_, i) => 99 - i).filter((i) => i % 10 !== 0),
      ]);
      expect(b.store.spilledCount).toBeGreaterThanOrEqual(80);
    };
    check(book);
    for (let i = 0; i < 100; i += 2) {
      const command: AlertCommand = {
        type: 'close',
        command: `c${i}`,
        reason: 'confirmed',
        note: 'n',
      };
      await run(book, sampleHit(i, { subject: `s${i}` }).id, command);
    }
    expect(list(book).total).toBe(50);
    const gone = sampleHit(0, { subject: 's0' }).id;
    for (const b of [book, await openBook(hits, work.crash(), 20)]) {
      expect(b.row(gone)).toMatchObject({ state: 'closed', closeNote: 'n', score: 0 });
      expect(list(b).total).toBe(50);
      expect(await run(b, gone, { type: 'take', command: 'x' })).toMatchObject({ code: 'closed' });
    }
  });

  it('refuses a hits log that ends before what was taken from it', async () => {
    const [hits, work] = [new MemoryLog(), new MemoryLog()];
    await put(hits, sampleHit(1), sampleHit(2));
    const book = await openBook(hits, work);
    await drain(book);
    const older = new MemoryLog();
    Object.defineProperty(older, 'identity', { value: hits.identity });
    await put(older, sampleHit(1));
    await expect(openBook(older, work)).rejects.toThrow('restore both from one backup');
  });

  it('refuses a work log that belongs to another hits log', async () => {
    const hits = new MemoryLog();
    const work = new MemoryLog();
    await put(hits, sampleHit(1));
    await drain(await openBook(hits, work));
    await expect(openBook(new MemoryLog(), work.crash())).rejects.toThrow('another hits.mdb');
  });
});
