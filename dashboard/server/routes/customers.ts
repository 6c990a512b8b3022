/** The customer page: profile, accounts and alerts from memory, flows from the history store. */
import { z } from 'zod';
import type { Exchange, Transport } from '../../../platform/index.js';
import { unpackProfile } from '../../../schemas/classes.js';
import type {
  AlertRow,
  Block,
  CustomerHistory,
  CustomerPage,
  CustomerSearch,
  CustomerTransactions,
  Parties,
} from '../../../schemas/protocol.js';
import { bankDay, bankDayStartMs, formatDay, parseDay } from '../../../schemas/time.js';
import type { AlertBook } from '../alert-book.js';
import type { AlertEntry } from '../alert-entry.js';
import type { Customer } from '../customers.js';
import type { BankDirectory } from '../directory.js';
import type { HistoryBlocks } from '../history-blocks.js';
import { type Doors, fail, json, readQuery } from '../http.js';
import { alertRowView, watchView } from '../views.js';

const SEARCH_ROWS_MAX = 50;
const ALERTS_MAX = 100;
const DAYS_DEFAULT = 90;
const DAYS_MAX = 2_000;
const COUNTERPARTIES_MAX = 20;
const TRANSACTIONS_MAX = 50;
/** Event times lie below the year 10000. */
const TIME_MS_MAX = 253_402_300_800_000;

const searchQuery = z.strictObject({ q: z.string().max(200).default('') });
const historyQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(DAYS_MAX).default(DAYS_DEFAULT),
  to: z.string().max(10).optional(),
});
const transactionsQuery = z.strictObject({
  before: z.coerce.number().int().min(0).max(TIME_MS_MAX),
});

export interface CustomerRoutesOptions {
  doors: Doors;
  book: AlertBook;
  directory: BankDirectory;
  history: HistoryBlocks;
  nowMs: () => number;
}

export class CustomerRoutes {
  constructor(private readonly options: CustomerRoutesOptions) {}

  addTo(transport: Transport): void {
    const below = '/api/customers/:subject';
    transport.route('GET', '/api/customers', (x) => this.search(x));
    transport.route('GET', below, (x) => this.page(x));
    transport.route('GET', `${below}/history`, (x) => this.history(x));
    transport.route('GET', `${below}/transactions`, (x) => this.transactions(x));
  }

  private search(exchange: Exchange): void {
    if (this.options.doors.require(exchange, 'alerts.read') === undefined) return;
    const query = readQuery(exchange, searchQuery);
    if (query === undefined) return;
    const { directory, book } = this.options;
    const q = query.q.trim();
    const customers = q === '' ? [] : directory.customers()?.search(q, SEARCH_ROWS_MAX + 1);
    const found = new Map<string, Row>();
    for (const c of customers ?? []) found.set(c.party, searchRow(c));
    // Subjects that only their alerts know: accounts without a party, or no reference data at all.
    for (const entry of book.store.all()) {
      const row = found.get(entry.subject);
      if (row !== undefined) row.openAlerts += entry.state === 'closed' ? 0 : 1;
      else if (q !== '' && entry.subject === q) {
        found.set(q, { ...rowOfAlert(entry, directory), openAlerts: isOpen(entry) ? 1 : 0 });
      }
    }
    const rows = [...found.values()];
    const reply: CustomerSearch = {
      rows: rows.slice(0, SEARCH_ROWS_MAX),
      truncated: rows.length > SEARCH_ROWS_MAX,
    };
    json(exchange, 200, reply);
  }

  private page(exchange: Exchange): void {
    const known = this.known(exchange);
    if (known === undefined) return;
    const { subject, customer, entries } = known;
    const { directory, nowMs } = this.options;
    const asOfMs = directory.customers()?.takenMs ?? 0;
    const alerts = entries.slice(0, ALERTS_MAX).map((e) => this.row(e));
    const reply: CustomerPage = {
      subject,
      name: directory.subjectName(subject),
      profile: customer === undefined ? noReference() : reference(asOfMs, profileOf(customer)),
      accounts:
        customer === undefined
          ? noReference()
          : reference(
              asOfMs,
              customer.accounts.map(({ account, opened }) => ({ account, opened })),
            ),
      alerts: {
        ...{ state: 'ok', source: 'live', asOfMs: nowMs() },
        ...{ truncated: entries.length > ALERTS_MAX, value: alerts },
      },
    };
    json(exchange, 200, reply);
  }

  private async history(exchange: Exchange): Promise<void> {
    const known = this.known(exchange);
    if (known === undefined) return;
    const query = readQuery(exchange, historyQuery);
    if (query === undefined) return;
    const { directory, history, nowMs } = this.options;
    const { zoneTable } = directory.calendar();
    const today = bankDay(nowMs(), zoneTable);
    const to = query.to === undefined ? today : parseDay(query.to);
    if (to === null) {
      fail(exchange, 400, 'bad-query', 'to: not a day');
      return;
    }
    const { subject } = known;
    const [fromDay, toDay] = [formatDay(to - query.days + 1), formatDay(to)];
    const fromMs = bankDayStartMs(to - query.days + 1, zoneTable);
    const beforeMs = bankDayStartMs(to + 1, zoneTable);
    const [days, accounts, counterparties, transactions] = await Promise.all([
      history.ask((h) => h.customerDays(subject, fromDay, toDay)),
      history.ask((h) => h.customerAccounts(subject)),
      history.ask((h) => h.topCounterparties(subject, fromMs, COUNTERPARTIES_MAX)),
      history.ask((h) => h.customerTransactions(subject, beforeMs, TRANSACTIONS_MAX)),
    ]);
    const reply: CustomerHistory = {
      ...{ fromDay, toDay, days, accounts, counterparties, transactions },
      parties: this.parties(counterparties, transactions),
    };
    json(exchange, 200, reply);
  }

  private async transactions(exchange: Exchange): Promise<void> {
    const known = this.known(exchange);
    if (known === undefined) return;
    const query = readQuery(exchange, transactionsQuery);
    if (query === undefined) return;
    const transactions = await this.options.history.ask((h) =>
      h.customerTransactions(known.subject, query.before, TRANSACTIONS_MAX),
    );
    const reply: CustomerTransactions = { transactions, parties: this.parties(transactions) };
    json(exchange, 200, reply);
  }

  private parties(...blocks: Block<{ counterparty: string }[]>[]): Parties {
    const rows = blocks.flatMap((block) => (block.state === 'ok' ? block.value : []));
    const accounts = rows.map(({ counterparty }) => counterparty);
    return this.options.directory.customers()?.parties(accounts) ?? {};
  }

  /** The customer that is asked for, or undefined when the refusal has been sent. */
  private known(exchange: Exchange): Known | undefined {
    if (this.options.doors.require(exchange, 'alerts.read') === undefined) return undefined;
    const { directory, book } = this.options;
    const subject = exchange.params['subject'] ?? '';
    const customer = directory.customers()?.get(subject);
    const entries = [...book.store.all()].filter((entry) => entry.subject === subject);
    if (customer === undefined && entries.length === 0) {
      fail(exchange, 404, 'unknown-customer', 'neither reference data nor alerts know it');
      return undefined;
    }
    const open = (entry: AlertEntry): number => (isOpen(entry) ? 1 : 0);
    entries.sort((a, b) => open(b) - open(a) || b.openedMs - a.openedMs);
    return { subject, customer, entries };
  }

  private row(entry: AlertEntry): AlertRow {
    return alertRowView(this.options.book.store.rowOf(entry));
  }
}

interface Known {
  subject: string;
  customer: Customer | undefined;
  entries: AlertEntry[];
}

type Row = CustomerSearch['rows'][number];

/** What is not flushed yet is not there yet. */
function isOpen(entry: AlertEntry): boolean {
  return (entry.row?.state ?? entry.state) !== 'closed';
}

function searchRow({ party, name, kind, tier, branch }: Customer): Row {
  return { subject: party, name, kind, tier, branch, openAlerts: 0 };
}

function rowOfAlert(entry: AlertEntry, directory: BankDirectory): Row {
  const { kind, tier } = unpackProfile(entry.best.profile);
  const name = directory.subjectName(entry.subject);
  return { subject: entry.subject, name, kind, tier, branch: '', openAlerts: 0 };
}

type Profile = Extract<CustomerPage['profile'], { state: 'ok' }>['value'];

function profileOf(customer: Customer): Profile {
  const { kind, tier, riskClass, watch, lists, manager, branch, accounts } = customer;
  const opened = accounts.flatMap((account) => account.opened ?? []).sort();
  return {
    ...{ kind, tier, riskClass, watch: watchView(watch), lists, manager, branch },
    since: opened[0] ?? null,
  };
}

function reference<T>(asOfMs: number, value: T): Block<T> {
  return { state: 'ok', source: 'reference', asOfMs, truncated: false, value };
}

function noReference<T>(): Block<T> {
  const detail = 'the reference data does not name this customer';
  return { state: 'missing', source: 'reference', why: 'no-data', detail };
}
