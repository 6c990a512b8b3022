/**
 * Payments, newest first. The list that is read stays as it is: newer ones wait behind a button
 * above it, older ones come below it on request.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { CustomerTransaction } from '../../../../schemas/history.js';
import type { CustomerHistory, Parties } from '../../../../schemas/protocol.js';
import { money, plain } from '../../format.js';
import { Party } from '../../screens/party.js';
import { failure } from '../../state/api.js';
import { bank, checkSession } from '../../state/session.js';
import { fill, text, word } from '../../text/index.js';
import { pagesApi } from '../api.js';
import type { Polled } from '../poll.js';
import { ScrollX } from '../scroll-x.js';
import { Clock, Heads } from './blocks.js';
import { missingWords, Panel } from './panel.js';
import { customerText } from './text.js';

const keyOf = (each: CustomerTransaction): string => `${each.id} ${each.side} ${each.account}`;

/** `more` below `rows` without what is there already: pages may overlap at equal times. */
export function withOlder(
  rows: readonly CustomerTransaction[],
  more: readonly CustomerTransaction[],
): CustomerTransaction[] {
  const known = new Set(rows.map(keyOf));
  return [...rows, ...more.filter((each) => !known.has(keyOf(each)))];
}

interface Props {
  history: Polled<CustomerHistory>;
  subject: string;
}

export function Transactions({ history, subject }: Props) {
  const c = customerText.value;
  const block = history.value?.transactions ?? null;
  return (
    <Panel
      id="transactions"
      title={c.transactions}
      aside={c.transactionsNewest}
      polled={history}
      block={block?.state === 'ok' ? { ...block, truncated: false } : block}
      lines={10}
      empty={(list) => (list.length === 0 ? c.transactionsEmpty : null)}
    >
      {(list) => (
        <List
          latest={list}
          parties={history.value?.parties ?? {}}
          subject={subject}
          hasOlder={block?.state === 'ok' && block.truncated}
        />
      )}
    </Panel>
  );
}

interface ListProps {
  latest: readonly CustomerTransaction[];
  parties: Parties;
  subject: string;
  hasOlder: boolean;
}

function List({ latest, parties, subject, hasOlder }: ListProps) {
  const c = customerText.value;
  const [rows, setRows] = useState<readonly CustomerTransaction[]>(latest);
  const [older, setOlder] = useState({ more: hasOlder, busy: false, problem: '' });
  const [olderParties, setOlderParties] = useState<Parties>({});
  const button = useRef<HTMLButtonElement>(null);
  const current = useRef(true);
  useEffect(
    () => () => {
      current.current = false;
    },
    [],
  );
  const known = new Set(rows.map(keyOf));
  const newer = latest.filter((each) => !known.has(keyOf(each))).length;
  const readOlder = async (): Promise<void> => {
    setOlder({ more: true, busy: true, problem: '' });
    const last = rows.at(-1) as CustomerTransaction;
    // One above the last time, so that none of several at the same time is left out.
    const outcome = await pagesApi.older(subject, last.eventMs + 1);
    if (!current.current) return;
    if (!outcome.ok) {
      if (outcome.status === 401) void checkSession();
      setOlder({ more: true, busy: false, problem: failure(outcome, text.value) });
      return;
    }
    const block = outcome.value.transactions;
    if (block.state === 'missing') {
      setOlder({ more: true, busy: false, problem: missingWords(block) });
      return;
    }
    const all = withOlder(rows, block.value);
    setRows(all);
    setOlderParties({ ...olderParties, ...outcome.value.parties });
    setOlder({ more: block.truncated && all.length > rows.length, busy: false, problem: '' });
  };
  return (
    <>
      {newer === 0 ? null : (
        <button
          type="button"
          class="button primary newer"
          onClick={() => {
            setRows(latest);
            setOlder({ more: hasOlder, busy: false, problem: '' });
          }}
        >
          {fill(c.newer, { n: plain(newer) })}
        </button>
      )}
      <TransactionTable rows={rows} parties={{ ...olderParties, ...parties }} />
      <p class="older">
        {older.problem === '' ? null : (
          <span class="warning">{fill(c.olderFailed, { reason: older.problem })}</span>
        )}
        {older.more ? (
          <button
            type="button"
            class="button"
            ref={button}
            aria-disabled={older.busy}
            onClick={() => (older.busy ? undefined : void readOlder())}
          >
            {older.busy ? text.value.common.loading : c.older}
          </button>
        ) : (
          <span class="muted">{c.noOlder}</span>
        )}
      </p>
    </>
  );
}

interface TableProps {
  rows: readonly CustomerTransaction[];
  parties: Parties;
}

function TransactionTable({ rows, parties }: TableProps) {
  const c = customerText.value;
  const names = [c.time, c.side, c.amount, c.counterparty, c.type, c.account, c.balanceAfter];
  return (
    <ScrollX label={c.transactions}>
      <table class="data transactions">
        <Heads names={names} numbers={[2, 6]} />
        <tbody>
          {rows.map((each) => (
            <Line each={each} parties={parties} key={keyOf(each)} />
          ))}
        </tbody>
      </table>
    </ScrollX>
  );
}

function Line({ each, parties }: { each: CustomerTransaction; parties: Parties }) {
  const t = text.value;
  const c = customerText.value;
  const foreign = each.currency !== bank.value.baseCurrency;
  const original = { baseCurrency: each.currency, zone: bank.value.zone };
  const type = word(c.types, each.type);
  const channel = each.channel === 'unknown' ? '' : word(c.channels, each.channel);
  return (
    <tr title={each.id}>
      <td class="nowrap">
        <Clock ms={each.eventMs} />
      </td>
      <td class={`side-${each.side}`}>{c[each.side]}</td>
      <td class="number">
        {each.side === 'debit' ? '−' : '+'}
        {money(each.amountBaseMinor, bank.value)}
        {foreign ? <span class="reported">{currency(each.amountMinor, original)}</span> : null}
      </td>
      <td>
        <Party account={each.counterparty} parties={parties} />{' '}
        <span class="muted">{each.country}</span>
      </td>
      <td>
        {type} <span class="muted">{channel}</span>
      </td>
      <td class="mono">{each.account}</td>
      <td class="number">
        {each.balanceAfterMinor === null
          ? t.queue.noValue
          : money(each.balanceAfterMinor, bank.value)}
      </td>
    </tr>
  );
}

/** A currency code that the browser does not know is shown as it is. */
function currency(minor: number, where: Parameters<typeof money>[1]): string {
  try {
    return `${where.baseCurrency} ${money(minor, where).replace(/^[^\d-]+/, '')}`;
  } catch {
    return `${where.baseCurrency} ${plain(minor)}`;
  }
}
