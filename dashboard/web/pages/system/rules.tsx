/** Rules by hits and cost since the start, and what people made of them in 30 days. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { RuleStatistics } from '../../../../schemas/history.js';
import type { SystemPage } from '../../../../schemas/protocol.js';
import type { EngineStats } from '../../../../schemas/stats.js';
import { duration, minuteTime, plain } from '../../format.js';
import { failure } from '../../state/api.js';
import { language } from '../../state/preferences.js';
import { bank } from '../../state/session.js';
import { fill, text, word } from '../../text/index.js';
import { pagesApi } from '../api.js';
import { usePolled } from '../poll.js';
import { Share } from './engine.js';
import { Section } from './section.js';
import { StateMark } from './state-mark.js';
import { type Column, Table } from './table.js';
import { systemText } from './text.js';

const STATISTICS_DAYS = 30;
const STATISTICS_MS = 60_000;

interface Line {
  rule: string;
  /** Undefined while the engine says nothing of it. */
  now: EngineStats['rules'][number] | undefined;
  past: RuleStatistics | undefined;
}

/** Of what runs now and of what history remembers; most hits first, then by id. */
export function ruleLines(
  now: EngineStats['rules'],
  past: readonly RuleStatistics[],
  names: readonly string[],
): Line[] {
  const byRule = new Map(now.map((each) => [each.rule, each]));
  const pastByRule = new Map(past.map((each) => [each.rule, each]));
  const all = new Set([...names, ...byRule.keys(), ...pastByRule.keys()]);
  return [...all]
    .map((rule) => ({ rule, now: byRule.get(rule), past: pastByRule.get(rule) }))
    .sort((a, b) => (b.now?.hits ?? -1) - (a.now?.hits ?? -1) || (a.rule < b.rule ? -1 : 1));
}

const SORTS = ['hits', 'evaluations', 'alerts30', 'falsePositives', 'rulesByName'] as const;
type SortBy = (typeof SORTS)[number];

/** Most first; by name from the beginning. Equal ones stay as they are: most hits first. */
function sorted(lines: readonly Line[], by: SortBy, nameOf: (rule: string) => string): Line[] {
  const key: Record<Exclude<SortBy, 'rulesByName'>, (line: Line) => number> = {
    hits: ({ now }) => now?.hits ?? -1,
    evaluations: ({ now }) => now?.evaluations ?? -1,
    alerts30: ({ past }) => past?.alerts ?? -1,
    falsePositives: ({ past }) => past?.falsePositives ?? -1,
  };
  return [...lines].sort((a, b) =>
    by === 'rulesByName'
      ? nameOf(a.rule).localeCompare(nameOf(b.rule), language.value)
      : key[by](b) - key[by](a),
  );
}

/** 85 lines are searched and sorted by who reads them. */
function useChoice(lines: readonly Line[], page: SystemPage) {
  const s = systemText.value;
  const [q, setQ] = useState('');
  const [by, setBy] = useState<SortBy>('hits');
  const nameOf = (rule: string): string => page.rules[rule]?.names[language.value] ?? rule;
  const words = q.toLowerCase().split(/\s+/);
  const found = lines.filter(({ rule }) => {
    const { zh = '', en = '' } = page.rules[rule]?.names ?? {};
    const state = word(s.ruleStates, page.rules[rule]?.state ?? 'gone');
    const own = `${rule} ${zh} ${en} ${state}`.toLowerCase();
    return words.every((each) => own.includes(each));
  });
  const tools = (
    <search class="rules-tools">
      <input
        class="input"
        type="search"
        aria-label={s.rulesFind}
        placeholder={s.rulesFind}
        value={q}
        onInput={(event) => setQ(event.currentTarget.value)}
      />
      <label>
        <span class="muted">{s.rulesSort}</span>{' '}
        <select
          class="input"
          value={by}
          onChange={(event) => setBy(event.currentTarget.value as SortBy)}
        >
          {SORTS.map((each) => (
            <option value={each} key={each}>
              {s[each]}
            </option>
          ))}
        </select>
      </label>
      <span class="muted">
        {fill(s.rulesShown, { n: plain(found.length), total: plain(lines.length) })}
      </span>
    </search>
  );
  return { tools, shown: sorted(found, by, nameOf) };
}

export function Rules({ page, engine }: { page: SystemPage; engine: EngineStats | null }) {
  const s = systemText.value;
  const polled = usePolled('rules', STATISTICS_MS, () => pagesApi.ruleStatistics(STATISTICS_DAYS));
  const block = polled.value?.statistics ?? null;
  const past = block?.state === 'ok' ? block.value : [];
  const lines = ruleLines(engine?.rules ?? [], past, Object.keys(page.rules));
  const { tools, shown } = useChoice(lines, page);
  const cost = lines.reduce((sum, line) => sum + (line.now?.evaluations ?? 0), 0);
  const why =
    polled.refusal !== null
      ? failure(polled.refusal, text.value)
      : block?.state === 'missing'
        ? block.detail || word(s.why, `history-${block.why}`)
        : null;
  return (
    <Section id="rules" title={s.rules} aside={s.rulesLead} wide>
      {tools}
      <Table
        label={s.rules}
        columns={columns(page, cost)}
        rows={shown}
        keyOf={(l) => l.rule}
        empty={lines.length === 0 ? s.noRules : s.rulesNone}
      />
      {why === null ? null : <p class="muted small">{fill(s.noStatistics, { why })}</p>}
    </Section>
  );
}

/** In force, in shadow or not at all; loudly, when its breaker is open; and until when it warms. */
function Standing({ line, page }: { line: Line; page: SystemPage }) {
  const s = systemText.value;
  const { rule, now, past } = line;
  const state = page.rules[rule]?.state ?? now?.state ?? 'gone';
  const { openShards = 0, floods = 0, warmingUntilMs = 0 } = now ?? {};
  const breaker = fill(s.breakerOpen, { n: plain(floods) });
  const time = minuteTime(warmingUntilMs, bank.value);
  return (
    <div class="rule-standing">
      <StateMark state={state === 'active' ? 'good' : 'off'} words={word(s.ruleStates, state)} />
      {past === undefined || past.shadowHits === 0 ? null : (
        <span class="muted">{fill(s.shadowHits, { n: plain(past.shadowHits) })}</span>
      )}
      {openShards === 0 ? null : (
        <span title={fill(s.breakerWhy, { shards: openShards })}>
          <StateMark state="bad" words={breaker} />
        </span>
      )}
      {warmingUntilMs === 0 ? null : (
        <span title={s.warmingWhy}>
          <StateMark state="busy" words={fill(s.warmingUntil, { time })} />
        </span>
      )}
    </div>
  );
}

function columns(page: SystemPage, cost: number): Column<Line>[] {
  const t = text.value;
  const s = systemText.value;
  const past = (value: (past: RuleStatistics) => number | null) => (line: Line) => {
    const n = line.past === undefined ? null : value(line.past);
    return n === null ? s.unknown : plain(n);
  };
  const present =
    (show: (now: EngineStats['rules'][number]) => ComponentChildren) =>
    ({ now }: Line): ComponentChildren =>
      now === undefined ? s.unknown : show(now);
  return [
    {
      head: s.rule,
      cell: (line) => (
        <span title={line.rule}>{page.rules[line.rule]?.names[language.value] ?? line.rule}</span>
      ),
    },
    { head: s.ruleState, cell: (line) => <Standing line={line} page={page} /> },
    { head: s.hits, number: true, cell: present((each) => <strong>{plain(each.hits)}</strong>) },
    { head: s.evaluations, number: true, cell: present((each) => plain(each.evaluations)) },
    {
      head: s.share,
      number: true,
      cell: present((each) => (
        <Share ratio={cost > 0 ? each.evaluations / cost : 0} name={s.share} />
      )),
    },
    { head: s.notApplicable, number: true, cell: present((each) => plain(each.notApplicable)) },
    { head: s.alerts30, number: true, cell: past((each) => each.alerts) },
    { head: s.confirmedColumn, number: true, cell: past((each) => each.confirmed) },
    { head: s.falsePositives, number: true, cell: past((each) => each.falsePositives) },
    {
      head: s.handling,
      number: true,
      cell: ({ past: each }) =>
        each?.handlingP50Ms == null ? s.unknown : duration(each.handlingP50Ms, t),
    },
  ];
}
