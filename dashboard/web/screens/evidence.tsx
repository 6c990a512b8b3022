/** The proof in the drawer, in the order in which an officer asks for it. */
import { useState } from 'preact/hooks';
import type { Hit } from '../../../schemas/hit.js';
import type { AlertDetail, AlertRow, Parties } from '../../../schemas/protocol.js';
import {
  actDetail,
  bothClocks,
  clockTime,
  eventTime,
  fullTime,
  measure,
  money,
  plain,
} from '../format.js';
import { language } from '../state/preferences.js';
import { nowMs, openAlert } from '../state/queue.js';
import { bank } from '../state/session.js';
import { fill, text, word } from '../text/index.js';
import { Block } from './block.js';
import { featureName } from './evidence-text.js';
import { Gates } from './gates.js';
import { OtherRules } from './others.js';
import { Party } from './party.js';
import { Picture } from './picture.js';
import { Score, Warming } from './score.js';
import { Shape } from './shape.js';

export function Evidence({ detail }: { detail: AlertDetail }) {
  const isFlood = detail.row.subject === '';
  // One hit of thousands says nothing of a flood: the list of the newest does.
  const hit = isFlood ? undefined : detail.hits[0];
  return (
    <>
      {hit === undefined ? null : <Warming hit={hit} />}
      {hit === undefined ? null : <Score hit={hit} rule={detail.rule} />}
      {hit === undefined ? null : <Gates hit={hit} rule={detail.rule} />}
      {hit === undefined ? null : <Transactions hit={hit} parties={detail.parties} />}
      {hit === undefined ? null : <Facts hit={hit} rule={detail.rule} />}
      {isFlood ? null : <Picture row={detail.row} hit={hit} parties={detail.parties} />}
      <OtherAlerts rows={detail.otherAlerts} />
      <Hits detail={detail} />
      {isFlood ? null : <OtherRules id={detail.row.id} />}
      <Versions detail={detail} hit={hit} />
      <Trail detail={detail} />
    </>
  );
}

/** The drawer stays short; one press shows the rest. */
const TRANSACTIONS_SHOWN = 12;

function Transactions({ hit, parties }: { hit: Hit; parties: Parties }) {
  const t = text.value;
  const [whole, setWhole] = useState(false);
  const rows = [...hit.transactions].reverse();
  const shown = whole ? rows : rows.slice(0, TRANSACTIONS_SHOWN);
  if (rows.length === 0) return null;
  const n = rows.length;
  const all = hit.transactionCount > n || hit.atLeast;
  const pattern = hit.atLeast ? t.drawer.transactionsAtLeast : t.drawer.transactionsOf;
  const aside = all ? fill(pattern, { n: plain(n), total: plain(hit.transactionCount) }) : plain(n);
  const total = rows.reduce((sum, each) => sum + each.amountBaseMinor, 0);
  return (
    <Block title={t.drawer.transactions} aside={aside}>
      <table class="data">
        <thead>
          <tr>
            <th scope="col">{t.drawer.time}</th>
            <th scope="col">{t.drawer.side}</th>
            <th scope="col">{t.drawer.counterparty}</th>
            <th scope="col" class="number">
              {t.drawer.amount}
            </th>
          </tr>
        </thead>
        <tbody>
          {shown.map((each) => (
            <tr key={`${each.id} ${each.side}`} title={each.id}>
              <td title={bothClocks(each.eventTime, bank.value, t)}>
                {clockTime(each.eventTime, nowMs.peek(), bank.value)}
              </td>
              <td>{each.side === 'debit' ? t.drawer.debit : t.drawer.credit}</td>
              <td>
                <Party account={each.counterparty} parties={parties} />
              </td>
              <td class="number">{money(each.amountBaseMinor, bank.value)}</td>
            </tr>
          ))}
        </tbody>
        <tfoot>
          <tr class="sum">
            <th scope="row" colSpan={3}>
              {t.drawer.total}
            </th>
            <td class="number strong">{money(total, bank.value)}</td>
          </tr>
        </tfoot>
      </table>
      {n > shown.length ? (
        <button type="button" class="button" onClick={() => setWhole(true)}>
          {fill(t.drawer.showAll, { n: plain(n) })}
        </button>
      ) : null}
    </Block>
  );
}

/** Facts carry no unit of their own: the rule tells. */
function factUnit(name: string, rule: AlertDetail['rule']): string {
  return rule?.units[name] ?? 'count';
}

function Facts({ hit, rule }: { hit: Hit; rule: AlertDetail['rule'] }) {
  const t = text.value;
  // The normals stand beside their gates.
  const normals = new Set(Object.values(rule?.normals ?? {}));
  const facts = Object.entries(hit.facts).filter(([name]) => !normals.has(name));
  // A typology's are its parts, told with the score.
  if (facts.length === 0 || hit.parts !== undefined) return null;
  return (
    <Block title={t.drawer.facts}>
      <dl class="pairs">
        {facts.map(([name, value]) => {
          const unit = factUnit(name, rule);
          return (
            <div key={name}>
              <dt>{featureName(name, unit)}</dt>
              <dd>{measure(value, unit, bank.value, t)}</dd>
            </div>
          );
        })}
      </dl>
    </Block>
  );
}

function Hits({ detail }: { detail: AlertDetail }) {
  const t = text.value;
  const { hits, row } = detail;
  const aside =
    row.hitCount > hits.length
      ? fill(t.drawer.hitsOf, { n: hits.length, total: plain(row.hitCount) })
      : plain(hits.length);
  return (
    <Block title={t.drawer.hits} aside={aside}>
      {detail.hitsGone === 0 ? null : (
        <p class="muted">{fill(t.drawer.hitsGone, { n: plain(detail.hitsGone) })}</p>
      )}
      <ol class="lines">
        {hits.map((hit) => (
          <li key={hit.id} data-severity={hit.severity}>
            <span class="severity">
              <Shape severity={hit.severity} /> {word(t.domain.severity, hit.severity)}
            </span>
            <span title={bothClocks(hit.eventTime, bank.value, t)}>
              {eventTime(
                { ms: hit.eventTime, isTimer: hit.side === 'timer' },
                (ms) => clockTime(ms, nowMs.peek(), bank.value),
                bank.value,
                t,
              )}
            </span>
            <span class="grow">
              {featureName(hit.observed.feature, hit.observed.unit)}{' '}
              {measure(hit.observed.value, hit.observed.unit, bank.value, t)}
            </span>
            <span class="muted">{hit.history ? t.drawer.history : ''}</span>
            {row.subject === '' ? <span class="mono">{hit.subject}</span> : null}
          </li>
        ))}
      </ol>
    </Block>
  );
}

function Trail({ detail }: { detail: AlertDetail }) {
  const t = text.value;
  return (
    <Block title={t.drawer.trail}>
      <ol class="lines trail">
        {detail.trail.map((each) => (
          <li key={`${each.atMs} ${each.what} ${each.detail}`}>
            <span title={bothClocks(each.atMs, bank.value, t)}>
              {clockTime(each.atMs, nowMs.peek(), bank.value)}
            </span>
            <span class="grow">
              {word(t.domain.trail, each.what)}{' '}
              <span class="muted">
                {each.user ?? t.drawer.system}
                {each.detail === '' ? '' : ` · ${actDetail(each.detail, t)}`}
              </span>
            </span>
          </li>
        ))}
      </ol>
    </Block>
  );
}

function OtherAlerts({ rows }: { rows: AlertRow[] }) {
  const t = text.value;
  return (
    <Block title={t.drawer.otherAlerts} aside={plain(rows.length)}>
      {rows.length === 0 ? <p class="muted">{t.drawer.none}</p> : null}
      <ol class="lines">
        {rows.map((row) => (
          <li key={row.id} data-severity={row.severity}>
            <span class="severity">
              <Shape severity={row.severity} /> {word(t.domain.severity, row.severity)}
            </span>
            <button type="button" class="link grow" onClick={() => openAlert(row.id)}>
              {row.ruleName[language.value]}
            </button>
            <span class="muted">{word(t.domain.state, row.state)}</span>
          </li>
        ))}
      </ol>
    </Block>
  );
}

function Versions({ detail, hit }: { detail: AlertDetail; hit: Hit | undefined }) {
  const t = text.value.drawer;
  const { row, rule } = detail;
  const pairs: [string, string][] = [
    [t.alertId, row.id],
    [t.subject, row.subject],
    [t.rule, `${row.rule} ${row.ruleVersion}`],
  ];
  if (rule !== null) pairs.push([t.formula, rule.formula], [t.owner, rule.owner]);
  if (hit !== undefined) {
    const [from, to] = [hit.window.from, hit.window.to].map((ms) => fullTime(ms, bank.value));
    const window = `${from} – ${to}`;
    pairs.push([t.window, window]);
    if (hit.account !== '') pairs.push([t.account, hit.account]);
    pairs.push([t.catalogue, hit.catalogueVersion], [t.reference, String(hit.referenceVersion)]);
    pairs.push([t.hitId, hit.id]);
  }
  if (rule !== null && rule.references.length > 0) {
    pairs.push([t.references, rule.references.join('; ')]);
  }
  return (
    <Block title={t.versions} folded>
      <dl class="pairs versions">
        {pairs.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="mono">{value}</dd>
          </div>
        ))}
      </dl>
    </Block>
  );
}
