import { describe, expect, it } from 'vitest';
import { openDoors } from './open-doors.js';

const loopback = {
  dashboardHost: '127.0.0.1',
  ingestHost: '::1',
  operationsHost: 'localhost',
};
const ALL = ['dashboardHost', 'ingestHost', 'operationsHost'] as const;

describe('doors that the network can reach', () => {
  it('are none by default', () => {
    expect(openDoors(loopback, ALL)).toEqual([]);
  });
  it.each(['0.0.0.0', '::', '', '10.0.0.7', 'weir.bank.example'])('are told for %j', (host) => {
    const lines = openDoors({ ...loopback, ingestHost: host, operationsHost: host }, ALL);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^ingest listens on .*; put a proxy .* or set ingestHost to/);
    expect(lines[1]).toMatch(/without sign-in/);
  });
  it('are told by the role that opens them', () => {
    const open = { dashboardHost: '0.0.0.0', ingestHost: '0.0.0.0', operationsHost: '0.0.0.0' };
    expect(openDoors(open, ['dashboardHost'])).toHaveLength(1);
  });
});
