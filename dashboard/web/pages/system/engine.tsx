/** The engine's inside: sources, scoring threads and snapshots. */
import type { EngineStats } from '../../../../schemas/stats.js';
import { plain } from '../../format.js';
import { fill, text, word } from '../../text/index.js';
import { ago, bytes, percent, rate, seconds } from '../format.js';
import { Section } from './section.js';
import { StateMark } from './state-mark.js';
import { type Column, Table } from './table.js';
import { systemText } from './text.js';

const HEARTBEAT_LATE_MS = 3_000;

interface Props {
  engine: EngineStats | null;
  now: number;
}

type Thread = EngineStats['threads'][number];

export function Threads({ engine, now }: Props) {
  const s = systemText.value;
  const columns: Column<Thread>[] = [
    { head: s.thread, cell: (each) => plain(each.index) },
    {
      head: s.threadState,
      cell: (each) => {
        const well = now - each.heartbeatMs <= HEARTBEAT_LATE_MS;
        const words = word(s.threadStates, each.state);
        return <StateMark state={well ? 'good' : 'bad'} words={words} />;
      },
    },
    { head: s.heartbeat, number: true, cell: (each) => ago(each.heartbeatMs, now, text.value) },
    { head: s.load, number: true, cell: (each) => <Share ratio={each.busyRatio} name={s.load} /> },
    {
      head: s.ring,
      number: true,
      cell: (each) => <Share ratio={each.ringFillRatio} name={s.ring} />,
    },
    { head: s.subjects, number: true, cell: (each) => plain(each.subjects) },
    {
      head: s.memory,
      number: true,
      cell: (each) => `${bytes(each.stateBytes)} · ${percent(each.stateFillRatio)}`,
    },
    { head: s.restarts, number: true, cell: (each) => plain(each.restarts) },
  ];
  return (
    <Section id="threads" title={s.threads} wide>
      <Table
        label={s.threads}
        columns={columns}
        rows={engine?.threads ?? []}
        keyOf={(each) => String(each.index)}
        empty={engine === null ? s.roleAway : s.none}
      />
    </Section>
  );
}

export function Share({ ratio, name }: { ratio: number; name: string }) {
  return (
    <span class="share">
      <meter class="fill" min={0} max={1} value={Math.min(1, ratio)} aria-label={name} />
      <span class="share-words">{percent(ratio)}</span>
    </span>
  );
}

export function Pairs({ list }: { list: readonly (readonly [string, string])[] }) {
  return (
    <dl class="facts">
      {list.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

export function Snapshots({ engine, now }: Props) {
  const t = text.value;
  const s = systemText.value;
  if (engine === null) {
    return (
      <Section id="snapshots" title={s.snapshots}>
        <p class="panel-empty">{s.roleAway}</p>
      </Section>
    );
  }
  const { snapshots } = engine;
  const used = `${bytes(engine.journalBytes)} / ${bytes(engine.journalBytesMax)}`;
  return (
    <Section id="snapshots" title={s.snapshots}>
      <Pairs
        list={[
          [s.snapshotLast, snapshots.lastMs > 0 ? ago(snapshots.lastMs, now, t) : s.snapshotNever],
          [s.round, seconds(snapshots.roundMs / 1_000)],
          [s.written, plain(snapshots.written)],
          [s.failed, plain(snapshots.failed)],
          [s.size, bytes(snapshots.bytes)],
          [s.journalUse, used],
        ]}
      />
      <p class="muted small">{fill(s.journalKept, { n: plain(snapshots.passed) })}</p>
    </Section>
  );
}

type Source = EngineStats['sources'][number];

export function Sources({ engine, now }: Props) {
  const t = text.value;
  const s = systemText.value;
  const columns: Column<Source>[] = [
    { head: s.sourceName, cell: (each) => each.name },
    { head: s.rate, number: true, cell: (each) => fill(s.perSecond, { n: rate(each.perSecond) }) },
    { head: s.totalColumn, number: true, cell: (each) => plain(each.total) },
    {
      head: s.lastColumn,
      number: true,
      cell: (each) => (each.lastMs === null ? s.none : ago(each.lastMs, now, t)),
    },
  ];
  const late = Object.values(engine?.lateTotal ?? {}).reduce((sum, n) => sum + n, 0);
  return (
    <Section id="sources" title={s.sources}>
      <Table
        label={s.sources}
        columns={columns}
        rows={engine?.sources ?? []}
        keyOf={(each) => each.name}
        empty={engine === null ? s.roleAway : s.none}
      />
      {engine === null ? null : (
        <p class="muted small">
          {fill(s.duplicates, { n: plain(engine.duplicatesTotal) })} ·{' '}
          {fill(s.late, { n: plain(late) })}
        </p>
      )}
    </Section>
  );
}
