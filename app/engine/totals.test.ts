import { describe, expect, it } from 'vitest';
import { Count, SharedWords } from './shared-words.js';
import { Totals } from './totals.js';

const RULES: Record<number, string[]> = { 7: ['a', 'b'], 8: ['b', 'c'] };

function setUp() {
  const thread = { index: 0, words: new SharedWords(), past: [] as SharedWords[] };
  const totals = new Totals([thread], (mark) => RULES[mark] ?? []);
  thread.words.counts[Count.catalogue] = 7;
  const hits = () => Object.fromEntries(['a', 'b', 'c'].map((id) => [id, totals.rule(id).hits]));
  return { thread, totals, hits };
}

describe('totals of scoring threads', () => {
  it('add what was counted since, each once', () => {
    const { thread, totals, hits } = setUp();
    thread.words.counts[Count.ruleHits + 1] = 3;
    thread.words.counts[Count.ruleErrors] = 1;
    totals.poll();
    totals.poll();
    thread.words.counts[Count.ruleHits + 1] = 5;
    totals.poll();
    expect(hits()).toEqual({ a: 0, b: 5, c: 0 });
    expect(totals.rule('a')).toEqual({
      hits: 0,
      evaluations: 0,
      notApplicable: 0,
      errors: 1,
      floods: 0,
    });
  });

  it('keep what earlier lives of a thread counted, to the last word', () => {
    const { thread, totals, hits } = setUp();
    thread.words.counts[Count.ruleHits] = 2;
    thread.words.counts[Count.durations] = 4;
    totals.poll();
    for (let life = 0; life < 2; life++) {
      thread.words.counts[Count.ruleHits]++;
      thread.words.counts[Count.durations]++;
      thread.words.counts[Count.batchSeconds] += 0.5;
      thread.past.push(thread.words);
      thread.words = new SharedWords();
      thread.words.counts[Count.catalogue] = 7;
    }
    totals.poll();
    expect(hits().a).toBe(4);
    expect(totals.durationsOf(0).counts[0]).toBe(6);
    expect(totals.durationsOf(0).sumSeconds).toBe(1);
  });

  it('go on under another catalogue, whose rules stand at other places', () => {
    const { thread, totals, hits } = setUp();
    thread.words.counts[Count.ruleHits + 1] = 3;
    totals.poll();
    thread.words.counts.fill(0, Count.ruleHits);
    thread.words.counts[Count.catalogue] = 8;
    thread.words.counts[Count.ruleHits] = 2;
    thread.words.counts[Count.ruleHits + 1] = 1;
    totals.poll();
    expect(hits()).toEqual({ a: 0, b: 5, c: 1 });
  });
});
