/**
 * Labels from the transactions themselves: a pattern's id is `kind:subject:when`, so what belongs
 * together is found by reading the days round a span. For files and tests, not for the hot path.
 */
import { DAY_MS } from '../../schemas/time.js';
import { isSuspicious } from './patterns.js';
import type { Cast } from './people.js';
import type { Bank, BankTransaction, PatternLabel } from './types.js';

/** No pattern lasts longer: the longest is a fade of activity. */
const PATTERN_DAYS_MAX = 46;

/** Gathers what it is shown; patterns must be shown whole to be labelled whole. */
export class LabelGatherer {
  readonly #labels = new Map<string, PatternLabel>();
  readonly #owners: ReadonlyMap<string, string>;

  constructor(cast: Cast) {
    const owners = new Map<string, string>();
    for (const c of [...cast.customers, ...cast.merchants]) {
      owners.set(c.account.account, c.party);
      if (c.second) owners.set(c.second.account, c.party);
    }
    this.#owners = owners;
  }

  show({ fields, pattern }: BankTransaction): void {
    if (pattern === '') return;
    const [kind = '', subject = ''] = pattern.split(':');
    const ms = fields.eventTimeMs as number;
    let label = this.#labels.get(pattern);
    if (label === undefined) {
      const [id, suspicious] = [pattern, isSuspicious(kind)];
      const subjects = [subject];
      label = { id, kind, suspicious, subjects, firstMs: ms, lastMs: ms, transactionIds: [] };
      this.#labels.set(pattern, label);
    }
    label.lastMs = Math.max(label.lastMs, ms);
    label.transactionIds.push(fields.id);
    for (const side of [fields.debtor, fields.creditor]) {
      const owner = this.#owners.get(side.account);
      // Of a hard negative the one who collects or pays is of interest, not everybody else.
      if (owner === undefined || !label.suspicious || label.subjects.includes(owner)) continue;
      label.subjects.push(owner);
    }
  }

  touching(fromMs: number, toMs: number): PatternLabel[] {
    return [...this.#labels.values()].filter((l) => l.lastMs >= fromMs && l.firstMs < toMs);
  }
}

export function labelsOf(bank: Bank, cast: Cast, fromMs: number, toMs: number): PatternLabel[] {
  const gatherer = new LabelGatherer(cast);
  const padMs = PATTERN_DAYS_MAX * DAY_MS;
  for (const row of bank.customerTransactions(fromMs - padMs, toMs + padMs)) gatherer.show(row);
  return gatherer.touching(fromMs, toMs);
}
