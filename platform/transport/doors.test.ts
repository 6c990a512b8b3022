/** What an operator reads of a door: one line when it opens, one with the mend when it cannot. */
import { describe, expect, it } from 'vitest';
import { createTransport } from './index.js';
import { loadUws } from './uws.js';

const kinds: ('uws' | 'ws')[] = loadUws().ok ? ['uws', 'ws'] : ['ws'];

describe.each(kinds)('a door on %s', (kind) => {
  const lines: unknown[] = [];
  const take = (fields: object, message: string): void => void lines.push({ ...fields, message });
  const make = () =>
    createTransport({ prefer: kind, logger: { info: take, warn: take, error: take } });

  it('is told with its name, its address and the web server behind it', async () => {
    const transport = make();
    const options = { host: '127.0.0.1', port: 0, setting: 'ingestPort' };
    const { port } = await transport.listen(options);
    const line = { door: 'ingest', host: '127.0.0.1', port, transport: kind, message: 'listening' };
    expect(lines).toEqual([line]);
    await transport.close(100);
  });

  it.each([
    ['dashboardPort', 'dashboardHost'],
    ['engineOperationsPort', 'operationsHost'],
  ])('of %s on a foreign address names %s', async (setting, mend) => {
    const transport = make();
    // TEST-NET-1: never an address of a machine.
    const asked = transport.listen({ host: '192.0.2.1', port: 0, setting });
    await expect(asked).rejects.toMatchObject({ name: 'ListenError', code: 'host_unknown' });
    await expect(asked).rejects.toThrow(`192.0.2.1 is no address of this machine; set ${mend} in`);
    await transport.close(100);
  });
});
