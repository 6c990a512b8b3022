/** A TCP proxy that can stop forwarding without closing anything, as a dead network does. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface BlackHole {
  /** http://127.0.0.1:port, in front of the target. */
  readonly url: string;
  /** From now on nothing goes through, in either direction; new connections are taken and stay. */
  swallow(): void;
  /** New connections go through again; those that lost bytes are cut. */
  forward(): void;
  close(): Promise<void>;
}

/** `target` is asked for each connection: the child's port changes. */
export async function startBlackHole(target: () => URL): Promise<BlackHole> {
  let swallowing = false;
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  const server: Server = createServer((near) => {
    keep(near);
    if (swallowing) return void near.resume();
    const { hostname, port } = target();
    const far = connect(Number(port), hostname);
    keep(far);
    near.on('data', (bytes) => swallowing || far.write(bytes));
    far.on('data', (bytes) => swallowing || near.write(bytes));
    near.on('close', () => far.destroy());
    far.on('close', () => swallowing || near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${port}`,
    swallow() {
      swallowing = true;
    },
    forward() {
      swallowing = false;
      cut();
    },
    async close() {
      cut();
      await new Promise((done) => server.close(done));
    },
  };
}
