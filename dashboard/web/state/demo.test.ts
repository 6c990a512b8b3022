import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Stats } from '../../../schemas/protocol.js';
import { text } from '../text/index.js';
import { demo, demoControls, demoProblem, planted, steer } from './demo.js';
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

describe('steering it', () => {
  afterEach(() => void vi.unstubAllGlobals());

  it('says why a wish was refused, also when earlier ones are granted after it', async () => {
    const answers: ((reply: Response) => void)[] = [];
    vi.stubGlobal('fetch', () => new Promise((resolve) => answers.push(resolve)));
    const plant = () => steer({ type: 'plant', kind: 'cycle' });
    const wishes = [plant(), plant()];
    const error = { code: 'too-many-commands', message: 'at most 5' };
    answers[1]?.(Response.json({ error }, { status: 429 }));
    await wishes[1];
    answers[0]?.(Response.json({}, { status: 202 }));
    await wishes[0];
    expect(demoProblem.value).toBe(text.value.demo.tooMany);
    expect(planted.value).toBeNull();
    const next = plant();
    answers[2]?.(Response.json({}, { status: 202 }));
    await next;
    expect(demoProblem.value).toBe('');
    expect(planted.value?.kind).toBe('cycle');
  });
});
