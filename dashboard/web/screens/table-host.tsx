/** Puts the imperative table into the page and tells it when to look again. */
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { duration, zoneName } from '../format.js';
import { demo } from '../state/demo.js';
import { language } from '../state/preferences.js';
import {
  address,
  counts,
  firstScreen,
  go,
  holdForPointer,
  loading,
  loadProblem,
  me,
  nowMs,
  openAlert,
  pause,
  paused,
  selected,
  stats,
  store,
  tableVersion,
} from '../state/queue.js';
import { bank } from '../state/session.js';
import { AlertTable } from '../table/table.js';
import { fill, text } from '../text/index.js';

let table: AlertTable | null = null;
/** The one table of the page; null while another screen is shown. */
export function currentTable(): AlertTable | null {
  return table;
}

function makeTable(): AlertTable {
  return new AlertTable(store, {
    select: (id) => {
      pause();
      selected.value = id;
    },
    open: openAlert,
    scrolled: () => {
      if (!paused.value) pause();
    },
    pointerOver: holdForPointer,
    sort: (key) => {
      const { sort } = address.value;
      go({}, { key, ascending: sort.key === key ? !sort.ascending : false });
    },
  });
}

export function TableHost() {
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const made = makeTable();
    table = made;
    host.current?.append(made.element);
    const stop = effect(() => {
      tableVersion.value;
      made.update({
        selected: selected.value,
        sort: address.value.sort,
        zone: zoneName(bank.value),
        closed: address.value.filter.state === 'closed',
        context: {
          t: text.value,
          language: language.value,
          bank: bank.value,
          user: me(),
          nowMs: nowMs.value,
        },
      });
    });
    return () => {
      stop();
      made.dispose();
      table = null;
    };
  }, []);
  return (
    <div class="table-host">
      <div class="table-place" ref={host} />
      <Empty />
    </div>
  );
}

/** What stands in the table's place when it has no row, and why. */
function Empty() {
  const t = text.value;
  tableVersion.value;
  if (loading.value === 'loading' && store.rows.size === 0) {
    return <p class="empty muted">{t.common.loading}</p>;
  }
  if (loading.value === 'failed') {
    return (
      <div class="empty">
        <p>{fill(t.queue.loadFailed, { reason: loadProblem.value })}</p>
        <button type="button" class="button" onClick={() => void firstScreen()}>
          {t.common.retry}
        </button>
      </div>
    );
  }
  if (store.order.length > 0) return null;
  const { filter } = address.value;
  const filtered = filter.who !== 'all' || filter.family !== null || filter.q !== '';
  if (filtered) {
    return (
      <div class="empty">
        <h2>{t.queue.emptyFilterTitle}</h2>
        <p class="muted">{fill(t.queue.emptyFilterText, { n: counts.value.all })}</p>
        <button
          type="button"
          class="button"
          onClick={() => go({ who: 'all', family: null, rule: null, q: '' })}
        >
          {t.queue.emptyFilterAction}
        </button>
      </div>
    );
  }
  if (filter.state === 'closed') return <p class="empty muted">{t.queue.emptyClosed}</p>;
  const last = stats.value.at(-1)?.lastAlertMs ?? null;
  const bankNow = demo.value;
  const reading = bankNow?.phase === 'history' ? Math.floor(bankNow.historyRatio * 100) : null;
  return (
    <div class="empty">
      <h2>{t.queue.emptyTitle}</h2>
      <p class="muted">
        {reading !== null
          ? fill(t.queue.emptyReading, { percent: reading })
          : last === null
            ? t.queue.emptyNone
            : fill(t.queue.emptyLast, { time: duration(nowMs.value - last, t) })}
      </p>
    </div>
  );
}
