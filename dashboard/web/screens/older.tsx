/**
 * Alerts that have left the memory of page and server, asked of the history store: by time,
 * family, severity and the reason of closing, newest first.
 */
import { useEffect, useState } from 'preact/hooks';
import { CLOSE_REASONS, type CloseReason } from '../../../schemas/close-reasons.js';
import type { Family, Severity } from '../../../schemas/hit.js';
import { FAMILIES, SEVERITIES } from '../../../schemas/hit-words.js';
import type { AlertSearchReply } from '../../../schemas/protocol.js';
import { bankDay, clockTime, customerName, plain } from '../format.js';
import { api, failure } from '../state/api.js';
import { language } from '../state/preferences.js';
import { nowMs, openAlert } from '../state/queue.js';
import { bank } from '../state/session.js';
import { fill, text, word } from '../text/index.js';
import { Missing } from './missing.js';
import { Modal } from './modal.js';
import { Shape } from './shape.js';

type Found = AlertSearchReply['alerts'];
type Row = Extract<Found, { state: 'ok' }>['value'][number];
interface Asked {
  fromDay: string;
  toDay: string;
  family: '' | Family;
  severity: '' | Severity;
  reason: '' | CloseReason;
}

const PAGE = 50;
const DAY_MS = 86_400_000;
const DAYS_DEFAULT = 90;

export function Older({ shut }: { shut: () => void }) {
  const t = text.value;
  const [asked, setAsked] = useState<Asked>(() => ({
    fromDay: bankDay(Date.now() - DAYS_DEFAULT * DAY_MS, bank.value),
    toDay: bankDay(Date.now(), bank.value),
    family: '',
    severity: '',
    reason: '',
  }));
  const [rows, setRows] = useState<Row[]>([]);
  const [last, setLast] = useState<Found | null>(null);
  const [problem, setProblem] = useState('');
  const read = async (offset: number) => {
    const reply = await api.searchAlerts({
      state: 'closed',
      from: asked.fromDay,
      to: asked.toDay,
      family: asked.family,
      severity: asked.severity,
      reason: asked.reason,
      limit: String(PAGE),
      offset: String(offset),
    });
    setProblem(reply.ok ? '' : failure(reply, text.value));
    if (!reply.ok) return;
    const found = reply.value.alerts;
    setLast(found);
    const more = found.state === 'ok' ? found.value : [];
    setRows((before) => (offset === 0 ? more : [...before, ...more]));
  };
  useEffect(() => void read(0), []);
  return (
    <Modal titleId="older-title" title={t.older.title} onClose={shut} wide>
      <Form asked={asked} change={setAsked} submit={() => void read(0)} />
      {problem === '' ? null : <p class="notice bad">{fill(t.older.failed, { problem })}</p>}
      {last?.state === 'missing' ? <Missing block={last} /> : null}
      {last === null && problem === '' ? <p class="muted">{t.common.loading}</p> : null}
      {last?.state === 'ok' && rows.length === 0 ? <p class="muted">{t.older.none}</p> : null}
      {rows.length === 0 ? null : <Results rows={rows} shut={shut} />}
      <div class="dialog-buttons">
        {last?.state === 'ok' && last.truncated ? (
          <button type="button" class="button" onClick={() => void read(rows.length)}>
            {fill(t.older.more, { n: plain(rows.length) })}
          </button>
        ) : null}
        <button type="button" class="button" onClick={shut}>
          {t.common.close}
        </button>
      </div>
    </Modal>
  );
}

interface FormProps {
  asked: Asked;
  change: (asked: Asked) => void;
  submit: () => void;
}

function Form({ asked, change, submit }: FormProps) {
  const t = text.value;
  const select = (
    key: 'family' | 'severity' | 'reason',
    values: readonly string[],
    words: Record<string, string>,
  ) => (
    <label class="field">
      <span>{t.older[key]}</span>
      <select
        value={asked[key]}
        onChange={(event) => change({ ...asked, [key]: event.currentTarget.value })}
      >
        <option value="">{t.older.any}</option>
        {values.map((value) => (
          <option value={value} key={value}>
            {word(words, value)}
          </option>
        ))}
      </select>
    </label>
  );
  const day = (key: 'fromDay' | 'toDay') => (
    <label class="field">
      <span>{t.older[key]}</span>
      <input
        type="date"
        required
        value={asked[key]}
        onInput={(event) => change({ ...asked, [key]: event.currentTarget.value })}
      />
    </label>
  );
  return (
    <form
      class="older-form"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {day('fromDay')}
      {day('toDay')}
      {select('family', FAMILIES, t.domain.family)}
      {select('severity', [...SEVERITIES].reverse(), t.domain.severity)}
      {select('reason', CLOSE_REASONS, t.domain.reason)}
      <button type="submit" class="button primary">
        {t.older.search}
      </button>
    </form>
  );
}

function Results({ rows, shut }: { rows: Row[]; shut: () => void }) {
  const t = text.value;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll it
    <section class="scroll-wide" tabIndex={0} aria-label={t.older.title}>
      <table class="data">
        <thead>
          <tr>
            <th scope="col">{fill(t.queue.closedAt, { zone: '' }).trim()}</th>
            <th scope="col">{t.queue.urgency}</th>
            <th scope="col">{t.queue.customer}</th>
            <th scope="col">{t.drawer.rule}</th>
            <th scope="col">{t.queue.closedWhy}</th>
            <th scope="col">{t.queue.closedBy}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} data-severity={row.severity}>
              <td>{clockTime(row.changedMs, nowMs.peek(), bank.value)}</td>
              <td>
                <span class="severity">
                  <Shape severity={row.severity} /> {word(t.domain.severity, row.severity)}
                </span>
              </td>
              <td>{customerName(row, t)}</td>
              <td>
                <button
                  type="button"
                  class="link"
                  onClick={() => {
                    shut();
                    openAlert(row.id);
                  }}
                >
                  {row.ruleName[language.value]}
                </button>
              </td>
              <td>{row.closeReason === '' ? '' : word(t.domain.reason, row.closeReason)}</td>
              <td>{row.owner}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
