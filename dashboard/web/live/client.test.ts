import { beforeEach, describe, expect, it } from 'vitest';
import type { AlertRow, ClientMessage, ServerMessage } from '../../../schemas/protocol.js';
import { makeRow, seeded } from '../testing/alerts.js';
import { BACKOFF_MS_MAX, BACKOFF_MS_MIN, backoffMs } from './backoff.js';
import { type Connection, LiveClient, type LiveEnvironment, type Socket } from './client.js';

class FakeSocket implements Socket {
  readyState = 1;
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  sent: ClientMessage[] = [];
  send(data: string): void {
    this.sent.push(JSON.parse(data) as ClientMessage);
  }
  close(): void {
    this.readyState = 3;
  }
  say(message: ServerMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

/** Time that moves only when told to; timers run in their order. */
class FakeEnvironment implements LiveEnvironment {
  sockets: FakeSocket[] = [];
  private now = 1_000_000;
  private timers: { at: number; run: () => void }[] = [];
  open(): Socket {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    return socket;
  }
  nowMs = (): number => this.now;
  random = (): number => 1;
  setTimer(run: () => void, ms: number): unknown {
    const timer = { at: this.now + ms, run };
    this.timers.push(timer);
    return timer;
  }
  clearTimer(timer: unknown): void {
    this.timers = this.timers.filter((each) => each !== timer);
  }
  pass(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      this.timers.sort((a, b) => a.at - b.at);
      const next = this.timers[0];
      if (next === undefined || next.at > end) break;
      this.timers.shift();
      this.now = next.at;
      next.run();
    }
    this.now = end;
  }
  get last(): FakeSocket {
    return this.sockets.at(-1) as FakeSocket;
  }
}

const welcome: ServerMessage = {
  type: 'welcome',
  protocol: 'weir.v1',
  epoch: 'e',
  serverTimeMs: 0,
  heartbeatMs: 2_000,
  limits: { pushesPerSecond: 10 },
  user: { name: 'li', role: 'officer', permissions: ['alerts.read'] },
  transport: 'ws',
};
const row = (n: number): AlertRow => makeRow(n, seeded(n), 0);
const push = (seqFrom: number, count: number, cursor: string): ServerMessage => ({
  type: 'push',
  channel: 'alerts',
  seqFrom,
  seqTo: seqFrom + count - 1,
  cursor,
  items: Array.from({ length: count }, (_, i) => row(seqFrom + i)),
});
const heartbeat: ServerMessage = { type: 'heartbeat', t: 5, cursor: 'ignored' };

let environment: FakeEnvironment;
let client: LiveClient;
let rows: string[];
let states: Connection['state'][];
let reloads: number;
let checks: number;

beforeEach(() => {
  environment = new FakeEnvironment();
  rows = [];
  states = [];
  reloads = 0;
  checks = 0;
  client = new LiveClient(environment, {
    rows: (items) => rows.push(...items.map((each) => each.id)),
    stats: () => undefined,
    connection: (value) => states.push(value.state),
    welcome: () => undefined,
    reload: () => {
      reloads += 1;
    },
    checkSession: () => {
      checks += 1;
    },
  });
  client.start('c0');
});

function subscription(socket: FakeSocket, channel: string): { since?: string } {
  for (const each of socket.sent) {
    if (each.type === 'subscribe' && each.channel === channel) return each;
  }
  return {};
}

describe('LiveClient', () => {
  it('subscribes to its three channels from the cursor of the first screen', () => {
    environment.last.say(welcome);
    expect(environment.last.sent).toEqual([
      { type: 'subscribe', channel: 'alerts', since: 'c0' },
      { type: 'subscribe', channel: 'alert-updates', since: 'c0' },
      { type: 'subscribe', channel: 'stats' },
    ]);
    expect(states.at(-1)).toBe('live');
  });

  it('resumes from the cursor of the last push after a lost connection', () => {
    environment.last.say(welcome);
    environment.last.say(push(1, 3, 'c3'));
    environment.last.onclose?.({ code: 1006 });
    expect(states.at(-1)).toBe('reconnecting');
    environment.pass(BACKOFF_MS_MIN);
    expect(environment.sockets.length).toBe(2);
    environment.last.say(welcome);
    expect(subscription(environment.last, 'alerts').since).toBe('c3');
    expect(subscription(environment.last, 'alert-updates').since).toBe('c0');
  });

  it('takes nothing of a push that leaves a gap, and fetches it again', () => {
    environment.last.say(welcome);
    environment.last.say(push(1, 2, 'c2'));
    environment.last.say(push(5, 2, 'c6'));
    expect(rows.length).toBe(2);
    environment.pass(BACKOFF_MS_MIN);
    environment.last.say(welcome);
    expect(subscription(environment.last, 'alerts').since).toBe('c2');
    environment.last.say(push(1, 4, 'c6'));
    expect(rows.length).toBe(6);
  });

  it('asks for the first screen again when the history is gone', () => {
    environment.last.say(welcome);
    environment.last.say({ type: 'subscribed', channel: 'alerts', recovered: true, cursor: 'c0' });
    expect(reloads).toBe(0);
    environment.last.say({ type: 'subscribed', channel: 'alerts', recovered: false, cursor: 'c9' });
    expect(reloads).toBe(1);
  });

  it('is stale after two missed heartbeats, live again with the next, given up after six', () => {
    environment.last.say(welcome);
    environment.pass(3_900);
    expect(states.at(-1)).toBe('live');
    environment.pass(1_200);
    expect(states.at(-1)).toBe('stale');
    environment.last.say(heartbeat);
    expect(states.at(-1)).toBe('live');
    expect(environment.last.sent.at(-1)).toEqual({ type: 'pong', t: 5 });
    environment.pass(14_000);
    expect(environment.sockets.length).toBeGreaterThan(1);
  });

  it.each([4500, 4501, 4503, 4504, 4506])('does not come back after close code %i', (code) => {
    environment.last.say(welcome);
    environment.last.onclose?.({ code });
    environment.pass(120_000);
    expect(environment.sockets.length).toBe(1);
    expect(states.at(-1)).toBe('stopped');
  });

  it.each([1006, 4001, 4008, 4010, 4012])('comes back after close code %i', (code) => {
    environment.last.say(welcome);
    environment.last.onclose?.({ code });
    environment.pass(60_000);
    expect(environment.sockets.length).toBeGreaterThan(1);
  });

  it('asks whether the session still stands when a socket is refused', () => {
    environment.last.onclose?.({ code: 1006 });
    expect(checks).toBe(1);
  });

  it('gives up a socket that never says welcome', () => {
    environment.pass(12_000);
    expect(environment.sockets.length).toBe(2);
  });

  it('says nothing more once it was stopped', () => {
    environment.last.say(welcome);
    client.stop();
    environment.last.onclose?.({ code: 1006 });
    environment.pass(60_000);
    expect(environment.sockets.length).toBe(1);
  });
});

describe('backoffMs', () => {
  it('doubles its ceiling from 0.5 to 30 s and jitters over the whole of it', () => {
    const ceilings = Array.from({ length: 9 }, (_, n) => backoffMs(n, () => 1));
    expect(ceilings.slice(0, 4)).toEqual([500, 1_000, 2_000, 4_000]);
    expect(Math.max(...ceilings)).toBe(BACKOFF_MS_MAX);
    expect(backoffMs(3, () => 0)).toBe(0);
    expect(backoffMs(1_000, () => 1)).toBe(BACKOFF_MS_MAX);
  });
});
