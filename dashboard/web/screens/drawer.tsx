/** One alert at the right of the list: what happened, what to do by when, and why. */
import { useEffect, useState } from 'preact/hooks';
import type { AlertDetail, AlertRow } from '../../../schemas/protocol.js';
import { bothClocks, eventTime, fullTime, minuteTime, money, plain, timeLeft } from '../format.js';
import { askClose, commandsDone, release, take, whyNot } from '../state/actions.js';
import { api, failure } from '../state/api.js';
import { language } from '../state/preferences.js';
import {
  announcement,
  closeDrawer,
  me,
  nowMs,
  openAlert,
  store,
  tableVersion,
} from '../state/queue.js';
import { bank, checkSession } from '../state/session.js';
import { fill, text, word } from '../text/index.js';
import { Key } from './key.js';
import { Shape } from './shape.js';

type EvidenceView = typeof import('./evidence.js')['Evidence'];
/** Null: it could not be loaded, at this attempt. */
interface Proof {
  attempt: number;
  module: { Evidence: EvidenceView } | null;
}

/** The proof is read apart from the first load, once, when the first alert is opened. */
function useEvidence(attempt: number): Proof | null {
  const [proof, setProof] = useState<Proof | null>(null);
  useEffect(() => {
    let current = true;
    import('./evidence.js').then(
      (module) => current && setProof({ attempt, module }),
      () => current && setProof({ attempt, module: null }),
    );
    return () => {
      current = false;
    };
  }, [attempt]);
  // What an earlier attempt came to says nothing of this one.
  return proof?.attempt === attempt ? proof : null;
}

/** A second failure is no accident: after an update only a fresh page finds the new parts. */
function Proved({ detail }: { detail: AlertDetail | null }) {
  const t = text.value;
  const [attempt, setAttempt] = useState(0);
  const proof = useEvidence(attempt);
  if (proof === null) return null;
  if (proof.module === null) {
    return (
      <p class="notice bad" role="alert">
        {t.drawer.evidenceFailed}{' '}
        <button
          type="button"
          class="button"
          onClick={() => (attempt === 0 ? setAttempt(1) : location.reload())}
        >
          {attempt === 0 ? t.common.retry : t.connection.reload}
        </button>
      </p>
    );
  }
  return detail === null ? null : <proof.module.Evidence detail={detail} />;
}

type Loaded =
  | { state: 'loading' }
  | { state: 'failed'; why: string }
  | { state: 'ready'; detail: AlertDetail };

/** Reads the detail, again after each command and whenever the row has changed. */
function useDetail(id: string, changedMs: number): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ state: 'loading' });
  const done = commandsDone.value;
  useEffect(() => {
    let current = true;
    void api.detail(id).then((reply) => {
      if (!current) return;
      if (reply.ok) {
        store.apply([reply.value.row]);
        setLoaded({ state: 'ready', detail: reply.value });
      } else {
        if (reply.status === 401) void checkSession();
        setLoaded({ state: 'failed', why: failure(reply, text.value) });
      }
    });
    return () => {
      current = false;
    };
  }, [id, changedMs, done]);
  return loaded;
}

export function Drawer({ id }: { id: string }) {
  const t = text.value;
  tableVersion.value;
  const known = store.row(id);
  const loaded = useDetail(id, known?.updatedMs ?? 0);
  const row = known ?? (loaded.state === 'ready' ? loaded.detail.row : undefined);
  useEffect(() => {
    if (row !== undefined) announcement.value = row.sentence[language.value];
  }, [row?.id]);
  return (
    <aside class="drawer" aria-label={t.drawer.label}>
      <div class="drawer-top">
        <button type="button" class="button plain" onClick={closeDrawer}>
          <span aria-hidden="true">←</span> {t.drawer.back} <Key name="Esc" />
        </button>
        <CopyButtons id={id} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll it */}
      <div class="drawer-scroll" tabIndex={0}>
        {row === undefined ? null : (
          <Summary row={row} detail={loaded.state === 'ready' ? loaded.detail : null} />
        )}
        {loaded.state === 'loading' ? <p class="muted pad">{t.drawer.loading}</p> : null}
        {loaded.state === 'failed' ? (
          <p class="notice bad">{fill(t.drawer.failed, { reason: loaded.why })}</p>
        ) : null}
        <Proved detail={loaded.state === 'ready' ? loaded.detail : null} />
      </div>
      {row === undefined ? null : <Acts row={row} />}
    </aside>
  );
}

function CopyButtons({ id }: { id: string }) {
  const t = text.value.drawer;
  const [copied, setCopied] = useState('');
  const copy = async (what: string, value: string) => {
    try {
      await navigator.clipboard.writeText(value);
    } catch {
      return; // refused by the browser: the id stands in the drawer and can be marked
    }
    setCopied(what);
    announcement.value = t.copied;
    setTimeout(() => setCopied(''), 1_500);
  };
  const link = `${location.origin}${location.pathname}#/alerts/${id}`;
  return (
    <div class="copy">
      <button type="button" class="button plain" onClick={() => void copy('id', id)}>
        {copied === 'id' ? t.copied : t.copyId}
      </button>
      <button type="button" class="button plain" onClick={() => void copy('link', link)}>
        {copied === 'link' ? t.copied : t.copyLink}
      </button>
    </div>
  );
}

function Summary({ row, detail }: { row: AlertRow; detail: AlertDetail | null }) {
  const t = text.value;
  const where = bank.value;
  return (
    <section class="summary" aria-label={t.drawer.what} data-severity={row.severity}>
      <p class="summary-line">
        <span class="severity">
          <Shape severity={row.severity} /> {word(t.domain.severity, row.severity)}{' '}
          {plain(row.score)}
        </span>
        <span>{word(t.domain.family, row.family)}</span>
        <span class="muted">{word(t.domain.state, row.state)}</span>
      </p>
      <h2>{row.sentence[language.value]}</h2>
      {row.subject === '' ? <p class="notice bad">{t.drawer.flood}</p> : null}
      <p class="who">
        {row.subject === '' ? (
          <span>{t.queue.manyCustomers}</span>
        ) : (
          <>
            <a class="customer-link" href={`/customers/${encodeURIComponent(row.subject)}`}>
              {row.subjectName}
            </a>
            <span class="tier">{word(t.domain.tier, row.tier)}</span>
          </>
        )}
        {row.watch.map((name) => (
          <span class="watch" key={name}>
            {word(t.domain.watch, name)}
          </span>
        ))}
      </p>
      <p class="muted">
        <span title={bothClocks(row.eventTime, where, t)}>
          {eventTime(
            { ms: row.eventTime, isTimer: row.amountBaseMinor === 0 },
            (ms) => fullTime(ms, where),
            where,
            t,
          )}
        </span>
        {row.amountBaseMinor > 0 && ` · ${money(row.amountBaseMinor, where)}`}
        {' · '}
        {row.ruleName[language.value]}
      </p>
      {row.subject === '' && row.state !== 'closed' ? null : <MustDo row={row} />}
      <SameMoment row={row} others={detail?.otherAlerts ?? []} />
      <Follows before={row.follows} after={detail?.followedBy ?? null} />
    </section>
  );
}

const SAME_MOMENT_MS = 60_000;

/** One payment may hit several rules: their alerts are one case. */
function SameMoment({ row, others }: { row: AlertRow; others: readonly AlertRow[] }) {
  const now = others.filter(
    ({ state, eventTime }) =>
      state !== 'closed' && Math.abs(eventTime - row.eventTime) <= SAME_MOMENT_MS,
  );
  if (now.length === 0) return null;
  return (
    <div class="same-moment">
      <p>{fill(text.value.drawer.sameMoment, { n: now.length })}</p>
      <ul>
        {now.map((each) => (
          <li key={each.id} data-severity={each.severity}>
            <span class="severity">
              <Shape severity={each.severity} /> {word(text.value.domain.severity, each.severity)}
            </span>{' '}
            <button type="button" class="link" onClick={() => openAlert(each.id)}>
              {each.ruleName[language.value]}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** A hit on a closed alert opens a new one: the way there and back. */
function Follows({ before, after }: { before: string | null; after: string | null }) {
  const t = text.value.drawer;
  if (before === null && after === null) return null;
  return (
    <p class="follows">
      {before === null ? null : (
        <button type="button" class="link" onClick={() => openAlert(before)}>
          {t.follows}
        </button>
      )}
      {after === null ? null : (
        <button type="button" class="link" onClick={() => openAlert(after)}>
          {t.followedBy}
        </button>
      )}
    </p>
  );
}

function MustDo({ row }: { row: AlertRow }) {
  const t = text.value;
  const action = word(t.domain.action, row.action);
  if (row.state === 'closed') {
    return (
      <div class="must-do">
        <p>
          {fill(t.drawer.done, {
            reason: row.closeReason === null ? '' : word(t.domain.reason, row.closeReason),
          })}
        </p>
        {row.closeNote ? <p class="muted">{row.closeNote}</p> : null}
      </div>
    );
  }
  const due = row.dueMs;
  const late = due !== null && due < nowMs.value;
  return (
    <div class="must-do">
      <h3>{t.drawer.mustDo}</h3>
      <p class="act">
        {due === null
          ? fill(t.drawer.mustDoNoDue, { action })
          : fill(t.drawer.mustDoBy, { action, due: minuteTime(due, bank.value) })}
      </p>
      {due === null ? null : (
        <p class={late ? 'danger' : 'muted'} title={bothClocks(due, bank.value, t)}>
          {late
            ? timeLeft(due, nowMs.value, t)
            : fill(t.queue.left, { time: timeLeft(due, nowMs.value, t) })}
        </p>
      )}
    </div>
  );
}

interface ActProps {
  label: string;
  hint?: string;
  primary?: boolean;
  why: string | null;
  run: () => void;
}

/** A disabled button stays reachable and says why; so it uses aria-disabled. */
function ActButton({ label, hint, primary, why, run }: ActProps) {
  return (
    <button
      type="button"
      class={primary === true && why === null ? 'button primary' : 'button'}
      aria-disabled={why !== null}
      title={why ?? ''}
      onClick={run}
    >
      {label}
      {hint === undefined ? null : <Key name={hint} />}
    </button>
  );
}

function Acts({ row }: { row: AlertRow }) {
  const t = text.value;
  const mine = row.owner !== null && row.owner === me() && row.state !== 'closed';
  const whyTake = whyNot('take', row, t);
  const whyClose = whyNot('close', row, t);
  return (
    <div class="acts">
      {mine ? (
        <ActButton label={t.drawer.release} why={null} run={() => release(row.id)} />
      ) : (
        <ActButton label={t.drawer.take} hint="1" primary why={whyTake} run={() => take(row.id)} />
      )}
      <ActButton
        label={t.drawer.closeAlert}
        hint="3"
        primary={mine}
        why={whyClose}
        run={() => askClose(row.id)}
      />
      <span class="muted why">{mine ? t.drawer.whyMine : (whyTake ?? '')}</span>
    </div>
  );
}
