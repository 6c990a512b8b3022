import { describe, expect, it } from 'vitest';
import { watchTerminal } from './hangup.js';

describe('a SIGHUP', () => {
  it('with the terminal still there, or without any from the start, asks to reload', () => {
    expect(watchTerminal(() => true)()).toBe(false);
    expect(watchTerminal(() => false)()).toBe(false);
  });

  it('from a terminal that was closed means to stop', () => {
    let there = true;
    const hasLost = watchTerminal((stream) => stream === 2 && there);
    expect(hasLost()).toBe(false);
    there = false;
    expect(hasLost()).toBe(true);
  });
});
