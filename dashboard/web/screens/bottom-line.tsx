/** The line below the table: what waits, how much is shown, and three small figures. */
import { Sparkline } from '../chart/sparkline.js';
import { plain } from '../format.js';
import { connection, resume, stats, store, tableVersion, waiting } from '../state/queue.js';
import { fill, text } from '../text/index.js';

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
  // Only who is connected can know that.
  const upToDate = connection.value.state === 'live';
  return (
    <footer class="bottom">
      {n > 0 ? (
        <button type="button" class="button primary waiting" onClick={showNew}>
          {fill(t.newAlerts, { n: plain(n) })}
        </button>
      ) : (
        <span class="muted up-to-date">{upToDate ? t.upToDate : ''}</span>
      )}
      <span class="muted shown">
        {fill(t.shown, { n: plain(store.order.length), total: plain(store.rows.size) })}
        {store.truncated ? ` · ${fill(t.truncated, { n: plain(store.rows.size) })}` : ''}
      </span>
      <Figures />
    </footer>
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
  const timesMs = kept.map((each) => each.atMs);
  const perSecond = (n: number) => fill(t.perSecond, { n: plain(n) });
  const perMinute = (n: number) => fill(t.perMinute, { n: plain(n, 1) });
  const milliseconds = (n: number) => fill(t.milliseconds, { n: plain(n, n < 10 ? 1 : 0) });
  return (
    <dl class="figures">
      <Figure
        label={t.rate}
        format={perSecond}
        shown={latest === undefined ? t.noValue : plain(latest.transactionsPerSecond)}
        timesMs={timesMs}
        values={kept.map((each) => each.transactionsPerSecond)}
      />
      <Figure
        label={t.alerts}
        format={perMinute}
        shown={latest === undefined ? t.noValue : plain(latest.alertsPerMinute, 1)}
        timesMs={timesMs}
        values={kept.map((each) => each.alertsPerMinute)}
      />
      <Figure
        label={t.latency}
        format={milliseconds}
        shown={p99 === null ? t.noValue : milliseconds(p99)}
        timesMs={timesMs}
        values={kept.map((each) => each.latencyP99Ms)}
      />
    </dl>
  );
}
