/** The test server's answers about customers, history and the demonstration bank. */

import { CLOSE_REASONS } from '../../../schemas/close-reasons.js';
import { CASE_KINDS, DEMO_RATE_MAX, demoCommandSchema } from '../../../schemas/demo.js';
import type { HistoryAnswer } from '../../../schemas/history.js';
import { FAMILIES, SEVERITIES } from '../../../schemas/hit.js';
import type {
  AlertRow,
  AlertSearchReply,
  Block,
  CustomerHistory,
  CustomerPage,
  CustomerSearch,
  CustomerTransactions,
  DemoReply,
  RuleStatisticsReply,
  SessionUser,
} from '../../../schemas/protocol.js';
import { systemRoute } from '../pages/testing/system.js';
import { makeExplain } from './explain.js';
import { bankDay, bankDayStartMs } from './history.js';
import type { World } from './world.js';

const DAY_MS = 86_400_000;
const PAGE = 50;

export interface Ask {
  world: World;
  method: string;
  url: URL;
  user: SessionUser;
  body: () => Promise<unknown>;
}
export type Answer = { status: number; value: unknown } | { status: number; csv: string };

function block<T>(answer: HistoryAnswer<T>): Block<T> {
  if (!answer.ok) {
    return { state: 'missing', source: 'history', why: answer.failure, detail: answer.detail };
  }
  const { value, truncated, writtenToMs: asOfMs } = answer;
  return { state: 'ok', source: 'history', asOfMs, truncated, value };
}

const ok = (value: unknown): Answer => ({ status: 200, value });
const refused = (status: number, code: string): Answer => ({
  status,
  value: { error: { code, message: code } },
});

/** Null: not a path of this file. */
export async function extraRoute(ask: Ask): Promise<Answer | null> {
  const path = ask.url.pathname;
  const customer = /^\/api\/customers\/([^/]+)(\/history|\/transactions)?$/.exec(path);
  if (customer !== null) {
    const subject = decodeURIComponent(customer[1] as string);
    if (customer[2] === '/history') return ok(await customerHistory(ask, subject));
    if (customer[2] === '/transactions') return ok(await transactions(ask, subject));
    const page = customerPage(ask.world, subject);
    return page === null ? refused(404, 'unknown-customer') : ok(page);
  }
  const explained = /^\/api\/alerts\/([^/]+)\/explain$/.exec(path);
  if (explained !== null) return explain(ask.world, explained[1] as string);
  switch (path) {
    case '/api/customers':
      return ok(searchCustomers(ask));
    case '/api/alerts/search':
      return ok(await searchAlerts(ask));
    case '/api/alerts.csv':
      return { status: 200, csv: csv(ask) };
    case '/api/rules/statistics': {
      const statistics = block(await ask.world.history.ruleStatistics());
      return ok({ statistics } satisfies RuleStatisticsReply);
    }
    case '/api/demo':
      return demo(ask);
    case '/api/demo/commands':
      return command(ask);
    default:
      return systemRoute(ask);
  }
}

function explain(world: World, id: string): Answer {
  const row = world.rows.get(id);
  if (row === undefined) return refused(404, 'unknown-alert');
  if (world.explain === 'ok') return ok(makeExplain(row));
  const status = { busy: 429, 'out-of-time': 503, 'never-scored': 404 }[world.explain];
  return refused(status, world.explain);
}

function rowsOf(world: World, subject: string): AlertRow[] {
  return [...world.rows.values()].filter((row) => row.subject === subject);
}

function customerPage(world: World, subject: string): CustomerPage | null {
  const rows = rowsOf(world, subject);
  const first = rows[0];
  if (first === undefined) return null;
  const from = {
    state: 'ok',
    source: 'reference',
    asOfMs: Date.now() - 60_000,
    truncated: false,
  } as const;
  return {
    subject,
    name: first.subjectName,
    profile: {
      ...from,
      value: {
        kind: 'person',
        tier: first.tier as 'base',
        riskClass: 2,
        watch: first.watch,
        lists: [],
        manager: 'M007',
        branch: 'B012',
        since: '2019-04-11',
      },
    },
    accounts: { ...from, value: [{ account: `6222020000${subject}`, opened: '2019-04-11' }] },
    alerts: { ...from, source: 'live', asOfMs: Date.now(), value: rows },
  };
}

async function customerHistory({ world, url }: Ask, subject: string): Promise<CustomerHistory> {
  const days = Number(url.searchParams.get('days') ?? 90);
  const toDay = url.searchParams.get('to') ?? bankDay(Date.now());
  const toMs = Date.parse(`${toDay}T00:00:00Z`);
  const fromDay = new Date(toMs - (days - 1) * DAY_MS).toISOString().slice(0, 10);
  const { history } = world;
  return {
    fromDay,
    toDay,
    days: block(await history.customerDays(subject, fromDay, toDay)),
    accounts: block(await history.customerAccounts(subject)),
    counterparties: block(await history.topCounterparties(subject, toMs - days * DAY_MS, 10)),
    transactions: block(await history.customerTransactions(subject, toMs + DAY_MS, PAGE)),
    parties: {},
  };
}

async function transactions({ world, url }: Ask, subject: string): Promise<CustomerTransactions> {
  const before = Number(url.searchParams.get('before'));
  const found = await world.history.customerTransactions(subject, before, PAGE);
  return { transactions: block(found), parties: {} };
}

function searchCustomers({ world, url }: Ask): CustomerSearch {
  const q = (url.searchParams.get('q') ?? '').toLowerCase();
  const found = new Map<string, CustomerSearch['rows'][number]>();
  for (const row of world.rows.values()) {
    if (!`${row.subject} ${row.subjectName}`.toLowerCase().includes(q)) continue;
    const known = found.get(row.subject);
    const open = (known?.openAlerts ?? 0) + (row.state === 'closed' ? 0 : 1);
    found.set(row.subject, {
      subject: row.subject,
      name: row.subjectName,
      kind: 'person',
      tier: row.tier as 'base',
      branch: 'B012',
      openAlerts: open,
    });
  }
  return { rows: [...found.values()].slice(0, PAGE), truncated: found.size > PAGE };
}

async function searchAlerts({ world, url }: Ask): Promise<AlertSearchReply> {
  const ask = url.searchParams;
  const one = <T extends string>(name: string, list: readonly T[]): T | undefined =>
    list.find((each) => each === ask.get(name));
  const family = one('family', FAMILIES);
  const state = one('state', ['open', 'taken', 'closed'] as const);
  const closeReason = one('reason', CLOSE_REASONS);
  const severityAtLeast = one('severity', SEVERITIES);
  const answer = await world.history.searchAlerts({
    fromMs: bankDayStartMs(ask.get('from') ?? '1970-01-01'),
    toMs: bankDayStartMs(ask.get('to') ?? '2100-01-01') + DAY_MS,
    limit: Number(ask.get('limit') ?? 100),
    offset: Number(ask.get('offset') ?? 0),
    ...(family === undefined ? {} : { family }),
    ...(state === undefined ? {} : { state }),
    ...(closeReason === undefined ? {} : { closeReason }),
    ...(severityAtLeast === undefined ? {} : { severityAtLeast }),
  });
  const alerts = block(answer);
  if (alerts.state === 'missing') return { alerts };
  const value = alerts.value.map((each) => {
    const row = world.rows.get(each.id) as AlertRow;
    return { ...each, subjectName: row.subjectName, ruleName: row.ruleName };
  });
  return { alerts: { ...alerts, value } };
}

function csv({ world, url }: Ask): string {
  const closed = url.searchParams.get('state') === 'closed';
  const family = url.searchParams.get('family');
  const rows = [...world.rows.values()].filter(
    (row) => (row.state === 'closed') === closed && (family === null || row.family === family),
  );
  return ['id,rule,subject', ...rows.map((r) => `${r.id},${r.rule},${r.subject}`)].join('\r\n');
}

function demo({ world, user }: Ask): Answer {
  if (world.demo === null) return ok(null);
  const administrator = user.role === 'administrator';
  const reply: DemoReply = {
    demo: world.demo,
    kinds: CASE_KINDS,
    rateMax: DEMO_RATE_MAX,
    curl: administrator
      ? `curl -H 'authorization: Bearer test' --json '{"id":"T1"}' http://${world.identity}/v1/t`
      : null,
  };
  return ok(reply);
}

async function command({ world, user, body, method }: Ask): Promise<Answer> {
  if (world.demo === null) return refused(404, 'no-demo');
  if (user.role !== 'administrator') return refused(403, 'forbidden');
  const read = demoCommandSchema.safeParse(await body());
  if (method !== 'POST' || !read.success) return refused(400, 'bad-request');
  world.demoCommand(read.data);
  return { status: 202, value: null };
}
