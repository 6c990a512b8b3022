/** What `weir rules list` and `weir rules show` print. */
import type { Band, Rule, Typology } from '../schemas/catalogue.js';
import { FEATURE_UNITS, type Feature, type Filter } from '../schemas/features.js';
import type { Unit } from '../schemas/hit.js';
import { formatValue, type SentenceLanguage } from '../schemas/sentence.js';
import { loadCatalogueFrom } from './catalogue-files.js';
import { table } from './columns.js';
import type { RulesFlags } from './commands/rules.js';
import { UsageError } from './exit-codes.js';

const CURRENCY = 'CNY';
export const OPERATORS = {
  atLeast: '>=',
  above: '>',
  atMost: '<=',
  below: '<',
  equals: '=',
} as const;

/** Words of the text, zh and en. */
const WORDS = {
  state: ['状态', 'state'],
  family: ['类别', 'family'],
  action: ['处置', 'action'],
  due: ['时限', 'due'],
  scope: ['适用', 'for'],
  everybody: ['全部客户', 'everybody'],
  on: ['触发', 'on'],
  dayClose: ['每个银行日结束时', 'the close of every bank day'],
  anyLeg: ['任何一笔', 'any leg'],
  features: ['指标', 'features'],
  gates: ['前提', 'gates'],
  observed: ['观察值', 'observed'],
  bands: ['区间', 'bands'],
  score: ['评分', 'score'],
  facts: ['事实', 'facts'],
  normals: ['平常值', 'normals'],
  cooldown: ['静默', 'cooldown'],
  requires: ['需要', 'requires'],
  members: ['成员', 'members'],
  window: ['窗口', 'window'],
  owner: ['负责', 'owner'],
  references: ['依据', 'references'],
  examples: ['示例', 'examples'],
  version: ['版本', 'version'],
  formula: ['公式', 'formula'],
} as const;
type Say = (word: keyof typeof WORDS) => string;

const sayIn =
  (lang: SentenceLanguage): Say =>
  (word) =>
    WORDS[word][lang === 'zh' ? 0 : 1];

export function listRules(flags: RulesFlags): string {
  const { rules, typologies, sha256 } = loadCatalogueFrom(flags.catalogue);
  const all = [...rules, ...typologies];
  if (flags.json === true) return all.map((r) => `${JSON.stringify(summaryOf(r))}\n`).join('');
  const lang = flags.lang ?? 'en';
  const rows = all.map((r) => [
    r.id,
    `v${r.version}`,
    r.state,
    kindOf(r),
    r.family,
    r.action,
    lang === 'zh' ? r.names.zh : `${r.names.en} / ${r.names.zh}`,
  ]);
  const head = ['id', 'version', 'state', 'kind', 'family', 'action', 'name'];
  const counts = `${rules.length} rules, ${typologies.length} typologies`;
  return `${table([head, ...rows])}catalogue ${sha256.slice(0, 12)}, ${counts}\n`;
}

export function showRule(id: string, flags: RulesFlags): string {
  const { rules, typologies } = loadCatalogueFrom(flags.catalogue);
  const all = [...rules, ...typologies];
  const found = all.find((r) => r.id === id);
  if (found === undefined) {
    throw new UsageError(`there is no rule "${id}"; known are: ${all.map((r) => r.id).join(', ')}`);
  }
  if (flags.json === true) return `${JSON.stringify(found)}\n`;
  return ruleText(found, flags.lang ?? 'en');
}

const isTypology = (r: Rule | Typology): r is Typology => 'members' in r;
const kindOf = (r: Rule | Typology): string => (isTypology(r) ? 'typology' : 'rule');

function summaryOf(r: Rule | Typology): object {
  const { id, version, state, family, action, names, formula } = r;
  return { id, version, state, kind: kindOf(r), family, action, names, formula };
}

/** A threshold as the author wrote it: money is text. */
function threshold(unit: Unit, value: string | number, lang: SentenceLanguage): string {
  const number = unit === 'money' ? Math.round(Number(value) * 100) : Number(value);
  // Days and counts may be fractions as thresholds, which a sentence would cut.
  if (unit !== 'money' && !Number.isInteger(number)) return `${number} ${unit}`;
  return formatValue(unit, number, lang, CURRENCY, true);
}

function ruleText(r: Rule | Typology, lang: SentenceLanguage): string {
  const say = sayIn(lang);
  const due = r.due === undefined ? [] : [[say('due'), entries(r.due)]];
  const head = [
    [say('version'), String(r.version)],
    [say('state'), r.state],
    [say('family'), `${r.family}, ${r.riskType}`],
    [say('action'), r.action],
    ...due,
    [say('formula'), r.formula.trim().replace(/\s+/g, ' ')],
    ...(isTypology(r) ? typologyRows(r, say) : ruleRows(r, lang, say)),
    ...(r.cooldown === undefined ? [] : [[say('cooldown'), r.cooldown]]),
    [say('owner'), r.owner],
    ...r.references.map((text, i) => [i === 0 ? say('references') : '', text]),
    [say('examples'), r.examples.map((e) => `${e.name} (${e.expect.hits})`).join('; ')],
  ];
  const name = lang === 'zh' ? r.names.zh : r.names.en;
  const unit = isTypology(r) ? 'number' : unitOf(r, r.observed);
  return [
    `${r.id}  ${name}\n`,
    table(head, '  '),
    ...(isTypology(r)
      ? [memberTable(r, say)]
      : [featureTable(r, lang, say), gateTable(r, lang, say)]),
    bandTable(r, unit, lang, say),
  ].join('');
}

const unitOf = (r: Rule, name: string): Unit => FEATURE_UNITS[(r.features[name] as Feature).kind];

function typologyRows(t: Typology, say: Say): string[][] {
  return [
    [say('window'), t.window],
    [say('observed'), 'score = min(100, weight x outcome + ...)'],
  ];
}

function ruleRows(r: Rule, lang: SentenceLanguage, say: Say): string[][] {
  const { kinds, watch, lists } = r.scope;
  const scope = [kinds, watch, lists].filter((names) => names.length > 0).map((n) => n.join(', '));
  const rows = [
    [say('scope'), scope.length === 0 ? say('everybody') : scope.join('; ')],
    [say('on'), r.on === 'day-close' ? say('dayClose') : filterText(r.on, say)],
    [say('observed'), `${r.observed} (${unitOf(r, r.observed)})`],
  ];
  if (r.facts.length > 0) rows.push([say('facts'), r.facts.join(', ')]);
  const normals = Object.entries(r.normals).map(([of, normal]) => `${of}: ${normal}`);
  if (normals.length > 0) rows.push([say('normals'), normals.join(', ')]);
  if (r.requires.length > 0) rows.push([say('requires'), r.requires.join(', ')]);
  if (r.score !== undefined) {
    const by = r.score.by ?? r.observed;
    const points = r.score.points.map(
      ([value, score]) => `${threshold(unitOf(r, by), value, lang)}: ${score}`,
    );
    rows.push([say('score'), `${by}  ${points.join(', ')}`]);
  }
  return rows;
}

function filterText(f: Filter, say: Say): string {
  const parts = [f.all.length > 0 ? f.all.join(' + ') : say('anyLeg')];
  parts.push(...f.none.map((name) => `not ${name}`));
  const { min, below, max } = f.amount ?? {};
  if (min !== undefined) parts.push(`amount >= ${min}`);
  if (below !== undefined) parts.push(`amount < ${below}`);
  if (max !== undefined) parts.push(`amount <= ${max}`);
  if (f.channels !== undefined) parts.push(`channel ${f.channels.join(' | ')}`);
  if (f.types !== undefined) parts.push(`type ${f.types.join(' | ')}`);
  return parts.join(', ');
}

/** `days 30, before 0`: parameters as they stand in the catalogue. */
function entries(of: object): string {
  return Object.entries(of)
    .map(([key, value]) => `${key} ${Array.isArray(value) ? value.join(' ') : String(value)}`)
    .join(', ');
}

function featureTable(r: Rule, lang: SentenceLanguage, say: Say): string {
  const rows = Object.entries(r.features).map(([name, feature]) => {
    const { kind, ...rest } = feature;
    const filter = 'of' in rest && typeof rest.of === 'object' ? rest.of : undefined;
    const parameters = Object.entries(rest).filter(([, value]) => value !== filter);
    const texts = parameters.length > 0 ? [entries(Object.fromEntries(parameters))] : [];
    if (filter !== undefined)
      texts.push(`${lang === 'zh' ? '于' : 'of'} ${filterText(filter, say)}`);
    return [name, FEATURE_UNITS[kind], kind, texts.join('; ')];
  });
  return `\n${say('features')}\n${table(rows, '  ')}`;
}

function gateTable(r: Rule, lang: SentenceLanguage, say: Say): string {
  if (r.gates.length === 0) return '';
  const rows = r.gates.map((g) => [
    g.feature,
    OPERATORS[g.op],
    threshold(unitOf(r, g.feature), g.value, lang),
  ]);
  return `\n${say('gates')}\n${table(rows, '  ')}`;
}

function memberTable(t: Typology, say: Say): string {
  return `\n${say('members')}\n${table(
    t.members.map((m) => [m.rule, `x ${m.weight}`]),
    '  ',
  )}`;
}

function bandTable(r: Rule | Typology, unit: Unit, lang: SentenceLanguage, say: Say): string {
  const edge = (b: Band): string =>
    b.above === undefined
      ? `>= ${threshold(unit, b.from ?? 0, lang)}`
      : `> ${threshold(unit, b.above, lang)}`;
  const rows = r.bands.map((b) => [
    b.outcome,
    edge(b),
    `${b.severity} ${b.score}`,
    b.decision,
    b.action ?? r.action,
    b.sentence[lang],
  ]);
  return `\n${say('bands')}\n${table(rows, '  ')}`;
}
