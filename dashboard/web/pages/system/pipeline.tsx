/** The pipeline: a station a part, in the order in which a transaction meets them. */
import { useMemo, useRef } from 'preact/hooks';
import type { SystemPage } from '../../../../schemas/protocol.js';
import { bothClocks, plain } from '../../format.js';
import { stats } from '../../state/queue.js';
import { bank } from '../../state/session.js';
import { fill, text, word } from '../../text/index.js';
import { ago, bytes, rate, seconds } from '../format.js';
import { Section } from './section.js';
import { StateMark } from './state-mark.js';
import { type Station, stations, watchMoves } from './stations.js';
import { systemText } from './text.js';

export function Pipeline({ page, now }: { page: SystemPage; now: number }) {
  const s = systemText.value;
  const moved = useRef(watchMoves());
  const list = useMemo(
    () => stations(page, moved.current, stats.peek().at(-1)?.lastAlertMs ?? null),
    [page],
  );
  return (
    <Section id="pipeline" title={s.pipeline} aside={s.pipelineLead} wide>
      <ol class="pipeline">
        {list.map((station) => (
          <li
            key={station.name}
            class="station"
            data-station={station.name}
            data-state={station.state}
          >
            <h3>{s.station[station.name]}</h3>
            <p class="station-state">
              <StateMark state={station.state} />
              <span class="muted">{word(s.why, station.why)}</span>
            </p>
            <Figures station={station} now={now} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

function Figures({ station, now }: { station: Station; now: number }) {
  const t = text.value;
  const s = systemText.value;
  const { queue, lastMs } = station;
  const full = queue?.fillRatio ?? null;
  return (
    <dl class="station-figures">
      <div>
        <dt>{s.rate}</dt>
        <dd>{rateWords(station)}</dd>
      </div>
      <div>
        <dt>{s.queue}</dt>
        <dd>
          {queue === null ? <NoFigure station={station} /> : amount(queue)}
          {full === null ? null : (
            <meter
              class="fill"
              min={0}
              max={1}
              value={Math.min(1, full)}
              aria-label={`${s.queue} ${plain(full * 100)} %`}
            />
          )}
        </dd>
      </div>
      <div>
        <dt>{s.lag}</dt>
        <dd>{station.lagMs === null ? <NoFigure station={station} /> : lagWords(station)}</dd>
      </div>
      <div>
        <dt>{s.last}</dt>
        <dd title={lastMs === null ? '' : bothClocks(lastMs, bank.value, t)}>
          {lastMs !== null ? ago(lastMs, now, t) : station.why === 'away' ? s.unknown : s.neverSeen}
        </dd>
      </div>
    </dl>
  );
}

/** What cannot be measured here says why. */
function NoFigure({ station }: { station: Station }) {
  const s = systemText.value;
  if (station.name !== 'source' || station.why === 'away') return <>{s.unknown}</>;
  return <span title={s.atSenderWhy}>{s.atSender}</span>;
}

function rateWords({ name, ratePerSecond }: Station): string {
  const s = systemText.value;
  if (ratePerSecond === null) return s.unknown;
  if (name === 'dashboard') {
    return fill(s.alertsPerMinute, { n: rate(ratePerSecond * 60) });
  }
  return fill(name === 'clickhouse' ? s.rowsPerSecond : s.perSecond, { n: rate(ratePerSecond) });
}

function amount(queue: NonNullable<Station['queue']>): string {
  return queue.unit === 'bytes'
    ? bytes(queue.amount)
    : fill(systemText.value.records, { n: plain(queue.amount) });
}

function lagWords({ name, lagMs }: Station): string {
  const s = systemText.value;
  if (lagMs === null) return s.unknown;
  if (lagMs === 0) return s.none;
  if (name === 'dashboard') return fill(s.p99, { time: seconds(lagMs / 1_000) });
  return fill(s.about, { time: seconds(lagMs / 1_000) });
}
