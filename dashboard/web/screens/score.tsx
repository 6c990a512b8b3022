/**
 * Where a hit's score comes from: a typology's members with weight and outcome, or the value on the
 * scale of its rule. Without either the score is the band's, which stands in the gates.
 */
import type { Hit } from '../../../schemas/hit.js';
import type { AlertDetail } from '../../../schemas/protocol.js';
import { bothClocks, clockTime, measure, minuteTime, plain } from '../format.js';
import { language } from '../state/preferences.js';
import { nowMs } from '../state/queue.js';
import { bank } from '../state/session.js';
import { fill, text } from '../text/index.js';
import { Block } from './block.js';
import { featureName } from './evidence-text.js';

type Rule = AlertDetail['rule'];

export function Score({ hit, rule }: { hit: Hit; rule: Rule }) {
  const t = text.value.drawer;
  const title = fill(t.score, { score: plain(hit.score) });
  if (hit.parts !== undefined) {
    return (
      <Block title={title}>
        <Parts parts={hit.parts} score={hit.observed.value} rule={rule} />
      </Block>
    );
  }
  const value = byValue(hit, rule);
  if (rule?.score == null || value === undefined) return null;
  return (
    <Block title={title}>
      <Scale scale={rule.score} value={value} score={hit.score} />
    </Block>
  );
}

/** The value that the score is read by; not there: the hit has its band's score. */
function byValue(hit: Hit, rule: Rule): number | undefined {
  const by = rule?.score?.by ?? '';
  return by === hit.observed.feature ? hit.observed.value : hit.facts[by];
}

interface PartsProps {
  parts: NonNullable<Hit['parts']>;
  score: number;
  rule: Rule;
}

function Parts({ parts, score, rule }: PartsProps) {
  const t = text.value;
  return (
    <table class="data parts">
      <thead>
        <tr>
          <th scope="col">{t.drawer.member}</th>
          <th scope="col">{t.drawer.time}</th>
          <th scope="col" class="number">
            {t.drawer.weightOutcome}
          </th>
          <th scope="col" class="number">
            {t.drawer.brings}
          </th>
        </tr>
      </thead>
      <tbody>
        {parts.map((part) => (
          <tr key={part.rule}>
            <td title={part.rule}>{rule?.members[part.rule]?.[language.value] ?? part.rule}</td>
            <td title={bothClocks(part.eventTime, bank.value, t)}>
              {clockTime(part.eventTime, nowMs.peek(), bank.value)}
            </td>
            <td class="number">
              {plain(part.weight, 2)} × {plain(part.outcome)}
            </td>
            <td class="number">{plain(part.weight * part.outcome, 2)}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <td colSpan={3}>{t.drawer.partsSum}</td>
          <td class="number strong">{plain(score, 2)}</td>
        </tr>
      </tfoot>
    </table>
  );
}

const BAR_WIDTH = 400;
const BAR_HEIGHT = 12;
const SCORE_MAX = 100;

interface ScaleProps {
  scale: NonNullable<NonNullable<Rule>['score']>;
  value: number;
  score: number;
}

/** 0 to 100, filled to the score, a line where each point of the rule lies. */
function Scale({ scale, value, score }: ScaleProps) {
  const t = text.value;
  const { by, unit, points } = scale;
  const show = (at: number) => measure(at, unit, bank.value, t);
  const lead = fill(t.drawer.scoreBy, { feature: featureName(by, unit), value: show(value) });
  const x = (at: number) => (at / SCORE_MAX) * BAR_WIDTH;
  return (
    <>
      <p>{lead}</p>
      <svg
        class="gate-bar"
        viewBox={`0 0 ${BAR_WIDTH} ${BAR_HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={fill(t.drawer.scoreBar, { score: plain(score) })}
      >
        <rect class="track" x="0" y="4" width={BAR_WIDTH} height="4" />
        <rect class="value" x="0" y="4" width={x(score)} height="4" />
        {points.map(([at, of]) => (
          <path class="threshold" d={`M${x(of)} 2V10`} key={at} />
        ))}
      </svg>
      <ul class="bands" aria-label={t.drawer.scorePoints}>
        {points.map(([at, of]) => (
          <li key={at}>
            {show(at)} <span class="muted">→ {plain(of)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

/** After a change of the rules: what was seen since is less than what there was. */
export function Warming({ hit }: { hit: Hit }) {
  const t = text.value;
  if (hit.warmingUntil === undefined) return null;
  return (
    <p class="notice" title={bothClocks(hit.warmingUntil, bank.value, t)} data-notice="warming">
      {fill(t.drawer.warming, { time: minuteTime(hit.warmingUntil, bank.value) })}
    </p>
  );
}
