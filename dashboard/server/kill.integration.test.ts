/**
 * The dashboard role as a process, killed with -9 under load: every hit becomes one alert, every
 * alert reaches a client that resumes, each once. The engine is played by this process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { type LmdbLog, openLmdbLog } from '../../platform/index.js';
import type { AlertList } from '../../schemas/protocol.js';
import type { WorkRecord } from '../../schemas/work-log.js';
import { encodeHit } from './hits.js';
import { cookieOf, freePort, TestClient, until } from './testing/rig.js';
import { sampleHit, sampleRule } from './testing/sample.js';

const KILLS = process.env['WEIR_DEEP'] === '1' ? 50 : 5;
const main = resolve('dist', 'app', 'main.js');

class Role {
  private child: ChildProcess | undefined;
  link = '';
  stderr = '';

  constructor(
    private readonly dir: string,
    private readonly port: number,
    private readonly operationsPort: number,
  ) {}

  start(): void {
    const ports = [
      '--dashboard-port',
      this.port,
      '--dashboard-operations-port',
      this.operationsPort,
    ];
    const args = [main, 'dashboard', '--dir', this.dir, ...ports.map(String)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.child = child;
    this.link = '';
    child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
      const found = /http:\S+#token=\S+/.exec(String(chunk));
      if (found !== null) this.link = found[0];
    });
  }

  async up(): Promise<void> {
    await until(() => this.link !== '', `dashboard up: ${this.stderr.slice(-2_000)}`);
  }

  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const { child } = this;
    return new Promise((done) => {
      child?.once('exit', (code) => done(code));
      child?.kill(signal);
    });
  }
}

/** The logs as the engine makes them, with one catalogue. */
async function playEngine(dir: string): Promise<{ hits: LmdbLog; journal: LmdbLog }> {
  const journal = openLmdbLog(join(dir, 'journal.mdb'), { name: 'journal', tables: ['control'] });
  const sha256 = await journal.blobs.put(Buffer.from(JSON.stringify([sampleRule])));
  const control = Buffer.from(JSON.stringify({ type: 'catalogue', sha256 }));
  await journal.append([control], { put: [{ table: 'control', key: 0, value: control }] });
  catalogueVersion = sha256.slice(0, 12);
  return { journal, hits: openLmdbLog(join(dir, 'hits.mdb'), { name: 'hits', tables: ['ids'] }) };
}
let catalogueVersion = '';

function openedIds(dir: string): Promise<string[]> {
  const work = openLmdbLog(join(dir, 'work.mdb'), { name: 'work', readOnly: true });
  const ids = work
    .read(work.first(), 1_000_000)
    .map((r) => JSON.parse(Buffer.from(r.bytes).toString()) as WorkRecord)
    .filter((record) => record.type === 'open')
    .map((record) => record.alertId);
  return work.close().then(() => ids);
}

it('loses and doubles nothing when killed', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'weir-kill-'));
  const [port, operationsPort] = [await freePort(), await freePort()];
  const role = new Role(dir, port, operationsPort);
  const origin = `http://127.0.0.1:${port}`;
  // Before the engine has made anything: it waits.
  role.start();
  const { hits, journal } = await playEngine(dir);
  await role.up();
  const token = new URL(role.link).hash.replace('#token=', '');
  const signedIn = await fetch(`${origin}/api/session`, {
    method: 'POST',
    headers: { origin, 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  const cookie = cookieOf(signedIn);
  expect(signedIn.status).toBe(200);

  const client = new TestClient();
  const first = (await (
    await fetch(`${origin}/api/alerts`, { headers: { cookie } })
  ).json()) as AlertList;
  client.cursors.set('alerts', first.cursor);
  client.cursors.set('alert-updates', first.cursor);
  const server = { origin };
  client.connect(server, cookie);
  let sent = 0;
  let sending = true;
  const load = (async () => {
    while (sending) {
      const hit = sampleHit(sent, { subject: `s${sent}`, catalogueVersion });
      sent++;
      await hits.append([encodeHit(hit, { position: sent, ingestMs: Date.now() })]);
      await new Promise((done) => setTimeout(done, 2));
    }
  })();
  for (let kill = 0; kill < KILLS; kill++) {
    await new Promise((done) => setTimeout(done, 50 + ((kill * 137) % 400)));
    await role.end('SIGKILL');
    await until(() => client.code !== 0, 'the socket is gone');
    role.start();
    await role.up();
    client.connect(server, cookie);
    await until(() => client.rows.size > 0, 'alerts again');
  }
  sending = false;
  await load;
  await until(() => client.rows.size === sent, `all of ${sent}, has ${client.rows.size}`);
  expect([...client.opened.values()].filter((n) => n !== 1)).toEqual([]);
  expect(client.of('subscribed').filter((m) => !m.recovered)).toEqual([]);
  const row = client.rows.get(sampleHit(0, { subject: 's0' }).id);
  expect(row?.sentence.en).toContain('210,000');
  const metrics = await (await fetch(`http://127.0.0.1:${operationsPort}/metrics`)).text();
  expect(metrics).toMatch(/weir_ws_connections\{role="dashboard"\} 1/);
  expect((await fetch(`http://127.0.0.1:${operationsPort}/readyz`)).status).toBe(200);
  const stopped = role.end('SIGTERM');
  await until(() => client.code === 4001, 'sent away');
  expect(await stopped).toBe(0);
  const ids = await openedIds(dir);
  expect(ids.length).toBe(sent);
  expect(new Set(ids).size).toBe(sent);
  expect(role.stderr).not.toMatch(/s\d+"|acc-1/);
  await Promise.all([hits.close(), journal.close()]);
  rmSync(dir, { recursive: true, force: true });
});
