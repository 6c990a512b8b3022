/** Names of the demonstrations' sources: a closed set, because they are labels of metrics. */
export const BANK_SOURCES = {
  history: 'bank-history',
  live: 'bank',
  receipts: 'bank-receipts',
  cases: 'bank-cases',
  casePasts: 'bank-case-pasts',
} as const;
