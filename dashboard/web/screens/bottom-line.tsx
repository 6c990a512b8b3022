/** The line below the table: what waits, how much is shown, and three small figures. */
import { useMemo } from 'preact/hooks';
import { Sparkline } from '../chart/sparkline.js';
import { customerName, plain } from '../format.js';
import { type Undoable, undo, undoable } from '../state/actions.js';
import type { Address } from '../state/filter.js';
import { language } from '../state/preferences.js';
import {
  address,
  connection,
  resume,
  stats,
  store,
  tableVersion,
  waiting,
} from '../state/queue.js';
import { fill, text } from '../text/index.js';

import { DemoChip } from './demo-banner.js';
import { Key } from './key.js';
import { currentTable } from './table-host.js';

/** Resumes and goes to where the new ones are. */
export function showNew(): void {
  resume();
  currentTable()?.toTop();
}

export function BottomLine() {
  const t = text.value.queue;
  tableVersion.value;
  const n = waiting.value;
  const done = undoable.value;
  return (
    <footer class="bottom">
      <DemoChip />
      {n > 0 ? (
        <button type="button" class="button primary waiting" onClick={showNew}>
          {fill(t.newAlerts, { n: plain(n) })}
        </button>
      ) : null}
      {done === null ? <Shown quiet={n > 0} /> : <Toast done={done} />}
      <Figures />
    </footer>
  );
}

/** How much of the queue the table shows, and the same as a file. */
function Shown({ quiet }: { quiet: boolean }) {
  const t = text.value.queue;
  // Only who is connected can know that.
  const upToDate = connection.value.state === 'live' && !quiet;
  return (
    <>
      {quiet ? null : <span class="muted up-to-date">{upToDate ? t.upToDate : ''}</span>}
      <span class="muted shown">
        {fill(t.shown, { n: plain(store.order.length), total: plain(store.rows.size) })}
        {store.truncated ? ` · ${fill(t.truncated, { n: plain(store.rows.size) })}` : ''}
      </span>
      <a class="muted export" href={csvAddress(address.value.filter)} download="weir-alerts.csv">
        {t.exportCsv}
      </a>
    </>
  );
}

/** As many rows as the server gives at once. */
const EXPORT_ROWS_MAX = 10_000;

/** The present filter as the server knows it; what it cannot filter by is left out. */
function csvAddress(filter: Address['filter']): string {
  const query = new URLSearchParams({
    state: filter.state,
    lang: language.value,
    limit: String(EXPORT_ROWS_MAX),
  });
  if (filter.family !== null) query.set('family', filter.family);
  if (filter.who === 'mine' || filter.who === 'unassigned') query.set('who', filter.who);
  if (filter.rule !== null) query.set('rule', filter.rule);
  if (filter.q !== '') query.set('q', filter.q);
  return `/api/alerts.csv?${query.toString()}`;
}

/** What was just done, in the place of a line that nobody needs at that moment. */
function Toast({ done }: { done: Undoable }) {
  const t = text.value.queue;
  const words = done.what === 'take' ? t.tookAlert : t.closedAlert;
  return (
    <span class="toast" data-toast={done.what}>
      <span class="toast-words" title={done.before.sentence[language.value]}>
        {fill(words, { customer: customerName(done.before, text.value) })}
      </span>
      <button type="button" class="button" onClick={undo}>
        {t.undo} <Key name="U" />
      </button>
    </span>
  );
}

interface FigureProps {
  label: string;
  /** With its unit, for the tooltip and for who cannot see the picture. */
  format: (value: number) => string;
  shown: string;
  timesMs: readonly number[];
  values: readonly (number | null)[];
}

function Figure({ label, format, shown, timesMs, values }: FigureProps) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{shown}</dd>
      <dd class="picture">
        <Sparkline label={label} format={format} timesMs={timesMs} values={values} />
      </dd>
    </div>
  );
}

function Figures() {
  const t = text.value.queue;
  const kept = stats.value;
  const latest = kept.at(-1);
  const p99 = latest?.latencyP99Ms ?? null;
  // The table changes more often than these: the same lines must not be drawn again.
  const lines = useMemo(
    () => ({
      timesMs: kept.map((each) => each.atMs),
      rate: kept.map((each) => each.transactionsPerSecond),
      alerts: kept.map((each) => each.alertsPerMinute),
      latency: kept.map((each) => each.latencyP99Ms),
    }),
    [kept],
  );
  const perSecond = (n: number) => fill(t.perSecond, { n: plain(n) });
  const perMinute = (n: number) => fill(t.perMinute, { n: plain(n, 1) });
  const milliseconds = (n: number) => fill(t.milliseconds, { n: plain(n, n < 10 ? 1 : 0) });
  return (
    <dl class="figures">
      <Figure
        label={t.rate}
        format={perSecond}
        shown={latest === undefined ? t.noValue : plain(latest.transactionsPerSecond)}
        timesMs={lines.timesMs}
        values={lines.rate}
      />
      <Figure
        label={t.alerts}
        format={perMinute}
        shown={latest === undefined ? t.noValue : plain(latest.alertsPerMinute, 1)}
        timesMs={lines.timesMs}
        values={lines.alerts}
      />
      <Figure
        label={t.latency}
        format={milliseconds}
        shown={p99 === null ? t.noValue : milliseconds(p99)}
        timesMs={lines.timesMs}
        values={lines.latency}
      />
    </dl>
  );
}
