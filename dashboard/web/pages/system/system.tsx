/** The system page, for whom keeps it up: one answer each 2 s, drawn in place. */
import type { SystemPage } from '../../../../schemas/protocol.js';
import '../../styles/pages.css';
import { Shape } from '../../screens/shape.js';
import { failure } from '../../state/api.js';
import { nowMs } from '../../state/queue.js';
import { fill, text, word } from '../../text/index.js';
import { pagesApi } from '../api.js';
import { ago } from '../format.js';
import { Guard } from '../guard.js';
import { Heading } from '../heading.js';
import { type Polled, usePolled } from '../poll.js';
import { Snapshots, Sources, Threads } from './engine.js';
import { HistogramView } from './histogram-view.js';
import { Letters } from './letters.js';
import { Disk, Operations, Processes, Store } from './machine.js';
import { Pipeline } from './pipeline.js';
import { Rules } from './rules.js';
import { fresh } from './stations.js';
import { systemText } from './text.js';

const POLL_MS = 2_000;

export function System() {
  const t = text.value;
  const s = systemText.value;
  const polled = usePolled('system', POLL_MS, pagesApi.system);
  const page = polled.value;
  return (
    <div class="page system-page">
      <div class="system-head">
        <Heading>{s.title}</Heading>
        {page === null ? null : <Summary page={page} polled={polled} />}
      </div>
      {page === null && polled.refusal === null ? <p class="muted">{s.loadingLead}</p> : null}
      {polled.refusal === null ? null : (
        <p class="notice bad" role="alert">
          {page === null
            ? fill(s.notRead, { reason: failure(polled.refusal, t) })
            : fill(s.stalePage, {
                reason: failure(polled.refusal, t),
                ago: ago(polled.atMs, nowMs.value, t),
              })}{' '}
          <button type="button" class="button" onClick={polled.again}>
            {t.common.retry}
          </button>
        </p>
      )}
      {page === null ? null : <Whole page={page} polled={polled} />}
    </div>
  );
}

function Summary({ page, polled }: { page: SystemPage; polled: Polled<SystemPage> }) {
  const s = systemText.value;
  const n = page.alarms.length;
  return (
    <p class="muted">
      {n === 0 ? s.summaryGood : fill(s.summaryAlarms, { n })} ·{' '}
      {fill(s.read, { ago: ago(polled.atMs, nowMs.value, text.value) })}
    </p>
  );
}

function Whole({ page, polled }: { page: SystemPage; polled: Polled<SystemPage> }) {
  const s = systemText.value;
  // The server's clock: ages must not suffer from this browser's being wrong.
  const now = page.atMs + Math.max(0, nowMs.value - polled.atMs);
  const engine = fresh(page, 'engine');
  const parts = [
    <Alarms page={page} />,
    <Pipeline page={page} now={now} />,
    <Latency page={page} />,
    <HistogramView
      id="scoring"
      title={s.scoring}
      lead={s.scoringLead}
      histogram={engine?.scoring ?? null}
    />,
    <HistogramView
      id="journal-append"
      title={s.journalAppend}
      lead={s.journalAppendLead}
      histogram={engine?.journalAppend ?? null}
    />,
    <Threads engine={engine} now={now} />,
    <Processes page={page} now={now} />,
    <Store page={page} now={now} />,
    <Disk page={page} />,
    <Snapshots engine={engine} now={now} />,
    <Sources engine={engine} now={now} />,
    <Letters engine={engine} />,
    <Operations page={page} />,
    <Rules page={page} engine={engine} />,
  ];
  return (
    <div class={polled.refusal === null ? 'system-grid' : 'system-grid is-stale'}>
      {parts.map((part, at) => (
        // The parts are always the same, in the same order.
        <Guard key={at} words={s.cannotShow}>
          {part}
        </Guard>
      ))}
    </div>
  );
}

function Latency({ page }: { page: SystemPage }) {
  const s = systemText.value;
  const dashboard = fresh(page, 'dashboard');
  return (
    <HistogramView
      id="latency"
      title={s.latency}
      lead={s.latencyLead}
      histogram={dashboard?.latency ?? null}
      targetMs={page.latencyTargetMs}
      none={s.latencyNone}
      {...(dashboard === null
        ? {}
        : { recent: { p50Ms: dashboard.latencyP50Ms, p99Ms: dashboard.latencyP99Ms } })}
    />
  );
}

/** Always there, so that one that comes or goes moves as little as can be. */
function Alarms({ page }: { page: SystemPage }) {
  const t = text.value;
  const s = systemText.value;
  return (
    <section class="panel wide alarms" aria-labelledby="alarms-title">
      <div class="panel-top">
        <h2 id="alarms-title">{page.alarms.length === 0 ? s.noAlarms : s.alarms}</h2>
        {page.alarms.length === 0 ? <span class="muted">{s.alarmsNone}</span> : null}
      </div>
      {page.alarms.length === 0 ? null : (
        <ul class="alarm-list">
          {page.alarms.map((alarm) => (
            <li key={`${alarm.code} ${alarm.detail}`} data-severity={alarm.severity}>
              <span class="severity">
                <Shape severity={alarm.severity} /> {word(t.domain.severity, alarm.severity)}
              </span>
              <span class="alarm-words">{word(s.alarm, alarm.code)}</span>
              <span class="mend" lang="en">
                {alarm.detail}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
