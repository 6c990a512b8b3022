import { describe, expect, it } from 'vitest';
import { createMetrics } from './metrics.js';
import { createHealth, startOperations } from './operations.js';
import type { Exchange, Handler, Transport } from './transport/types.js';

/** Keeps the routes and calls them without a network; the transport has its own suite. */
function fakeTransport(): { transport: Transport; get(path: string): Promise<[number, string]> } {
  const routes = new Map<string, Handler>();
  const transport = {
    kind: 'ws',
    route: (_method: string, path: string, handler: Handler) => void routes.set(path, handler),
    listen: async () => ({ port: 1234 }),
    close: async () => undefined,
  } as unknown as Transport;
  const get = async (path: string): Promise<[number, string]> => {
    let replied: [number, string] = [0, ''];
    const reply = (status: number, _headers: unknown, body = '') => {
      replied = [status, String(body)];
    };
    await routes.get(path)?.({ aborted: false, reply } as unknown as Exchange);
    return replied;
  };
  return { transport, get };
}

async function started() {
  let now = 0;
  const health = createHealth({ nowMs: () => now, loopSilentMsMax: 1_000 });
  const metrics = createMetrics('engine', { processMetrics: false });
  const { transport, get } = fakeTransport();
  const place = { host: '127.0.0.1', port: 0, setting: 'engineOperationsPort' };
  const operations = await startOperations({ transport, metrics, health, ...place });
  return { health, get, operations, pass: (ms: number) => (now += ms) };
}

describe('operations port', () => {
  it('is alive but not ready while starting and while draining', async () => {
    const { health, get, operations } = await started();
    expect((await get('/healthz'))[0]).toBe(200);
    health.set('starting', 'reads the journal');
    expect(await get('/readyz')).toEqual([503, expect.stringContaining('reads the journal')]);
    health.set('running');
    expect((await get('/readyz'))[0]).toBe(200);
    health.set('draining');
    expect(await get('/readyz')).toEqual([503, expect.stringContaining('draining')]);
    await operations.close(0);
  });

  it('says which condition is not met', async () => {
    const { health, get, operations } = await started();
    health.set('running');
    health.condition('threads', () => '1 of 2 up');
    expect(await get('/readyz')).toEqual([503, expect.stringContaining('threads: 1 of 2 up')]);
    expect((await get('/healthz'))[0]).toBe(200);
    await operations.close(0);
  });

  it('is dead when a loop fell silent or the role failed', async () => {
    const { health, get, operations, pass } = await started();
    health.beat('journal');
    pass(1_001);
    health.beat('event-loop');
    expect(await get('/healthz')).toEqual([503, expect.stringContaining('loop journal silent')]);
    health.beat('journal');
    expect((await get('/healthz'))[0]).toBe(200);
    health.set('failed');
    expect((await get('/healthz'))[0]).toBe(503);
    await operations.close(0);
  });

  it('exposes the state as a metric', async () => {
    const { health, get, operations } = await started();
    health.set('running');
    const [status, text] = await get('/metrics');
    expect(status).toBe(200);
    expect(text).toContain('weir_role_state{state="running",role="engine"} 1');
    expect(text).toContain('weir_role_state{state="failed",role="engine"} 0');
    await operations.close(0);
  });
});
