/** Who acts in a random log, and the dice that everything in it is drawn with. */
import {
  type Profile,
  packProfile,
  type SubjectKind,
  TIERS,
  WATCH_CLASSES,
} from '../../schemas/classes.js';
import type { OracleSide } from './types.js';

const DAY_MS = 86_400_000;
const HUB_EVERY = 12;
const KINDS: readonly SubjectKind[] = [
  'person',
  'company',
  'unknown',
  'person',
  'government',
  'company',
  'farmer',
  'rural-firm',
  'rural-cooperative',
];

export type Dice = (below: number) => number;

/** mulberry32: whole numbers in [0, below). */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

export interface Customer {
  subject: string;
  accounts: number;
  isHub: boolean;
  /** Packed; `profileThen` from `changesMs` on. */
  profile: number;
  profileThen: number;
  changesMs: number;
  limits: OracleSide['limits'];
  /** Makes nothing in this time: [from, to) in epoch ms. */
  asleepMs: [from: number, to: number];
}

export function customers(
  options: { subjects: number; startMs: number; days: number },
  roll: Dice,
): Customer[] {
  const { subjects, startMs, days } = options;
  return Array.from({ length: subjects }, (_, i) => {
    const listed = i % 5 === 3;
    const watch = WATCH_CLASSES[Math.floor(i / 2) % WATCH_CLASSES.length];
    const limit = (minor: number): number => (roll(3) === 0 ? Number.NaN : minor);
    const sleepMs = startMs + roll(Math.ceil(days / 5)) * DAY_MS;
    const sleepDays = i % 2 === 0 ? 80 + roll(320) : 0;
    const profile: Profile = {
      kind: KINDS[i % KINDS.length] as SubjectKind,
      tier: TIERS[i % TIERS.length] ?? 'base',
      riskClass: i % 6,
      watch: i % 3 === 0 || watch === undefined ? [] : [watch],
      lists: listed ? [i % 2 === 0 ? 'gambling' : 'fraud'] : [],
    };
    return {
      subject: `S${i}`,
      accounts: i % 7 === 0 ? 6 : 2,
      isHub: i % HUB_EVERY === HUB_EVERY - 1,
      profile: packProfile(profile),
      profileThen: packProfile({ ...profile, watch: i % 4 === 0 ? ['loan', 'elderly'] : [] }),
      changesMs: startMs + roll(i % 2 === 0 ? days * 3 : days) * DAY_MS,
      limits: listed
        ? {
            single: limit(500_000),
            day: limit(i % 3 === 0 ? 0 : 8_000_000),
            month: limit(90_000_000),
          }
        : undefined,
      asleepMs: [sleepMs, sleepMs + sleepDays * DAY_MS],
    };
  });
}

/** A party that banks elsewhere. */
export function outside(subject: string, country: string): OracleSide {
  return {
    subject,
    account: subject,
    classBits: 0,
    profile: 0,
    balanceAfterMinor: Number.NaN,
    external: true,
    country,
  };
}
