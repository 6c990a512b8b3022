/**
 * docs/rules.md, written from the catalogue itself, so that no threshold stands in two places: a
 * test compares the file with what this makes.
 */
import type { Band, Catalogue, Rule, Typology } from '../../schemas/catalogue.js';
import type { Feature } from '../../schemas/features.js';
import { FAMILIES, type Family, type Unit } from '../../schemas/hit.js';
import { formatMoney } from '../../schemas/sentence.js';
import { featureText, filterText } from './document-features.js';
import { orderReasons } from './late-order.js';
import { featureUnit, thresholdNumber } from './units.js';

const HEAD = `# The rules

Written from \`scoring/catalogue/rules/*.yaml\` by \`scoring/catalogue/document.ts\`; after a change
of a rule run \`npx vitest run scoring/catalogue/shipped.test.ts -u\`. Money is in base currency.

A rule looks at the legs that pass its filter (or at the close of every bank day), for the customers
in its scope. When all **gates** hold, one **observed** number falls into the highest **band** that
it reaches; the band gives severity, score, recommendation and the officer's sentence. A value that
is not available (no balance, no history) never counts as 0: the gate does not hold.

Windows are \`(t - W, t]\` in event time; a bank day is 00:00 to 24:00 in the bank's zone; ten
business days reach back to the start of the tenth, today's among them.

**A new rule is one entry**: a YAML document in \`scoring/catalogue/rules/\`, with examples that
must hit and must not, best on the boundary: they run as tests, here and in both oracles. Nothing
else is to be touched as long as its features have names that the page knows
(\`dashboard/web/text/*/features.json\`, one word per meaning); \`weir rules check\` says what is
wrong. A rule in **shadow** is scored and stored but wakes nobody; a **paused** one is not scored.

## What holds at the edges

- **Order.** Event time, then log position; between own accounts the debit stands before the
  credit.
- **Late legs** are scored down to the watermark. The subject's kept legs behind a late one
  (newest 64) are evaluated again as of themselves, with what the log knows now: windows,
  baselines, silence, account age, rates, profile and limits. Fixed when a leg first came in: the
  balance before it, its channel and country, and the class bits of the past (new counterparty,
  trusted pair, new channel). A leg below the watermark changes nothing; of a source marked
  history it fills the state and is not scored.
- **Kept** are legs that a window up to 48 h reads, for the longest such window and a day (at
  least 48 h), and legs that a longer window reads, for that window and a day (at least 35 d),
  counted from the subject's newest leg.
- **A reversal** takes its original out as long as that is kept: out of windows and of the
  counts and means of what the customer made, on both sides of a move between own accounts. Hits
  stand. An undone payment has still broken a silence, made its counterparty known and its
  channel used, and stays the largest; counts of new counterparties lose it. The reversal itself
  moves the balance and does nothing else.
- **Silence** counts from the last leg that the bank did not make. For a leg that comes late,
  and on evaluating again, a silence up to a day reads 0; it is exact for what is up to two days
  late.
- **A new counterparty** had no leg with the subject, either way, within 400 bank days.
- **Balance before**: as reported with the leg, else what is known of the account, moved in log
  order by every leg since. Four accounts a subject are followed; of others only what is
  reported counts.
- **Order of late legs.** A hit is never taken back, and a late leg may only add some. Where more
  legs can but raise what a rule asks to be high and lower what it asks to be low, the set of legs
  that it hits is the same whatever the order of arrival; its entry says "Late legs: in any order".
  Else the entry names what can differ: a cooldown that began with the leg that came first, a number
  that can rise and fall (a share, a mean), class bits of the pair that were set when the leg came
  in (\`firstPayment\`, \`trustedPair\`, \`newChannel\`). A day closes on the watermark, so its
  rules see every leg that still counts.
- **Mean payment** covers the bank days before the leg's. A leg more than a bank day behind the
  subject's newest is measured as of the day before that. **Mean daily outflow** is 0 without
  history.
- **Panes** of five bank days (new counterparties, mean balance, mean outflow) and blocks of 30
  (largest payment) are whole ones before today's; they are exact for moments up to two panes or
  one block behind the subject's newest leg. **Windows of business days** reach back at most
  their length in weeks and two weeks more, whatever the calendar.
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
    `### ${rule.id}`,
    '',
    `**${rule.names.en} · ${rule.names.zh}** (version ${rule.version}, ${rule.state})`,
    '',
    `${rule.formula.trim()}.`,
    '',
    `- Risk ${rule.riskType}, action ${rule.action}${dueText(rule)}, owner ${rule.owner}.`,
    `- For: ${scopeText(rule)}.`,
    `- On: ${rule.on === 'day-close' ? 'the close of every bank day' : filterText(rule.on)}.`,
    `- Gates: ${gates.length === 0 ? 'none' : gates.join(', ')}. Observed: \`${rule.observed}\`.`,
  ];
  const normals = Object.entries(rule.normals).map(([of, normal]) => `\`${normal}\` of \`${of}\``);
  if (normals.length > 0) lines.push(`- This customer's normal: ${normals.join(', ')}.`);
  if (rule.cooldown !== undefined) {
    const after = rule.cooldown === 'bank-day' ? 'on another bank day' : `after ${rule.cooldown}`;
    lines.push(`- Told again ${after}, or at once when a higher band is reached.`);
  }
  const reasons = orderReasons(rule);
  lines.push(`- Late legs: ${reasons.length === 0 ? 'in any order' : reasons.join('; ')}.`);
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

const FAMILY_NAMES: Record<Family, string> = {
  aml: 'AML anomaly · 反洗钱异常交易',
  'activity-drop': 'Activity drop · 活跃度下降',
  outflow: 'Outflow and large payments · 大额对外支付',
  credit: 'Credit · 信贷',
  care: 'Special care · 特别关怀',
  suitability: 'Suitability · 产品适当性',
  operations: 'Operations and security · 运营与安全',
};

function typologySection(typology: Typology): string {
  const members = typology.members.map((m) => `\`${m.rule}\` x ${m.weight}`).join(', ');
  const bands = typology.bands.map((b) => `${b.outcome} from ${b.from ?? b.above} (${b.severity})`);
  const { names } = typology;
  return [
    `### ${typology.id}`,
    '',
    `**${names.en} · ${names.zh}** (version ${typology.version}, ${typology.state})`,
    '',
    `${typology.formula.trim()}.`,
    '',
    `- Members, within ${typology.window}: ${members}.`,
    `- Bands of the score: ${bands.join(', ')}. Action ${typology.action}.`,
  ].join('\n');
}

function contents(rules: readonly Rule[]): string {
  const rows = rules.map(
    (r) => `| [${r.id}](#${r.id}) | ${r.names.en} | ${r.names.zh} | ${r.state} |`,
  );
  return ['| rule | looks for | 监测内容 | state |', '| --- | --- | --- | --- |', ...rows].join(
    '\n',
  );
}

export function rulesDocument({ rules, typologies }: Catalogue): string {
  const parts = [HEAD];
  for (const family of FAMILIES) {
    const members = rules.filter((r) => r.family === family);
    if (members.length === 0) continue;
    parts.push(`## ${FAMILY_NAMES[family]}\n`, `${contents(members)}\n`);
    for (const rule of members) parts.push(`${section(rule)}\n`);
  }
  if (typologies.length > 0) parts.push('## Typologies · 综合场景\n');
  for (const typology of typologies) parts.push(`${typologySection(typology)}\n`);
  return parts.join('\n');
}
