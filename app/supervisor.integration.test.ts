/** The whole program under its supervisor: what an operator sees when things go wrong. */
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  childPid,
  childPids,
  cleanUp,
  freePorts,
  isAlive,
  type Ports,
  startRun,
  startWeir,
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

const ready = (port: number) => async (): Promise<boolean> =>
  (await status(`http://127.0.0.1:${port}/readyz`)) === 200;

describe('commands beside a running Weir', () => {
  it('show dead letters with their bytes, and make another sign-in link', async () => {
    const weir = startRun(dir, ports);
    await untilReady(weir);
    const key = /Bearer (\S+)'/.exec(weir.out())?.[1] ?? '';
    const posted = await fetch(`http://127.0.0.1:${ports.ingest}/v1/transactions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: '{"id":"bad","amount":"x"}',
    });
    expect(await posted.json()).toMatchObject({ ack: 'rejected', reason: 'missing_field' });
    // A key that would colour a terminal, made by a sender: named, but never obeyed.
    const good = '"eventTime":1,"debtor":{"account":"a"},"creditor":{"account":"b"},"amount":"1"';
    await fetch(`http://127.0.0.1:${ports.ingest}/v1/transactions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: `{"id":"bad","currency":"CNY",${good},"\u009b31m\u202e":1}`,
    });
    const run = async (...args: string[]): Promise<string> => {
      const command = startWeir([...args, '--dir', dir]);
      expect(await command.ended, command.err()).toBe(0);
      return command.out();
    };
    expect(await run('dead-letters', 'list')).toMatch(/^1 .* http +missing_field +25 /m);
    expect(await run('dead-letters', 'list', '--reason', 'too_old')).toBe('no dead letter\n');
    for (const command of [['list'], ['show', '2']]) {
      const text = await run('dead-letters', ...command);
      expect(text).toContain('unknown key');
      expect(text).not.toMatch(/[^\P{C}\n]/u);
    }
    expect(await run('dead-letters', 'show', '1', '--raw')).toBe('{"id":"bad","amount":"x"}');
    const link = await run('sign-in-link');
    expect(link).toMatch(new RegExp(`^http://127.0.0.1:${ports.dashboard}/#token=\\S{40,}\n$`));
  });
});

describe('weir run', () => {
  it('says where to look and how to send, and stops with 0', async () => {
    const weir = startRun(dir, ports);
    await untilReady(weir);
    expect(weir.out()).toContain(`http://127.0.0.1:${ports.dashboard}`);
    expect(weir.out()).toMatch(/#token=\S+ {3}\(signs you in, works once\)/);
    expect(weir.out()).toMatch(/curl -X POST http:\/\/127\.0\.0\.1:\d+\/\S+/);
    expect(weir.err()).not.toMatch(/token=/);
    for (const port of [ports.engineOperations, ports.dashboardOperations]) {
      await until(ready(port));
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      expect(metrics).toMatch(/weir_build_info\{version="\d/);
      expect(metrics).toContain('weir_role_state{state="running"');
    }
    const children = childPids(weir.pid);
    weir.process.kill('SIGTERM');
    expect(await weir.ended).toBe(0);
    expect(children.filter(isAlive)).toEqual([]);
  });

  it.each(['engine', 'dashboard'])('restarts the %s after kill -9', async (role) => {
    const weir = startRun(dir, ports);
    await untilReady(weir);
    const first = childPid(weir.pid, role) as number;
    const other = childPid(weir.pid, role === 'engine' ? 'dashboard' : 'engine');
    process.kill(first, 'SIGKILL');
    await until(() => ![undefined, first].includes(childPid(weir.pid, role)));
    await until(ready(role === 'engine' ? ports.engineOperations : ports.dashboardOperations));
    expect(childPid(weir.pid, role === 'engine' ? 'dashboard' : 'engine')).toBe(other);
    expect(weir.err()).toContain(`${role} died, restarting`);
    weir.process.kill('SIGINT');
    expect(await weir.ended).toBe(0);
  });

  it('leaves no orphan when it is killed, and starts again at once', async () => {
    const weir = startRun(dir, ports);
    await untilReady(weir);
    const children = childPids(weir.pid);
    expect(children.length).toBe(2);
    weir.process.kill('SIGKILL');
    expect(await weir.ended).toBe('SIGKILL');
    const second = startRun(dir, ports);
    await until(() => !children.some(isAlive));
    await untilReady(second);
    expect(second.process.exitCode).toBeNull();
  });

  it.each(['dashboard', 'ingest', 'engineOperations'] as const)(
    'ends with 3 when the %s port is busy, and says which',
    async (name) => {
      const blocker = createServer();
      await new Promise<void>((done) => blocker.listen(ports[name], '127.0.0.1', done));
      const weir = startRun(dir, ports);
      expect(await weir.ended).toBe(3);
      expect(weir.err()).toContain(`port ${ports[name]} on 127.0.0.1 is busy`);
      expect(weir.err()).toContain(`${name}Port`);
      await new Promise((done) => blocker.close(done));
    },
  );

  it('refuses a folder that another Weir holds, and leaves that one alone', async () => {
    const weir = startRun(dir, ports);
    await untilReady(weir);
    const second = startRun(dir, await freePorts());
    expect(await second.ended).toBe(3);
    expect(second.err()).toContain(`in use by process ${weir.pid}`);
    expect(await ready(ports.engineOperations)()).toBe(true);
  });
});
