/** The live hub with real sockets and real logs, on both transports. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertList } from '../../schemas/protocol.js';
import { encodeCursor } from './cursor.js';
import { Rig, TestClient, until } from './testing/rig.js';
import { sampleHit } from './testing/sample.js';

const hit = (n: number, subject = `s${n}`) => sampleHit(n, { subject });

describe.each(['uws', 'ws'] as const)('live hub on %s', (kind) => {
  let rig: Rig;
  let cookie: string;
  beforeEach(async () => {
    rig = new Rig(kind, { connectionsPerUserMax: 4 });
    await rig.start();
    cookie = await rig.signIn();
  });
  afterEach(async () => {
    await rig.end();
  });
  const connect = (options = {}): Promise<TestClient> =>
    new TestClient().connect(rig, cookie, options).ready();
  const list = async (): Promise<AlertList> => {
    const headers = { cookie };
    let reply = await fetch(`${rig.origin}/api/alerts`, { headers });
    // A kept-alive connection to the server before the restart: it says "stopping", try again.
    if (reply.status === 503) reply = await fetch(`${rig.origin}/api/alerts`, { headers });
    return (await reply.json()) as AlertList;
  };

  it('welcomes, pushes a new alert at once, then its change', async () => {
    const client = await connect();
    expect(client.of('welcome')[0]).toMatchObject({
      protocol: 'weir.v1',
      heartbeatMs: 2_000,
      transport: kind,
      user: { name: 'admin', role: 'administrator' },
    });
    await rig.put(hit(1, 'G'));
    await until(() => client.rows.size === 1, 'the alert');
    await rig.put(hit(2, 'G'));
    await until(() => client.rows.get(hit(1, 'G').id)?.hitCount === 2, 'the change');
    expect(client.opened.get(hit(1, 'G').id)).toBe(1);
  });

  it('pushes in batches, at most ten a second', async () => {
    const client = await connect({ channels: ['alerts'] });
    for (let i = 0; i < 60; i++) {
      await rig.put(hit(i));
      await new Promise((resolve) => setTimeout(resolve, 8));
    }
    await until(() => client.rows.size === 60, 'all');
    const times = client.pushTimes;
    const spanMs = times.at(-1)! - times[0]!;
    expect(times.length).toBeLessThanOrEqual(Math.ceil(spanMs / 100) + 2);
    expect(client.gaps).toBe(0);
  });

  it('resumes over restarts of server and client: nothing lost, nothing twice', async () => {
    const client = await connect();
    let sent = 0;
    const some = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await rig.put(hit(sent++));
    };
    await some(5);
    await until(() => client.rows.size === 5, 'the first');
    for (let round = 0; round < 3; round++) {
      await some(3);
      await rig.stop();
      await until(() => client.code === 4001, 'sent away with "come back"');
      await some(4);
      await rig.start();
      client.connect(rig, cookie);
      await some(2);
      await until(() => client.rows.size === sent, `round ${round}`);
      client.socket.terminate();
      await some(2);
      client.connect(rig, cookie);
      await until(() => client.rows.size === sent, `round ${round}, again`);
    }
    expect([...client.opened.values()].every((n) => n === 1)).toBe(true);
    expect(client.of('subscribed').every((m) => m.recovered)).toBe(true);
    expect(client.gaps).toBe(0);
    expect((await list()).total).toBe(sent);
  });

  it('continues without a gap from the first screen', async () => {
    await rig.put(hit(1), hit(2));
    await until(() => rig.server.book.workPosition === 2, 'taken');
    const screen = await list();
    expect(screen.rows.length).toBe(2);
    await rig.put(hit(3), hit(4, 's1'));
    await until(() => rig.server.book.workPosition === 4, 'taken');
    const client = new TestClient();
    client.cursors.set('alerts', screen.cursor);
    client.cursors.set('alert-updates', screen.cursor);
    client.connect(rig, cookie);
    await until(() => client.rows.size === 2, 'what was missed');
    expect([...client.opened.keys()]).toEqual([hit(3).id]);
    expect(client.rows.get(hit(1).id)?.hitCount).toBe(2);
  });

  it('says when it cannot resume', async () => {
    const foreign = { hitsIdentity: 'x', hitsPosition: 0, workIdentity: 'y', workPosition: 0 };
    for (const cursor of ['nonsense', encodeCursor(foreign)]) {
      const client = new TestClient();
      client.cursors.set('alerts', cursor);
      await client.connect(rig, cookie, { channels: ['alerts'] }).ready();
      expect(client.of('subscribed')[0]?.recovered).toBe(false);
      await rig.put(hit(cursor.length));
      await until(() => client.rows.size === 1, 'goes on live');
      client.socket.terminate();
    }
  });

  it('pushes what people do to everybody', async () => {
    const [mine, other] = [await connect(), await connect()];
    await rig.put(hit(1));
    await until(() => other.rows.size === 1, 'seen');
    const path = `/api/alerts/${hit(1).id}/commands`;
    const take = { type: 'take', command: 'c1' };
    const reply = await rig.send('POST', path, take, { cookie });
    expect(await reply.json()).toMatchObject({ row: { state: 'taken', owner: 'admin' } });
    for (const client of [mine, other]) {
      await until(() => client.rows.get(hit(1).id)?.state === 'taken', 'taken');
    }
  });

  it('sends heartbeats with a cursor, and statistics', async () => {
    const client = await connect({ channels: ['alerts', 'stats'] });
    await rig.put(hit(1));
    await until(() => client.of('heartbeat').length > 0, 'heartbeat');
    await until(() => client.of('push').filter((p) => p.channel === 'stats').length > 1, 'stats');
    const stats = client.of('push').findLast((p) => p.channel === 'stats')?.items[0];
    expect(stats).toMatchObject({ openAlerts: 1, alertsPerMinute: 1, engine: 'away' });
    expect((stats as { latencyP50Ms: number }).latencyP50Ms).toBeGreaterThanOrEqual(0);
  });

  it('refuses strangers: Origin, cookie, protocol, number, words', async () => {
    const code = async (client: TestClient): Promise<number> => {
      await until(() => client.code !== 0, 'refused');
      return client.code;
    };
    const fresh = (): TestClient => new TestClient();
    expect(await code(fresh().connect(rig, cookie, { origin: 'https://evil.test' }))).toBe(403);
    expect(await code(fresh().connect(rig, ''))).toBe(4501);
    expect(await code(fresh().connect(rig, 'weir=x'))).toBe(4501);
    expect(await code(fresh().connect(rig, cookie, { protocols: ['weir.v2'] }))).toBe(4506);
    expect(await code(fresh().connect(rig, cookie, { protocols: ['chat'] }))).toBe(400);
    for (const bad of ['no json', '{"type":"subscribe","channel":"x"}', '{"__proto__":{}}']) {
      const client = await connect();
      client.socket.send(bad);
      expect(await code(client)).toBe(4500);
    }
    await until(() => true, 'closed');
    const four = [await connect(), await connect(), await connect(), await connect()];
    expect(await code(fresh().connect(rig, cookie))).toBe(4504);
    for (const client of four) expect(client.code).toBe(0);
  });

  it('ends a connection whose session is over', async () => {
    const client = await connect();
    await rig.send('DELETE', '/api/session', undefined, { cookie });
    await until(() => client.code === 4005, 'closed');
  });

  it('closes a slow client with 4008, and it gets everything when it comes back', async () => {
    const client = await connect();
    client.stream.pause();
    // Wide rows, and many more than the kernel and our limit can buffer together.
    let sent = 0;
    while (sent < 4_000) {
      const batch = Array.from({ length: 500 }, () => hit(sent, `wide-${sent++}`));
      await rig.put(...batch);
    }
    await until(() => rig.server.slowDisconnects > 0, 'given up');
    expect(rig.server.slowDisconnects).toBe(1);
    client.stream.resume();
    await until(() => client.code === 4008, 'told why');
    client.connect(rig, cookie);
    await until(() => client.rows.size === sent, 'everything');
    expect([...client.opened.values()].every((n) => n === 1)).toBe(true);
    expect(client.gaps).toBe(0);
  }, 40_000);
});
