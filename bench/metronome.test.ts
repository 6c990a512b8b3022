/** Every beat comes, in order, and none before its time. */
import { expect, it } from 'vitest';
import { beat, beatMs, nowMs } from './metronome.js';

it('beats each time once, in order, never early, also when its listener was busy', async () => {
  const beats = { startMs: nowMs() + 50, intervalMs: 0.5, count: 200 };
  const heard: number[] = [];
  await beat(beats, (index) => {
    expect(nowMs()).toBeGreaterThanOrEqual(beatMs(beats, index));
    heard.push(index);
    if (index !== 50) return;
    // Falls behind: what became due meanwhile comes at once.
    const until = nowMs() + 20;
    while (nowMs() < until);
  });
  expect(heard).toEqual(Array.from({ length: 200 }, (_, i) => i));
});
