/** Why the other rules did not hit when this alert's newest hit came: asked apart, on demand. */
import type { Exchange, Transport } from '../../../platform/index.js';
import type { Explainer, ExplainRefusal, Explanation } from '../../../schemas/explanation.js';
import type { ExplainReply } from '../../../schemas/protocol.js';
import type { AlertBook } from '../alert-book.js';
import { NOBODY } from '../alert-entry.js';
import type { AnyRule, BankDirectory } from '../directory.js';
import { type Doors, fail, json } from '../http.js';
import { tellsSecretClass } from '../views.js';

const RETRY_SECONDS = 5;

const REFUSALS: Record<ExplainRefusal, [status: number, message: string]> = {
  busy: [429, 'others are asking too; try again in a moment'],
  'out-of-time': [503, 'the journal is too long for an answer here; use weir explain'],
  failed: [503, 'the journal cannot be asked now'],
  'unknown-subject': [404, 'the journal no longer holds transactions of this customer'],
  'before-first-leg': [404, 'the journal no longer reaches back to this moment'],
  'never-scored': [404, 'no rule was asked: the transactions came too late, or undid others'],
};

export interface ExplainRoutesOptions {
  doors: Doors;
  book: AlertBook;
  directory: BankDirectory;
  explainer: Explainer | undefined;
}

export class ExplainRoutes {
  constructor(private readonly options: ExplainRoutesOptions) {}

  addTo(transport: Transport): void {
    transport.route('GET', '/api/alerts/:id/explain', (x) => this.get(x));
  }

  private async get(exchange: Exchange): Promise<void> {
    const { doors, book, directory, explainer } = this.options;
    if (doors.require(exchange, 'alerts.read') === undefined) return;
    const entry = book.store.find(exchange.params['id'] ?? '');
    if (entry === undefined) return fail(exchange, 404, 'unknown-alert', 'there is no such alert');
    if (entry.subject === NOBODY) {
      return fail(exchange, 404, 'no-customer', 'this alert is of many customers');
    }
    const { subject, eventTime: atMs } = entry;
    const newest = book.store.hitAt(entry.hitPositions.at(-1) ?? -1);
    // Of a payment between two accounts of one customer, the leg that hit.
    const side = newest === undefined || newest.side === 'timer' ? undefined : newest.side;
    const answer = (await explainer?.explain({
      ...{ subject, atMs },
      ...(side !== undefined && { side }),
    })) ?? { ok: false as const, reason: 'failed' as const };
    if (exchange.aborted) return;
    if (answer.ok) {
      json(exchange, 200, explainView(answer.explanation, directory));
      return;
    }
    const [status, message] = REFUSALS[answer.reason];
    const headers: Record<string, string> =
      status === 429 ? { 'retry-after': String(RETRY_SECONDS) } : {};
    fail(exchange, status, answer.reason, message, headers);
  }
}

/**
 * Rules in scope alone: what a rule of others would have said is nobody's business. Rules whose
 * scope tells the secret classes apart are not there at all, in any count either.
 */
export function explainView(e: Explanation, directory: BankDirectory): ExplainReply {
  const known = new Map<string, AnyRule>();
  for (const { id } of e.rules) {
    const rule = directory.rule(e.catalogueVersion, id);
    if (rule !== undefined) known.set(id, rule);
  }
  const isShown = (id: string): boolean => {
    const rule = known.get(id);
    return rule !== undefined && !('scope' in rule && tellsSecretClass(rule.scope.watch));
  };
  const shown = e.rules.filter(({ id }) => isShown(id));
  return {
    atMs: e.leg?.eventMs ?? e.dayCloseMs ?? e.atMs,
    isCut: e.keptSince !== undefined,
    rules: shown
      .filter(({ verdict }) => verdict !== 'out-of-scope')
      .map(({ scope: _, parts, ...rule }) => {
        const { names, family } = known.get(rule.id) as AnyRule;
        const own = parts?.filter((part) => isShown(part.rule));
        return { ...rule, ...(own !== undefined && { parts: own }), names, family };
      }),
    outOfScope: shown.filter(({ verdict }) => verdict === 'out-of-scope').length,
    notScored: e.notScored.length,
  };
}
