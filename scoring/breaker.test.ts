import { expect, it } from 'vitest';
import { BREAKER_MS, Breaker } from './breaker.js';

it('opens above its hits, for the rest of the ten minutes, for that rule alone', () => {
  const breaker = new Breaker();
  const take = (ms: number, isNew = true) => breaker.takes('r', ms, isNew, 2);
  expect([take(0), take(1), take(2), take(BREAKER_MS - 1)]).toEqual([false, false, true, true]);
  expect(breaker.isOpen('r', BREAKER_MS - 1, 2)).toBe(true);
  expect(breaker.isOpen('r', BREAKER_MS, 2)).toBe(false);
  expect(breaker.takes('other', 3, true, 2)).toBe(false);
  expect([take(BREAKER_MS), breaker.isOpen('r', BREAKER_MS, 2)]).toEqual([false, false]);
});

it('counts a late hit to the newest ten minutes, what is brought up again not at all', () => {
  const breaker = new Breaker();
  const take = (ms: number, isNew = true) => breaker.takes('r', ms, isNew, 2);
  expect([take(BREAKER_MS), take(0), take(1)]).toEqual([false, false, true]);
  const other = new Breaker();
  for (let i = 0; i < 10; i++) expect(other.takes('r', i, false, 2)).toBe(false);
});

it('goes on where a snapshot left it', () => {
  const breaker = new Breaker();
  for (let i = 0; i < 2; i++) breaker.takes('r', i, true, 2);
  const again = new Breaker(breaker.counts());
  expect(again.takes('r', 3, true, 2)).toBe(true);
});
