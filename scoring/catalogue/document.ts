/**
 * docs/rules.md, written from the catalogue itself, so that no threshold stands in two places: a
 * test compares the file with what this makes.
 */
import type { Band, Catalogue, Rule } from '../../schemas/catalogue.js';
import type { Feature, Filter } from '../../schemas/features.js';
import type { Unit } from '../../schemas/hit.js';
import { formatMoney } from '../../schemas/sentence.js';
import { featureUnit, parseMoney, thresholdNumber } from './units.js';

const HEAD = `# The rules

Written from \`scoring/catalogue/rules/*.yaml\` by \`scoring/catalogue/document.ts\`; after a change
of a rule run \`npx vitest run scoring/catalogue/shipped.test.ts -u\`. Money is in base currency.

A rule looks at the legs that pass its filter (or at the close of every bank day), for the customers
in its scope. When all **gates** hold, one **observed** number falls into the highest **band** that
it reaches; the band gives severity, score, recommendation and the officer's sentence. A value that
is not available (no balance, no history) never counts as 0: the gate does not hold.

Windows are \`(t - W, t]\` in event time; a bank day is 00:00 to 24:00 in the bank's zone.

## What holds at the edges

- **Order.** Event time, then log position; between own accounts the debit stands before the
  credit.
- **Late legs** are scored down to the watermark. The subject's kept legs behind a late one
  (newest 64) are evaluated again as of themselves, with what the log knows now: windows,
  baselines, silence, profile and limits. Fixed when a leg first came in: the balance before it,
  and whether its counterparty was new. A leg below the watermark changes nothing; of a source
  marked history it fills the state and is not scored.
- **Kept** are legs that a window up to 48 h reads, for the longest such window and a day (at
  least 48 h), and legs that a longer window reads, for that window and a day (at least 35 d),
  counted from the subject's newest leg.
- **A reversal** takes its original out as long as that is kept: out of windows and of the
  counts and means of what the customer made, on both sides of a move between own accounts. Hits
  stand. An undone payment has still broken a silence and made its counterparty known. The
  reversal itself moves the balance and does nothing else.
- **Silence** counts from the last leg that the bank did not make. For a leg that comes late,
  and on evaluating again, a silence up to a day reads 0; it is exact for what is up to two days
  late.
- **A new counterparty** had no leg with the subject, either way, within 400 bank days.
- **Balance before**: as reported with the leg, else what is known of the account, moved in log
  order by every leg since. Four accounts a subject are followed; of others only what is
  reported counts.
- **Mean payment** covers the bank days before the leg's. A leg more than a bank day behind the
  subject's newest is measured as of the day before that. **Mean daily outflow** is 0 without
  history.
- **Limits**: the largest share of single (once exceeded), day and month limit; of equal ones
  the first. Its payments are the evidence. A limit of 0 reads as one minor unit.
- **A day closes** for a subject within the hour behind its end (spread by the subject's hash),
  on the watermark; its hits carry the day's end. Counts are exact while the watermark is at
  most 8 days behind the subject's newest leg. A day closed more than 7 days after its end (more
  than a day, where the subject's newest leg came from history) is history: it opens no alert,
  starts no cooldown, and none silences it.
`;

const OPERATORS = { atLeast: '>=', above: '>', atMost: '<=', below: '<', equals: '=' } as const;

function value(unit: Unit, raw: string | number): string {
  const number = thresholdNumber(unit, raw);
  if (number === null) return String(raw);
  switch (unit) {
    case 'money':
      return formatMoney(number, 'en', 'CNY');
    case 'percent':
      return `${number} %`;
    case 'ratio':
      return `${number}x`;
    case 'days':
      return `${number} d`;
    case 'flag':
      return number === 0 ? 'no' : 'yes';
    case 'count':
    case 'number':
      return String(number);
    case 'seconds':
      return `${number} s`;
  }
}

function filterText(filter: Filter): string {
  const money = (text: string): string => formatMoney(parseMoney(text) ?? 0, 'en', 'CNY');
  const parts = [filter.all.length > 0 ? filter.all.join(' and ') : 'any leg'];
  if (filter.none.length > 0) parts.push(`not ${filter.none.join(', ')}`);
  const amount = filter.amount;
  if (amount?.min !== undefined) parts.push(`amount >= ${money(amount.min)}`);
  if (amount?.below !== undefined) parts.push(`amount < ${money(amount.below)}`);
  if (amount?.max !== undefined) parts.push(`amount <= ${money(amount.max)}`);
  return parts.join('; ');
}

function featureText(feature: Feature): string {
  const of =
    'of' in feature && typeof feature.of === 'object' ? ` (${filterText(feature.of)})` : '';
  switch (feature.kind) {
    case 'amount':
      return 'amount of the leg';
    case 'count':
    case 'sum':
    case 'max':
    case 'distinct-counterparties': {
      const what = feature.kind.replace('-', ' ');
      return `${what}, ${feature.window}${of}`;
    }
    case 'silence':
      return 'days since the previous leg not made by the bank';
    case 'customer-made':
      return feature.before === 0
        ? `customer-made transactions of the last ${feature.days} closed days`
        : `customer-made transactions of ${feature.days} days before the last ${feature.before}`;
    case 'drop':
      return `fall of ${feature.recent} a day against ${feature.baseline} a day, in percent`;
    case 'percent':
      return `${feature.of} in percent of ${feature.to}`;
    case 'ratio':
      return `${feature.of} / ${feature.to}`;
    case 'balance-before-outflow':
      return `the account's balance before the day's ${feature.outflow}`;
    case 'balance-before':
      return "the account's balance before the leg";
    case 'mean-payment':
      return `own mean payment, decayed over ${feature.days} d, up to yesterday`;
    case 'mean-daily-outflow':
      return `own mean outflow a day of ${feature.days} d`;
    case 'new-counterparty':
      return 'first payment between the two within 400 d';
    case 'limit-use':
      return `largest use of the list's limits${of}`;
    case 'limit-excess':
      return `money above the limit of the largest use${of}`;
    default:
      return feature.kind;
  }
}

function bandRow(rule: Rule, band: Band): string {
  const unit = featureUnit((rule.features[rule.observed] as Feature).kind);
  const edge =
    band.above === undefined ? `>= ${value(unit, band.from ?? 0)}` : `> ${value(unit, band.above)}`;
  const severity = `${band.severity} ${band.score}`;
  const cells = [band.outcome, edge, severity, band.decision, band.action ?? rule.action];
  return `| ${[...cells, band.sentence.zh, band.sentence.en].join(' | ')} |`;
}

function scopeText(rule: Rule): string {
  const parts: string[] = [];
  if (rule.scope.kinds.length > 0) parts.push(rule.scope.kinds.join(', '));
  if (rule.scope.watch.length > 0) parts.push(`watched: ${rule.scope.watch.join(', ')}`);
  if (rule.scope.lists.length > 0) parts.push(`on a list: ${rule.scope.lists.join(', ')}`);
  return parts.length === 0 ? 'everybody' : parts.join('; ');
}

function dueText(rule: Rule): string {
  if (rule.due === undefined) return '';
  return 'hours' in rule.due
    ? `, due in ${rule.due.hours} h`
    : `, due in ${rule.due.workingDays} working days`;
}

function section(rule: Rule): string {
  const unitOf = (name: string): Unit => featureUnit((rule.features[name] as Feature).kind);
  const gates = rule.gates.map(
    (g) => `\`${g.feature}\` ${OPERATORS[g.op]} ${value(unitOf(g.feature), g.value)}`,
  );
  const lines = [
    `## ${rule.id}`,
    '',
    `**${rule.names.en} · ${rule.names.zh}** (version ${rule.version}, ${rule.state})`,
    '',
    `${rule.formula.trim()}.`,
    '',
    `- Family ${rule.family}, risk ${rule.riskType}, action ${rule.action}${dueText(rule)}.`,
    `- For: ${scopeText(rule)}.`,
    `- On: ${rule.on === 'day-close' ? 'the close of every bank day' : filterText(rule.on)}.`,
    `- Gates: ${gates.length === 0 ? 'none' : gates.join(', ')}. Observed: \`${rule.observed}\`.`,
  ];
  const normals = Object.entries(rule.normals).map(([of, normal]) => `\`${normal}\` of \`${of}\``);
  if (normals.length > 0) lines.push(`- This customer's normal: ${normals.join(', ')}.`);
  if (rule.cooldown !== undefined) {
    lines.push(`- Told again after ${rule.cooldown}, or at once when a higher band is reached.`);
  }
  if (rule.requires.length > 0) lines.push(`- Needs: ${rule.requires.join(', ')}.`);
  if (rule.references.length > 0) lines.push(`- See: ${rule.references.join('; ')}.`);
  lines.push('', '| feature | is |', '| --- | --- |');
  for (const [name, feature] of Object.entries(rule.features)) {
    lines.push(`| \`${name}\` | ${featureText(feature)} |`);
  }
  lines.push('', '| band | observed | severity | recommendation | action | zh | en |');
  lines.push('| --- | --- | --- | --- | --- | --- | --- |');
  for (const band of rule.bands) lines.push(bandRow(rule, band));
  return lines.join('\n');
}

export function rulesDocument(catalogue: Catalogue): string {
  return `${[HEAD, ...catalogue.rules.map((rule) => `${section(rule)}\n`)].join('\n')}`;
}
