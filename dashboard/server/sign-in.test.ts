/** Sign-in, the API's doors and the page's headers, over HTTP. */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertDetail, AlertList, SessionReply } from '../../schemas/protocol.js';
import { createSignInLink, LINK_LIFE_MS, useSignInLink } from './auth/sign-in-links.js';
import { originCheck } from './origins.js';
import { cookieOf, Rig, until } from './testing/rig.js';
import { sampleHit } from './testing/sample.js';

const PASSWORD = '一个很长的口令 and more';

describe('sign-in and API', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = new Rig('uws');
    mkdirSync(join(rig.dir, 'web', 'assets'), { recursive: true });
    writeFileSync(join(rig.dir, 'web', 'index.html'), '<!doctype html><title>Weir</title>');
    writeFileSync(join(rig.dir, 'web', 'assets', 'app-1a2b.js'), 'export {};'.repeat(50));
    writeFileSync(join(rig.dir, 'secret-beside-the-page'), 'secret');
    await rig.start();
  });
  afterEach(async () => {
    await rig.end();
  });
  const get = (path: string, cookie = ''): Promise<Response> =>
    fetch(`${rig.origin}${path}`, { headers: { cookie } });
  const token = (): string => new URL(rig.server.signInLink()).hash.replace('#token=', '');
  const code = async (reply: Response): Promise<[number, string]> => {
    const body = (await reply.json()) as { error: { code: string } };
    return [reply.status, body.error.code];
  };
  const session = (body: unknown, headers = {}): Promise<Response> =>
    rig.send('POST', '/api/session', body, headers);

  it('exchanges a link for a cookie, once', async () => {
    expect(await code(await get('/api/session'))).toEqual([401, 'not-signed-in']);
    const once = token();
    const reply = await session({ token: once });
    expect(reply.status).toBe(200);
    const set = reply.headers.getSetCookie()[0];
    expect(set).toMatch(/HttpOnly/);
    expect(set).toMatch(/SameSite=Strict/);
    expect(set).toMatch(/^weir_\d+=[\w-]{43};/);
    const body = (await reply.json()) as SessionReply;
    expect(body).toMatchObject({
      user: { name: 'admin', role: 'administrator' },
      passwordSet: false,
      bank: { zone: 'Asia/Shanghai', baseCurrency: 'CNY' },
    });
    expect((await get('/api/session', cookieOf(reply))).status).toBe(200);
    expect(await code(await session({ token: once }))).toEqual([401, 'link-used']);
    const old = createSignInLink(rig.dir, Date.now() - LINK_LIFE_MS).token;
    expect(await code(await session({ token: old }))).toEqual([401, 'link-expired']);
    const never = 'x'.repeat(43);
    expect(await code(await session({ token: never }))).toEqual([401, 'link-unknown']);
    expect(await code(await session({ token: '../secrets.json' }))).toEqual([401, 'link-unknown']);
  });

  it('lets only one of two win a link, and knows one made by another process', async () => {
    const { token: made } = createSignInLink(rig.dir, Date.now());
    const replies = await Promise.all([session({ token: made }), session({ token: made })]);
    expect(replies.map((reply) => reply.status).sort()).toEqual([200, 401]);
    expect(useSignInLink(rig.dir, made, Date.now())).toBe('used');
  });

  it('keeps no secret in clear, and files for their owner only', async () => {
    const made = token();
    const cookie = await rig.signIn();
    await rig.send('POST', '/api/session/password', { password: PASSWORD }, { cookie });
    const links = readdirSync(join(rig.dir, 'sign-in-links')).map((f) => `sign-in-links/${f}`);
    for (const name of ['secrets.json', 'sessions.json', ...links]) {
      const path = join(rig.dir, name);
      expect(statSync(path).mode & 0o077).toBe(0);
      const text = name + readFileSync(path, 'utf8');
      for (const secret of [made, cookie.split('=')[1]!, PASSWORD]) {
        expect(text.includes(secret)).toBe(false);
      }
    }
  });

  it('refuses other pages, forms and strangers', async () => {
    const evil = { origin: 'https://evil.test' };
    expect(await code(await session({ token: token() }, evil))).toEqual([403, 'wrong-origin']);
    const form = { 'content-type': 'text/plain' };
    expect(await code(await session({ token: token() }, form))).toEqual([415, 'not-json']);
    const cookie = await rig.signIn();
    const path = `/api/alerts/${'0'.repeat(32)}/commands`;
    const take = { type: 'take', command: 'c' };
    const post = (headers: Record<string, string>) => rig.send('POST', path, take, headers);
    expect(await code(await post({}))).toEqual([401, 'not-signed-in']);
    expect(await code(await post({ cookie, ...evil }))).toEqual([403, 'wrong-origin']);
    expect(await code(await post({ cookie, ...form }))).toEqual([415, 'not-json']);
    expect(await code(await post({ cookie }))).toEqual([404, 'unknown-alert']);
    const bare = await fetch(`${rig.origin}${path}`, { method: 'POST', headers: { cookie } });
    expect(await code(bare)).toEqual([403, 'wrong-origin']);
    for (const p of ['/api/alerts', '/api/stats', `/api/alerts/${'0'.repeat(32)}`]) {
      expect((await get(p)).status).toBe(401);
    }
    const large = { token: 'x'.repeat(40_000) };
    expect((await session(large)).status).toBe(413);
    expect(await code(await session({ token: 7 }))).toEqual([400, 'bad-request']);
    expect(await code(await get('/api/nothing', cookie))).toEqual([404, 'not-found']);
  });

  it('sets a password, lets a second browser in by it, and signs out', async () => {
    const first = await rig.signIn();
    const set = (password: string, cookie: string) =>
      rig.send('POST', '/api/session/password', { password }, { cookie });
    expect(await code(await set('too short', first))).toEqual([400, 'weak-password']);
    expect((await set(PASSWORD, first)).status).toBe(204);
    const wrong = { user: 'admin', password: `${PASSWORD}x` };
    expect(await code(await session(wrong))).toEqual([401, 'bad-credentials']);
    const nobody = { user: 'nobody', password: PASSWORD };
    expect(await code(await session(nobody))).toEqual([401, 'bad-credentials']);
    const entered = await session({ user: 'admin', password: PASSWORD });
    expect(await entered.json()).toMatchObject({ passwordSet: true });
    const second = cookieOf(entered);
    // By password one cannot change it: a browser left open must not lock its owner out.
    expect(await code(await set('another long password', second))).toEqual([403, 'password-set']);
    await rig.send('DELETE', '/api/session', undefined, { cookie: second });
    expect((await get('/api/session', second)).status).toBe(401);
    expect((await get('/api/session', first)).status).toBe(200);
    // A new password ends what was signed in with the old one.
    const third = cookieOf(await session({ user: 'admin', password: PASSWORD }));
    expect((await set('another long password', first)).status).toBe(204);
    expect((await get('/api/session', third)).status).toBe(401);
    expect((await get('/api/session', first)).status).toBe(200);
  });

  it('gives a page that came by TLS a cookie that never travels without', async () => {
    const origin = 'https://weir.bank.test';
    const secure = new Rig('uws', { allowedOrigins: [origin] });
    await secure.start();
    const made = new URL(secure.server.signInLink()).hash.replace('#token=', '');
    const entered = await secure.send('POST', '/api/session', { token: made }, { origin });
    expect(entered.headers.getSetCookie()[0]).toMatch(/; HttpOnly; SameSite=Strict; Secure$/);
    const left = await secure.send('DELETE', '/api/session', undefined, { origin });
    expect(left.headers.getSetCookie()[0]).toMatch(/Max-Age=0; .*; Secure$/);
    await secure.end();
  });

  it('makes a session of its own, whatever cookie came', async () => {
    const [name] = (await rig.signIn()).split('=');
    const planted = `${name}=${'A'.repeat(43)}`;
    const reply = await session({ token: token() }, { cookie: planted });
    expect(reply.headers.getSetCookie()[0]).not.toContain(planted);
    expect((await get('/api/session', planted)).status).toBe(401);
  });

  it('slows down whoever guesses', async () => {
    const tries: number[] = [];
    for (let i = 0; i < 25; i++) tries.push((await session({ token: 'y'.repeat(43) })).status);
    expect(tries.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 401));
    expect(tries.slice(20)).toEqual(Array.from({ length: 5 }, () => 429));
    const reply = await session({ user: 'admin', password: 'x' });
    expect(Number(reply.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await code(reply)).toEqual([429, 'too-many-attempts']);
  });

  it('tells who came in and who was refused, and nothing that was typed', async () => {
    const made = token();
    expect((await session({ token: made })).status).toBe(200);
    await session({ token: made });
    await session({ user: PASSWORD, password: 'a guess of 12+' });
    expect(rig.lines.filter((line) => line.message.startsWith('sign'))).toEqual([
      {
        level: 'info',
        fields: { user: 'admin', by: 'link', address: '127.0.0.1' },
        message: 'signed in',
      },
      {
        level: 'warn',
        fields: { why: 'link-used', by: 'link', address: '127.0.0.1' },
        message: 'sign-in refused',
      },
      {
        level: 'warn',
        fields: { why: 'bad-credentials', by: 'password', address: '127.0.0.1' },
        message: 'sign-in refused',
      },
    ]);
    const text = await rig.metrics.text();
    for (const result of ['ok', 'link-used', 'bad-credentials']) {
      expect(text).toContain(`weir_sign_ins_total{result="${result}",role="dashboard"} 1`);
    }
    expect(text).toContain('weir_sign_ins_total{result="too-many-attempts",role="dashboard"} 0');
  });

  it('goes on when its statistics cannot be written, and says so once', async () => {
    // In the way, as a full disk is.
    mkdirSync(join(rig.dir, 'stats', 'dashboard.json.tmp'), { recursive: true });
    const told = () => rig.lines.filter((line) => line.message.startsWith('statistics'));
    await until(() => told().length > 0, 'told');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(told()).toHaveLength(1);
    expect((await get('/api/session')).status).toBe(401);
  });

  it('says without error that there is no demonstration', async () => {
    const reply = await get('/api/demo', await rig.signIn());
    expect([reply.status, await reply.json()]).toEqual([200, null]);
  });

  it('keeps people signed in over a restart', async () => {
    const cookie = await rig.signIn();
    await rig.stop();
    await rig.start();
    let reply = await get('/api/session', cookie);
    // A kept-alive connection to the server before the restart.
    if (reply.status === 503) reply = await get('/api/session', cookie);
    expect(reply.status).toBe(200);
  });

  it('lists, filters, counts, tells one alert in full, takes commands', async () => {
    const cookie = await rig.signIn();
    await rig.put(
      sampleHit(1, { subject: 'G', severity: 'low' }),
      sampleHit(2, { subject: 'H', severity: 'critical' }),
      sampleHit(3, { subject: 'G', rule: 'other', family: 'outflow' }),
    );
    await until(() => rig.server.book.workPosition === 3, 'taken');
    const list = async (query = ''): Promise<AlertList> =>
      (await (await get(`/api/alerts${query}`, cookie)).json()) as AlertList;
    const all = await list();
    expect(all.rows.map((r) => r.subject)).toEqual(['H', 'G', 'G']);
    expect(all.counts).toMatchObject({ all: 3, mine: 0, unassigned: 3 });
    expect(all.counts.byFamily).toMatchObject({ aml: 2, outflow: 1, care: 0 });
    expect((await list('?family=outflow')).total).toBe(1);
    expect(
      (await list(`?q=${sampleHit(2, { subject: 'H' }).id}+name`)).rows.map((r) => r.subject),
    ).toEqual(['H']);
    expect((await list('?limit=1')).rows.length).toBe(1);
    expect(await code(await get('/api/alerts?limit=x', cookie))).toEqual([400, 'bad-query']);
    const { id } = sampleHit(1, { subject: 'G' });
    const close = { type: 'close', command: 'c', reason: 'false-positive', note: 'seen' };
    const reply = await rig.send('POST', `/api/alerts/${id}/commands`, close, { cookie });
    expect(await reply.json()).toMatchObject({ row: { state: 'closed', closeNote: 'seen' } });
    const again = await rig.send('POST', `/api/alerts/${id}/commands`, close, { cookie });
    expect(again.status).toBe(200);
    expect((await list('?state=closed')).rows.map((r) => r.id)).toEqual([id]);
    const detail = (await (await get(`/api/alerts/${id}`, cookie)).json()) as AlertDetail;
    expect(detail.hits.map((h) => h.transactionId)).toEqual(['t1']);
    expect(detail.rule).toMatchObject({ bands: [{ outcome: 'reached', from: 20_000_000 }] });
    expect(detail.trail.map((t) => t.what)).toEqual(['open', 'close']);
    expect(detail.otherAlerts.map((r) => r.rule)).toEqual(['other']);
  });

  it('serves the page with strict headers, hashed files for ever, nothing beside it', async () => {
    const page = await get('/');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(page.headers.get('content-security-policy')).not.toContain('unsafe');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page.headers.get('cache-control')).toBe('no-cache');
    expect(await page.text()).toContain('<title>Weir</title>');
    const tag = page.headers.get('etag') ?? '';
    const same = await fetch(rig.origin, { headers: { 'if-none-match': tag } });
    expect(same.status).toBe(304);
    const asset = await get('/assets/app-1a2b.js');
    expect(asset.headers.get('cache-control')).toContain('immutable');
    expect(asset.headers.get('content-type')).toContain('javascript');
    expect(await asset.text()).toContain('export');
    for (const path of ['/../secret-beside-the-page', '/%2e%2e/secret-beside-the-page', '/x']) {
      expect((await get(path)).status).toBe(404);
    }
  });
});

it('knows its own addresses and those of the configuration, and nothing like them', () => {
  const ours = originCheck('127.0.0.1', 8480, ['https://weir.bank.test/']);
  for (const origin of [
    'http://localhost:8480',
    'http://127.0.0.1:8480',
    'https://weir.bank.test',
  ]) {
    expect(ours(origin)).toBe(true);
  }
  for (const origin of [
    undefined,
    'null',
    'http://localhost:8481',
    'https://localhost:8480',
    'http://localhost:8480.evil.test',
    'https://weir.bank.test.evil.test',
  ]) {
    expect(ours(origin)).toBe(false);
  }
});
