/** The embedded ClickHouse: who gets in, what it survives, and that it leaves with its parent. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '../../platform/index.js';
import type { Login } from '../endpoint.js';
import { startTestDatabase, type TestDatabase } from '../testing/database.js';
import { startKeeper } from './keeper.js';
import { prepareLaunch } from './launcher.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

async function ask(query: string, login?: Login): Promise<{ status: number; text: string }> {
  const headers: Record<string, string> =
    login === undefined
      ? {}
      : { 'x-clickhouse-user': login.user, 'x-clickhouse-key': login.password };
  const reply = await fetch(database.endpoint.url, { method: 'POST', body: query, headers });
  return { status: reply.status, text: (await reply.text()).trim() };
}

describe('the embedded ClickHouse', () => {
  it('lets the writer write and the reader only read', async () => {
    const { writer, reader } = database.endpoint;
    const said = [
      await ask('CREATE DATABASE weir ENGINE = Atomic', writer),
      await ask('CREATE TABLE weir.a (n UInt8) ENGINE = MergeTree ORDER BY n', writer),
      await ask('INSERT INTO weir.a VALUES (7)', writer),
    ];
    expect(said.map((s) => s.text)).toEqual(['', '', '']);
    expect((await ask('SELECT n FROM weir.a', reader)).text).toBe('7');
    expect((await ask('INSERT INTO weir.a VALUES (8)', reader)).text).toContain('ACCESS_DENIED');
    expect((await ask('DROP TABLE weir.a', reader)).status).not.toBe(200);
  });

  it('refuses strangers, wrong passwords and files', async () => {
    const { writer, reader } = database.endpoint;
    expect((await ask('SELECT number FROM system.numbers LIMIT 1')).text).toContain('QUOTA');
    expect((await ask('SELECT n FROM weir.a')).status).not.toBe(200);
    expect((await ask('SELECT 1', { ...writer, password: 'x' })).text).toContain('AUTHENTICATION');
    for (const login of [writer, reader]) {
      const file = await ask("SELECT * FROM file('/etc/passwd', 'LineAsString')", login);
      expect(file.text).toContain('ACCESS_DENIED');
    }
  });

  it('keeps its secrets to its owner', () => {
    const folder = join(database.dir, 'clickhouse');
    expect(statSync(folder).mode & 0o077).toBe(0);
    for (const name of ['config.xml', 'users.xml', 'passwords.json', 'endpoint.json']) {
      expect(statSync(join(folder, name)).mode & 0o077, name).toBe(0);
    }
  });

  it('keeps what it acknowledged over kill -9, at another port', async () => {
    await database.restart();
    const { reader } = database.endpoint;
    expect((await ask('SELECT n FROM weir.a', reader)).text).toBe('7');
  });
});

describe('the keeper', () => {
  it('kills a child that hangs, and starts another one', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'weir-keeper-'));
    const keeper = startKeeper({
      dir,
      database: 'weir',
      memoryBytesMax: 700 * 1024 * 1024,
      logger: createLogger({ role: 'storage', level: 'fatal' }),
      onAbsent: (detail) => expect(detail).toBe(''),
      pace: { hungAfterMs: 1_000, backOffMsMax: 100 },
    });
    try {
      await until(() => keeper.endpoint !== undefined);
      const hanging = keeper.pid as number;
      process.kill(hanging, 'SIGSTOP');
      await until(() => keeper.endpoint !== undefined && keeper.pid !== hanging);
      expect(() => process.kill(hanging, 0)).toThrow('ESRCH');
      const url = `${keeper.endpoint?.url}/ping`;
      expect(await (await fetch(url)).text()).toBe('Ok.\n');
      expect(keeper.restarts).toBeGreaterThanOrEqual(1);
    } finally {
      await keeper.stop(5_000);
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((done) => setTimeout(done, 20));
}

describe('a launcher', () => {
  it('leaves when its parent is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-launcher-'));
    const launch = await prepareLaunch(folder);
    if ('absent' in launch) throw new Error(launch.absent);
    // A shell between us: killed with -9, it closes the pipe that the launcher listens on.
    const args = [...launch.args, '--query', 'SELECT sleepEachRow(1) FROM numbers(60) FORMAT Null'];
    const script = `
      const { spawn } = require('node:child_process');
      const child = spawn(${JSON.stringify(launch.command)}, ${JSON.stringify(args)},
        { stdio: ['pipe', 'ignore', 'ignore'] });
      console.log(child.pid);`;
    const parent = spawn(process.execPath, ['-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pid = await new Promise<number>((resolve) => {
      parent.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())));
    });
    expect(alive(pid)).toBe(true);
    parent.kill('SIGKILL');
    for (let i = 0; i < 500 && alive(pid); i++) await new Promise((done) => setTimeout(done, 20));
    expect(alive(pid)).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it('is compiled where there is no python3; says the mend where there is neither', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-launcher-'));
    const compiled = await prepareLaunch(folder, { python: ['no-python'], compilers: ['cc'] });
    expect(compiled).toMatchObject({ command: join(folder, 'launcher') });
    const again = await prepareLaunch(folder, { python: ['no-python'], compilers: ['no-cc'] });
    expect(again).toEqual(compiled);
    rmSync(join(folder, 'launcher'));
    const neither = await prepareLaunch(folder, { python: ['no-python'], compilers: ['no-cc'] });
    expect(neither).toMatchObject({ absent: expect.stringContaining('install one') });
    rmSync(folder, { recursive: true });
  });
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
