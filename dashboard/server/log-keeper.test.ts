/** On real logs: what the keeper gives up, what it keeps, and what a restart still knows. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type LmdbLog, openLmdbLog, publishCursors } from '../../platform/index.js';
import type { AlertRow } from '../../schemas/protocol.js';
import { AlertBook } from './alert-book.js';
import { alertDetail } from './alert-query.js';
import { encodeHit } from './hits.js';
import { LogKeeper } from './log-keeper.js';
import { directory, drain, list, NOW, run } from './testing/book.js';
import { sampleHit, silentLogger } from './testing/sample.js';
import { WORK_TABLES } from './work-tables.js';

let dir = '';
let hits: LmdbLog;
let work: LmdbLog;
let book: AlertBook;
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'weir-keeper-'));
  hits = openLmdbLog(join(dir, 'hits.mdb'), { name: 'hits' });
  await openWork();
});
afterEach(async () => {
  await Promise.all([hits.close(), work.close()]);
  rmSync(dir, { recursive: true, force: true });
});

async function openWork(): Promise<void> {
  work = openLmdbLog(join(dir, 'work.mdb'), { name: 'work', tables: WORK_TABLES });
  const options = { hits, work, directory, nowMs: () => NOW, logger: silentLogger };
  book = new AlertBook({ ...options, alertsInMemoryMax: 20 });
  await book.rebuild();
}

const keeper = (): LogKeeper =>
  new LogKeeper({
    ...{ dir, hits, work, book },
    logger: { warn: (fields) => expect.unreachable(JSON.stringify(fields)) },
    limits: {
      ...{ everyMs: 0, hitsHeldMax: 50, hitsBehindCheckpointMax: 10 },
      ...{ workBytesMax: 0, workRecordsKept: 30 },
    },
  });
const hit = (n: number) => sampleHit(n, { subject: `s${n % 100}`, score: n % 90 });
const needed = (): number =>
  JSON.parse(readFileSync(join(dir, 'cursors', 'dashboard.json'), 'utf8')).hits.position;

it('gives hits and work records up, and every alert is told as before', async () => {
  const puts = Array.from({ length: 300 }, (_, n) => hit(n));
  await hits.append(puts.map((h) => encodeHit(h, { position: 0, ingestMs: NOW })));
  await drain(book);
  for (let n = 0; n < 60; n++) {
    const close = { reason: 'confirmed', note: `n${n}`, command: `c${n}` } as const;
    await run(book, hit(n).id, { type: 'close', ...close });
  }
  const rows = (): AlertRow[] => [
    ...list(book).rows,
    ...Array.from({ length: 60 }, (_, n) => book.row(hit(n).id)).flatMap((row) => row ?? []),
  ];
  const before = rows();
  expect(before).toHaveLength(40 + 60);
  // A reader that has not come far holds the work log.
  publishCursors(dir, 'storage', { work: { identity: work.identity, position: 17 } });
  await keeper().tend();
  expect(needed()).toBe(250);
  await hits.truncate(needed());
  expect([work.first(), work.end()]).toEqual([17, 360]);
  expect(rows()).toEqual(before);
  await work.close();
  await openWork();
  expect(rows()).toEqual(before);
  const open = list(book).rows[0]?.id ?? '';
  expect(alertDetail(book, directory, open)).toMatchObject({ hitsGone: 2, hits: [{}] });

  publishCursors(dir, 'storage', { work: { identity: work.identity, position: 360 } });
  await keeper().tend();
  expect(work.first()).toBe(330);
  expect(list(book).rows).toEqual(before.slice(0, 40));
  // Closed before the cut and out of memory: forgotten here, and kept by the history store.
  const known = Array.from({ length: 60 }, (_, n) => book.row(hit(n).id) !== undefined);
  expect(known.slice(0, 30).filter(Boolean)).toHaveLength(0);
  expect(known.slice(30).every(Boolean)).toBe(true);
  await work.close();
  await openWork();
  expect(list(book).rows).toEqual(before.slice(0, 40));
});

it('says what is wrong when the only place that tells of the beginning is lost', async () => {
  await hits.append([encodeHit(hit(1), { position: 0, ingestMs: NOW })]);
  await drain(book);
  await book.checkpoint();
  await work.truncate(1);
  await work.append([], { meta: { checkpoint: null } });
  await work.close();
  await expect(openWork()).rejects.toThrow('its checkpoint cannot be read');
});

it('goes on behind hits that were dropped before it saw them', async () => {
  const three = [1, 2, 3].map((n) => encodeHit(hit(n), { position: 0, ingestMs: NOW }));
  await hits.append(three.slice(0, 1));
  await drain(book);
  await hits.append(three.slice(1));
  await hits.truncate(2);
  await work.close();
  await openWork();
  await drain(book);
  const ids = list(book).rows.map((row) => row.id);
  expect(ids.sort()).toEqual([hit(1).id, hit(3).id].sort());
});
