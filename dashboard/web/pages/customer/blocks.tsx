/** Accounts with balances, counterparties and alerts of a customer. */
import type { CounterpartyFlow, CustomerAccount } from '../../../../schemas/history.js';
import type {
  AlertRow,
  CustomerHistory,
  CustomerPage,
  Parties,
} from '../../../../schemas/protocol.js';
import { bothClocks, money, plain } from '../../format.js';
import { Party } from '../../screens/party.js';
import { Shape } from '../../screens/shape.js';
import { language } from '../../state/preferences.js';
import { nowMs } from '../../state/queue.js';
import { bank } from '../../state/session.js';
import { fill, text, word } from '../../text/index.js';
import { dayClock, secondClock } from '../format.js';
import type { Polled } from '../poll.js';
import { ScrollX } from '../scroll-x.js';
import { missingWords, Panel, Source } from './panel.js';
import { customerText } from './text.js';

export function Clock({ ms }: { ms: number }) {
  return (
    <time dateTime={new Date(ms).toISOString()} title={bothClocks(ms, bank.value, text.value)}>
      {dayClock(ms, nowMs.peek(), bank.value)}
    </time>
  );
}

/** Heads of a table; those in `numbers` stand at the right. */
export function Heads({ names, numbers }: { names: string[]; numbers: readonly number[] }) {
  return (
    <thead>
      <tr>
        {names.map((name, at) => (
          <th scope="col" class={numbers.includes(at) ? 'number' : ''} key={name}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface AccountsProps {
  page: Polled<CustomerPage>;
  history: Polled<CustomerHistory>;
}

export function Accounts({ page, history }: AccountsProps) {
  const c = customerText.value;
  const balances = history.value?.accounts ?? null;
  const known = balances?.state === 'ok' ? balances.value : [];
  return (
    <Panel
      id="accounts"
      title={c.accounts}
      polled={page}
      block={page.value?.accounts ?? null}
      lines={4}
      empty={(list) => (list.length + known.length === 0 ? c.accountsEmpty : null)}
    >
      {(list) => (
        <>
          <ScrollX label={c.accounts}>
            <table class="data">
              <Heads
                names={[c.account, c.balance, c.transactionsCount, c.opened]}
                numbers={[1, 2]}
              />
              <tbody>
                {joined(list, known).map((each) => (
                  <AccountLine {...each} key={each.account} />
                ))}
              </tbody>
            </table>
          </ScrollX>
          {balances?.state === 'missing' ? (
            <p class="muted">{fill(c.balancesMissing, { why: missingWords(balances) })}</p>
          ) : null}
          {balances?.state === 'ok' ? (
            <p class="muted small">
              {c.balance}: <Source block={balances} />
            </p>
          ) : null}
        </>
      )}
    </Panel>
  );
}

interface Joined {
  account: string;
  opened: string | null;
  seen: CustomerAccount | undefined;
}

/** Accounts of the reference data first, then those that only payments know. */
function joined(
  reference: readonly { account: string; opened: string | null }[],
  seen: readonly CustomerAccount[],
): Joined[] {
  const byAccount = new Map(seen.map((each) => [each.account, each]));
  const known = new Set(reference.map((each) => each.account));
  const others = seen.filter((each) => !known.has(each.account));
  return [
    ...reference.map((each) => ({ ...each, seen: byAccount.get(each.account) })),
    ...others.map((each) => ({ account: each.account, opened: null, seen: each })),
  ];
}

function AccountLine({ account, opened, seen }: Joined) {
  const t = text.value;
  const c = customerText.value;
  const at = seen?.balanceAtMs ?? null;
  const minor = seen?.balanceMinor ?? null;
  return (
    <tr>
      <th scope="row" class="mono">
        {account}
      </th>
      <td class="number">
        {minor === null ? (
          <span class="muted">{seen === undefined ? t.queue.noValue : c.neverReported}</span>
        ) : (
          <strong>{money(minor, bank.value)}</strong>
        )}
        {at === null ? null : (
          <span class="reported" title={bothClocks(at, bank.value, t)}>
            {fill(c.reported, { time: secondClock(at, nowMs.peek(), bank.value) })}
          </span>
        )}
      </td>
      <td class="number">{seen === undefined ? t.queue.noValue : plain(seen.transactions)}</td>
      <td class="nowrap">{opened ?? t.queue.noValue}</td>
    </tr>
  );
}

interface CounterpartiesProps {
  history: Polled<CustomerHistory>;
  days: number;
}

export function Counterparties({ history, days }: CounterpartiesProps) {
  const c = customerText.value;
  const block = history.value?.counterparties ?? null;
  return (
    <Panel
      id="counterparties"
      title={c.counterparties}
      aside={fill(c.counterpartiesSince, { n: days })}
      polled={history}
      // The largest are asked for: that there are more is no news.
      block={block?.state === 'ok' ? { ...block, truncated: false } : block}
      holdKey={String(days)}
      lines={6}
      empty={(list) => (list.length === 0 ? c.counterpartiesEmpty : null)}
    >
      {(list) => (
        <ScrollX label={c.counterparties}>
          <table class="data">
            <Heads names={[c.counterparty, c.in, c.out, c.last]} numbers={[1, 2]} />
            <tbody>
              {list.map((flow) => (
                <CounterpartyLine
                  flow={flow}
                  parties={history.value?.parties ?? {}}
                  key={`${flow.counterparty} ${flow.country}`}
                />
              ))}
            </tbody>
          </table>
        </ScrollX>
      )}
    </Panel>
  );
}

function CounterpartyLine({ flow, parties }: { flow: CounterpartyFlow; parties: Parties }) {
  const c = customerText.value;
  const side = (count: number, minor: number) =>
    count === 0 ? (
      <span class="muted">{text.value.queue.noValue}</span>
    ) : (
      <>
        {money(minor, bank.value)}
        <span class="reported">{fill(c.counted, { n: plain(count) })}</span>
      </>
    );
  return (
    <tr>
      <th scope="row">
        <Party account={flow.counterparty} parties={parties} />{' '}
        <span class="muted">{flow.country}</span>
      </th>
      <td class="number">{side(flow.inCount, flow.inMinor)}</td>
      <td class="number">{side(flow.outCount, flow.outMinor)}</td>
      <td class="nowrap">
        <Clock ms={flow.lastMs} />
      </td>
    </tr>
  );
}

export function Alerts({ page }: { page: Polled<CustomerPage> }) {
  const c = customerText.value;
  return (
    <Panel
      id="alerts-of-customer"
      title={c.alerts}
      aside={c.openFirst}
      polled={page}
      block={page.value?.alerts ?? null}
      lines={6}
      empty={(list) => (list.length === 0 ? c.alertsEmpty : null)}
    >
      {(list) => (
        <ol class="alert-list">
          {list.map((row) => (
            <AlertLine row={row} key={row.id} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function AlertLine({ row }: { row: AlertRow }) {
  const t = text.value;
  const closed = row.state === 'closed';
  return (
    <li data-severity={row.severity} class={closed ? 'is-closed' : ''}>
      <span class="severity">
        <Shape severity={row.severity} /> {word(t.domain.severity, row.severity)}
      </span>
      <a class="link" href={`/#/alerts/${row.id}`}>
        {row.sentence[language.value]}
      </a>
      <span class="muted alert-meta">
        {word(t.domain.state, row.state)}
        {row.closeReason === null ? '' : ` · ${word(t.domain.reason, row.closeReason)}`}
        {row.owner === null ? '' : ` · ${row.owner}`} · <Clock ms={row.openedMs} />
      </span>
    </li>
  );
}
