/**
 * Questions about one customer, as SQL and what its rows mean. Every table is read with FINAL, so
 * that what was written twice counts once; whatever a person typed goes into parameters.
 */
import type {
  CounterpartyFlow,
  CustomerAccount,
  CustomerDay,
  CustomerTransaction,
} from '../../schemas/history.js';
import { exact } from '../client/client.js';
import { limitOf, type Question, wholeMs } from './question.js';

interface FlowRow {
  in_count: string;
  in_minor: string;
  out_count: string;
  out_minor: string;
}

/** Of rows of account_days; a sum over blocks is the truth. */
const DAY_SUMS = ['in_count', 'in_minor', 'out_count', 'out_minor', 'customer_made']
  .map((name) => `sum(d.${name}) AS ${name}`)
  .join(', ');

const LEG_SUMS =
  'countIf(l.side = 1) AS in_count, sumIf(l.amount_base_minor, l.side = 1) AS in_minor, ' +
  'countIf(l.side = 0) AS out_count, sumIf(l.amount_base_minor, l.side = 0) AS out_minor';

const flowOf = (row: FlowRow) => ({
  inCount: exact(row.in_count),
  inMinor: exact(row.in_minor),
  outCount: exact(row.out_count),
  outMinor: exact(row.out_minor),
});

/** Newest days first, so that a limit leaves out the oldest; `finish` turns them round. */
export function daysQuestion(
  subject: string,
  fromDay: string,
  toDay: string,
): Question<FlowRow & { day: string; customer_made: string }, CustomerDay> {
  return {
    sql: (database) => `
      SELECT toString(d.day) AS day, ${DAY_SUMS}
      FROM ${database}.account_days AS d FINAL
      WHERE d.subject = {subject:String} AND d.day BETWEEN {fromDay:Date} AND {toDay:Date}
      GROUP BY d.day HAVING in_count + out_count > 0
      ORDER BY d.day DESC`,
    parameters: { subject, fromDay, toDay },
    limit: limitOf(Number.POSITIVE_INFINITY),
    logs: ['journal'],
    read: (row) => ({ day: row.day, ...flowOf(row), customerMade: exact(row.customer_made) }),
    finish: (days) => days.reverse(),
  };
}

interface AccountRow {
  account: string;
  balance_minor: string | null;
  balance_at_ms: string | null;
  first_ms: string;
  last_ms: string;
  transactions: string;
}

/** The account that moved last comes first. An aggregate passes over NULL, so over no balance. */
export function accountsQuestion(subject: string): Question<AccountRow, CustomerAccount> {
  return {
    sql: (database) => `
      SELECT l.account AS account,
        argMax(l.balance_after_minor, (l.event_ms, l.position, l.side)) AS balance_minor,
        maxOrNullIf(l.event_ms, isNotNull(l.balance_after_minor)) AS balance_at_ms,
        min(l.event_ms) AS first_ms, max(l.event_ms) AS last_ms,
        uniqExact(l.position) AS transactions
      FROM ${database}.legs AS l FINAL
      WHERE l.subject = {subject:String}
      GROUP BY l.account
      ORDER BY last_ms DESC, account`,
    parameters: { subject },
    limit: limitOf(Number.POSITIVE_INFINITY),
    logs: ['journal'],
    read: (row) => ({
      account: row.account,
      balanceMinor: exactOrNull(row.balance_minor),
      balanceAtMs: exactOrNull(row.balance_at_ms),
      firstMs: exact(row.first_ms),
      lastMs: exact(row.last_ms),
      transactions: exact(row.transactions),
    }),
  };
}

const exactOrNull = (text: string | null) => (text === null ? null : exact(text));

export function counterpartiesQuestion(
  subject: string,
  fromMs: number,
  limit: number,
): Question<
  FlowRow & { counterparty: string; country: string; first_ms: string; last_ms: string },
  CounterpartyFlow
> {
  return {
    sql: (database) => `
      SELECT l.counterparty AS counterparty,
        argMax(l.country, (l.event_ms, l.position, l.side)) AS country,
        ${LEG_SUMS}, min(l.event_ms) AS first_ms, max(l.event_ms) AS last_ms
      FROM ${database}.legs AS l FINAL
      WHERE l.subject = {subject:String} AND l.event_ms >= {fromMs:Int64}
      GROUP BY l.counterparty
      ORDER BY in_minor + out_minor DESC, counterparty`,
    parameters: { subject, fromMs: wholeMs(fromMs) },
    limit: limitOf(limit),
    logs: ['journal'],
    read: (row) => ({
      counterparty: row.counterparty,
      country: row.country,
      ...flowOf(row),
      firstMs: exact(row.first_ms),
      lastMs: exact(row.last_ms),
    }),
  };
}

interface LegRow {
  id: string;
  at_ms: string;
  side: number;
  account: string;
  counterparty: string;
  country: string;
  base_minor: string;
  minor: string;
  currency: string;
  type: string;
  channel: string;
  balance_minor: string | null;
}

export function transactionsQuestion(
  subject: string,
  beforeMs: number,
  limit: number,
): Question<LegRow, CustomerTransaction> {
  return {
    sql: (database) => `
      SELECT l.transaction_id AS id, l.event_ms AS at_ms, l.side AS side, l.account AS account,
        l.counterparty AS counterparty, l.country AS country,
        l.amount_base_minor AS base_minor, l.amount_minor AS minor, l.currency AS currency,
        l.type AS type, l.channel AS channel, l.balance_after_minor AS balance_minor
      FROM ${database}.legs AS l FINAL
      WHERE l.subject = {subject:String} AND l.event_ms < {beforeMs:Int64}
      ORDER BY l.event_ms DESC, l.position DESC, l.side DESC`,
    parameters: { subject, beforeMs: wholeMs(beforeMs) },
    limit: limitOf(limit),
    logs: ['journal'],
    read: (row) => ({
      id: row.id,
      eventMs: exact(row.at_ms),
      side: row.side === 0 ? 'debit' : 'credit',
      account: row.account,
      counterparty: row.counterparty,
      country: row.country,
      amountBaseMinor: exact(row.base_minor),
      amountMinor: exact(row.minor),
      currency: row.currency,
      type: row.type,
      channel: row.channel,
      balanceAfterMinor: exactOrNull(row.balance_minor),
    }),
  };
}
