/**
 * The gates of a hit against their thresholds and this customer's own normal: figures first, and
 * below each a bar that shows how far beyond the line the value lies.
 */
import type { GateEvidence, Hit } from '../../../schemas/hit.js';
import type { AlertDetail } from '../../../schemas/protocol.js';
import { measure } from '../format.js';
import { bank } from '../state/session.js';
import { fill, text, word } from '../text/index.js';
import { Block } from './block.js';
import { featureName } from './evidence-text.js';
import { Shape } from './shape.js';

/** Measured against the customer's own normal: what that normal is by definition. */
const AGAINST_NORMAL: Record<string, number> = { 'times:ratio': 1, 'drop:percent': 0 };

/** With its normal where one is known; a fact of the rule may be it. */
function withNormal(gate: GateEvidence): GateEvidence {
  const normal = gate.normal ?? AGAINST_NORMAL[`${gate.feature}:${gate.unit}`];
  return normal === undefined ? gate : { ...gate, normal };
}

/** The observed value first, with its normal if any gate knows it; then the other gates. */
function allGates(hit: Hit, rule: AlertDetail['rule']): GateEvidence[] {
  const { feature } = hit.observed;
  const band = rule?.bands.find((each) => each.outcome === hit.band);
  const op = band?.above === undefined ? 'atLeast' : 'above';
  const normal = hit.gates.find((gate) => gate.feature === feature)?.normal;
  const observed: GateEvidence = { ...hit.observed, op, threshold: hit.threshold };
  const own = normal ?? hit.facts[rule?.normals[feature] ?? ''];
  if (own !== undefined) observed.normal = own;
  return [observed, ...hit.gates.filter((gate) => gate.feature !== feature)].map(withNormal);
}

export function Gates({ hit, rule }: { hit: Hit; rule: AlertDetail['rule'] }) {
  const t = text.value.drawer;
  const gates = allGates(hit, rule);
  return (
    <Block title={t.gates}>
      <table class="data gates">
        <thead>
          <tr>
            <th scope="col">{t.gate}</th>
            <th scope="col" class="number">
              {t.observed}
            </th>
            <th scope="col" class="number">
              {t.threshold}
            </th>
            <th scope="col" class="number">
              {t.normal}
            </th>
          </tr>
        </thead>
        {gates.map((gate) => (
          <GateLines gate={gate} key={`${gate.feature} ${gate.op} ${gate.threshold}`} />
        ))}
      </table>
      <ul class="legend">
        <li class="key-value">{t.observed}</li>
        <li class="key-threshold">{t.threshold}</li>
        {gates.some((gate) => gate.normal !== undefined) ? (
          <li class="key-normal">{t.keyNormal}</li>
        ) : null}
      </ul>
      {gates.some(isTight) ? <p class="bar-scale">{t.barTight}</p> : null}
      <Bands hit={hit} rule={rule} />
    </Block>
  );
}

function GateLines({ gate }: { gate: GateEvidence }) {
  const t = text.value;
  const show = (value: number) => measure(value, gate.unit, bank.value, t);
  const bar = <Bar gate={gate} />;
  return (
    <tbody class="gate">
      <tr>
        <th scope="row">{featureName(gate.feature, gate.unit)}</th>
        <td class="number strong">
          {gate.value === null ? t.drawer.notAvailable : show(gate.value)}
        </td>
        <td class="number">
          {word(t.domain.op, gate.op)} {show(gate.threshold)}
        </td>
        <td class="number" title={gate.normal === undefined ? t.drawer.unknownNormalWhy : ''}>
          {gate.normal === undefined ? t.drawer.unknownNormal : show(gate.normal)}
        </td>
      </tr>
      {gate.value === null || gate.unit === 'flag' ? null : (
        <tr>
          <td class="bar-cell" colSpan={4}>
            {bar}
          </td>
        </tr>
      )}
    </tbody>
  );
}

const BAR_WIDTH = 400;
const BAR_HEIGHT = 12;
/** Room to the right of the largest mark. */
const BAR_ROOM = 1.08;
/** Beyond this many times the threshold the bar is drawn tighter, or its marks fall together. */
const EVEN_TIMES_MAX = 10;

/** Heights along a bar: even, or ever tighter above the threshold where the value is far off. */
function scaleOf({ value, threshold }: GateEvidence): (at: number) => number {
  const far = threshold > 0 && (value ?? 0) > threshold * EVEN_TIMES_MAX;
  return far ? (at) => Math.asinh(at / threshold) : (at) => at;
}
const isTight = (gate: GateEvidence): boolean => scaleOf(gate)(gate.threshold) !== gate.threshold;

/** Filled to the value, a line at the threshold, a ring at the normal; what counts is tinted. */
function Bar({ gate }: { gate: GateEvidence }) {
  const t = text.value;
  const { value, threshold, normal } = gate;
  const scale = scaleOf(gate);
  const top = scale(Math.max(value ?? 0, threshold, normal ?? 0)) * BAR_ROOM;
  if (value === null || !(top > 0)) return null;
  const x = (at: number) => Math.max(0, Math.min(1, scale(at) / top)) * BAR_WIDTH;
  const show = (at: number) => measure(at, gate.unit, bank.value, t);
  const words = fill(normal === undefined ? t.drawer.bars : t.drawer.barsNormal, {
    value: show(value),
    threshold: show(threshold),
    normal: show(normal ?? 0),
  });
  const line = x(threshold);
  const below = gate.op === 'atMost' || gate.op === 'below';
  return (
    <svg
      class="gate-bar"
      viewBox={`0 0 ${BAR_WIDTH} ${BAR_HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={words}
    >
      <rect class="track" x="0" y="4" width={BAR_WIDTH} height="4" />
      <rect
        class="counts"
        x={below ? 0 : line}
        y="4"
        width={below ? line : BAR_WIDTH - line}
        height="4"
      />
      <rect class="value" x="0" y="4" width={x(value)} height="4" />
      <path class="threshold" d={`M${line} 0V${BAR_HEIGHT}`} />
      {normal === undefined ? null : <circle class="normal" cx={x(normal)} cy="6" r="4" />}
    </svg>
  );
}

/** All bands of the rule, mildest first, the reached one named. */
function Bands({ hit, rule }: { hit: Hit; rule: AlertDetail['rule'] }) {
  const t = text.value;
  const bands = rule?.bands ?? [];
  if (bands.length < 2) return null;
  return (
    <ul class="bands" aria-label={t.drawer.bands}>
      {bands.map((band) => {
        const edge = band.from ?? band.above;
        const reached = band.outcome === hit.band;
        return (
          <li
            key={band.outcome}
            data-severity={band.severity}
            {...(reached ? { 'aria-current': 'true' as const } : {})}
          >
            <span class="severity">
              <Shape severity={band.severity} /> {word(t.domain.severity, band.severity)}
            </span>
            <span>
              {edge === undefined
                ? ''
                : `${t.domain.op[band.from === undefined ? 'above' : 'atLeast']} ${measure(
                    edge,
                    hit.observed.unit,
                    bank.value,
                    t,
                  )}`}
            </span>
            {reached ? <span class="muted">{t.drawer.bandReached}</span> : null}
          </li>
        );
      })}
    </ul>
  );
}
