/** Seeded pseudo-random numbers for the demo: the same seed plays the same story. */
import { Dice } from '../../ingest/index.js';

export type Random = Pick<Dice, 'next' | 'between' | 'pick'>;

export function seededRandom(seed: number): Random {
  return new Dice(seed);
}
