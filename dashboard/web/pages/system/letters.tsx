/** Dead letters by reason, and a window to look inside: the list, then the text of one. */
import { useEffect, useState } from 'preact/hooks';
import type { DeadLetterList, DeadLetterView } from '../../../../schemas/protocol.js';
import type { EngineStats } from '../../../../schemas/stats.js';
import { bothClocks, plain } from '../../format.js';
import { Modal } from '../../screens/modal.js';
import { failure, type Outcome } from '../../state/api.js';
import { nowMs } from '../../state/queue.js';
import { bank } from '../../state/session.js';
import { fill, text, word } from '../../text/index.js';
import { pagesApi } from '../api.js';
import { bytes, secondClock } from '../format.js';
import { Section } from './section.js';
import { Table } from './table.js';
import { systemText } from './text.js';

export function Letters({ engine }: { engine: EngineStats | null }) {
  const s = systemText.value;
  const [open, setOpen] = useState<string | null>(null);
  const rows = Object.entries(engine?.deadLetters ?? {})
    .filter(([, count]) => count > 0)
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const sum = rows.reduce((all, [, count]) => all + count, 0);
  return (
    <Section id="letters" title={s.letters} aside={s.lettersLead}>
      <Table
        label={s.letters}
        columns={[
          { head: s.reason, cell: ([reason]) => word(s.reasons, reason) },
          { head: s.count, number: true, cell: ([, count]) => plain(count) },
          {
            head: s.look,
            number: true,
            cell: ([reason]) => (
              <button
                type="button"
                class="button"
                aria-label={fill(s.lookLabel, { reason: word(s.reasons, reason) })}
                onClick={() => setOpen(reason)}
              >
                {s.look}
              </button>
            ),
          },
        ]}
        rows={rows}
        keyOf={([reason]) => reason}
        empty={engine === null ? s.roleAway : s.noLetters}
      />
      {sum === 0 ? null : <p class="muted small">{fill(s.lettersTotal, { n: plain(sum) })}</p>}
      {open === null ? null : <Inside reason={open} shut={() => setOpen(null)} />}
    </Section>
  );
}

/** Reads once; null while it reads. */
function useOnce<T>(key: string, read: () => Promise<Outcome<T>>): Outcome<T> | null {
  const [got, setGot] = useState<{ key: string; outcome: Outcome<T> } | null>(null);
  useEffect(() => {
    let current = true;
    void read().then((outcome) => {
      if (current) setGot({ key, outcome });
    });
    return () => {
      current = false;
    };
  }, [key]);
  return got?.key === key ? got.outcome : null;
}

function Inside({ reason, shut }: { reason: string; shut: () => void }) {
  const t = text.value;
  const s = systemText.value;
  const [chosen, setChosen] = useState<string | null>(null);
  const list = useOnce(reason, () => pagesApi.deadLetters(reason));
  return (
    <Modal
      titleId="letters-dialog"
      title={fill(s.lettersDialog, { reason: word(s.reasons, reason) })}
      onClose={shut}
    >
      <div class="letters">
        {list === null ? <p class="muted">{t.common.loading}</p> : null}
        {list !== null && !list.ok ? <p class="notice bad">{failure(list, t)}</p> : null}
        {list?.ok ? <LetterList list={list.value} chosen={chosen} choose={setChosen} /> : null}
        {chosen === null ? null : <Letter id={chosen} key={chosen} />}
      </div>
      <div class="dialog-buttons">
        <button type="button" class="button primary" onClick={shut}>
          {t.common.close}
        </button>
      </div>
    </Modal>
  );
}

interface ListProps {
  list: DeadLetterList;
  chosen: string | null;
  choose: (id: string) => void;
}

function LetterList({ list, chosen, choose }: ListProps) {
  const s = systemText.value;
  const n = plain(list.rows.length);
  if (list.rows.length === 0) return <p class="muted">{s.lettersEmpty}</p>;
  return (
    <>
      <p class="muted">
        {fill(list.truncated ? s.lettersTruncated : s.lettersShown, { n })}
        {chosen === null ? ` · ${s.letterPick}` : ''}
      </p>
      <ul class="letter-list">
        {list.rows.map((row) => (
          <li key={row.id}>
            <button
              type="button"
              class="letter-row"
              aria-pressed={row.id === chosen}
              onClick={() => choose(row.id)}
            >
              <span title={bothClocks(row.atMs, bank.value, text.value)}>
                {secondClock(row.atMs, nowMs.peek(), bank.value)}
              </span>
              <span>{row.source}</span>
              <span class="letter-detail">{row.detail}</span>
              <span class="muted">{bytes(row.bytes)}</span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

function Letter({ id }: { id: string }) {
  const t = text.value;
  const s = systemText.value;
  const got = useOnce<DeadLetterView>(id, () => pagesApi.deadLetter(id));
  if (got === null) return <p class="muted">{t.common.loading}</p>;
  if (!got.ok) return <p class="notice bad">{failure(got, t)}</p>;
  return (
    <section aria-label={s.letterText}>
      <p class="muted">{s.letterText}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll it */}
      <pre class="letter-text" tabIndex={0}>
        {got.value.text}
      </pre>
    </section>
  );
}
