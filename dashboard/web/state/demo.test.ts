import { beforeEach, describe, expect, it } from 'vitest';
import type { Stats } from '../../../schemas/protocol.js';
import { demo, demoControls } from './demo.js';
import { stats } from './queue.js';

const bank: NonNullable<Stats['demo']> = {
  what: 'bank',
  phase: 'live',
  historyRatio: 1,
  ratePerSecond: 200,
  planted: [],
  commandsTaken: 0,
};
const push = (engine: Stats['engine'], pushed: Stats['demo']): void => {
  stats.value = [...stats.value, { engine, demo: pushed } as Stats];
};

describe('the demonstration', () => {
  beforeEach(() => {
    stats.value = [];
    demoControls.value = null;
  });

  it('stands while the engine is away, and goes when a running one knows of none', () => {
    push('running', bank);
    push('away', null);
    expect(demo.value).toEqual(bank);
    push('starting', null);
    expect(demo.value).toEqual(bank);
    push('running', null);
    expect(demo.value).toBeNull();
  });

  it('is as first read until something is pushed, also while the engine is away', () => {
    demoControls.value = { demo: bank, kinds: [], rateMax: 1, curl: null };
    expect(demo.value).toEqual(bank);
    push('away', null);
    expect(demo.value).toEqual(bank);
  });
});
