/**
 * One rule of many: typed in part, completed by the browser from the rules that have alerts. What
 * was typed and names none is given up on leaving.
 */
import { useEffect, useState } from 'preact/hooks';
import { plain } from '../format.js';
import type { Filter } from '../state/filter.js';
import { language } from '../state/preferences.js';
import { go, store } from '../state/queue.js';
import { text } from '../text/index.js';

interface Choice {
  id: string;
  name: string;
  alerts: number;
}

/** Of the alerts in memory: most alerts first. */
function choices({ family, state }: Omit<Filter, 'user'>): Choice[] {
  const found = new Map<string, Choice>();
  for (const row of store.rows.values()) {
    if ((row.state === 'closed') !== (state === 'closed')) continue;
    if (family !== null && row.family !== family) continue;
    const { rule: id, ruleName } = row;
    const known = found.get(id);
    if (known !== undefined) known.alerts += 1;
    else found.set(id, { id, name: ruleName[language.value], alerts: 1 });
  }
  return [...found.values()].sort((a, b) => b.alerts - a.alerts);
}

/** A link may name a rule that has no alert now. */
function nameOf(rule: string): string {
  for (const row of store.rows.values()) {
    if (row.rule === rule) return row.ruleName[language.value];
  }
  return rule;
}

export function RuleFilter({ filter }: { filter: Omit<Filter, 'user'> }) {
  const t = text.value.queue;
  const [rules, setRules] = useState<Choice[]>([]);
  const chosen = filter.rule === null ? '' : nameOf(filter.rule);
  const [typed, setTyped] = useState(chosen);
  useEffect(() => setTyped(chosen), [chosen]);
  const take = (value: string) => {
    setTyped(value);
    const found = rules.find(({ id, name }) => name === value || id === value);
    if (found !== undefined) go({ rule: found.id });
    else if (value === '') go({ rule: null });
  };
  /** Enter takes the first that contains what was typed. */
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || typed === '') return;
    const part = typed.toLowerCase();
    const found = rules.find(({ id, name }) => `${id} ${name}`.toLowerCase().includes(part));
    if (found !== undefined) take(found.name);
  };
  return (
    <>
      <input
        class={filter.rule === null ? 'input rule-filter' : 'input rule-filter is-set'}
        type="search"
        list="rules"
        aria-label={t.rule}
        placeholder={t.allRules}
        autocomplete="off"
        spellcheck={false}
        value={typed}
        onFocus={() => setRules(choices(filter))}
        onBlur={() => setTyped(chosen)}
        onInput={(event) => take(event.currentTarget.value)}
        onKeyDown={onKey}
      />
      <datalist id="rules">
        {rules.map(({ id, name, alerts }) => (
          <option value={name} label={plain(alerts)} key={id} />
        ))}
      </datalist>
    </>
  );
}
