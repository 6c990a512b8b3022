/** The sender's HTTP: every request is answered once, whatever the server does with connections. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type Answer, Connections } from './connections.js';

let server: Server | undefined;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

async function listen(answer: (body: string) => { status: number; waitMs: number }) {
  const listening = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const { status, waitMs } = answer(body);
      setTimeout(() => {
        response.statusCode = status;
        response.end(`told ${body}`);
      }, waitMs);
    });
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(listening.address() as AddressInfo).port}/v1/transactions`;
}

function post(connections: Connections, body: string): Promise<Answer | Error> {
  return new Promise((resolve) => connections.post(body, () => undefined, resolve));
}

describe('connections', () => {
  it('sends at once although no answer has come, and gives each body its own', async () => {
    let waiting = 0;
    let waitingMax = 0;
    const url = await listen(() => {
      waitingMax = Math.max(waitingMax, ++waiting);
      setTimeout(() => waiting--, 50);
      return { status: 200, waitMs: 50 };
    });
    const connections = new Connections(url, { 'content-type': 'text/plain' });
    await connections.open(2);
    const bodies = Array.from({ length: 30 }, (_, i) => `body ${i} 元`);
    const answers = await Promise.all(bodies.map((body) => post(connections, body)));
    expect(answers.map((a) => (a instanceof Error ? a : a.status))).toEqual(bodies.map(() => 200));
    answers.forEach((answer, i) => {
      const { body } = answer as Answer;
      expect(Buffer.from(body, 'latin1').toString('utf8')).toBe(`told body ${i} 元`);
    });
    expect(waitingMax).toBeGreaterThan(2);
    connections.close();
  });

  it('takes another connection when the server has closed those that idled', async () => {
    const url = await listen(() => ({ status: 202, waitMs: 0 }));
    const connections = new Connections(url, {});
    await connections.open(3);
    await Promise.all(['one', 'two', 'three'].map((body) => post(connections, body)));
    server?.closeIdleConnections();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const answer = await post(connections, 'after');
    expect((answer as Answer).status).toBe(202);
    expect(connections.opened).toBe(4);
    connections.close();
  });

  it('tells when a connection breaks before its answer', async () => {
    const url = await listen(() => ({ status: 200, waitMs: 60_000 }));
    const connections = new Connections(url, {});
    await connections.open(1);
    const answer = post(connections, 'lost');
    await new Promise((resolve) => setTimeout(resolve, 50));
    server?.closeAllConnections();
    expect(await answer).toBeInstanceOf(Error);
    connections.close();
  });
});
