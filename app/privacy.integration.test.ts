/**
 * What must not leave: names, account numbers, keys and the secret watch class, in logs at any
 * level, metrics, statistics, command lines and what reaches a page; and files for their owner
 * only. Against the whole program, with a customer of the secret class whose alert is on screen.
 */
import { existsSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { SUBPROTOCOL } from '../schemas/protocol.js';
import { DAY_MS, payment, writeReference } from './testing/bank.js';
import { ingestKey, Sender, signInLink } from './testing/clients.js';
import {
  childPids,
  cleanUp,
  freePorts,
  type Ports,
  type Program,
  startRun,
  temporaryFolder,
  until,
  untilReady,
} from './testing/program.js';

const MINUTE_MS = 60_000;
const SECRET_CLASS = /critically|重症/;
/** The letter tells an account from digits of a measured number. */
const CUSTOMER = /6222C|陈玉兰|payee-77/;
const PATIENT = ['--set', 'decisionTimeoutMs=20000', '--log-level', 'trace'];

let dir = '';
let ports: Ports;
let program: Program;
beforeEach(async () => {
  dir = temporaryFolder();
  ports = await freePorts();
  writeReference(join(dir, 'reference'));
  const data = join(dir, 'data');
  program = startRun(data, ports, ['--reference', join(dir, 'reference'), ...PATIENT]);
  await untilReady(program);
});
afterEach(() => cleanUp(dir));

/** Everything below a folder: files, folders, sockets. */
function below(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? [path, ...below(path)] : [path];
  });
}

/** A5, now: small payments for months, then 62,000 of 200,000 to a new payee. */
async function alertOfSecretClass(): Promise<Sender> {
  const sender = new Sender(join(dir, 'data'), ports.ingest);
  const now = Date.now();
  const card = { from: 'C1', to: 'shop', type: 'card', channel: 'pos' } as const;
  const past = Array.from({ length: 40 }, (_, i) =>
    payment('', '1500.00', { ...card, eventTime: now - (100 - 2 * i) * DAY_MS }),
  );
  await sender.postAll(past, 'past');
  const large = { from: 'C1', to: 'payee-77', debtorBalanceAfter: '138000.00' };
  await sender.post(payment('', '62000.00', { ...large, eventTime: now - MINUTE_MS }));
  return sender;
}

/** Messages that are refused, with a customer's account in every place. */
async function refusedMessages(sender: Sender): Promise<void> {
  const now = Date.now();
  const good = payment('', '1.00', { from: 'C1', to: 'payee-77', eventTime: now });
  const bad: Record<string, unknown>[] = [
    { ...good, amount: '6222C1' },
    { ...good, currency: '6222C1' },
    { ...good, channel: '6222C1' },
    { ...good, eventTime: '6222C1' },
    { ...good, id: '6222C1\u0000' },
    { ...good, '6222C1': 1 },
    { ...good, debtor: '6222C1' },
    { ...good, creditor: good.debtor },
  ];
  for (const message of bad) {
    const reply = await sender.post(message as unknown as typeof good);
    expect(reply.ack).toBe('rejected');
    // The name of an unknown key is the sender's own, and told to nobody else.
    if (!('6222C1' in message)) expect(reply.detail).not.toMatch(CUSTOMER);
  }
}

/** Every answer and frame that a page gets. */
async function whatAPageGets(): Promise<string> {
  const origin = `http://127.0.0.1:${ports.dashboard}`;
  const token = signInLink(program).split('#token=')[1];
  const entered = await fetch(`${origin}/api/session`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
  let all = await entered.text();
  const get = async (path: string): Promise<string> => {
    const text = await (await fetch(`${origin}${path}`, { headers: { cookie } })).text();
    all += text;
    return text;
  };
  const socket = new WebSocket(`ws://127.0.0.1:${ports.dashboard}/ws`, SUBPROTOCOL, {
    headers: { origin, cookie },
  });
  let frames = '';
  socket.on('message', (data) => {
    frames += String(data);
  });
  socket.on('open', () => {
    for (const channel of ['alerts', 'alert-updates', 'stats']) {
      socket.send(JSON.stringify({ type: 'subscribe', channel }));
    }
  });
  await until(() => frames.includes('"channel":"stats"'));
  const id = () => (JSON.parse(all.slice(all.lastIndexOf('{"rows"'))) as List).rows[0]?.id;
  await until(async () => (await get('/api/alerts')).includes('special-care'));
  const alert = id() ?? '';
  await get(`/api/alerts/${alert}`);
  for (const path of ['customers/C1', 'customers?q=C1', 'system', 'alerts.csv', 'demo']) {
    await get(`/api/${path}`);
  }
  await refusedAsShown(get);
  await fetch(`${origin}/api/alerts/${alert}/commands`, {
    method: 'POST',
    headers: { origin, cookie, 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'take', command: 'c-1' }),
  });
  await until(() => frames.includes('"owner":"admin"'));
  socket.close();
  return all + frames;
}
/** Messages that were refused, with an account in every place. */
async function refusedAsShown(get: (path: string) => Promise<string>): Promise<void> {
  const { rows } = JSON.parse(await get('/api/dead-letters')) as List;
  expect(rows.length).toBeGreaterThanOrEqual(8);
  for (const { id } of rows) {
    const shown = await get(`/api/dead-letters/${id}`);
    expect(shown).toContain('"text"');
    expect(shown).not.toMatch(CUSTOMER);
  }
}
/** Written once a second by each role, first a second after its start. */
async function statistics(): Promise<string> {
  const files = ['engine', 'dashboard'].map((role) => join(dir, 'data', 'stats', `${role}.json`));
  await until(() => files.every((file) => existsSync(file)));
  return files.map((file) => readFileSync(file, 'utf8')).join('\n');
}

interface List {
  rows: { id: string }[];
}

describe('a customer whose class is secret', () => {
  it('is nowhere but on the page, and the class not even there', async () => {
    const sender = await alertOfSecretClass();
    await refusedMessages(sender);
    const page = await whatAPageGets();
    expect(page).toContain('陈玉兰');
    expect(page).toContain('special-care');
    expect(page).not.toMatch(SECRET_CLASS);

    const pids = [program.pid, ...childPids(program.pid)];
    expect(pids).toHaveLength(3);
    const metrics = [ports.engineOperations, ports.dashboardOperations].map(async (port) =>
      (await fetch(`http://127.0.0.1:${port}/metrics`)).text(),
    );
    const outside: Record<string, string> = {
      log: program.err(),
      metrics: (await Promise.all(metrics)).join('\n'),
      statistics: await statistics(),
      'command lines': pids.map((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).join('\n'),
    };
    const key = ingestKey(join(dir, 'data'));
    const token = signInLink(program).split('#token=')[1] ?? '';
    for (const [where, text] of Object.entries(outside)) {
      expect(text.length, where).toBeGreaterThan(40);
      expect(text, where).not.toMatch(CUSTOMER);
      expect(text, where).not.toMatch(SECRET_CLASS);
      expect(text.includes(key) || text.includes(token), where).toBe(false);
    }
  });

  it('lies in files that only their owner can read', async () => {
    await alertOfSecretClass();
    const data = join(dir, 'data');
    const open = [data, ...below(data)].filter((path) => (lstatSync(path).mode & 0o077) !== 0);
    expect(open).toEqual([]);
    expect(below(data).some((path) => path.endsWith('journal.mdb'))).toBe(true);
  });
});

describe('a door that the network can reach', () => {
  it('is told at start, once', async () => {
    expect(program.err()).not.toContain('which the network can reach');
    program.process.kill('SIGTERM');
    await program.ended;
    const open = ['--set', 'dashboardHost=0.0.0.0', '--set', 'operationsHost=0.0.0.0'];
    program = startRun(join(dir, 'data'), ports, [...open, ...PATIENT]);
    await untilReady(program);
    const lines = program.err().split('\n');
    const told = lines.filter((line) => line.includes('which the network can reach'));
    expect(told).toHaveLength(2);
    expect(told.filter((line) => line.includes('"level":"warn"'))).toHaveLength(2);
  });
});
