import { describe, expect, it } from 'vitest';
import { createClock, parseClockStart } from './clock.js';

describe('clock', () => {
  it('is the machine clock by default', () => {
    const before = Date.now();
    const now = createClock().nowMs();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it('starts where it is told and goes on', async () => {
    const startIso = '2026-03-02T09:00:00+08:00';
    const clock = createClock({ startIso });
    const first = clock.nowMs();
    expect(first - Date.parse(startIso)).toBeGreaterThanOrEqual(0);
    await new Promise((done) => setTimeout(done, 20));
    expect(clock.nowMs()).toBeGreaterThan(first);
  });

  it('agrees between processes that share the anchor', () => {
    const startIso = '2026-03-02T09:00:00+08:00';
    const anchorMs = Date.now() - 60_000;
    const late = createClock({ startIso, anchorMs });
    expect(late.nowMs()).toBeGreaterThanOrEqual(Date.parse(startIso) + 60_000);
  });

  it.each(['2026-03-02', '2026-03-02T09:00:00', 'yesterday', ''])('refuses "%s"', (iso) => {
    expect(() => parseClockStart(iso)).toThrow(/--clock-start.*offset/);
  });
});
