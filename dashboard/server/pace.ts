/** How fast the live hub speaks, and how long it waits. */
export const HEARTBEAT_MS = 2_000;
export const PUSHES_PER_SECOND = 10;
/** A client that has not answered a heartbeat for this long is gone. */
export const NO_PONG_MS = 20_000;
