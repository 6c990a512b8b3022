/** The answers by brute force over the distinct rows, in plain code. */

import type { CloseReason } from '../../../schemas/close-reasons.js';
import type {
  AlertSearch,
  CounterpartyFlow,
  CustomerAccount,
  CustomerDay,
  CustomerTransaction,
  RuleStatistics,
  StoredAlert,
} from '../../../schemas/history.js';
import { type Family, SEVERITIES } from '../../../schemas/hit.js';
import { dateOf, type EventRow, type LegRow, type World } from './world.js';

/** Texts are ordered by their bytes. */
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function grouped<Row>(rows: readonly Row[], keyOf: (row: Row) => string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group === undefined) groups.set(keyOf(row), [row]);
    else group.push(row);
  }
  return groups;
}

const sum = <Row>(rows: readonly Row[], of: (row: Row) => number) =>
  rows.reduce((total, row) => total + of(row), 0);

/** Oldest first. */
function legsOf(world: World, subject: string): LegRow[] {
  return world.legs
    .filter((leg) => leg.subject === subject)
    .sort((a, b) => a.event_ms - b.event_ms || a.position - b.position || a.side - b.side);
}

export function days(world: World, subject: string, from: string, to: string): CustomerDay[] {
  const rows = world.days.filter((row) => {
    const day = dateOf(row.day);
    return row.subject === subject && day >= from && day <= to;
  });
  return [...grouped(rows, (row) => dateOf(row.day))]
    .map(([day, group]) => ({
      day,
      inCount: sum(group, (row) => row.in_count),
      inMinor: sum(group, (row) => row.in_minor),
      outCount: sum(group, (row) => row.out_count),
      outMinor: sum(group, (row) => row.out_minor),
      customerMade: sum(group, (row) => row.customer_made),
    }))
    .filter((day) => day.inCount + day.outCount > 0)
    .sort((a, b) => byBytes(a.day, b.day));
}

export function accounts(world: World, subject: string): CustomerAccount[] {
  return [...grouped(legsOf(world, subject), (leg) => leg.account)]
    .map(([account, legs]) => {
      const told = legs.filter((leg) => leg.balance_after_minor !== null).at(-1);
      return {
        account,
        balanceMinor: told?.balance_after_minor ?? null,
        balanceAtMs: told?.event_ms ?? null,
        firstMs: legs[0]!.event_ms,
        lastMs: legs.at(-1)!.event_ms,
        transactions: new Set(legs.map((leg) => leg.position)).size,
      };
    })
    .sort((a, b) => b.lastMs - a.lastMs || byBytes(a.account, b.account));
}

export function counterparties(world: World, subject: string, fromMs: number): CounterpartyFlow[] {
  const legs = legsOf(world, subject).filter((leg) => leg.event_ms >= fromMs);
  return [...grouped(legs, (leg) => leg.counterparty)]
    .map(([counterparty, group]) => {
      const [ins, outs] = [1, 0].map((side) => group.filter((leg) => leg.side === side)) as [
        LegRow[],
        LegRow[],
      ];
      return {
        counterparty,
        country: group.at(-1)!.country,
        inCount: ins.length,
        inMinor: sum(ins, (leg) => leg.amount_base_minor),
        outCount: outs.length,
        outMinor: sum(outs, (leg) => leg.amount_base_minor),
        firstMs: group[0]!.event_ms,
        lastMs: group.at(-1)!.event_ms,
      };
    })
    .sort(
      (a, b) =>
        b.inMinor + b.outMinor - a.inMinor - a.outMinor || byBytes(a.counterparty, b.counterparty),
    );
}

export function transactions(
  world: World,
  subject: string,
  beforeMs: number,
): CustomerTransaction[] {
  return legsOf(world, subject)
    .filter((leg) => leg.event_ms < beforeMs)
    .reverse()
    .map((leg) => ({
      id: leg.transaction_id,
      eventMs: leg.event_ms,
      side: leg.side === 0 ? 'debit' : 'credit',
      account: leg.account,
      counterparty: leg.counterparty,
      country: leg.country,
      amountBaseMinor: leg.amount_base_minor,
      amountMinor: leg.amount_minor,
      currency: leg.currency,
      type: leg.type,
      channel: leg.channel,
      balanceAfterMinor: leg.balance_after_minor,
    }));
}

/** One alert as the dashboard's book would have it after the same records. */
function foldAlert(id: string, events: EventRow[]): StoredAlert & { severityRank: number } {
  const [open] = events as [EventRow];
  let [state, owner, reason, ownerBefore]: [StoredAlert['state'], string, string, string] = [
    'open',
    '',
    '',
    '',
  ];
  let best: EventRow | undefined;
  for (const event of events) {
    if (event.family !== '' && event.severity >= (best?.severity ?? 0)) best = event;
    if (event.what === 'take') [state, owner] = ['taken', event.user];
    if (event.what === 'release') [state, owner] = ['open', ''];
    if (event.what === 'close') {
      ownerBefore = owner;
      [state, owner, reason] = ['closed', event.user, event.reason];
    }
    if (event.what === 'undo-close') {
      owner = ownerBefore;
      [state, reason] = [owner === '' ? 'open' : 'taken', ''];
    }
  }
  const hits = events.filter((event) => event.what === 'open' || event.what === 'append');
  const times = hits.filter((event) => event.family !== '').map((event) => event.event_ms);
  return {
    id,
    rule: open.rule,
    family: (best?.family ?? 'operations') as Family,
    subject: open.subject,
    severity: SEVERITIES[best?.severity ?? 0]!,
    severityRank: best?.severity ?? 0,
    score: best?.score ?? 0,
    amountBaseMinor: best?.amount_base_minor ?? 0,
    hitCount: hits.length,
    state,
    owner,
    closeReason: reason as CloseReason | '',
    eventMs: times.length === 0 ? open.at_ms : Math.max(...times),
    openedMs: open.at_ms,
    changedMs: events.at(-1)!.at_ms,
  };
}

const foldAll = (world: World) =>
  [...grouped(world.events, (event) => event.alert_id)].map(([id, events]) =>
    foldAlert(id, events),
  );

export function alerts(world: World, search: AlertSearch): StoredAlert[] {
  const least = SEVERITIES.indexOf(search.severityAtLeast ?? 'info');
  return foldAll(world)
    .filter((alert) => alert.openedMs >= search.fromMs && alert.openedMs < search.toMs)
    .filter((alert) =>
      (['rule', 'family', 'subject', 'state', 'closeReason'] as const).every(
        (name) => search[name] === undefined || search[name] === alert[name],
      ),
    )
    .filter((alert) => alert.severityRank >= least)
    .sort((a, b) => b.openedMs - a.openedMs || byBytes(b.id, a.id))
    .map(({ severityRank: _, ...alert }) => alert);
}

export function rules(world: World, fromMs: number): RuleStatistics[] {
  const hits = grouped(
    world.hits.filter((hit) => hit.detected_ms >= fromMs),
    (hit) => hit.rule,
  );
  const opened = grouped(
    foldAll(world).filter((alert) => alert.openedMs >= fromMs),
    (alert) => alert.rule,
  );
  const closedAt = (id: string) =>
    world.events.filter((event) => event.alert_id === id && event.what === 'close').at(-1)!.at_ms;
  return [...new Set([...hits.keys(), ...opened.keys()])]
    .map((rule) => {
      const ofRule = hits.get(rule) ?? [];
      const all = opened.get(rule) ?? [];
      const closed = all.filter((alert) => alert.state === 'closed');
      const handling = closed
        .map((alert) => closedAt(alert.id) - alert.openedMs)
        .sort((a, b) => a - b);
      return {
        rule,
        hits: ofRule.length,
        historyHits: ofRule.filter((hit) => hit.history).length,
        shadowHits: ofRule.filter((hit) => hit.shadow).length,
        subjects: new Set(ofRule.map((hit) => hit.subject)).size,
        alerts: all.length,
        closed: closed.length,
        falsePositives: closed.filter((alert) => alert.closeReason === 'false-positive').length,
        confirmed: closed.filter((alert) => alert.closeReason === 'confirmed').length,
        handlingP50Ms: handling[Math.ceil(handling.length / 2) - 1] ?? null,
      };
    })
    .sort((a, b) => b.hits - a.hits || byBytes(a.rule, b.rule));
}
