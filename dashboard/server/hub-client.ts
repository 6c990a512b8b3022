/** One connection to the live hub: subscriptions, positions, the pace of its pushes. */
import { z } from 'zod';
import type { TransportSocket } from '../../platform/index.js';
import {
  type Channel,
  CloseCode,
  type ServerMessage,
  type SessionUser,
  type Stats,
  SUBPROTOCOL,
} from '../../schemas/protocol.js';
import type { Session } from './auth/sessions.js';
import type { Change } from './changes.js';
import type { LiveHub } from './hub.js';
import { HEARTBEAT_MS, NO_PONG_MS, PUSHES_PER_SECOND } from './pace.js';

/**
 * Three pushes may follow each other at once, then one a gap: never more than PUSHES_PER_SECOND in
 * any second, and one late push does not make all later ones late.
 */
const PUSHES_AT_ONCE = 3;
const PUSH_GAP_MS = 1_000 / (PUSHES_PER_SECOND - PUSHES_AT_ONCE + 1);
const PUSH_BURST_MS = (PUSHES_AT_ONCE - 1) * PUSH_GAP_MS;
/** Text of one push; a quarter of the buffer limit when that is less. */
const PUSH_BYTES_MAX = 256 * 1024;
const CHANGES_AT_ONCE = 2_000;
/** A client that catches up and takes nothing for this long is as good as gone. */
const STALLED_MS_MAX = 10_000;
/** Between two heartbeats; above it the client is out of order. */
const MESSAGES_MAX = 200;

type LosslessChannel = 'alerts' | 'alert-updates';
const LOSSLESS: readonly LosslessChannel[] = ['alerts', 'alert-updates'];

interface Subscription {
  /** Next work position to look at. */
  position: number;
  /** Next sequence number, within this connection. */
  seq: number;
  /** The end when it subscribed: below it the client catches up, at its own pace. */
  liveFrom: number;
}

const channel = z.enum(['alerts', 'alert-updates', 'stats']);
const clientMessage = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('subscribe'), channel, since: z.string().optional() }),
  z.strictObject({ type: z.literal('unsubscribe'), channel }),
  z.strictObject({ type: z.literal('pong'), t: z.number() }),
]);

export class HubClient {
  readonly user: SessionUser;
  private readonly hub: LiveHub;
  private readonly socket: TransportSocket;
  private readonly session: Session;
  private readonly subscriptions = new Map<LosslessChannel, Subscription>();
  private statsSeq: number | undefined;
  /** Pushes are paid for up to here; at most PUSH_BURST_MS ahead of the clock. */
  private paidUntilMs = Number.NEGATIVE_INFINITY;
  private pushesSent = 0;
  private timer: NodeJS.Timeout | undefined;
  private lastPongMs = performance.now();
  private stalledSinceMs: number | undefined;
  private messages = 0;

  constructor(hub: LiveHub, socket: TransportSocket, user: SessionUser, session: Session) {
    this.hub = hub;
    this.socket = socket;
    this.user = user;
    this.session = session;
  }

  welcome(): void {
    this.send({
      type: 'welcome',
      protocol: SUBPROTOCOL,
      epoch: this.hub.epoch,
      serverTimeMs: this.hub.options.nowMs(),
      heartbeatMs: HEARTBEAT_MS,
      limits: { pushesPerSecond: PUSHES_PER_SECOND },
      user: this.user,
      transport: this.hub.options.transportKind,
    });
  }

  message(text: string): void {
    let parsed: ReturnType<typeof clientMessage.safeParse> | undefined;
    try {
      parsed = clientMessage.safeParse(JSON.parse(text));
    } catch {
      parsed = undefined;
    }
    if (parsed?.success !== true || ++this.messages > MESSAGES_MAX) {
      this.close(CloseCode.badMessage, 'not a message of weir.v1, or too many');
      return;
    }
    const { data } = parsed;
    if (data.type === 'pong') this.lastPongMs = performance.now();
    else if (data.type === 'unsubscribe') this.unsubscribe(data.channel);
    else this.subscribe(data.channel, data.since);
  }

  private unsubscribe(name: Channel): void {
    if (name === 'stats') this.statsSeq = undefined;
    else this.subscriptions.delete(name);
  }

  private subscribe(name: Channel, since: string | undefined): void {
    const { hub } = this;
    const end = hub.options.book.workPosition;
    if (name === 'stats') {
      this.statsSeq = 1;
      this.send({ type: 'subscribed', channel: name, recovered: true, cursor: hub.cursor(end) });
      this.pushStats(hub.options.stats());
      return;
    }
    // Without a cursor nothing was seen, so nothing was missed.
    const resumed = since === undefined ? end : hub.resume(since);
    if (since !== undefined) hub.options.events.resumed(resumed !== null);
    const position = resumed ?? end;
    this.subscriptions.set(name, { position, seq: 1, liveFrom: end });
    const cursor = hub.cursor(position);
    this.send({ type: 'subscribed', channel: name, recovered: resumed !== null, cursor });
    this.wake();
  }

  /** Something may be there to push: at once, or when the pace allows. */
  wake(): void {
    if (this.timer !== undefined || this.subscriptions.size === 0) return;
    const waitMs = this.paidUntilMs - PUSH_BURST_MS - performance.now();
    if (waitMs <= 0) this.push();
    else this.later(waitMs);
  }

  drained(): void {
    this.stalledSinceMs = undefined;
  }

  private later(waitMs: number): void {
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.push();
    }, waitMs);
  }

  private push(): void {
    if (!this.socket.open || this.mustWait()) return;
    let more = false;
    const sentBefore = this.pushesSent;
    for (const name of LOSSLESS) {
      const subscription = this.subscriptions.get(name);
      if (subscription !== undefined && this.pushChannel(name, subscription)) more = true;
    }
    if (this.pushesSent > sentBefore) {
      this.paidUntilMs = Math.max(this.paidUntilMs, performance.now()) + PUSH_GAP_MS;
    }
    if (this.closeIfSlow()) return;
    if (more && this.timer === undefined) this.later(PUSH_GAP_MS);
  }

  /** A client that catches up is sent no more than it takes; a live one is not waited for. */
  private mustWait(): boolean {
    const catchingUp = [...this.subscriptions.values()].some((s) => s.position < s.liveFrom);
    const buffered = this.socket.bufferedBytes;
    if (!catchingUp || buffered <= this.hub.options.bufferBytesMax / 4) return false;
    const now = performance.now();
    this.stalledSinceMs ??= now;
    if (now - this.stalledSinceMs > STALLED_MS_MAX) this.closeSlow();
    else this.later(PUSH_GAP_MS);
    return true;
  }

  /** Sends one push of the channel; true when more is waiting. */
  private pushChannel(name: LosslessChannel, subscription: Subscription): boolean {
    const { hub } = this;
    const { book, bufferBytesMax } = hub.options;
    const bytesMax = Math.min(PUSH_BYTES_MAX, bufferBytesMax / 4);
    const changes = book.changesFrom(subscription.position, CHANGES_AT_ONCE);
    const items: string[] = [];
    const sent: Change[] = [];
    const seen = new Set<string>();
    let length = 0;
    let { position } = subscription;
    for (const change of changes) {
      if (length >= bytesMax) break;
      position = change.position + 1;
      if (change.opened !== (name === 'alerts')) continue;
      sent.push(change);
      if (seen.has(change.alertId)) continue;
      seen.add(change.alertId);
      const text = hub.rowText(change.alertId);
      if (text === undefined) continue;
      items.push(text);
      length += text.length;
    }
    subscription.position = position;
    if (items.length > 0) this.sendItems(name, subscription, items);
    this.measure(sent, subscription);
    return position < book.workPosition;
  }

  private sendItems(name: LosslessChannel, subscription: Subscription, items: string[]): void {
    const seqFrom = subscription.seq;
    const seqTo = seqFrom + items.length - 1;
    subscription.seq = seqTo + 1;
    const cursor = this.hub.cursor(subscription.position);
    const head = `{"type":"push","channel":"${name}","seqFrom":${seqFrom},"seqTo":${seqTo}`;
    this.socket.send(`${head},"cursor":"${cursor}","items":[${items.join(',')}]}`);
    this.pushesSent += 1;
  }

  /** A heartbeat's cursor holds for every channel, so it stands where the slowest stands. */
  private seenUpTo(): number {
    let position = this.hub.options.book.workPosition;
    for (const s of this.subscriptions.values()) position = Math.min(position, s.position);
    return position;
  }

  /** Once a hit, at its first socket, and only for what came while this client was live. */
  private measure(sent: readonly Change[], subscription: Subscription): void {
    const { nowMs, latency, events } = this.hub.options;
    const now = nowMs();
    for (const change of sent) {
      if (change.ingestMs === null || change.position < subscription.liveFrom) continue;
      latency.add(now - change.ingestMs, now);
      events.latency(Math.max(0, now - change.ingestMs) / 1_000);
      change.ingestMs = null;
    }
  }

  pushStats(stats: Stats): void {
    if (this.statsSeq === undefined) return;
    // Conflated: who is behind gets the next one.
    if (this.socket.bufferedBytes > this.hub.options.bufferBytesMax / 4) return;
    const seq = this.statsSeq++;
    this.send({ type: 'push', channel: 'stats', seqFrom: seq, seqTo: seq, items: [stats] });
  }

  beat(): void {
    this.messages = 0;
    if (!this.hub.options.isLive(this.session)) {
      this.close(CloseCode.sessionExpired, 'signed out, or the session is over');
      return;
    }
    if (performance.now() - this.lastPongMs > NO_PONG_MS) {
      this.close(CloseCode.noPong, 'no answer to heartbeats');
      return;
    }
    const { nowMs } = this.hub.options;
    this.send({ type: 'heartbeat', t: nowMs(), cursor: this.hub.cursor(this.seenUpTo()) });
    this.closeIfSlow();
  }

  private closeIfSlow(): boolean {
    if (this.socket.bufferedBytes <= this.hub.options.bufferBytesMax) return false;
    this.closeSlow();
    return true;
  }

  private closeSlow(): void {
    this.hub.slow();
    this.close(CloseCode.slow, 'too slow; resume with the last cursor');
  }

  private send(message: ServerMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  close(code: number, reason: string): void {
    this.stop();
    this.socket.close(code, reason);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.subscriptions.clear();
    this.statsSeq = undefined;
  }
}
