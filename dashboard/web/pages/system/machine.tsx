/** Processes, disk, the history store, and where the numbers can be had by machines. */
import type { SystemPage } from '../../../../schemas/protocol.js';
import type { StorageStats } from '../../../../schemas/stats.js';
import { duration, plain } from '../../format.js';
import { nowMs } from '../../state/queue.js';
import { bank } from '../../state/session.js';
import { fill, text, word } from '../../text/index.js';
import { ago, bytes, percent, secondClock, seconds } from '../format.js';
import { Pairs } from './engine.js';
import { Section } from './section.js';
import { StateMark } from './state-mark.js';
import { STALE_MS } from './stations.js';
import { type Column, Table } from './table.js';
import { systemText } from './text.js';

const ROLES = ['engine', 'dashboard', 'storage'] as const;

interface Props {
  page: SystemPage;
  now: number;
}

export function Processes({ page, now }: Props) {
  const t = text.value;
  const s = systemText.value;
  type Role = (typeof ROLES)[number];
  const of = (role: Role) => page[role]?.value ?? null;
  const shown = (role: Role, show: (value: NonNullable<ReturnType<typeof of>>) => string) => {
    const value = of(role);
    return value === null ? s.unknown : show(value);
  };
  const columns: Column<Role>[] = [
    { head: s.process, cell: (role) => s.role[role] },
    { head: s.dataAge, cell: (role) => <RoleState said={page[role]?.atMs ?? null} now={now} /> },
    { head: s.pid, number: true, cell: (role) => shown(role, (v) => String(v.pid)) },
    { head: s.rss, number: true, cell: (role) => shown(role, (v) => bytes(v.rssBytes)) },
    { head: s.cpu, number: true, cell: (role) => shown(role, (v) => percent(v.cpuRatio)) },
    {
      head: s.loop,
      number: true,
      cell: (role) => shown(role, (v) => seconds(v.eventLoopDelayP99Ms / 1_000)),
    },
    {
      head: s.uptime,
      number: true,
      cell: (role) => shown(role, (v) => duration(now - v.startedMs, t)),
    },
  ];
  const version = page.engine?.value.version;
  return (
    <Section id="processes" title={s.processes} wide>
      <Table label={s.processes} columns={columns} rows={ROLES} keyOf={(role) => role} empty="" />
      {version === undefined ? null : <p class="muted small">{fill(s.version, { version })}</p>}
    </Section>
  );
}

function RoleState({ said, now }: { said: number | null; now: number }) {
  const t = text.value;
  const s = systemText.value;
  if (said === null) return <StateMark state="bad" words={s.roleAway} />;
  if (now - said > STALE_MS) {
    const time = duration(now - said, t);
    return <StateMark state="busy" words={fill(s.roleStale, { time })} />;
  }
  return <StateMark state="good" words={ago(said, now, t)} />;
}

export function Disk({ page }: { page: SystemPage }) {
  const s = systemText.value;
  const disk = page.disk?.value ?? null;
  if (disk === null) {
    return (
      <Section id="disk" title={s.disk}>
        <p class="panel-empty">{s.diskNone}</p>
      </Section>
    );
  }
  const parts = [...disk.parts].sort((a, b) => b.bytes - a.bytes);
  const most = Math.max(1, ...parts.map((part) => part.bytes));
  return (
    <Section
      id="disk"
      title={s.disk}
      aside={`${fill(s.diskTotal, { n: bytes(disk.totalBytes) })} · ${fill(s.diskFree, {
        n: bytes(disk.freeBytes),
      })}`}
    >
      <dl class="disk-parts">
        {parts.map((part) => (
          <div key={part.name}>
            <dt>{word(s.part, part.name)}</dt>
            <dd>
              <meter
                class="fill"
                min={0}
                max={most}
                value={part.bytes}
                aria-label={word(s.part, part.name)}
              />
              <span class="disk-bytes">{bytes(part.bytes)}</span>
            </dd>
          </div>
        ))}
      </dl>
    </Section>
  );
}

export function Store({ page, now }: Props) {
  const s = systemText.value;
  const storage = page.storage?.value ?? null;
  if (storage === null) {
    return (
      <Section id="store" title={s.store}>
        <p class="panel-empty">
          <StateMark state="bad" words={s.roleAway} />
        </p>
      </Section>
    );
  }
  const { state, detail } = storage.history;
  const shape = state === 'ready' ? 'good' : state === 'off' || state === 'absent' ? 'off' : 'bad';
  return (
    <Section id="store" title={s.store}>
      <p class="store-state">
        <StateMark state={shape} words={word(s.why, `history-${state}`)} />
      </p>
      {detail === '' ? null : (
        <p class="mend">
          <strong>{s.mend}</strong> <span lang="en">{detail}</span>
        </p>
      )}
      <Pairs list={storeFacts(storage, now)} />
    </Section>
  );
}

function storeFacts(storage: StorageStats, now: number): [string, string][] {
  const s = systemText.value;
  const written = storage.history.writtenToMs;
  const errors = Object.entries(storage.errorsTotal).filter(([, n]) => n > 0);
  const rows = Object.entries(storage.rowsTotal);
  const { journal, hits, work } = storage.lag;
  const time = (ms: number): string =>
    `${secondClock(ms, nowMs.peek(), bank.value)} · ${ago(ms, now, text.value)}`;
  return [
    [s.kindLabel, s.storeKind[storage.kind]],
    [s.writtenTo, written === null ? s.none : time(written)],
    [
      s.lagLabel,
      fill(s.lagParts, { journal: plain(journal), hits: plain(hits), work: plain(work) }),
    ],
    [s.rows, rows.map(([name, n]) => `${name} ${plain(n)}`).join(' · ') || s.none],
    [s.errors, errors.map(([code, n]) => `${code} ${plain(n)}`).join(' · ') || s.noErrors],
    [s.database, `${bytes(storage.databaseBytes)} / ${bytes(storage.databaseBytesMax)}`],
    [s.restartsLabel, plain(storage.restarts)],
  ];
}

export function Operations({ page }: { page: SystemPage }) {
  const s = systemText.value;
  return (
    <Section id="operations" title={s.operations}>
      {page.operations.length === 0 ? (
        <p class="panel-empty">{s.operationsNone}</p>
      ) : (
        <>
          <p class="muted">{s.operationsLead}</p>
          <ul class="addresses">
            {page.operations.map(({ role, url }) => (
              <li key={role}>
                <span>{s.role[role]}</span>
                {['/metrics', '/readyz', '/healthz'].map((path) => (
                  <code key={path}>{`${url}${path}`}</code>
                ))}
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}
