/**
 * "Other rules at this moment": why they did not hit. Asked when somebody wants to know, since an
 * answer reads the journal; then searched and filtered here.
 */
import { useEffect, useState } from 'preact/hooks';
import type { ExplainReply } from '../../../schemas/protocol.js';
import { measure, minuteTime, plain } from '../format.js';
import { call, failure } from '../state/api.js';
import { language } from '../state/preferences.js';
import { othersOpen } from '../state/queue.js';
import { bank, checkSession } from '../state/session.js';
import { fill, text, word } from '../text/index.js';
import { explainText, featureName } from './evidence-text.js';
import { Key } from './key.js';
import { byNearness, GROUP_OF, type Group, nearness } from './nearness.js';

type Rule = ExplainReply['rules'][number];
type Loaded =
  | { state: 'loading' }
  | { state: 'failed'; why: string; mayHelp: boolean }
  | { state: 'ready'; reply: ExplainReply };

/** One that runs and four that wait, 8 s each, and the way there and back. */
const TIMEOUT_MS = 45_000;

export function OtherRules({ id }: { id: string }) {
  const e = explainText.value;
  const open = othersOpen.value === id;
  const toggle = () => {
    othersOpen.value = open ? null : id;
  };
  return (
    <section class="block others-block">
      <h3>{e.title}</h3>
      <button type="button" class="button" aria-expanded={open} onClick={toggle}>
        {open ? e.shut : e.open} <Key name="X" />
      </button>
      {open ? <Asked id={id} /> : null}
    </section>
  );
}

/** Asks when it comes, and again on request. */
function Asked({ id }: { id: string }) {
  const t = text.value;
  const e = explainText.value;
  const [attempt, setAttempt] = useState(0);
  const [loaded, setLoaded] = useState<Loaded>({ state: 'loading' });
  useEffect(() => {
    let current = true;
    setLoaded({ state: 'loading' });
    const path = `/api/alerts/${encodeURIComponent(id)}/explain`;
    void call<ExplainReply>('GET', path, undefined, TIMEOUT_MS).then((reply) => {
      if (!current) return;
      if (reply.ok) return setLoaded({ state: 'ready', reply: reply.value });
      if (reply.status === 401) void checkSession();
      const known: Record<string, string> = e.refusals;
      const why = known[reply.code] ?? failure(reply, text.value);
      setLoaded({ state: 'failed', why, mayHelp: reply.status !== 404 });
    });
    return () => {
      current = false;
    };
  }, [id, attempt]);
  // Twice: only with the list is there room to have it at the top.
  useEffect(() => {
    document.querySelector('.others-block')?.scrollIntoView({ block: 'start' });
  }, [loaded.state]);
  if (loaded.state === 'ready') return <List reply={loaded.reply} />;
  return (
    <div role="status">
      {loaded.state === 'loading' ? <p class="muted others-note">{e.loading}</p> : null}
      {loaded.state === 'failed' ? (
        <p class="missing others-note" data-others="failed">
          {fill(e.failed, { reason: loaded.why })}{' '}
          {loaded.mayHelp ? (
            <button type="button" class="button" onClick={() => setAttempt(attempt + 1)}>
              {t.common.retry}
            </button>
          ) : null}
        </p>
      ) : null}
    </div>
  );
}

const GROUPS: readonly ('all' | Group)[] = ['all', 'near', 'missing', 'untouched', 'hit'];

function List({ reply }: { reply: ExplainReply }) {
  const e = explainText.value;
  const [q, setQ] = useState('');
  const [group, setGroup] = useState<'all' | Group>('all');
  const count = (of: 'all' | Group): number => reply.rules.filter((rule) => isOf(rule, of)).length;
  const words = q.toLowerCase().split(/\s+/);
  const shown = byNearness(reply.rules).filter((rule) => {
    const name = `${rule.id} ${rule.names.zh} ${rule.names.en}`.toLowerCase();
    return isOf(rule, group) && words.every((each) => name.includes(each));
  });
  return (
    <>
      <p class="muted others-note">{fill(e.lead, { time: minuteTime(reply.atMs, bank.value) })}</p>
      {reply.isCut ? <p class="missing">{e.cut}</p> : null}
      <div class="others-tools">
        <input
          class="input"
          type="search"
          aria-label={e.search}
          placeholder={e.search}
          value={q}
          onInput={(event) => setQ(event.currentTarget.value)}
        />
        <select
          class="input"
          aria-label={e.show}
          value={group}
          onChange={(event) => setGroup(event.currentTarget.value as 'all' | Group)}
        >
          {GROUPS.map((each) => (
            <option value={each} key={each}>
              {fill(e.groups[each], { n: plain(count(each)) })}
            </option>
          ))}
        </select>
      </div>
      {shown.length === 0 ? <p class="muted">{e.none}</p> : null}
      <ol class="others-list">
        {shown.map((rule) => (
          <Line rule={rule} names={reply.rules} key={rule.id} />
        ))}
      </ol>
      <p class="muted">{fill(e.rest, { n: plain(reply.outOfScope), m: plain(reply.notScored) })}</p>
    </>
  );
}

const isOf = (rule: Rule, group: 'all' | Group): boolean =>
  group === 'all' || GROUP_OF[rule.verdict] === group;

function Line({ rule, names }: { rule: Rule; names: readonly Rule[] }) {
  const e = explainText.value;
  const near = nearness(rule);
  const warming = rule.warmingUntilMs;
  return (
    <li data-verdict={rule.verdict}>
      <p class="others-name">
        <span title={rule.id}>{rule.names[language.value]}</span>
        {rule.kind === 'typology' ? <span class="tier">{e.typology}</span> : null}
        {rule.shadow ? <span class="tier">{e.shadow}</span> : null}
        {near === undefined ? null : (
          <span class="others-near" title={e.nearWhy}>
            {fill(e.near, { n: plain(Math.min(99, Math.floor(near * 100))) })}
          </span>
        )}
      </p>
      <p class="muted">
        {reasonOf(rule)}
        {warming === undefined
          ? ''
          : e.join + fill(e.warming, { time: minuteTime(warming, bank.value) })}
      </p>
      {rule.kind === 'typology' ? <Parts parts={rule.parts ?? []} names={names} /> : null}
    </li>
  );
}

/** What each member of a typology brings now. */
function Parts({ parts, names }: { parts: NonNullable<Rule['parts']>; names: readonly Rule[] }) {
  if (parts.length === 0) return null;
  const nameOf = (id: string): string =>
    names.find((rule) => rule.id === id)?.names[language.value] ?? id;
  return (
    <ul class="others-parts muted">
      {parts.map((part) => (
        <li key={part.rule}>
          {nameOf(part.rule)} {plain(part.weight, 2)} × {plain(part.outcome)}
        </li>
      ))}
    </ul>
  );
}

/** One sentence: the first condition that does not hold, and how many more there are. */
function reasonOf(rule: Rule): string {
  const e = explainText.value;
  const failed = (rule.gates ?? []).filter(({ held }) => !held);
  const [first] = failed;
  const { observed, next } = rule;
  switch (rule.verdict) {
    case 'hit':
      return e.hit;
    case 'silenced':
      return fill(e.silenced, { time: minuteTime(rule.silencedSinceMs ?? 0, bank.value) });
    case 'gate':
    case 'not-available': {
      if (first === undefined) return observed === undefined ? '' : valueWords(observed);
      const more = failed.length - 1;
      const own = first.value === null ? valueWords(first) : needs(e.needs, first);
      return more === 0 ? own : own + e.join + fill(e.more, { n: more });
    }
    case 'below-bands':
      if (observed === undefined || next === undefined) return '';
      return needs(e.band, {
        ...observed,
        op: next.strict ? 'above' : 'atLeast',
        threshold: next.threshold,
      });
    default:
      return rule.kind === 'typology' ? e.noMember : unmetWords(rule);
  }
}

function needs(
  pattern: string,
  { feature, unit, value, op, threshold }: Omit<NonNullable<Rule['gates']>[number], 'held'>,
): string {
  const t = text.value;
  return fill(pattern, {
    feature: featureName(feature, unit),
    value: value === null ? t.drawer.notAvailable : measure(value, unit, bank.value, t),
    op: word(t.domain.op, op),
    threshold: measure(threshold, unit, bank.value, t),
  });
}

function valueWords({ feature, unit, missing }: NonNullable<Rule['observed']>): string {
  const e = explainText.value;
  const why = missing === undefined ? text.value.drawer.notAvailable : e.missing[missing];
  return fill(e.notAvailable, { feature: featureName(feature, unit), why });
}

function unmetWords({ unmet }: Rule): string {
  const u = explainText.value.unmet;
  if (unmet === undefined) return '';
  if (unmet.moment === true) return u.moment;
  const list = (names: readonly string[]): string =>
    names.map((name) => word(explainText.value.classes, name)).join(u.listJoin);
  const parts: string[] = [];
  if (unmet.missing.length > 0) parts.push(fill(u.missing, { list: list(unmet.missing) }));
  if (unmet.excluded.length > 0) parts.push(fill(u.excluded, { list: list(unmet.excluded) }));
  if (unmet.amount !== undefined) parts.push(u[unmet.amount]);
  if (unmet.other === true) parts.push(u.other);
  return parts.join(explainText.value.join);
}
