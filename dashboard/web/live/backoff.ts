/** Waiting time before attempt n (from 0): full jitter over 0.5 s doubling up to 30 s. */
export const BACKOFF_MS_MIN = 500;
export const BACKOFF_MS_MAX = 30_000;

export function backoffMs(attempt: number, random: () => number): number {
  const ceiling = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(attempt, 10));
  return Math.round(random() * ceiling);
}
