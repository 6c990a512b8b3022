/** What the pages beside the queue ask the server for. */
import type {
  CustomerHistory,
  CustomerPage,
  CustomerSearch,
  CustomerTransactions,
  DeadLetterList,
  DeadLetterView,
  RuleStatisticsReply,
  SystemPage,
} from '../../../schemas/protocol.js';
import { call } from '../state/api.js';

const customer = (subject: string): string => `/api/customers/${encodeURIComponent(subject)}`;

export const pagesApi = {
  search: (q: string) =>
    call<CustomerSearch>('GET', `/api/customers?${new URLSearchParams({ q })}`),
  customer: (subject: string) => call<CustomerPage>('GET', customer(subject)),
  history: (subject: string, days: number) =>
    call<CustomerHistory>('GET', `${customer(subject)}/history?days=${days}`),
  older: (subject: string, beforeMs: number) =>
    call<CustomerTransactions>('GET', `${customer(subject)}/transactions?before=${beforeMs}`),
  system: () => call<SystemPage>('GET', '/api/system'),
  deadLetters: (reason: string) =>
    call<DeadLetterList>(
      'GET',
      `/api/dead-letters?${new URLSearchParams({ reason, limit: '50' })}`,
    ),
  deadLetter: (id: string) =>
    call<DeadLetterView>('GET', `/api/dead-letters/${encodeURIComponent(id)}`),
  ruleStatistics: (days: number) =>
    call<RuleStatisticsReply>('GET', `/api/rules/statistics?days=${days}`),
};
