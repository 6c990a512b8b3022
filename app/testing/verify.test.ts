/** The verifier of the kill test can fail: each fault that it is there for is planted and found. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openLmdbLog } from '../../platform/index.js';
import { loadCatalogue } from '../../scoring/index.js';
import { readCatalogueFiles } from '../catalogue-files.js';
import { packageRoot } from '../package.js';
import { type Expected, type StoredRecord, verify, verifyFolder } from './verify.js';

const RULE = 'every-transaction';

interface World {
  hits: Uint8Array[];
  work: object[];
  expected: Expected & { sent: Map<string, { account: string; amountMinor: number }> };
}

const idOf = (i: number): string => String(i).padStart(32, '0');

function hitBytes(i: number, change: object = {}): Uint8Array {
  const hit = {
    id: idOf(i),
    rule: RULE,
    subject: `A-${i % 3}`,
    observed: { value: 100 + i },
    transactionId: `t-${i}`,
    side: 'debit',
    ...change,
  };
  const body = Buffer.from(JSON.stringify(hit));
  const bytes = Buffer.alloc(64 + Math.ceil(body.length / 8) * 8);
  bytes.writeUInt32LE(bytes.length, 0);
  bytes[4] = 1;
  bytes.writeDoubleLE(i, 8);
  bytes.writeUInt32LE(body.length, 32);
  for (let w = 0; w < 4; w++) {
    bytes.writeUInt32LE(Number.parseInt(hit.id.slice(w * 8, w * 8 + 8), 16), 40 + w * 4);
  }
  bytes.set(body, 64);
  return bytes;
}

/** Nine hits of three customers: three alerts; the first is closed and followed by a fourth. */
function world(): World {
  const sent = new Map(
    Array.from({ length: 9 }, (_, i) => [
      `t-${i}`,
      { account: `A-${i % 3}`, amountMinor: 100 + i },
    ]),
  );
  const work: object[] = [];
  for (let i = 0; i < 9; i++) {
    if (i === 6) {
      const act = { alertId: idOf(0), user: 'u' };
      work.push({ type: 'take', ...act, command: 'c-0' });
      work.push({ type: 'close', ...act, command: 'c-1' });
    }
    if (i < 3 || i === 6) {
      work.push({ type: 'open', alertId: idOf(i), hitPosition: i });
    } else {
      const alertId = idOf(i % 3);
      work.push({ type: 'append', alertId, hitId: idOf(i), hitPosition: i });
    }
  }
  return {
    hits: Array.from({ length: 9 }, (_, i) => hitBytes(i)),
    work,
    expected: {
      rules: [RULE],
      sent,
      // The last one was sent, its answer never came.
      acknowledged: new Set([...sent.keys()].slice(0, 8)),
      commandsDone: new Set(['c-0', 'c-1']),
      commandsSent: new Set(['c-0', 'c-1', 'c-2']),
    },
  };
}

const stored = (all: readonly Uint8Array[]): StoredRecord[] =>
  all.map((bytes, position) => ({ position, bytes }));
const json = (record: object): Uint8Array => Buffer.from(JSON.stringify(record));

function problemsOf(w: World): string {
  return verify(stored(w.hits), stored(w.work.map(json)), w.expected).problems.join('\n');
}

describe('the verifier', () => {
  it('finds nothing wrong with a world in order', () => {
    const w = world();
    const verdict = verify(stored(w.hits), stored(w.work.map(json)), w.expected);
    expect(verdict.problems).toEqual([]);
    expect(verdict.hits).toBe(9);
    expect(verdict.hitsUnacknowledged).toBe(1);
    expect(Object.fromEntries(verdict.alerts)).toMatchObject({
      [idOf(0)]: { hitCount: 2, state: 'closed' },
      [idOf(1)]: { hitCount: 3, state: 'open' },
      [idOf(6)]: { hitCount: 1, state: 'open' },
    });
  });

  const faults: [name: string, plant: (w: World) => void, found: string][] = [
    ['a hit that is missing', (w) => w.hits.splice(7, 2), 'lost: t-7'],
    ['a hit that stands twice', (w) => w.hits.push(hitBytes(8)), 'hit twice'],
    [
      'two hits of one transaction under different ids',
      (w) => w.hits.push(hitBytes(8, { id: idOf(77) })),
      'transaction hit twice: t-8',
    ],
    ['a hit of what nobody sent', (w) => w.hits.push(hitBytes(9)), 'never sent: hit'],
    [
      'another amount',
      (w) => (w.hits[4] = hitBytes(4, { observed: { value: 1 } })),
      'other amount',
    ],
    ['another subject', (w) => (w.hits[4] = hitBytes(4, { subject: 'A-2' })), 'other subject'],
    ['the credit leg', (w) => (w.hits[4] = hitBytes(4, { side: 'credit' })), 'other subject'],
    ['another rule', (w) => (w.hits[4] = hitBytes(4, { rule: 'x' })), 'unknown rule'],
    ['a flipped id', (w) => void (w.hits[4]![40]! ^= 1), 'two ids'],
    ['a cut hit', (w) => (w.hits[4] = w.hits[4]!.subarray(0, 80)), 'unreadable hit'],
    ['journal order lost', (w) => w.hits.push(w.hits.shift()!), 'order: shard 0'],
    ['a hit in no alert', (w) => w.work.pop(), 'in no alert'],
    ['a hit in two alerts', (w) => w.work.push(w.work.at(-1)!), 'grouped twice'],
    ['a hit counted before an earlier one', (w) => w.work.reverse(), 'work order'],
    [
      'a second alert beside an open one',
      (w) => w.work.push({ type: 'open', alertId: idOf(8), hitPosition: 8 }),
      'two open',
    ],
    [
      'a hit appended to a closed alert',
      (w) => {
        w.work[8] = { type: 'append', alertId: idOf(0), hitId: idOf(6), hitPosition: 6 };
      },
      'wrong alert',
    ],
    ['a command done twice', (w) => w.work.splice(7, 0, w.work[6]!), 'command twice'],
    ['a command lost', (w) => w.work.splice(6, 1), 'command lost: c-0'],
    [
      'a command of nobody',
      (w) => w.work.push({ type: 'take', alertId: idOf(6), user: 'u', command: 'z' }),
      'command never sent',
    ],
    [
      'an act on a closed alert',
      (w) => w.work.push({ type: 'take', alertId: idOf(0), user: 'u', command: 'c-2' }),
      'act on no open alert',
    ],
  ];
  it.each(faults)('finds %s', (_name, plant, found) => {
    const w = world();
    plant(w);
    expect(problemsOf(w)).toContain(found);
  });

  it('finds a gap in the positions', () => {
    const w = world();
    const hits = stored(w.hits).filter(({ position }) => position !== 4);
    const { problems } = verify(hits, stored(w.work.map(json)), w.expected);
    expect(problems.join('\n')).toContain('positions: hits has 5 where 4 is due');
    expect(problems.join('\n')).toContain('lost: t-4');
  });

  it('reads the logs of a folder', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'weir-verify-'));
    const w = world();
    const hits = openLmdbLog(join(dir, 'hits.mdb'), { name: 'hits' });
    const work = openLmdbLog(join(dir, 'work.mdb'), { name: 'work' });
    await hits.append(w.hits.slice(0, 5));
    await hits.append(w.hits.slice(5));
    await work.append(w.work.map(json));
    expect((await verifyFolder(dir, w.expected)).problems).toEqual([]);
    await hits.append([hitBytes(8)]);
    const { problems } = await verifyFolder(dir, w.expected);
    expect(problems.join('\n')).toContain('hit twice');
    await Promise.all([hits.close(), work.close()]);
    rmSync(dir, { recursive: true });
  });
});

describe('the catalogue of the kill test', () => {
  it('is one active rule that the strict loader takes', () => {
    const path = join(packageRoot(), 'app', 'testing', 'every-transaction.yaml');
    const catalogue = loadCatalogue(readCatalogueFiles(path));
    expect(catalogue.rules.map((rule) => [rule.id, rule.state])).toEqual([[RULE, 'active']]);
  });
});
