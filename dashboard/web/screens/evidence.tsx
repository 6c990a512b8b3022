/** The proof in the drawer: gates, transactions, facts, counterparties, hits, trail, versions. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { GateEvidence, Hit } from '../../../schemas/hit.js';
import type { AlertDetail, AlertRow } from '../../../schemas/protocol.js';
import { actDetail, bothClocks, clockTime, fullTime, measure, money, plain } from '../format.js';
import { language } from '../state/preferences.js';
import { nowMs, openAlert } from '../state/queue.js';
import { bank } from '../state/session.js';
import { fill, text, word } from '../text/index.js';
import { Shape } from './shape.js';

export function Evidence({ detail }: { detail: AlertDetail }) {
  const hit = detail.hits[0];
  return (
    <>
      {hit === undefined ? null : <Gates hit={hit} rule={detail.rule} />}
      {hit === undefined ? null : <Transactions hit={hit} />}
      {hit === undefined ? null : <Facts hit={hit} rule={detail.rule} />}
      {hit === undefined ? null : <Counterparties hit={hit} />}
      <Hits detail={detail} />
      <Trail detail={detail} />
      <OtherAlerts rows={detail.otherAlerts} />
      <Versions detail={detail} hit={hit} />
    </>
  );
}

interface BlockProps {
  title: string;
  aside?: string;
  children: ComponentChildren;
}

function Block({ title, aside, children }: BlockProps) {
  return (
    <section class="block">
      <h3>
        {title}
        {aside === undefined ? null : <span class="muted aside">{aside}</span>}
      </h3>
      {children}
    </section>
  );
}

/** A feature's name in the reader's language; unknown ones are spelt out from their own name. */
export function featureName(feature: string, unit: string): string {
  const group: Record<string, string> = text.value.features;
  const known = group[`${feature}:${unit}`] ?? group[feature];
  if (known !== undefined) return known;
  return feature.replace(/([a-z0-9])([A-Z])|([a-z])([0-9])/g, '$1$3 $2$4').toLowerCase();
}

function Gates({ hit, rule }: { hit: Hit; rule: AlertDetail['rule'] }) {
  const t = text.value;
  const band = rule?.bands.find((each) => each.outcome === hit.band);
  const op = band?.above === undefined ? 'atLeast' : 'above';
  const observed: GateEvidence = { ...hit.observed, op, threshold: hit.threshold };
  const rest = hit.gates.filter((gate) => gate.feature !== hit.observed.feature);
  const own = hit.gates.find((gate) => gate.feature === hit.observed.feature);
  const gates = [{ ...observed, ...(own?.normal === undefined ? {} : { normal: own.normal }) }];
  return (
    <Block title={t.drawer.gates}>
      <table class="data gates">
        <thead>
          <tr>
            <th scope="col">{t.drawer.gate}</th>
            <th scope="col" class="number">
              {t.drawer.observed}
            </th>
            <th scope="col" class="number">
              {t.drawer.threshold}
            </th>
            <th scope="col" class="number">
              {t.drawer.normal}
            </th>
            <th scope="col">{t.drawer.position}</th>
          </tr>
        </thead>
        <tbody>
          {[...gates, ...rest].map((gate) => (
            <GateLine gate={gate} key={`${gate.feature} ${gate.op} ${gate.threshold}`} />
          ))}
        </tbody>
      </table>
    </Block>
  );
}

function GateLine({ gate }: { gate: GateEvidence }) {
  const t = text.value;
  const show = (value: number) => measure(value, gate.unit, bank.value, t);
  return (
    <tr>
      <th scope="row">{featureName(gate.feature, gate.unit)}</th>
      <td class="number strong">
        {gate.value === null ? t.drawer.notAvailable : show(gate.value)}
      </td>
      <td class="number">
        {word(t.domain.op, gate.op)} {show(gate.threshold)}
      </td>
      <td class="number">
        {gate.normal === undefined ? t.drawer.unknownNormal : show(gate.normal)}
      </td>
      <td class="bar-cell">
        <Bar gate={gate} />
      </td>
    </tr>
  );
}

const BAR_WIDTH = 72;

/** Where the value lies: filled to the value, a line at the threshold, a dot at the normal. */
function Bar({ gate }: { gate: GateEvidence }) {
  const t = text.value;
  if (gate.value === null || gate.unit === 'flag') return null;
  const top = Math.max(gate.value, gate.threshold, gate.normal ?? 0) * 1.1;
  if (!(top > 0)) return null;
  const x = (value: number) => Math.max(0, Math.min(1, value / top)) * BAR_WIDTH;
  const words = fill(t.drawer.bars, {
    value: measure(gate.value, gate.unit, bank.value, t),
    threshold: measure(gate.threshold, gate.unit, bank.value, t),
  });
  return (
    <svg class="gate-bar" viewBox={`0 0 ${BAR_WIDTH} 14`} role="img" aria-label={words}>
      <rect class="track" x="0" y="5" width={BAR_WIDTH} height="4" />
      <rect class="value" x="0" y="5" width={x(gate.value)} height="4" />
      {gate.normal === undefined ? null : (
        <circle class="normal" cx={x(gate.normal)} cy="7" r="2.5" />
      )}
      <path class="threshold" d={`M${x(gate.threshold)} 1V13`} />
    </svg>
  );
}

/** The drawer stays short; one press shows the rest. */
const TRANSACTIONS_SHOWN = 12;

function Transactions({ hit }: { hit: Hit }) {
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
              <td class="mono">{each.counterparty}</td>
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
  const facts = Object.entries(hit.facts);
  if (facts.length === 0) return null;
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

const COUNTERPARTIES_SHOWN = 20;

function Counterparties({ hit }: { hit: Hit }) {
  const t = text.value;
  const all = hit.counterparties;
  if (all.length === 0) return null;
  return (
    <Block title={t.drawer.counterparties} aside={plain(all.length)}>
      <ul class="chips">
        {all.slice(0, COUNTERPARTIES_SHOWN).map((each) => (
          <li class="mono" key={each}>
            {each}
          </li>
        ))}
        {all.length > COUNTERPARTIES_SHOWN ? (
          <li class="muted">+{all.length - COUNTERPARTIES_SHOWN}</li>
        ) : null}
      </ul>
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
      <ol class="lines">
        {hits.map((hit) => (
          <li key={hit.id} data-severity={hit.severity}>
            <span class="severity">
              <Shape severity={hit.severity} /> {word(t.domain.severity, hit.severity)}
            </span>
            <span title={bothClocks(hit.eventTime, bank.value, t)}>
              {clockTime(hit.eventTime, nowMs.peek(), bank.value)}
            </span>
            <span class="grow">
              {featureName(hit.observed.feature, hit.observed.unit)}{' '}
              {measure(hit.observed.value, hit.observed.unit, bank.value, t)}
            </span>
            <span class="muted">{hit.history ? t.drawer.history : ''}</span>
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
  if (row.follows !== null) pairs.push([t.reopenedFrom, row.follows]);
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
    <Block title={t.versions}>
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
