/** What only the history store knows: statistics of rules, alerts that have left memory. */
import { z } from 'zod';
import type { Exchange, Transport } from '../../../platform/index.js';
import { CLOSE_REASONS } from '../../../schemas/close-reasons.js';
import { type AlertSearch, HISTORY_ROWS_MAX } from '../../../schemas/history.js';
import { FAMILIES, SEVERITIES } from '../../../schemas/hit.js';
import type { AlertSearchReply, RuleStatisticsReply } from '../../../schemas/protocol.js';
import { bankDay, bankDayStartMs, DAY_MS, parseDay } from '../../../schemas/time.js';
import type { BankDirectory } from '../directory.js';
import { type HistoryBlocks, mapBlock } from '../history-blocks.js';
import { type Doors, fail, json, readQuery } from '../http.js';

const DAYS_DEFAULT = 30;
const DAYS_MAX = 2_000;
const ROWS_DEFAULT = 100;
const OFFSET_MAX = 100_000;

const statisticsQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(DAYS_MAX).default(DAYS_DEFAULT),
});
const day = z.string().max(10).optional();
const searchQuery = z.strictObject({
  from: day,
  to: day,
  rule: z.string().min(1).max(100).optional(),
  family: z.enum(FAMILIES).optional(),
  subject: z.string().min(1).max(200).optional(),
  state: z.enum(['open', 'taken', 'closed']).optional(),
  severity: z.enum(SEVERITIES).optional(),
  reason: z.enum(CLOSE_REASONS).optional(),
  limit: z.coerce.number().int().min(1).max(HISTORY_ROWS_MAX).default(ROWS_DEFAULT),
  offset: z.coerce.number().int().min(0).max(OFFSET_MAX).default(0),
});

export interface HistoryRoutesOptions {
  doors: Doors;
  directory: BankDirectory;
  history: HistoryBlocks;
  nowMs: () => number;
}

export class HistoryRoutes {
  constructor(private readonly options: HistoryRoutesOptions) {}

  addTo(transport: Transport): void {
    transport.route('GET', '/api/rules/statistics', (x) => this.statistics(x));
    transport.route('GET', '/api/alerts/search', (x) => this.search(x));
  }

  private async statistics(exchange: Exchange): Promise<void> {
    const { doors, history, nowMs } = this.options;
    if (doors.require(exchange, 'alerts.read') === undefined) return;
    const query = readQuery(exchange, statisticsQuery);
    if (query === undefined) return;
    const fromMs = nowMs() - query.days * DAY_MS;
    const reply: RuleStatisticsReply = {
      statistics: await history.ask((h) => h.ruleStatistics(fromMs)),
    };
    json(exchange, 200, reply);
  }

  private async search(exchange: Exchange): Promise<void> {
    const { doors, directory, history } = this.options;
    if (doors.require(exchange, 'alerts.read') === undefined) return;
    const query = readQuery(exchange, searchQuery);
    if (query === undefined) return;
    const search = this.toSearch(query);
    if (search === undefined) {
      fail(exchange, 400, 'bad-query', 'from, to: not a day');
      return;
    }
    const names = new Map(directory.rulesInForce().map((rule) => [rule.id, rule.names]));
    const found = await history.ask((h) => h.searchAlerts(search));
    const reply: AlertSearchReply = {
      alerts: mapBlock(found, (alerts) =>
        alerts.map((alert) => ({
          ...alert,
          subjectName: directory.subjectName(alert.subject),
          ruleName: names.get(alert.rule) ?? { zh: alert.rule, en: alert.rule },
        })),
      ),
    };
    json(exchange, 200, reply);
  }

  /** Bank days, both inclusive; the last 30 by default. */
  private toSearch(query: z.infer<typeof searchQuery>): AlertSearch | undefined {
    const { directory, nowMs } = this.options;
    const { zoneTable } = directory.calendar();
    const { from, to, severity, reason, rule, family, subject, state, limit, offset } = query;
    const last = to === undefined ? bankDay(nowMs(), zoneTable) : parseDay(to);
    if (last === null) return undefined;
    const first = from === undefined ? last - DAYS_DEFAULT + 1 : parseDay(from);
    if (first === null) return undefined;
    return {
      fromMs: bankDayStartMs(first, zoneTable),
      toMs: bankDayStartMs(last + 1, zoneTable),
      ...{ limit, offset },
      ...(rule !== undefined && { rule }),
      ...(family !== undefined && { family }),
      ...(subject !== undefined && { subject }),
      ...(state !== undefined && { state }),
      ...(severity !== undefined && { severityAtLeast: severity }),
      ...(reason !== undefined && { closeReason: reason }),
    };
  }
}
