/**
 * The cells of one row, made once and then only written where something changed: a recycled row
 * costs a few text writes and no new element.
 */
import type { AlertRow } from '../../../schemas/protocol.js';
import {
  type Bank,
  bothClocks,
  clockTime,
  customerName,
  eventTime,
  money,
  plain,
  timeLeft,
} from '../format.js';
import type { Language } from '../state/preferences.js';
import { fill, type Texts, word } from '../text/index.js';
import { severityShape } from './shapes.js';

export const COLUMNS = [
  'urgency',
  'customer',
  'reason',
  'amount',
  'hits',
  'owner',
  'due',
  'time',
] as const;
export type Column = (typeof COLUMNS)[number];

export interface RowContext {
  t: Texts;
  language: Language;
  bank: Bank;
  user: string;
  nowMs: number;
}

/** Remembers what an element shows, so that an equal write is no write. */
class Field {
  private shown = '';
  constructor(readonly element: HTMLElement) {}
  set(value: string): void {
    if (value === this.shown) return;
    this.shown = value;
    this.element.textContent = value;
  }
}

export class RowView {
  readonly element = document.createElement('div');
  /** Index and alert that this element shows now; -1 = parked. */
  index = -1;
  id = '';
  private severity = '';
  private hitsShown = 0;
  private readonly cells = {} as Record<Column, HTMLElement>;
  private readonly shape = document.createElement('span');
  private readonly severityWord: Field;
  private readonly score: Field;
  private readonly name: Field;
  private readonly tier: Field;
  private readonly watch: Field;
  private readonly sentence: Field;
  private readonly amount: Field;
  private readonly hits: Field;
  private readonly more: Field;
  private readonly owner: Field;
  private readonly due: Field;
  private readonly time: Field;

  constructor(slot: number) {
    this.element.className = 'row';
    this.element.id = `row-${slot}`;
    this.element.setAttribute('role', 'row');
    COLUMNS.forEach((column, at) => {
      const cell = document.createElement('div');
      cell.className = `cell ${column}`;
      cell.setAttribute('role', 'gridcell');
      cell.setAttribute('aria-colindex', String(at + 1));
      this.cells[column] = cell;
      this.element.append(cell);
    });
    this.shape.className = 'shape';
    this.cells.urgency.append(this.shape);
    this.severityWord = this.part('urgency', 'word');
    this.score = this.part('urgency', 'score');
    this.name = this.part('customer', 'name');
    this.watch = this.part('customer', 'watch');
    this.tier = this.part('customer', 'tier');
    this.sentence = this.part('reason', 'sentence');
    this.amount = this.part('amount', 'value');
    this.hits = this.part('hits', 'count');
    this.more = this.part('hits', 'more');
    this.owner = this.part('owner', 'value');
    this.due = this.part('due', 'value');
    this.time = this.part('time', 'value');
  }

  private part(column: Column, name: string): Field {
    const span = document.createElement('span');
    span.className = name;
    this.cells[column].append(span);
    return new Field(span);
  }

  show(row: AlertRow, added: number, context: RowContext): void {
    const { t, bank } = context;
    const sameAlert = this.id === row.id;
    this.id = row.id;
    if (this.severity !== row.severity) {
      this.severity = row.severity;
      this.element.dataset['severity'] = row.severity;
      this.shape.replaceChildren(severityShape(row.severity));
    }
    this.element.dataset['state'] = row.state;
    this.severityWord.set(word(t.domain.severity, row.severity));
    this.score.set(plain(row.score));
    this.name.set(customerName(row, t));
    this.tier.set(row.tier === 'base' ? '' : word(t.domain.tier, row.tier));
    this.watch.set(row.watch.map((name) => word(t.domain.watch, name)).join(' '));
    this.sentence.set(row.sentence[context.language]);
    this.title('reason', `${row.ruleName[context.language]}\n${row.sentence[context.language]}`);
    this.title('customer', `${customerName(row, t)}\n${row.subject}`);
    // A closed bank day has no amount of its own.
    this.amount.set(row.amountBaseMinor > 0 ? money(row.amountBaseMinor, bank) : '—');
    this.showHits(row, added, sameAlert, t);
    this.showOwner(row, context);
    this.showDue(row, context);
    const closed = row.state === 'closed';
    const atMs = closed ? row.updatedMs : row.eventTime;
    const clock = (ms: number) => clockTime(ms, context.nowMs, bank);
    const isTimer = !closed && row.amountBaseMinor === 0;
    this.time.set(eventTime({ ms: atMs, isTimer }, clock, bank, t));
    this.title('time', bothClocks(atMs, bank, t));
  }

  private showHits(row: AlertRow, added: number, sameAlert: boolean, t: Texts): void {
    this.hits.set(plain(row.hitCount));
    this.more.set(added > 0 ? `+${plain(added)}` : '');
    this.title('hits', added > 0 ? fill(t.queue.moreHits, { n: added }) : '');
    if (sameAlert && row.hitCount > this.hitsShown) {
      // Restart the flash: taking the class off and reading a size makes it begin anew.
      this.cells.hits.classList.remove('flash');
      void this.cells.hits.offsetWidth;
      this.cells.hits.classList.add('flash');
    } else if (!sameAlert) {
      this.cells.hits.classList.remove('flash');
    }
    this.hitsShown = row.hitCount;
  }

  private showOwner(row: AlertRow, { t, user }: RowContext): void {
    const mine = row.owner !== null && row.owner === user;
    this.owner.set(row.owner === null ? t.queue.nobody : mine ? t.queue.me : row.owner);
    this.cells.owner.classList.toggle('mine', mine);
    this.title('owner', row.owner ?? t.queue.unassigned);
  }

  private showDue(row: AlertRow, { t, bank, nowMs }: RowContext): void {
    if (row.state === 'closed' && row.closeReason !== null) {
      this.due.set(word(t.domain.reason, row.closeReason));
      this.cells.due.dataset['late'] = 'no';
      this.title('due', row.closeNote ?? '');
      return;
    }
    this.due.set(row.dueMs === null ? t.queue.nobody : timeLeft(row.dueMs, nowMs, t));
    const left = row.dueMs === null ? Number.POSITIVE_INFINITY : row.dueMs - nowMs;
    this.cells.due.dataset['late'] = left < 0 ? 'yes' : left < 2 * 3_600_000 ? 'soon' : 'no';
    this.title('due', row.dueMs === null ? '' : bothClocks(row.dueMs, bank, t));
  }

  private title(column: Column, value: string): void {
    const cell = this.cells[column];
    if (cell.title !== value) cell.title = value;
  }

  park(): void {
    this.index = -1;
    this.id = '';
    this.element.hidden = true;
  }
}
