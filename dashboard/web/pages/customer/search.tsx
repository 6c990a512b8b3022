/**
 * Finds a customer. What was typed and found stays in this page's memory while it is open, so that
 * "back" shows it again; nothing of it is written to the address or to the browser's storage.
 */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { CustomerSearch } from '../../../../schemas/protocol.js';
import '../../styles/pages.css';
import { plain } from '../../format.js';
import { failure, type Outcome } from '../../state/api.js';
import { checkSession, session } from '../../state/session.js';
import { fill, text, word } from '../../text/index.js';
import { pagesApi } from '../api.js';
import { Heading } from '../heading.js';
import { navigate, pathOf } from '../router.js';
import { customerText } from './text.js';

const SEARCH_DELAY_MS = 200;

const typed = signal('');
const found = signal<{ q: string; outcome: Outcome<CustomerSearch> } | null>(null);
const chosen = signal(0);
const address = (subject: string): string => pathOf({ page: 'customer', subject });
/** Whose search this is: the next user of the desk starts anew. */
let owner = '';

async function look(q: string): Promise<void> {
  const outcome = await pagesApi.search(q);
  if (typed.value.trim() !== q) return;
  if (!outcome.ok && outcome.status === 401) void checkSession();
  found.value = { q, outcome };
  chosen.value = 0;
}

export function Customers() {
  const c = customerText.value;
  const field = useRef<HTMLInputElement>(null);
  const user = session.value.state === 'signed-in' ? session.value.user.name : '';
  if (owner !== user) {
    owner = user;
    typed.value = '';
    found.value = null;
  }
  const q = typed.value.trim();
  useEffect(() => {
    if (q === '' || found.peek()?.q === q) return;
    const timer = setTimeout(() => void look(q), SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [q]);
  useEffect(() => {
    const toField = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.target === field.current || event.defaultPrevented) return;
      event.preventDefault();
      field.current?.focus();
    };
    document.addEventListener('keydown', toField);
    return () => document.removeEventListener('keydown', toField);
  }, []);
  const rows = q !== '' && found.value?.outcome.ok === true ? found.value.outcome.value.rows : [];
  return (
    <div class="page find">
      <Heading>{c.searchTitle}</Heading>
      <search class="find-field">
        <label for="find">{c.searchLabel}</label>
        <input
          id="find"
          ref={field}
          class="input"
          type="search"
          role="combobox"
          aria-expanded={rows.length > 0}
          aria-controls="found"
          aria-autocomplete="list"
          aria-describedby="find-keys"
          {...(rows.length > 0 ? { 'aria-activedescendant': `found-${chosen.value}` } : {})}
          placeholder={c.searchHint}
          autocomplete="off"
          spellcheck={false}
          maxLength={100}
          value={typed.value}
          onInput={(event) => {
            typed.value = event.currentTarget.value;
          }}
          onKeyDown={(event) => onKey(event, rows)}
        />
        <p id="find-keys" class="muted small">
          {c.searchKeys}
        </p>
      </search>
      {q === '' ? <Explain /> : <Found q={q} rows={rows} />}
    </div>
  );
}

function onKey(event: KeyboardEvent, rows: CustomerSearch['rows']): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
  if (event.key === 'Escape' && typed.value !== '') {
    typed.value = '';
  } else if (step !== 0 && rows.length > 0) {
    chosen.value = (chosen.value + step + rows.length) % rows.length;
    document.getElementById(`found-${chosen.value}`)?.scrollIntoView({ block: 'nearest' });
  } else if (event.key === 'Enter') {
    const row = rows[chosen.value];
    if (row !== undefined) navigate(address(row.subject));
  } else return;
  event.preventDefault();
}

function Explain() {
  const c = customerText.value;
  return (
    <div class="find-explain">
      <p>{c.searchHelp}</p>
      <p class="muted">{c.searchPrivacy}</p>
    </div>
  );
}

function Found({ q, rows }: { q: string; rows: CustomerSearch['rows'] }) {
  const t = text.value;
  const c = customerText.value;
  const last = found.value;
  const settled = last !== null && last.q === q;
  const outcome = settled ? last.outcome : null;
  if (outcome !== null && !outcome.ok) {
    return (
      <div class="find-explain" role="status">
        <p>{fill(c.searchFailed, { reason: failure(outcome, t) })}</p>
        <button type="button" class="button" onClick={() => void look(q)}>
          {t.common.retry}
        </button>
      </div>
    );
  }
  if (rows.length === 0) {
    return (
      <div class="find-explain" role="status">
        <p>{settled ? fill(c.searchNone, { q }) : t.common.loading}</p>
        {settled ? <p class="muted">{c.searchNoneHelp}</p> : null}
      </div>
    );
  }
  const truncated = outcome?.ok === true && outcome.value.truncated;
  const n = plain(rows.length);
  return (
    <>
      <p class="muted" role="status">
        {fill(truncated ? c.searchTruncated : c.searchFound, { n })}
      </p>
      <div class="found" id="found" role="listbox" aria-label={c.searchTitle}>
        {rows.map((row, at) => (
          <Result row={row} at={at} key={row.subject} />
        ))}
      </div>
    </>
  );
}

function Result({ row, at }: { row: CustomerSearch['rows'][number]; at: number }) {
  const t = text.value;
  const c = customerText.value;
  return (
    <a
      id={`found-${at}`}
      class="found-row"
      role="option"
      aria-selected={at === chosen.value}
      tabIndex={-1}
      href={address(row.subject)}
      onPointerMove={() => {
        chosen.value = at;
      }}
    >
      <strong class="found-name">{row.name}</strong>
      <span class="mono muted">{row.subject}</span>
      <span>{word(c.kind, row.kind)}</span>
      <span>{word(t.domain.tier, row.tier)}</span>
      <span class="muted">{row.branch}</span>
      <span class={row.openAlerts > 0 ? 'found-alerts' : 'muted'}>
        {row.openAlerts > 0 ? fill(c.openAlerts, { n: plain(row.openAlerts) }) : c.noOpenAlerts}
      </span>
    </a>
  );
}
