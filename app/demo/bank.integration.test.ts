/**
 * The demonstration bank in the whole program, small: alerts of every family come, commands are
 * taken once, and over kills and stops the journal holds the customers' lives whole and once.
 */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createBank, DEAD_LETTERS_TABLE } from '../../ingest/index.js';
import { openLmdbLog, openStatsBoard } from '../../platform/index.js';
import { CASE_KINDS } from '../../schemas/demo.js';
import * as R from '../../schemas/generated/records.js';
import type { DemoStats } from '../../schemas/stats.js';
import { decodeTransaction } from '../../schemas/transaction-codec.js';
import { Officer } from '../testing/clients.js';
import {
  childPid,
  cleanUp,
  freePorts,
  type Program,
  startRun,
  temporaryFolder,
  until,
  untilReady,
} from '../testing/program.js';
import { readLog } from '../testing/verify.js';
import type { BankState } from './bank-state.js';
import { BANK_SOURCES } from './sources.js';

const SMALL = ['--demo-customers', '240', '--demo-merchants', '40', '--rate', '50'];
const FLAGS = ['--demo', 'bank', ...SMALL, '--set', 'clickhouse=none', '--log-level', 'warn'];
const KIND_CONTROL = 2;
const DEEP = process.env['WEIR_DEEP'] === '1';
const KILLS = DEEP ? 12 : 1;
/** One case of each is planted at every start. */
const RULES = [
  'structuring-cash-deposits',
  'listed-customer-limits',
  'cross-border-remittances-person',
  'dormant-reactivation',
  'watched-outflow-special-care',
  'watched-outflow',
  'activity-drop',
];

let dir = '';
beforeEach(() => {
  dir = temporaryFolder();
});
afterEach(() => cleanUp(dir));

const state = (): BankState => JSON.parse(readFileSync(join(dir, 'demo.json'), 'utf8'));
const stats = (): DemoStats | undefined =>
  openStatsBoard(dir, { readOnly: true }).read('demo')?.value as DemoStats | undefined;

async function start(): Promise<{ weir: Program; officer: Officer }> {
  const ports = await freePorts();
  const weir = startRun(dir, ports, FLAGS);
  await untilReady(weir);
  return { weir, officer: await Officer.signIn(weir, ports) };
}

/** The first in the middle of history, later ones wherever it is: nothing may be lost. */
async function killEngine(weir: Program, afterMs: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  const pid = childPid(weir.pid, 'engine') as number;
  process.kill(pid, 'SIGKILL');
  await until(() => ![pid, undefined].includes(childPid(weir.pid, 'engine')));
}

async function stop(weir: Program): Promise<void> {
  weir.process.kill('SIGINT');
  expect(await weir.ended, weir.err()).toBe(0);
}

/** Every kind that a rule answers has raised alerts of this many customers. */
async function untilAlerts(officer: Officer, customers: number): Promise<void> {
  let missing: string[] = [];
  await until(
    async () => {
      const rows = await officer.alerts('?limit=10000');
      const subjects = (rule: string) =>
        new Set(rows.filter((r) => r.rule === rule).map((r) => r.subject)).size;
      missing = RULES.filter((rule) => subjects(rule) < customers);
      return missing.length === 0;
    },
    () => `no alert of ${missing.join(', ')}`,
  );
}

async function command(officer: Officer, what: Parameters<Officer['demo']>[0]): Promise<void> {
  const before = stats()?.commandsTaken ?? 0;
  expect(await officer.demo(what)).toBe(202);
  await until(() => stats()?.commandsTaken === before + 1);
}

/** The line that the terminal shows, as a person would run it: an alert of its own each time. */
async function runCurl(weir: Program, officer: Officer): Promise<void> {
  const line = /Alert +([\s\S]*?done)\n/.exec(weir.out())?.[1] ?? '';
  const { stdout } = await promisify(execFile)('sh', ['-c', line]);
  expect(stdout.match(/"ack":"accepted"/g), stdout).toHaveLength(3);
  const subject = `6222${/curl-(\d+)-/.exec(stdout)?.[1]}`;
  // Others may come of the same payments; this is the one that the line promises.
  const promised = 'cross-border-remittances-person';
  await until(async () => (await officer.alertsOf(subject)).some((a) => a.rule === promised));
}

it('lives over kills and stops, once and whole, and raises every family', async () => {
  const first = await start();
  for (let i = 0; i < KILLS; i++) await killEngine(first.weir, i * 400);
  await untilAlerts(first.officer, 1);
  await runCurl(first.weir, first.officer);
  await runCurl(first.weir, first.officer);

  const { officer } = first;
  await command(officer, { type: 'pause' });
  await until(() => stats()?.phase === 'paused');
  await command(officer, { type: 'rate', ratePerSecond: 77 });
  const listed = state().cases.listed ?? 0;
  await command(officer, { type: 'plant', kind: 'listed' });
  await until(() => stats()?.planted[0]?.kind === 'listed');
  expect(state().cases.listed).toBe(listed + 1);
  await command(officer, { type: 'resume' });
  await until(() => stats()?.phase === 'live');
  const before = state();
  await stop(first.weir);

  const second = await start();
  await untilAlerts(second.officer, 2);
  await until(() => stats()?.phase === 'live');
  await stop(second.weir);
  const after = state();
  expect(after.anchorMs).toBe(before.anchorMs);
  expect(after.seed).toBe(before.seed);
  expect(after.commands).toEqual({ ...before.commands, taken: 4 });
  for (const kind of CASE_KINDS) {
    if (before.cases[kind] === undefined) continue;
    expect(after.cases[kind], kind).toBeGreaterThan(before.cases[kind]);
  }
  await checkJournal(after);
  await checkHits();
}, 600_000);

/** Customers' transactions: those that the bank makes up to the last one, each once, in order. */
async function checkJournal(made: BankState): Promise<void> {
  const names = new Map<number, string>();
  const customers: { id: string; atMs: number }[] = [];
  const ids = new Set<string>();
  let count = 0;
  for (const { bytes } of await readLog(join(dir, 'journal.mdb'), 'journal')) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const from = view.getUint32(R.RECORD_HEADER_PAYLOAD_OFFSET, true);
    const to = from + view.getUint32(R.RECORD_HEADER_PAYLOAD_LENGTH, true);
    if (bytes[R.RECORD_HEADER_KIND] === KIND_CONTROL) {
      const control = JSON.parse(Buffer.from(bytes.subarray(from, to)).toString('utf8'));
      if (control.type === 'source') names.set(control.number, control.name);
      continue;
    }
    const { id, eventTimeMs = 0 } = decodeTransaction(bytes.slice(from, to));
    count++;
    ids.add(id);
    const source = names.get(view.getUint16(R.RECORD_HEADER_ORIGIN_SOURCE, true));
    if (source !== BANK_SOURCES.history && source !== BANK_SOURCES.live) continue;
    customers.push({ id, atMs: eventTimeMs });
  }
  expect(ids.size).toBe(count);
  const lastMs = customers.at(-1)?.atMs ?? 0;
  const { anchorMs, historyDays } = made;
  const lives = createBank(made).customerTransactions(
    anchorMs - historyDays * 86_400_000,
    lastMs + 1,
  );
  const expected = [...lives].map(({ fields }) => ({ id: fields.id, atMs: fields.eventTimeMs }));
  expect(customers.length).toBe(expected.length);
  expect(customers.findIndex((row, i) => row.id !== expected[i]?.id)).toBe(-1);
  const journal = openLmdbLog(join(dir, 'journal.mdb'), { name: 'journal', readOnly: true });
  expect(journal.table(DEAD_LETTERS_TABLE).count()).toBe(0);
  await journal.close();
}

async function checkHits(): Promise<void> {
  const hits = await readLog(join(dir, 'hits.mdb'), 'hits');
  const ids = hits.map(({ bytes }) => Buffer.from(bytes.subarray(40, 56)).toString('hex'));
  expect(ids.length).toBeGreaterThan(0);
  expect(new Set(ids).size).toBe(ids.length);
}
