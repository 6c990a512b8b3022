/**
 * The whole program with its embedded ClickHouse: killed, only ClickHouse is started again; when
 * the supervisor is killed nothing is left behind; and without storage everything else runs.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Posted, Sender } from './testing/clients.js';
import {
  childPid,
  childPids,
  cleanUp,
  freePorts,
  isAlive,
  type Ports,
  type Program,
  startRun,
  status,
  temporaryFolder,
  until,
  untilReady,
} from './testing/program.js';

let dir = '';
let ports: Ports;
beforeEach(async () => {
  dir = temporaryFolder();
  ports = await freePorts();
});
afterEach(() => cleanUp(dir));

async function start(...more: string[]): Promise<Program> {
  const program = startRun(dir, ports, more);
  await untilReady(program);
  return program;
}

const embedded = ['--set', 'clickhouse=embedded'];
const storageReady = async (): Promise<boolean> =>
  (await status(`http://127.0.0.1:${ports.storageOperations}/readyz`)) === 200;
const rolesOf = (program: Program): (number | undefined)[] =>
  ['engine', 'dashboard', 'storage'].map((role) => childPid(program.pid, role));

/** The child of the storage role. */
async function clickhousePid(program: Program): Promise<number> {
  let pid: number | undefined;
  await until(() => {
    [pid] = childPids(childPid(program.pid, 'storage') ?? 0);
    return pid !== undefined;
  });
  return pid as number;
}

describe('weir run', () => {
  it('starts only ClickHouse again when that is killed, and takes what comes', async () => {
    const program = await start(...embedded);
    await until(storageReady);
    const before = rolesOf(program);
    const killed = await clickhousePid(program);
    process.kill(killed, 'SIGKILL');
    const posted = await post();
    expect(posted.ack).toBe('accepted');
    // It is ready until it notices, so a new one is awaited first.
    await until(async () => (await clickhousePid(program)) !== killed);
    await until(storageReady);
    expect(rolesOf(program)).toEqual(before);
  });

  it('leaves no ClickHouse behind when it is killed', async () => {
    const program = await start(...embedded);
    await until(storageReady);
    const pid = await clickhousePid(program);
    const roles = rolesOf(program) as number[];
    program.process.kill('SIGKILL');
    await until(() => ![pid, ...roles].some(isAlive));
  });

  it('starts no storage for clickhouse=none', async () => {
    const program = await start();
    expect(childPid(program.pid, 'storage')).toBeUndefined();
    expect(existsSync(join(dir, 'clickhouse'))).toBe(false);
  });
});

async function post(): Promise<Posted> {
  const atMs = Date.now();
  return new Sender(dir, ports.ingest).post({
    id: `t-${atMs}`,
    eventTime: atMs,
    debtor: { account: '6222-1' },
    creditor: { account: '6222-2' },
    amount: '12.00',
    currency: 'CNY',
    type: 'transfer',
    channel: 'mobile',
  });
}
