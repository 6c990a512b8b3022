/** The browser's own clock, chance, timers and socket for LiveClient. */
import type { LiveEnvironment, Socket } from './client.js';

export const browserEnvironment: LiveEnvironment = {
  open(subprotocol: string): Socket {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    return new WebSocket(`${scheme}://${location.host}/ws`, [subprotocol]) as Socket;
  },
  nowMs: () => Date.now(),
  random: () => Math.random(),
  setTimer: (run, ms) => setTimeout(run, ms),
  clearTimer: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
};
