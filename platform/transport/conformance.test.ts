/**
 * One suite, run on every transport. What one does and another does not is a defect of one of
 * them, except where the test says which freedom a transport has.
 */
import { request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { createTransport, type Transport, type TransportSocket } from './index.js';
import { loadUws } from './uws.js';

const nothing = (): void => undefined;
const silent = { info: nothing, warn: nothing, error: nothing };
const SETTING = 'dashboardPort';

/** A server whose socket listeners tell what they saw. */
interface Rig {
  transport: Transport;
  port: number;
  sockets: TransportSocket[];
  seen: string[];
  closedWith: number[];
}

async function rig(kind: 'uws' | 'ws'): Promise<Rig> {
  const transport = createTransport({
    prefer: kind,
    logger: silent,
    limits: { bodyTimeoutMs: 400 },
  });
  const sockets: TransportSocket[] = [];
  const seen: string[] = [];
  const closedWith: number[] = [];
  transport.route('GET', '/plain', (x) => x.reply(200, { 'content-type': 'text/plain' }, 'ok'));
  transport.route('GET', '/items/:id/parts/:part', (x) => {
    x.reply(200, {}, JSON.stringify([x.params['id'], x.params['part'], x.query.get('q')]));
  });
  transport.route('GET', '/files/*', (x) => x.reply(200, {}, x.params['*']));
  transport.route('GET', '/later/:n', async (x) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    x.reply(200, { 'set-cookie': ['a=1', 'b=2'] }, x.params['n']);
  });
  transport.route('GET', '/empty', (x) => x.reply(204, {}));
  transport.route('GET', '/throws', () => {
    throw new Error('secret detail');
  });
  transport.route('GET', '/forgets', async () => undefined);
  transport.route('GET', '/head', (x) => x.reply(200, {}, x.header('x-test') ?? 'none'));
  transport.route('POST', '/echo', async (x) => {
    const body = await x.body(100_000);
    seen.push(typeof body === 'string' ? body : `${body.length}`);
    if (body === 'too-large') x.reply(413, {}, 'too large');
    else if (body === 'timeout') x.reply(408, {}, 'slow');
    else if (body === 'aborted') x.reply(400, {}, 'gone');
    else x.reply(200, {}, body);
  });
  transport.route('POST', '/late', async (x) => {
    await Promise.resolve();
    try {
      await x.body(10);
    } catch (error) {
      x.reply(200, {}, (error as Error).message);
    }
  });
  transport.route('GET', '/injects', (x) => x.reply(200, { 'x-a': 'b\r\nset-cookie: c=d' }, ''));
  transport.socket('/ws', (head) => {
    if (head.header('origin') === 'https://evil.test') {
      return { accept: false, status: 403, body: 'origin' };
    }
    if (!head.protocols.includes('weir.v1')) {
      return { accept: false, status: 400, body: 'subprotocol' };
    }
    seen.push(`cookie:${head.header('cookie') ?? ''}`);
    return {
      accept: true,
      protocol: 'weir.v1',
      listener: {
        opened(socket) {
          sockets.push(socket);
          if (head.query.get('late') === 'refused') socket.close(4501, 'unauthorised');
        },
        message(text) {
          seen.push(text);
          if (text === 'echo') sockets[0]?.send('echoed');
        },
        closed(code) {
          closedWith.push(code);
        },
      },
    };
  });
  const { port } = await transport.listen({ host: '127.0.0.1', port: 0, setting: SETTING });
  return { transport, port, sockets, seen, closedWith };
}

const kinds: ('uws' | 'ws')[] = loadUws().ok ? ['uws', 'ws'] : ['ws'];

async function until(what: () => boolean, message: string): Promise<void> {
  for (let i = 0; i < 1_000; i++) {
    if (what()) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  throw new Error(`waited in vain: ${message}`);
}

function raw(port: number): { socket: Socket; text(): string; ended(): boolean } {
  let text = '';
  let ended = false;
  const socket = connect(port, '127.0.0.1');
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('close', () => {
    ended = true;
  });
  socket.on('error', () => undefined);
  return { socket, text: () => text, ended: () => ended };
}

it('has uWebSockets.js to test where its binary is shipped', () => {
  const shipped = ['108', '115'].includes(process.versions.modules) && process.arch === 'x64';
  if (shipped && process.platform === 'linux') expect(kinds).toContain('uws');
});

describe.each(kinds)('transport %s', (kind) => {
  let r: Rig;
  let base: string;
  beforeEach(async () => {
    r = await rig(kind);
    base = `http://127.0.0.1:${r.port}`;
  });
  afterEach(async () => {
    await r.transport.close(200);
  });
  const open = (path = '/ws', headers: Record<string, string> = {}): WebSocket =>
    new WebSocket(`ws://127.0.0.1:${r.port}${path}`, ['other', 'weir.v1'], { headers });
  const opened = async (): Promise<WebSocket> => {
    const client = open();
    await new Promise((resolve, reject) => {
      client.once('open', resolve);
      client.once('error', reject);
    });
    await until(() => r.sockets.length > 0, 'server side open');
    return client;
  };

  it('routes by method and path, with decoded parameters and query', async () => {
    expect(r.transport.kind).toBe(kind);
    const reply = await fetch(`${base}/items/a%20b%2Fc/parts/%E5%A0%B0?q=%E5%BC%A0`);
    expect(await reply.json()).toEqual(['a b/c', '堰', '张']);
    expect(await (await fetch(`${base}/files/a/b.js`)).text()).toBe('a/b.js');
    expect((await fetch(`${base}/nowhere`)).status).toBe(404);
    const wrong = await fetch(`${base}/plain`, { method: 'POST', body: 'x' });
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET']);
    expect((await fetch(`${base}/items/%E0%A4%A/parts/x`)).status).toBe(400);
  });

  it('answers HEAD like GET, without the body', async () => {
    const reply = await fetch(`${base}/plain`, { method: 'HEAD' });
    expect([reply.status, reply.headers.get('content-length')]).toEqual([200, '2']);
    expect(await reply.text()).toBe('');
  });

  it('sends a status without a body, and one header several times', async () => {
    expect((await fetch(`${base}/empty`)).status).toBe(204);
    const reply = await fetch(`${base}/later/1`);
    expect(reply.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it('turns a failing or forgetful handler into 500 and tells nothing of it', async () => {
    const reply = await fetch(`${base}/throws`);
    expect(reply.status).toBe(500);
    expect(await reply.text()).not.toContain('secret');
    expect((await fetch(`${base}/forgets`)).status).toBe(500);
  });

  it('refuses to write a header with a line break', async () => {
    const reply = await fetch(`${base}/injects`);
    expect([reply.status, reply.headers.get('set-cookie')]).toEqual([500, null]);
  });

  it('returns a body byte by byte as sent, up to the limit', async () => {
    const body = Buffer.alloc(100_000, 'x');
    for (let i = 0; i < body.length; i += 7) body[i] = i & 255;
    const reply = await fetch(`${base}/echo`, { method: 'POST', body });
    expect(Buffer.compare(Buffer.from(await reply.arrayBuffer()), body)).toBe(0);
    // One of them could not read it late, so both refuse.
    const late = await fetch(`${base}/late`, { method: 'POST', body: 'x' });
    expect(await late.text()).toContain('before the first await');
    const nothing = await fetch(`${base}/echo`, { method: 'POST', body: '' });
    expect([nothing.status, await nothing.text()]).toEqual([200, '']);
  });

  it('answers 413 to a body above the limit, announced or chunked', async () => {
    const announced = await fetch(`${base}/echo`, { method: 'POST', body: 'x'.repeat(100_001) });
    expect(announced.status).toBe(413);
    const status = await new Promise((resolve, reject) => {
      const sent = httpRequest(`${base}/echo`, { method: 'POST' }, (res) => {
        res.resume();
        resolve(res.statusCode);
      });
      sent.on('error', reject);
      for (let i = 0; i < 101; i++) sent.write('y'.repeat(1_000));
      sent.end();
    });
    expect(status).toBe(413);
    expect((await fetch(`${base}/plain`)).status).toBe(200);
  });

  it('puts a chunked body together', async () => {
    const text = await new Promise((resolve, reject) => {
      const sent = httpRequest(`${base}/echo`, { method: 'POST' }, (res) => {
        let got = '';
        res.on('data', (d) => {
          got += d;
        });
        res.on('end', () => resolve(got));
      });
      sent.on('error', reject);
      sent.write('one,');
      setTimeout(() => sent.end('two'), 10);
    });
    expect(text).toBe('one,two');
  });

  it('gives up a body that comes too slowly, and one that never ends', async () => {
    const slow = raw(r.port);
    slow.socket.write('POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc');
    await until(() => slow.text().includes('408') || slow.ended(), '408');
    expect(r.seen).toContain('timeout');
    const gone = raw(r.port);
    gone.socket.write('POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc');
    await until(() => r.transport.counts().exchanges === 1, 'arrived');
    gone.socket.destroy();
    await until(() => r.seen.includes('aborted'), 'aborted');
    await until(() => r.transport.counts().exchanges === 0, 'nothing under way');
  });

  it('keeps a connection alive over many requests', async () => {
    const client = raw(r.port);
    for (let i = 1; i <= 5; i++) {
      client.socket.write('GET /later/7 HTTP/1.1\r\nhost: a\r\n\r\n');
      await until(() => client.text().split('HTTP/1.1 200').length === i + 1, `reply ${i}`);
    }
    expect(client.ended()).toBe(false);
    client.socket.destroy();
  });

  it('answers pipelined requests in order', async () => {
    const client = raw(r.port);
    client.socket.write('GET /plain HTTP/1.1\r\nhost: a\r\n\r\n'.repeat(10));
    await until(() => client.text().split('HTTP/1.1 200').length === 11, '10 replies');
    client.socket.destroy();
  });

  it('never mixes up pipelined replies that take time', async () => {
    // uWebSockets.js closes such a connection; the client then sends again. Wrong is only a
    // reply out of order.
    const client = raw(r.port);
    let text = '';
    for (let i = 0; i < 10; i++) text += `GET /later/n${i} HTTP/1.1\r\nhost: a\r\n\r\n`;
    client.socket.write(text);
    await until(() => client.ended() || client.text().includes('n9'), 'replies or an end');
    const order = [...client.text().matchAll(/\bn(\d)/g)].map((m) => Number(m[1]));
    expect(order).toEqual(order.map((_, i) => i));
    if (kind === 'ws') expect(order.length).toBe(10);
    expect((await fetch(`${base}/plain`)).status).toBe(200);
    client.socket.destroy();
  });

  it('refuses an upgrade with the status that the hook says', async () => {
    const statusOf = (client: WebSocket): Promise<number> =>
      new Promise((resolve) => {
        client.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
        client.on('error', () => undefined);
      });
    expect(await statusOf(open('/ws', { origin: 'https://evil.test' }))).toBe(403);
    expect(await statusOf(open('/other'))).toBe(404);
    const without = new WebSocket(`ws://127.0.0.1:${r.port}/ws`);
    expect(await statusOf(without)).toBe(400);
    expect(r.sockets.length).toBe(0);
    expect((await fetch(`${base}/ws`)).status).toBe(404);
  });

  it('accepts with the chosen subprotocol and shows cookies to the hook', async () => {
    const client = open('/ws', { cookie: 'weir=abc' });
    await new Promise((resolve) => client.once('open', resolve));
    expect(client.protocol).toBe('weir.v1');
    expect(r.seen).toContain('cookie:weir=abc');
    client.terminate();
    await until(() => r.closedWith.length === 1, 'closed');
    expect(r.transport.counts().sockets).toBe(0);
  });

  it('can accept and then close with a code', async () => {
    const client = open('/ws?late=refused');
    const code = await new Promise((resolve) => client.once('close', resolve));
    expect(code).toBe(4501);
    await until(() => r.closedWith[0] === 4501, 'the listener hears it too');
  });

  it('keeps the order of messages both ways', async () => {
    const client = await opened();
    const got: string[] = [];
    client.on('message', (data) => got.push(data.toString()));
    for (let i = 0; i < 500; i++) {
      client.send(`c${i}`);
      r.sockets[0]!.send(`s${i} 堰`);
    }
    await until(() => got.length === 500, 'all from the server');
    await until(() => r.seen.includes('c499'), 'all from the client');
    expect(got).toEqual(Array.from({ length: 500 }, (_, i) => `s${i} 堰`));
    const sent = r.seen.filter((s) => /^c\d/.test(s));
    expect(sent).toEqual(Array.from({ length: 500 }, (_, i) => `c${i}`));
    client.terminate();
  });

  it('closes on a message that is too large or not text', async () => {
    const large = await opened();
    large.on('error', () => undefined);
    const left = new Promise((resolve) => large.once('close', resolve));
    large.send('x'.repeat(64 * 1024 + 1));
    await left;
    const binary = await opened();
    const code = new Promise((resolve) => binary.once('close', resolve));
    binary.send(Buffer.from('bytes'));
    expect(await code).toBe(1003);
    expect(r.seen.every((s) => s.length < 1_000)).toBe(true);
  });

  it('shows what a slow client has not taken, drops nothing, can close it with 4008', async () => {
    const client = await opened();
    const socket = r.sockets[0]!;
    const message = 'z'.repeat(64 * 1024);
    // The underlying stream, so that the kernel's buffers fill.
    const stream = (client as unknown as { _socket: Socket })._socket;
    stream.pause();
    let sent = 0;
    for (; sent < 1_000 && socket.bufferedBytes < 1024 * 1024; sent++) {
      socket.send(message);
      if (sent % 16 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect(socket.bufferedBytes).toBeGreaterThan(1024 * 1024);
    let got = 0;
    client.on('message', () => got++);
    const code = new Promise((resolve) => client.once('close', resolve));
    socket.close(4008, 'slow');
    expect(socket.send('after')).toBe(false);
    expect(socket.bufferedBytes).toBe(0);
    stream.resume();
    expect(await code).toBe(4008);
    expect(got).toBe(sent);
    expect(r.closedWith).toEqual([4008]);
  });

  it('tells the code with which the client closed', async () => {
    const client = await opened();
    client.close(4123, 'bye');
    await until(() => r.closedWith.length === 1, 'closed');
    expect(r.closedWith).toEqual([4123]);
  });

  it('names the busy port and its setting', async () => {
    const other = createTransport({ prefer: kind, logger: silent });
    const asked = other.listen({ host: '127.0.0.1', port: r.port, setting: SETTING });
    await expect(asked).rejects.toMatchObject({ code: 'port_busy' });
    await expect(asked).rejects.toThrow(new RegExp(`port ${r.port} on 127.0.0.1.*${SETTING}`));
    await other.close(100);
  });

  it('holds a thousand sockets and reaches each', async () => {
    const count = process.env['WEIR_DEEP'] === '1' ? 1_000 : 200;
    const clients: WebSocket[] = [];
    let greeted = 0;
    for (let i = 0; i < count; i++) {
      const client = open();
      client.on('message', () => greeted++);
      client.on('error', () => undefined);
      clients.push(client);
    }
    await until(() => r.sockets.length === count, 'all open');
    expect(r.transport.counts().sockets).toBe(count);
    for (const socket of r.sockets) socket.send('hello');
    await until(() => greeted === count, 'all greeted');
    for (const client of clients) client.terminate();
    await until(() => r.transport.counts().sockets === 0, 'all gone');
  });

  it('lets a reply under way finish when it closes, and takes nothing new', async () => {
    const client = await opened();
    const code = new Promise((resolve) => client.once('close', resolve));
    const under = fetch(`${base}/later/last`);
    await until(() => r.transport.counts().exchanges === 1, 'under way');
    const closed = r.transport.close(1_000);
    expect(await (await under).text()).toBe('last');
    expect(await code).toBe(1001);
    await closed;
    await expect(fetch(`${base}/plain`)).rejects.toThrow();
  });
});
