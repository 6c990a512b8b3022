/** What `weir rules` prints. */
import { stringify } from 'yaml';
import type { Rule } from '../schemas/catalogue.js';
import { loadCatalogueFrom } from './catalogue-files.js';
import type { RulesFlags } from './commands/rules.js';
import { UsageError } from './exit-codes.js';

export function listRules(flags: RulesFlags): string {
  const { rules, sha256 } = loadCatalogueFrom(flags.catalogue);
  if (flags.json === true) return rules.map((r) => `${JSON.stringify(summaryOf(r))}\n`).join('');
  const rows = rules.map((r) => [
    r.id,
    `v${r.version}`,
    r.state,
    r.family,
    r.action,
    `${r.names.en} / ${r.names.zh}`,
  ]);
  const head = ['rule', 'version', 'state', 'family', 'action', 'name'];
  return `${table([head, ...rows])}catalogue ${sha256.slice(0, 12)}, ${rules.length} rules\n`;
}

export function showRule(id: string, flags: RulesFlags): string {
  const { rules } = loadCatalogueFrom(flags.catalogue);
  const rule = rules.find((r) => r.id === id);
  if (rule === undefined) {
    const known = rules.map((r) => r.id).join(', ');
    throw new UsageError(`there is no rule "${id}"; known are: ${known}`);
  }
  return flags.json === true ? `${JSON.stringify(rule)}\n` : stringify(rule);
}

function summaryOf(r: Rule): object {
  const { id, version, state, family, action, names, formula } = r;
  return { id, version, state, family, action, names, formula };
}

/** Columns as wide as their widest cell; the last one is left open. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((r) => r[i]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ');
  return rows.map((r) => `${line(r)}\n`).join('');
}
