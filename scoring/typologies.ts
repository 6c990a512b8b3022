/**
 * Typologies: rules that say more together. One is evaluated when a member has reached a band, over
 * the newest time of each band of each of its members; its hit is the member's hit at hand with the
 * typology's own score, band and parts in it.
 */
import type { Catalogue, Typology } from '../schemas/catalogue.js';
import { ACTIONS, type Hit, SEVERITIES } from '../schemas/hit.js';
import { hitIdOfLeg, hitIdOfTimer } from '../schemas/identity.js';
import { parseDurationMs } from './catalogue/units.js';
import { outcomeMs } from './outcomes.js';
import type { CompiledBand, CompiledRule } from './plan.js';
import type { Region } from './region.js';

export interface CompiledTypology {
  /** Place among rules and typologies: rules stand first. */
  index: number;
  rule: Typology;
  shadow: boolean;
  members: { rule: CompiledRule; weight: number }[];
  windowMs: number;
  bands: CompiledBand[];
  /** Index of the cooldown column or -1. */
  cooldown: number;
  cooldownMs: number;
}

type Part = NonNullable<Hit['parts']>[number];

/** A member's band that was reached at this very moment. */
export interface Reached {
  rule: CompiledRule;
  band: number;
}

export interface TypologyOutcome {
  band: number;
  /** Sum of weight x highest outcome, at most 100. */
  score: number;
  /** Highest first. */
  parts: Part[];
  /** What brought it about: of those reached now, the one that weighs most. */
  cause: Reached;
}

/** Active ones, and those in shadow, which count members in shadow too. */
export function compileTypologies(
  catalogue: Catalogue,
  rules: readonly CompiledRule[],
  cooldownMs: (text: string | undefined) => number,
): CompiledTypology[] {
  const inUse = catalogue.typologies.filter((t) => t.state === 'active' || t.state === 'shadow');
  return inUse.map((rule, i) => {
    const shadow = rule.state === 'shadow';
    return {
      index: rules.length + i,
      rule,
      shadow,
      members: rule.members.flatMap(({ rule: id, weight }) => {
        const found = rules.find((r) => r.rule.id === id && (shadow || !r.shadow));
        return found === undefined ? [] : [{ rule: found, weight }];
      }),
      windowMs: parseDurationMs(rule.window),
      bands: rule.bands.map((band) => ({
        band,
        threshold: Number(band.from ?? band.above ?? 0),
        strict: band.above !== undefined,
        severity: SEVERITIES.indexOf(band.severity),
        action: ACTIONS.indexOf(band.action ?? rule.action),
      })),
      cooldown: -1,
      cooldownMs: cooldownMs(rule.cooldown),
    };
  });
}

/** Gives the members of typologies their slots in a subject's block; returns how many. */
export function placeOutcomes(typologies: readonly CompiledTypology[], rules: CompiledRule[]) {
  const members = new Set(typologies.flatMap((t) => t.members.map((m) => m.rule)));
  let slots = 0;
  for (const rule of rules) {
    if (!members.has(rule)) continue;
    rule.outcomes = slots;
    slots += rule.bands.length;
  }
  return slots;
}

/** What the typology says at a moment at which some members have reached a band. */
export function judgeTypology(
  region: Region,
  row: number,
  typology: CompiledTypology,
  reached: readonly Reached[],
  atMs: number,
): TypologyOutcome | undefined {
  const { score, parts, cause } = weigh(region, row, typology, reached, atMs);
  const band = bandOf(typology.bands, score);
  if (cause === undefined || band < 0) return undefined;
  return { band, score, parts, cause };
}

/** The typology's score at a moment, whether a member has reached a band at it (`cause`) or not. */
export function weigh(
  region: Region,
  row: number,
  typology: CompiledTypology,
  reached: readonly Reached[],
  atMs: number,
): Pick<TypologyOutcome, 'score' | 'parts'> & { cause: Reached | undefined } {
  let score = 0;
  let cause: Reached | undefined;
  let causeWeighs = -1;
  const parts: Part[] = [];
  for (const { rule, weight } of typology.members) {
    const now = reached.find((r) => r.rule === rule);
    const part = highest(region, row, rule, weight, now, atMs, typology.windowMs);
    if (part === undefined) continue;
    score += weight * part.outcome;
    parts.push(part);
    if (now === undefined) continue;
    const weighs = weight * now.rule.bands[now.band].band.score;
    if (weighs > causeWeighs) [cause, causeWeighs] = [now, weighs];
  }
  score = Math.min(100, Math.round(score * 1e6) / 1e6);
  parts.sort((a, b) => b.weight * b.outcome - a.weight * a.outcome);
  return { score, parts, cause };
}

/** The member's highest outcome in (t - window, t]; of equal ones the newest. */
function highest(
  region: Region,
  row: number,
  rule: CompiledRule,
  weight: number,
  now: Reached | undefined,
  atMs: number,
  windowMs: number,
): Part | undefined {
  let part: Part | undefined;
  rule.bands.forEach(({ band }, i) => {
    const ms = now?.band === i ? atMs : outcomeMs(region, row, rule.outcomes + i);
    if (ms > atMs || ms <= atMs - windowMs || ms === 0) return;
    const isHigher =
      part === undefined ||
      band.score > part.outcome ||
      (band.score === part.outcome && ms > part.eventTime);
    if (!isHigher) return;
    part = { rule: rule.rule.id, weight, outcome: band.score, band: band.outcome, eventTime: ms };
  });
  return part;
}

function bandOf(bands: readonly CompiledBand[], value: number): number {
  let b = bands.length - 1;
  while (b >= 0 && !(bands[b].strict ? value > bands[b].threshold : value >= bands[b].threshold)) {
    b--;
  }
  return b;
}

/** The typology's hit, made from that of the member which brought it about. */
export function typologyHit(member: Hit, typology: CompiledTypology, found: TypologyOutcome): Hit {
  const { id, version, family, action } = typology.rule;
  const { band, threshold } = typology.bands[found.band];
  const { side, subject, eventTime } = member;
  const hit: Hit = {
    ...member,
    id:
      side === 'timer'
        ? hitIdOfTimer(id, version, subject, eventTime)
        : hitIdOfLeg(id, version, subject, member.origin, side),
    rule: id,
    ruleVersion: version,
    family,
    severity: band.severity,
    score: Math.round(found.score),
    action: band.action ?? action,
    observed: { feature: 'score', unit: 'number', value: found.score },
    threshold,
    band: band.outcome,
    gates: [],
    window: { from: eventTime - typology.windowMs, to: eventTime },
    facts: Object.fromEntries(found.parts.map((p) => [p.rule, p.weight * p.outcome])),
  };
  for (const flag of ['shadow', 'flood', 'warmingUntil'] as const) delete hit[flag];
  return hit;
}
