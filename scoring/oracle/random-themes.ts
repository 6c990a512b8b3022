/** What the bursts of a random log are made of: types, amounts about the lines of rules, gaps. */
import type { Channel, TransactionType } from './types.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export interface Theme {
  type: TransactionType;
  channel: Channel;
  abroad: boolean;
  credit: boolean;
  amounts: readonly number[];
  /** Each to or from another one. */
  scattered: boolean;
}

const theme = (
  type: TransactionType,
  channel: Channel,
  amounts: readonly number[],
  more: Partial<Theme> = {},
): Theme => ({ type, channel, amounts, abroad: false, credit: false, scattered: false, ...more });

export const PLAIN_TRANSFER = theme('transfer', 'online', []);

export const THEMES: readonly Theme[] = [
  theme(
    'transfer',
    'online',
    [4_999_999, 5_000_000, 5_000_001, 6_600_000, 10_000_000, 40_000_000],
    {
      abroad: true,
    },
  ),
  theme('transfer', 'counter', [49_999_999, 50_000_000, 66_600_000, 70_000_000, 400_000_000], {
    abroad: true,
  }),
  theme('transfer', 'batch', [19_999_999, 20_000_000, 200_000_000], { abroad: true, credit: true }),
  theme('cash-in', 'counter', [3_999_999, 4_000_000, 4_999_999, 5_000_000], { credit: true }),
  theme('cash-out', 'atm', [3_999_999, 4_000_000, 4_500_000, 4_999_999, 5_000_000]),
  theme('transfer', 'mobile', [150_000, 500_000, 500_001, 5_000_000, 6_200_000]),
  theme('transfer', 'online', [1_000_000, 2_000_000, 3_333_300, 50_000_000, 200_000_000]),
  theme('card', 'pos', [1_000, 2_550, 8_800, 150_000]),
  theme('card', 'pos', [1_200, 9_900], { credit: true }),
  theme('salary', 'batch', [900_000, 5_500_000], { credit: true }),
  theme('interest', 'batch', [1_234, 6_000_000], { credit: true }),
  theme('fee', 'batch', [500, 1_000_000]),
  // Many, each once: fans, and what is passed through.
  theme('transfer', 'mobile', [80_000, 300_000, 1_100_000, 2_400_000], { scattered: true }),
  theme('transfer', 'online', [90_000, 310_000, 1_000_000, 2_500_000], {
    scattered: true,
    credit: true,
  }),
  theme('unknown', 'unknown', [70_000, 700_000, 7_000_000], { credit: true }),
  theme('loan-disbursement', 'counter', [100_000_000, 3_000_000], { credit: true }),
  theme('loan-repayment', 'online', [1_500_000, 30_000_000]),
  theme('investment-buy', 'mobile', [5_000_000, 10_000_000]),
  theme('investment-redeem', 'mobile', [5_000_000, 9_999_999], { credit: true }),
  theme('other', 'agent', [12_345, 678_900]),
  // In parts just below the lines of persons, of organisations and across the border.
  theme('transfer', 'online', [40_000_000, 42_500_000, 49_999_999]),
  theme('transfer', 'online', [40_000_000, 42_500_000, 49_999_999], { credit: true }),
  theme('transfer', 'online', [160_000_000, 180_000_000, 199_999_999]),
  theme('transfer', 'online', [160_000_000, 180_000_000, 199_999_999], { credit: true }),
  theme('transfer', 'online', [16_000_000, 18_000_000, 19_999_999], { abroad: true }),
  // What key customers pay, and what is paid for care.
  theme('transfer', 'counter', [499_999_999, 500_000_000, 1_000_000_000]),
  theme('transfer', 'mobile', [150_000, 150_000, 30_000_000]),
];

/** Exact windows and a hair beside them, else some minutes. */
export const GAPS_MS: readonly number[] = [
  0,
  1,
  59_999,
  MINUTE_MS,
  7 * MINUTE_MS,
  30 * MINUTE_MS,
  DAY_MS - 1,
  DAY_MS,
  2 * DAY_MS,
  7 * DAY_MS,
];
