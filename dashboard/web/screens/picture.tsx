/**
 * What the history store knows about the customer of an alert: 90 days with this event marked, and
 * with whom the money goes. Each block stands or falls alone.
 */
import { useEffect, useState } from 'preact/hooks';
import type { CounterpartyFlow } from '../../../schemas/history.js';
import type { Family, Hit } from '../../../schemas/hit.js';
import type { AlertRow, CustomerHistory, Parties } from '../../../schemas/protocol.js';
import type { DaysMeasure } from '../chart/days.js';
import { DaysBars } from '../chart/days-bars.js';
import { bankDay, duration, money, plain } from '../format.js';
import { api, failure } from '../state/api.js';
import { nowMs, stats } from '../state/queue.js';
import { bank } from '../state/session.js';
import { fill, text } from '../text/index.js';
import { Block } from './block.js';
import { Missing } from './missing.js';
import { Party } from './party.js';

const DAYS = 90;
const DAY_MS = 86_400_000;
/** An old alert's picture goes on a little behind its event. */
const DAYS_AFTER = 10;
const COUNTERPARTIES_SHOWN = 6;
/** History older than this is worth saying. */
const BEHIND_MS = 60_000;
const RETRY_MS = 5_000;

type Loaded =
  | { state: 'loading' }
  | { state: 'failed'; why: string }
  | { state: 'ready'; history: CustomerHistory };

/** Asks again while the store is away or behind this alert: nobody should have to reload. */
function useHistory(subject: string, toDay: string, neededMs: number): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ state: 'loading' });
  useEffect(() => {
    let current = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = (asOfMs: number | null) => {
      timer = setTimeout(() => {
        // A store that has written nothing since then has nothing new to say.
        const writtenToMs = stats.peek().at(-1)?.history.writtenToMs ?? null;
        if (asOfMs !== null && writtenToMs !== null && writtenToMs <= asOfMs) again(asOfMs);
        else void read();
      }, RETRY_MS);
    };
    const read = async () => {
      const reply = await api.customerHistory(subject, DAYS, toDay);
      if (!current) return;
      setLoaded(
        reply.ok
          ? { state: 'ready', history: reply.value }
          : { state: 'failed', why: failure(reply, text.value) },
      );
      const days = reply.ok ? reply.value.days : null;
      const asOfMs = days?.state === 'ok' ? days.asOfMs : null;
      if (asOfMs === null || asOfMs < neededMs) again(asOfMs);
    };
    void read();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [subject, toDay]);
  return loaded;
}

/** Drops are about what the customer does, outflows about amounts, the rest about payments. */
const MEASURE: Partial<Record<Family, DaysMeasure>> = {
  'activity-drop': 'activity',
  aml: 'counts',
};

interface Props {
  row: AlertRow;
  hit: Hit | undefined;
  parties: Parties;
}

export function Picture({ row, hit, parties }: Props) {
  const t = text.value.drawer;
  const toMs = Math.min(Date.now(), row.eventTime + DAYS_AFTER * DAY_MS);
  const loaded = useHistory(row.subject, bankDay(toMs, bank.value), row.openedMs);
  return (
    <>
      <Block title={fill(t.days, { n: DAYS })} {...age(loaded)}>
        {loaded.state === 'loading' ? <p class="days-place muted">{t.loadingDays}</p> : null}
        {loaded.state === 'failed' ? (
          <p class="missing">{fill(t.daysFailed, { reason: loaded.why })}</p>
        ) : null}
        {loaded.state === 'ready' ? <Days history={loaded.history} row={row} hit={hit} /> : null}
      </Block>
      <Counterparties loaded={loaded} hit={hit} parties={parties} />
    </>
  );
}

function age(loaded: Loaded): { aside?: string } {
  if (loaded.state !== 'ready' || loaded.history.days.state !== 'ok') return {};
  const t = text.value;
  const behindMs = nowMs.value - loaded.history.days.asOfMs;
  if (behindMs < BEHIND_MS) return {};
  return { aside: fill(t.drawer.asOf, { time: duration(behindMs, t) }) };
}

interface DaysProps {
  history: CustomerHistory;
  row: AlertRow;
  hit: Hit | undefined;
}

function Days({ history, row, hit }: DaysProps) {
  const t = text.value.drawer;
  const { days, fromDay, toDay } = history;
  if (days.state === 'missing') return <Missing block={days} />;
  if (days.value.length === 0) {
    // What is not stored yet is not known to be missing.
    const behind = days.asOfMs < row.openedMs;
    return <p class="muted">{behind ? t.catchingUp : fill(t.noDays, { n: DAYS })}</p>;
  }
  const measure = MEASURE[row.family] ?? 'amounts';
  const shade =
    measure === 'activity' && hit !== undefined
      ? {
          fromDay: bankDay(hit.window.from + 1, bank.value),
          toDay: bankDay(hit.window.to, bank.value),
          label: t.keyWindow,
        }
      : undefined;
  return (
    <DaysBars
      days={days.value}
      fromDay={fromDay}
      toDay={toDay}
      measure={measure}
      mark={{ day: bankDay(row.eventTime, bank.value), label: t.keyEvent }}
      {...(shade === undefined ? {} : { shade })}
    />
  );
}

/** From the history store with sums; without it at least those of the hit. */
function Counterparties({ loaded, hit, parties }: Omit<Props, 'row'> & { loaded: Loaded }) {
  const t = text.value.drawer;
  const mine = new Set(hit?.counterparties ?? []);
  const block = loaded.state === 'ready' ? loaded.history.counterparties : null;
  const all = loaded.state === 'ready' ? { ...parties, ...loaded.history.parties } : parties;
  if (block?.state === 'ok' && block.value.length > 0) {
    const top = block.value.slice(0, COUNTERPARTIES_SHOWN);
    const inHit = top.filter((each) => mine.has(each.counterparty));
    for (const each of inHit) mine.delete(each.counterparty);
    return (
      <Block title={t.topCounterparties} aside={fill(t.lastDays, { n: DAYS })}>
        <Flows flows={top} marked={new Set(inHit.map((each) => each.counterparty))} parties={all} />
        {mine.size === 0 ? null : (
          <Others accounts={[...mine]} lead={t.alsoInAlert} parties={all} />
        )}
      </Block>
    );
  }
  if (mine.size === 0) return null;
  return (
    <Block title={t.counterparties} aside={plain(mine.size)}>
      <Others accounts={[...mine]} lead="" parties={all} />
    </Block>
  );
}

interface FlowsProps {
  flows: CounterpartyFlow[];
  marked: Set<string>;
  parties: Parties;
}

function Flows({ flows, marked, parties }: FlowsProps) {
  const t = text.value;
  const sum = (count: number, minor: number) =>
    count === 0 ? '—' : `${money(minor, bank.value)} · ${plain(count)}`;
  return (
    <table class="data">
      <thead>
        <tr>
          <th scope="col">{t.drawer.counterparty}</th>
          <th scope="col" class="number">
            {t.chart.keyIn}
          </th>
          <th scope="col" class="number">
            {t.chart.keyOut}
          </th>
        </tr>
      </thead>
      <tbody>
        {flows.map((each) => (
          <tr key={each.counterparty}>
            <td>
              <Party account={each.counterparty} parties={parties} />{' '}
              <span class="muted">{each.country}</span>
              {marked.has(each.counterparty) ? (
                <span class="in-alert"> {t.drawer.inThisAlert}</span>
              ) : null}
            </td>
            <td class="number">{sum(each.inCount, each.inMinor)}</td>
            <td class="number">{sum(each.outCount, each.outMinor)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const OTHERS_SHOWN = 12;

interface OthersProps {
  accounts: string[];
  lead: string;
  parties: Parties;
}

/** Those of the hit that are not among the largest. */
function Others({ accounts, lead, parties }: OthersProps) {
  return (
    <div class="others">
      <span class="muted">{lead}</span>{' '}
      {accounts.slice(0, OTHERS_SHOWN).map((each) => (
        <Party account={each} parties={parties} key={each} />
      ))}
      {accounts.length > OTHERS_SHOWN ? `+${accounts.length - OTHERS_SHOWN}` : ''}
    </div>
  );
}
