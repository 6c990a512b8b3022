/** The line below the table: what waits, how much is shown, and three small figures. */
import { plain } from '../format.js';
import { connection, resume, stats, store, tableVersion, waiting } from '../state/queue.js';
import { fill, text } from '../text/index.js';
import { Sparkline } from './sparkline.js';
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

function Figures() {
  const t = text.value.queue;
  const kept = stats.value;
  const latest = kept.at(-1);
  const p99 = latest?.latencyP99Ms ?? null;
  return (
    <dl class="figures">
      <div>
        <dt>{t.rate}</dt>
        <dd>{latest === undefined ? t.noValue : plain(latest.transactionsPerSecond)}</dd>
        <Sparkline values={kept.map((each) => each.transactionsPerSecond)} />
      </div>
      <div>
        <dt>{t.alerts}</dt>
        <dd>{latest === undefined ? t.noValue : plain(latest.alertsPerMinute, 1)}</dd>
        <Sparkline values={kept.map((each) => each.alertsPerMinute)} />
      </div>
      <div>
        <dt>{t.latency}</dt>
        <dd>{p99 === null ? t.noValue : fill(t.milliseconds, { n: plain(p99, 1) })}</dd>
        <Sparkline values={kept.map((each) => each.latencyP99Ms)} />
      </div>
    </dl>
  );
}
