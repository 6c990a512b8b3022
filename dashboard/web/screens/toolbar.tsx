/** Tabs with counters, search, open or closed, sort (narrow screens), Live or Paused. */
import { useEffect, useState } from 'preact/hooks';
import { FAMILIES } from '../../../schemas/hit-words.js';
import { plain } from '../format.js';
import type { Filter } from '../state/filter.js';
import type { SortKey } from '../state/order.js';
import { address, counts, go, pause, paused, resume, store } from '../state/queue.js';
import { text } from '../text/index.js';
import { dialog } from './dialogs.js';
import { Key } from './key.js';
import { RuleFilter } from './rule-filter.js';

const FAMILIES_ALWAYS = new Set(['aml', 'activity-drop', 'outflow']);
const SEARCH_DELAY_MS = 150;

export function Toolbar() {
  const t = text.value;
  const { filter } = address.value;
  return (
    <div class="toolbar">
      <Tabs filter={filter} />
      <search class="tools">
        <RuleFilter filter={filter} />
        <Search q={filter.q} />
        <select
          class="input state"
          aria-label={t.queue.state}
          value={filter.state}
          onChange={(event) => showState(event.currentTarget.value as Filter['state'])}
        >
          <option value="open">{t.queue.open}</option>
          <option value="closed">{t.queue.closed}</option>
        </select>
        <select
          class="input sort-choice"
          aria-label={t.queue.sort}
          value={address.value.sort.key}
          onChange={(event) =>
            go({}, { key: event.currentTarget.value as SortKey, ascending: false })
          }
        >
          <option value="urgency">{t.queue.sortUrgency}</option>
          <option value="score">{t.queue.sortScore}</option>
          <option value="age">{t.queue.sortAge}</option>
        </select>
        {filter.state === 'closed' ? (
          <button
            type="button"
            class="button"
            onClick={() => {
              dialog.value = 'older';
            }}
          >
            {t.queue.searchOlder}
          </button>
        ) : (
          <LiveButton />
        )}
      </search>
    </div>
  );
}

/** Of closed alerts the last closed come first; of open ones the most urgent. */
function showState(state: Filter['state']): void {
  go({ state, who: 'all' }, { key: state === 'closed' ? 'age' : 'urgency', ascending: false });
}

function LiveButton() {
  const t = text.value;
  const isPaused = paused.value;
  return (
    <button
      type="button"
      class={isPaused ? 'button live-button is-paused' : 'button live-button'}
      onClick={() => (isPaused ? resume() : pause())}
    >
      <span class="live-mark" aria-hidden="true" />
      <span class="live-state">{isPaused ? t.queue.pausedState : t.queue.liveState}</span>
      <span class="live-act">{isPaused ? t.queue.resume : t.queue.pause}</span>
      <Key name="Space" />
    </button>
  );
}

type Who = Filter['who'];
type Tab = { key: string; label: string; n: number; who: Who; family: Filter['family'] };

/** A rule is of one family: another tab than its own would be empty. */
function withoutRule({ family }: Tab): { rule?: null } {
  return family === null ? {} : { rule: null };
}

function Tabs({ filter }: { filter: Omit<Filter, 'user'> }) {
  const t = text.value;
  const n = counts.value;
  // Counted here are those in memory.
  const more = store.truncated ? '+' : '';
  const tabs: Tab[] = [
    { key: 'all', label: t.queue.all, n: n.all, who: 'all', family: null },
    { key: 'mine', label: t.queue.mine, n: n.mine, who: 'mine', family: null },
    { key: 'free', label: t.queue.unassigned, n: n.unassigned, who: 'unassigned', family: null },
    { key: 'due', label: t.queue.dueSoon, n: n.dueSoon, who: 'due', family: null },
  ];
  for (const family of FAMILIES) {
    const count = n.byFamily[family] ?? 0;
    if (count === 0 && !FAMILIES_ALWAYS.has(family) && filter.family !== family) continue;
    tabs.push({ key: family, label: t.domain.family[family], n: count, who: 'all', family });
  }
  return (
    <nav class="tabs" aria-label={t.queue.filters}>
      {tabs.map((tab) => {
        const pressed = tab.who === filter.who && tab.family === filter.family;
        return (
          <button
            type="button"
            key={tab.key}
            data-tab={tab.key}
            aria-pressed={pressed}
            onClick={() => go({ who: tab.who, family: tab.family, ...withoutRule(tab) })}
          >
            {tab.label} {/* Only open alerts are counted. */}
            {filter.state === 'closed' ? null : (
              <span class="count">
                {plain(tab.n)}
                {more}
              </span>
            )}
          </button>
        );
      })}
    </nav>
  );
}

function Search({ q }: { q: string }) {
  const t = text.value;
  const [value, setValue] = useState(q);
  useEffect(() => setValue(q), [q]);
  useEffect(() => {
    if (value === q) return;
    const timer = setTimeout(() => go({ q: value }), SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return (
    <div class="search">
      <input
        id="search"
        class="input"
        type="search"
        aria-label={t.queue.search}
        placeholder={t.queue.searchHint}
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        value={value}
        onInput={(event) => setValue(event.currentTarget.value)}
      />
      <Key name="/" />
    </div>
  );
}
