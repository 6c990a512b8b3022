/**
 * Who may change anything: every state-changing route and the socket against every combination of
 * wrong origin and wrong credential, and against a right one of either alone. None is let in.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureSecrets, updateSecrets } from '../../platform/index.js';
import type { DemoRecord } from '../../schemas/demo.js';
import type { DemoReply, Stats } from '../../schemas/protocol.js';
import { hashPassword } from './auth/passwords.js';
import { HistoryBlocks } from './history-blocks.js';
import { cookieOf, Rig, TestClient, until } from './testing/rig.js';
import { sampleHit } from './testing/sample.js';

const PASSWORD = 'a password of an officer';
const demo = {
  ...{ what: 'bank', phase: 'live', historyRatio: 1, ratePerSecond: 200, planted: [] },
  commandsTaken: 0,
};

let rig: Rig;
let cookie = '';
const commands: DemoRecord[] = [];
beforeAll(async () => {
  rig = new Rig('uws');
  mkdirSync(join(rig.dir, 'web'));
  writeFileSync(join(rig.dir, 'web', 'index.html'), '<!doctype html><title>Weir</title>');
  const password = await hashPassword(PASSWORD);
  const users = [
    { id: 'u1', name: 'admin', role: 'administrator' },
    { id: 'u2', name: 'wang', role: 'officer', password },
  ];
  ensureSecrets(rig.dir);
  updateSecrets(rig.dir, (secrets) => ({ ...secrets, users }));
  rig.ports = {
    demo: {
      append: async (record) => void commands.push(record),
      curl: () => `curl -H 'Bearer ${ensureSecrets(rig.dir).ingestKey}'`,
    },
  };
  await rig.start();
  cookie = await rig.signIn();
  await rig.put(sampleHit(1));
  await until(() => rig.server.book.workPosition === 1, 'taken');
  await rig.board.publish('demo', demo);
});
afterAll(() => rig.end());

const alert = `/api/alerts/${sampleHit(1).id}/commands`;
const take = { type: 'take', command: 'c' };
const routes: [string, string, unknown][] = [
  ['POST', alert, take],
  ['POST', alert, { type: 'undo-close', command: 'u' }],
  ['POST', '/api/demo/commands', { type: 'pause' }],
  ['POST', '/api/session/password', { password: 'another password of 12+' }],
];

/** Origins, then what is shown instead of a session. `null` leaves the header out. */
function wrongDoors(): { name: string; headers: Record<string, string> }[] {
  const [cookieName, value] = cookie.split('=');
  const origins = {
    ours: rig.origin,
    another: 'https://evil.test',
    'ours by TLS': rig.origin.replace('http:', 'https:'),
    'ours as a beginning': `${rig.origin}.evil.test`,
    opaque: 'null',
  };
  const token = new URL(rig.server.signInLink()).hash.replace('#token=', '');
  const key = ensureSecrets(rig.dir).ingestKey;
  const credentials: Record<string, Record<string, string>> = {
    nothing: {},
    'a forged cookie': { cookie: `${cookieName}=${'A'.repeat(43)}` },
    'the cookie of another port': { cookie: `weir_1=${value}` },
    'a ticket as a cookie': { cookie: `${cookieName}=${token}` },
    'a ticket as a bearer': { authorization: `Bearer ${token}` },
    'the ingest key': { authorization: `Bearer ${key}`, cookie: `${cookieName}=${key}` },
  };
  const all = Object.entries(origins).flatMap(([place, origin]) =>
    Object.entries({ ...credentials, 'our cookie': { cookie } }).map(([what, headers]) => ({
      name: `${place}, ${what}`,
      headers: { origin, ...headers },
    })),
  );
  return all.filter(({ name }) => name !== 'ours, our cookie');
}

/** The board is read twice a second. */
async function waitForDemo(): Promise<{ stats: Stats['demo'] }> {
  for (;;) {
    const { demo: stats } = await rig.json<Stats>('/api/stats', cookie);
    if (stats !== null) return { stats };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('doors', () => {
  it('stay shut for every wrong combination, and nothing is changed', async () => {
    const doors = wrongDoors();
    expect(doors.length).toBeGreaterThanOrEqual(12);
    for (const { name, headers } of doors) {
      for (const [method, path, body] of routes) {
        const reply = await rig.send(method, path, body, headers);
        expect([401, 403], `${name}: ${path}`).toContain(reply.status);
      }
      const client = new TestClient().connect(rig, headers['cookie'] ?? '', {
        ...(headers['origin'] !== undefined && { origin: headers['origin'] }),
      });
      await until(() => client.code !== 0, 'refused');
      expect([403, 4501], `${name}: socket`).toContain(client.code);
      expect(client.messages, name).toEqual([]);
    }
    // No Origin at all, and a body that a form could send.
    for (const [method, path, body] of routes) {
      const content = { 'content-type': 'application/json', cookie };
      const text = JSON.stringify(body);
      const bare = await fetch(`${rig.origin}${path}`, { method, headers: content, body: text });
      expect(bare.status).toBe(403);
      const form = await rig.send(method, path, body, { cookie, 'content-type': 'text/plain' });
      expect(form.status).toBe(415);
    }
    expect([rig.server.book.workPosition, commands.length]).toEqual([1, 0]);
    const out = await rig.send('DELETE', '/api/session', undefined, {
      ...{ cookie, origin: 'https://evil.test' },
    });
    expect(out.status).toBe(403);
    // The very same is taken from our own page.
    expect((await rig.send('POST', alert, take, { cookie })).status).toBe(200);
  });

  it('of every page ask for a session', async () => {
    const pages = [
      ...['customers', 'customers/G', 'customers/G/history', 'system', 'dead-letters'],
      ...['dead-letters/1', 'rules/statistics', 'alerts/search', 'alerts.csv', 'demo'],
      'customers/G/transactions?before=1',
    ];
    for (const page of pages) {
      const reply = await fetch(`${rig.origin}/api/${page}`);
      expect(reply.status, page).toBe(401);
    }
  });

  it('show an officer customers, and neither system nor switchboard', async () => {
    const entered = await rig.send('POST', '/api/session', { user: 'wang', password: PASSWORD });
    const officer = cookieOf(entered);
    const status = async (path: string): Promise<number> =>
      (await fetch(`${rig.origin}${path}`, { headers: { cookie: officer } })).status;
    expect(await status('/api/customers/G')).toBe(200);
    expect(await status('/api/system')).toBe(403);
    expect(await status('/api/dead-letters')).toBe(403);
    expect(await status('/api/dead-letters/1')).toBe(403);
    const pause = { type: 'pause' };
    const steer = await rig.send('POST', '/api/demo/commands', pause, { cookie: officer });
    expect(steer.status).toBe(403);
    await rig.board.publish('demo', demo);
    await waitForDemo();
    const shown = await rig.json<DemoReply>('/api/demo', officer);
    expect(shown.curl).toBeNull();
  });

  it('let an administrator steer the demonstration, at a pace', async () => {
    await rig.board.publish('demo', demo);
    const { stats } = await waitForDemo();
    expect(stats).toMatchObject({ phase: 'live' });
    const reply = await rig.json<DemoReply>('/api/demo', cookie);
    expect(reply).toMatchObject({ demo: { phase: 'live' }, rateMax: 5_000 });
    expect(reply.curl).toContain(ensureSecrets(rig.dir).ingestKey);
    const post = (body: unknown): Promise<Response> =>
      rig.send('POST', '/api/demo/commands', body, { cookie });
    expect((await post({ type: 'rate', ratePerSecond: 5_001 })).status).toBe(400);
    expect((await post({ type: 'plant', kind: 'other' })).status).toBe(400);
    const plant = { type: 'plant', kind: 'structuring' };
    const replies = await Promise.all(Array.from({ length: 60 }, () => post(plant)));
    const taken = replies.filter(({ status }) => status === 202).length;
    expect(taken).toBeGreaterThanOrEqual(5);
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([202, 429]));
    expect(replies.find(({ status }) => status === 429)?.headers.get('retry-after')).toBe('1');
    expect(commands).toHaveLength(taken);
    expect(commands[0]).toMatchObject({ user: 'admin', command: plant });
  });

  it('lead deep links to the page, and to nothing else', async () => {
    for (const path of ['/customers', '/customers/6222', '/customers/%2e%2e', '/system']) {
      const reply = await fetch(`${rig.origin}${path}`);
      expect([reply.status, await reply.text()], path).toEqual([
        ...[200, '<!doctype html><title>Weir</title>'],
      ]);
      expect(reply.headers.get('content-security-policy')).toContain("default-src 'self'");
    }
    expect((await fetch(`${rig.origin}/alerts/${sampleHit(1).id}`)).status).toBe(200);
    for (const path of ['/customers/a/b', '/systems', '/system/x', '/assets/customers']) {
      expect((await fetch(`${rig.origin}${path}`)).status, path).toBe(404);
    }
  });
});

describe('a question to the history store', () => {
  const ready = { status: () => ({ state: 'ready', detail: '', writtenToMs: 1 }) };
  const blocks = (warn = () => undefined): HistoryBlocks =>
    new HistoryBlocks(ready as never, warn, 20);

  it('is given up after a while, and one too many is refused', async () => {
    const asked = blocks();
    const never = () => asked.ask<never>(() => new Promise(() => undefined));
    const waiting = Array.from({ length: 64 }, never);
    expect(await never()).toMatchObject({ state: 'missing', why: 'unavailable' });
    for (const block of await Promise.all(waiting)) expect(block).toMatchObject({ why: 'timeout' });
    // Those given up are still under way: nothing piles up behind a store that hangs.
    expect(await never()).toMatchObject({ why: 'unavailable' });
  });

  it('never rejects, whatever the store throws and whenever', async () => {
    const throws = () => {
      throw new Error('at once');
    };
    expect(await blocks().ask<never>(throws)).toMatchObject({ why: 'failed' });
    const rejects = async (): Promise<never> => {
      await new Promise((resolve) => setTimeout(resolve, 40));
      throw new Error('late');
    };
    expect(await blocks().ask<never>(rejects)).toMatchObject({ why: 'timeout' });
    await new Promise((resolve) => setTimeout(resolve, 40));
  });
});
