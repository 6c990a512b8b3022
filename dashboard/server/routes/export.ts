/** GET /api/alerts.csv : the list as it is filtered, as a file. Who took it is logged. */
import { z } from 'zod';
import type { Exchange, Transport, TransportLogger } from '../../../platform/index.js';
import type { AlertBook } from '../alert-book.js';
import { listAlerts, listQuery } from '../alert-query.js';
import { alertsCsv } from '../csv.js';
import type { BankDirectory } from '../directory.js';
import { API_HEADERS, type Doors, readQuery } from '../http.js';
import { alertRowView } from '../views.js';

const exportQuery = listQuery.extend({ lang: z.enum(['zh', 'en']).default('zh') });

export interface ExportRoutesOptions {
  doors: Doors;
  book: AlertBook;
  directory: BankDirectory;
  logger: TransportLogger;
  nowMs: () => number;
}

export class ExportRoutes {
  constructor(private readonly options: ExportRoutesOptions) {}

  addTo(transport: Transport): void {
    transport.route('GET', '/api/alerts.csv', (x) => this.alerts(x));
  }

  private alerts(exchange: Exchange): void {
    const { doors, book, directory, logger, nowMs } = this.options;
    const who = doors.require(exchange, 'alerts.read');
    if (who === undefined) return;
    const query = readQuery(exchange, exportQuery);
    if (query === undefined) return;
    const user = who.user.name;
    const { rows } = listAlerts(book, directory, { ...query, user, nowMs: nowMs() });
    const csv = alertsCsv(
      rows.map((row) => alertRowView(row)),
      query.lang,
    );
    // What was searched for may be a name: it stays out.
    const { state, family, who: whose } = query;
    logger.info({ user, rows: rows.length, state, family, who: whose }, 'alerts exported');
    const day = new Date(nowMs()).toISOString().slice(0, 10);
    const headers = {
      ...API_HEADERS,
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="weir-alerts-${day}.csv"`,
    };
    exchange.reply(200, headers, csv);
  }
}
