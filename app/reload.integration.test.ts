/**
 * `kill -HUP`: catalogue and reference data are loaded again while transactions come in, at a
 * position of the journal like everything else, so that a kill -9 afterwards changes nothing.
 */
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readControls } from '../ingest/index.js';
import { openLmdbLog } from '../platform/index.js';
import { packageRoot } from './package.js';
import { payment, writeReference } from './testing/bank.js';
import { Sender } from './testing/clients.js';
import {
  childPid,
  cleanUp,
  freePorts,
  type Ports,
  type Program,
  startRun,
  status,
  temporaryFolder,
  until,
  untilReady,
} from './testing/program.js';

const EVERY = join(packageRoot(), 'app', 'testing', 'every-transaction.yaml');

let dir = '';
let ports: Ports;
let weir: Program;
let sender: Sender;
beforeEach(async () => {
  dir = temporaryFolder();
  ports = await freePorts();
  sender = new Sender(dir, ports.ingest);
  writeReference(join(dir, 'reference'));
});
afterEach(() => cleanUp(dir));

async function start(...more: string[]): Promise<void> {
  const reference = join(dir, 'reference');
  const clock = '2026-03-02T11:00:00+08:00';
  // What is recommended is asked for, however long a busy machine takes.
  const patient = ['--set', 'decisionTimeoutMs=60000'];
  const flags = ['--reference', reference, '--clock-start', clock, ...patient, ...more];
  weir = startRun(dir, ports, flags);
  await untilReady(weir);
}

/** Sends SIGHUP and waits for the line that tells about it. */
async function reload(line: string | RegExp, pid = weir.pid): Promise<void> {
  const from = weir.out().length + weir.err().length;
  const said = () => weir.out() + weir.err();
  process.kill(pid, 'SIGHUP');
  await until(
    () => new RegExp(line).test(said()),
    () => `no "${line}" in: ${said().slice(from - 2_000)}`,
  );
}

/** Some six thousand of H, who stands on no list at first; what was recommended. */
async function pay(minute: number): Promise<string> {
  const time = `2026-03-02T10:${String(minute).padStart(2, '0')}:00`;
  const { decision } = await sender.post(payment(time, `${6000 + minute}.00`, { from: 'H1' }));
  expect(decision.state).toBe('scored');
  return `${decision.recommendation} ${decision.rules.join()}`.trim();
}

/** Control records of a type. */
async function controls(type: string): Promise<number> {
  const journal = openLmdbLog(join(dir, 'journal.mdb'), { name: 'journal', readOnly: true });
  const found = [...readControls(journal)].filter(({ record }) => record.type === type);
  await journal.close();
  return found.length;
}

describe('reference data', () => {
  it('takes effect for the next payment, a broken or shrunken file does not', async () => {
    await start();
    const lists = join(dir, 'reference', 'lists.csv');
    expect(await pay(1)).toBe('none');
    appendFileSync(lists, 'fraud,H,5000,20000,\n');
    expect(await pay(2)).toBe('none');
    await reload('another reference data is in force');
    expect(await pay(3)).toBe('hold listed-customer-limits');

    const good = readFileSync(lists, 'utf8');
    writeFileSync(lists, `${good}fraud,H,five thousand,,\n`);
    await reload(/reference data refused, the version in force stays: .*lists\.csv:4/);
    expect(await pay(4)).toBe('hold listed-customer-limits');
    writeFileSync(lists, 'list,key,single,day,month\n');
    await reload(/reference data refused, the version in force stays: .*lists: 0 rows/);
    expect(await pay(5)).toBe('hold listed-customer-limits');
    writeFileSync(lists, good);
    await reload('reference data as before');
    expect(await controls('reference')).toBe(2);
  });

  it('holds over kill -9, even when the file is broken by then', async () => {
    await start();
    expect(await pay(1)).toBe('none');
    appendFileSync(join(dir, 'reference', 'lists.csv'), 'fraud,H,5000,20000,\n');
    const engine = childPid(weir.pid, 'engine') as number;
    await reload('another reference data is in force', engine);
    expect(await pay(2)).toBe('hold listed-customer-limits');
    appendFileSync(join(dir, 'reference', 'lists.csv'), 'fraud,H,five thousand,,\n');
    process.kill(engine, 'SIGKILL');
    await until(() => ![undefined, engine].includes(childPid(weir.pid, 'engine')));
    const url = `http://127.0.0.1:${ports.engineOperations}/readyz`;
    await until(async () => (await status(url)) === 200);
    expect(await pay(3)).toBe('hold listed-customer-limits');
    expect(await controls('reference')).toBe(2);
    const hits = openLmdbLog(join(dir, 'hits.mdb'), { name: 'hits', readOnly: true });
    await until(() => hits.end() >= 2);
    // Of the second and the third payment, once each: nothing was found anew for the first.
    expect(hits.end()).toBe(2);
    await hits.close();
    weir.process.kill('SIGTERM');
    expect(await weir.ended).toBe(0);
  });
});

describe('the catalogue', () => {
  it('is switched, refused when broken, and counted by the names of its rules', async () => {
    const file = join(dir, 'rules.yaml');
    copyFileSync(EVERY, file);
    await start('--catalogue', file);
    expect(await pay(1)).toBe('none every-transaction');
    const text = readFileSync(file, 'utf8');
    const other = text.replace('id: every-transaction', 'id: large-only');
    writeFileSync(file, other.replace('observed: amount', 'observed: nothing'));
    await reload(/catalogue refused, the version in force stays: .*rules\.yaml:\d+/);
    expect(await pay(2)).toBe('none every-transaction');
    const held = other.replace('outcome: paid', 'outcome: paid\n    decision: hold');
    writeFileSync(file, held);
    await reload('another catalogue is in force');
    expect(await pay(3)).toBe('hold large-only');
    const url = `http://127.0.0.1:${ports.engineOperations}/metrics`;
    const metrics = await (await fetch(url)).text();
    expect(metrics).toMatch(/weir_rule_hits_total\{rule="large-only",role="engine"\} 1\n/);
    // Its row stays; what it counted behind the last look, once a second, went with its counters.
    expect(metrics).toMatch(
      /weir_rule_hits_total\{rule="every-transaction",role="engine"\} [0-2]\n/,
    );
    expect(await controls('catalogue')).toBe(2);
  });
});
