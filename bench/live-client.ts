/**
 * An officer's window without a browser: signs in by the one-time link, opens the socket and hands
 * over every new alert with the moment of its receipt.
 */
import WebSocket from 'ws';
import { type ServerMessage, SUBPROTOCOL } from '../schemas/protocol.js';
import { nowMs } from './metronome.js';

const OPEN_WAIT_MS_MAX = 10_000;

export interface LiveClient {
  /** Why the socket closed, once it has; a bench with a gap is no bench. */
  readonly closed: string | undefined;
  close(): void;
}

/** Trades the link's token for a cookie. */
export async function signIn(link: string): Promise<{ base: string; cookie: string }> {
  const [page, token] = link.split('/#token=');
  const base = page.replace(/\/$/, '');
  const response = await fetch(`${base}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: base },
    body: JSON.stringify({ token }),
  });
  if (response.status !== 200) throw new Error(`bench: sign-in answered ${response.status}`);
  return { base, cookie: response.headers.get('set-cookie')?.split(';')[0] ?? '' };
}

/** Resolves when subscribed. `onAlert` gets the subject of each new alert and when it came. */
export function openLive(
  session: { base: string; cookie: string },
  onAlert: (subject: string, receivedMs: number) => void,
): Promise<LiveClient> {
  const { base, cookie } = session;
  const socket = new WebSocket(`${base.replace(/^http/, 'ws')}/ws`, SUBPROTOCOL, {
    headers: { cookie, origin: base },
  });
  let closed: string | undefined;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('bench: socket not open')), OPEN_WAIT_MS_MAX);
    socket.on('error', reject);
    socket.on('close', (code, reason) => {
      closed = `${code} ${reason.toString()}`;
    });
    socket.on('open', () => socket.send('{"type":"subscribe","channel":"alerts"}'));
    socket.on('message', (data) => {
      const receivedMs = nowMs();
      const message = JSON.parse(String(data)) as ServerMessage;
      if (message.type === 'push' && message.channel === 'alerts') {
        for (const row of message.items) onAlert(row.subject, receivedMs);
      } else if (message.type === 'heartbeat') {
        socket.send(JSON.stringify({ type: 'pong', t: message.t }));
      } else if (message.type === 'subscribed') {
        clearTimeout(timer);
        resolve({
          get closed() {
            return closed;
          },
          close: () => socket.close(),
        });
      }
    });
  });
}
