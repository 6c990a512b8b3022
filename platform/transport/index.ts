/** Which web server: uWebSockets.js where its binary loads, else node:http with ws, said aloud. */
import { NodeTransport } from './node.js';
import {
  DEFAULT_LIMITS,
  type Transport,
  type TransportLimits,
  type TransportLogger,
} from './types.js';
import { loadUws, UwsTransport } from './uws.js';

export interface TransportOptions {
  prefer?: 'uws' | 'ws';
  logger: TransportLogger;
  limits?: Partial<TransportLimits>;
}

export function createTransport(options: TransportOptions): Transport {
  const { logger } = options;
  const limits: TransportLimits = { ...DEFAULT_LIMITS, ...options.limits };
  if (options.prefer === 'ws') return new NodeTransport(logger, limits);
  const loaded = loadUws();
  if (loaded.ok) return new UwsTransport(loaded.uws, logger, limits);
  logger.warn(
    { transport: 'ws', why: loaded.why },
    'web server: node:http and ws, for the binary of uWebSockets.js does not load here',
  );
  return new NodeTransport(logger, limits);
}

export type {
  BodyOutcome,
  Exchange,
  Handler,
  ListenOptions,
  ReplyHeaders,
  RequestHead,
  SocketListener,
  Transport,
  TransportLimits,
  TransportLogger,
  TransportSocket,
  UpgradeDecision,
  UpgradeHandler,
} from './types.js';
