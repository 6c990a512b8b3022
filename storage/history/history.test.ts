/** History without a database that answers: every failure is a value, and no queue is endless. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogger } from '../../platform/index.js';
import { configurationSchema } from '../../schemas/configuration.js';
import type { History } from '../../schemas/history.js';
import { clickhouseFolder, writeEndpoint } from '../endpoint.js';
import { Gate, QUESTIONS_RUNNING_MAX, QUESTIONS_WAITING_MAX } from './gate.js';
import { createHistory } from './history.js';

/** For tests that wait for it to pass, and for those in which it must not. */
const SHORT_MS = 300;
const LONG_MS = 20_000;
const login = { user: 'u', password: 'p' };

let dir: string;
let lines: string[];
const closing: (() => unknown)[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'weir-history-'));
  mkdirSync(clickhouseFolder(dir));
  lines = [];
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(dir, { recursive: true, force: true });
});

function historyAt(url: string | undefined, timeoutMs: number, clickhouse = 'embedded'): History {
  if (url !== undefined) {
    writeEndpoint(dir, { url, database: 'weir', writer: login, reader: login });
  }
  const history = createHistory({
    dir,
    configuration: configurationSchema.parse({ clickhouse }),
    logger: createLogger({ role: 'test', human: false, write: (line) => lines.push(line) }),
    nowMs: () => 0,
    timeoutMs,
  });
  closing.push(() => history.close());
  return history;
}

/** Takes connections, and does with what comes what `answer` does. */
async function listen(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
}

const all = (history: History) => [
  history.customerDays('C1', '2026-01-01', '2026-02-01'),
  history.customerAccounts('C1'),
  history.topCounterparties('C1', 0, 10),
  history.customerTransactions('C1', 1, 10),
  history.searchAlerts({ fromMs: 0, toMs: 1, limit: 10 }),
  history.ruleStatistics(0),
];

describe('a database that does not answer', () => {
  it('takes connections and says nothing: every method times out', async () => {
    const history = historyAt(await listen(() => undefined), SHORT_MS);
    for (const answer of await Promise.all(all(history))) {
      expect(answer).toMatchObject({ ok: false, failure: 'timeout' });
    }
  });

  it('stops in the middle of an answer', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n{"ing';
    const history = historyAt(await listen((socket) => socket.write(head)), SHORT_MS);
    expect(await history.customerAccounts('C1')).toMatchObject({ failure: 'timeout' });
  });

  it('hangs up, or nobody listens: unavailable, and one line in the log', async () => {
    const hangingUp = historyAt(await listen((socket) => socket.destroy()), LONG_MS);
    for (const answer of await Promise.all(all(hangingUp))) {
      expect(answer).toMatchObject({ ok: false, failure: 'unavailable' });
    }
    const nobody = historyAt('http://127.0.0.1:1', LONG_MS);
    expect(await nobody.ruleStatistics(0)).toMatchObject({ failure: 'unavailable' });
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('C1');
  });

  it('is something else, that answers anything', async () => {
    const reply = 'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno';
    const history = historyAt(await listen((socket) => socket.write(reply)), LONG_MS);
    expect(await history.customerAccounts('C1')).toMatchObject({ ok: false, failure: 'failed' });
  });

  it('has never listened, or is not wanted', async () => {
    expect(await historyAt(undefined, LONG_MS).customerAccounts('C1')).toMatchObject({
      failure: 'unavailable',
      detail: 'the storage role has not started yet',
    });
    const off = historyAt(undefined, LONG_MS, 'none');
    expect(off.status()).toMatchObject({ state: 'off', writtenToMs: null });
    expect(await off.customerAccounts('C1')).toMatchObject({ failure: 'unavailable' });
  });

  it('lets a bounded number of questions wait, each no longer than its time', async () => {
    const history = historyAt(await listen(() => undefined), SHORT_MS);
    const places = QUESTIONS_RUNNING_MAX + QUESTIONS_WAITING_MAX;
    const asked = Array.from({ length: places }, () => history.customerAccounts('C1'));
    expect(await history.customerAccounts('C1')).toMatchObject({
      failure: 'unavailable',
      detail: expect.stringContaining(`${places} questions`),
    });
    for (const answer of await Promise.all(asked)) {
      expect(answer).toMatchObject({ failure: 'timeout' });
    }
  });
});

describe('the gate', () => {
  it('lets the oldest in first, and newcomers do not overtake', async () => {
    const gate = new Gate(1, 10);
    const order: number[] = [];
    let release: () => void = () => undefined;
    const first = gate.run(1000, () => new Promise<void>((resolve) => (release = resolve)));
    const later = [1, 2, 3].map((n) => gate.run(1000, async () => void order.push(n)));
    release();
    await first;
    const last = gate.run(1000, async () => void order.push(4));
    await Promise.all([...later, last]);
    expect(order).toEqual([1, 2, 3, 4]);
  });

  it('gives the place on after a failure', async () => {
    const gate = new Gate(1, 1);
    const fails = gate.run(1000, () => Promise.reject(new Error('planted')));
    const next = gate.run(1000, async () => 'in');
    await expect(fails).rejects.toThrow('planted');
    expect(await next).toEqual({ done: true, value: 'in' });
    expect(await gate.run(1000, async () => 'again')).toEqual({ done: true, value: 'again' });
  });
});
