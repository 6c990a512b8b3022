/**
 * The queue's table, outside of Preact. Fixed row height; only the rows in sight (and a few more)
 * exist, and element k shows whatever index is k modulo their number. So scrolling 10,000 rows
 * moves some elements and makes none, and a row that stays in sight keeps its element.
 */
import type { AlertRow } from '../../../schemas/protocol.js';
import { fill, type Texts } from '../text/index.js';
import { COLUMNS, type Column, type RowContext, RowView } from './cells.js';

const OVERSCAN = 6;
/** Columns that sort, and the key that they sort by. */
const SORTS: Partial<Record<Column, 'urgency' | 'score' | 'age'>> = {
  urgency: 'urgency',
  time: 'age',
};

export interface TableSource {
  order: readonly string[];
  row(id: string): AlertRow | undefined;
  addedHits(id: string): number;
}

export interface TableEvents {
  select(id: string): void;
  open(id: string): void;
  /** The officer scrolled, by whatever means. */
  scrolled(): void;
  pointerOver(): void;
  sort(key: 'urgency' | 'score' | 'age'): void;
}

export interface TableState {
  selected: string | null;
  sort: { key: string; ascending: boolean };
  context: RowContext;
  zone: string;
  /** Closed alerts: who closed them, why and when, in place of owner, due and event time. */
  closed: boolean;
}

/** Titles of the columns that a closed alert fills with something else. */
const CLOSED_TITLES = { owner: 'closedBy', due: 'closedWhy', time: 'closedAt' } as const;
function titleOf(column: Column, state: TableState): string {
  const t = state.context.t.queue;
  const other = state.closed ? CLOSED_TITLES[column as keyof typeof CLOSED_TITLES] : undefined;
  return fill(t[other ?? column], { zone: state.zone });
}

export class AlertTable {
  readonly element = document.createElement('div');
  private readonly head = document.createElement('div');
  private readonly headCells = new Map<Column, HTMLElement>();
  private readonly body = document.createElement('div');
  private readonly views: RowView[] = [];
  private rowHeight = 32;
  private headHeight = 0;
  private state: TableState | null = null;
  private headKey = '';
  private ignoreScrollUntilMs = 0;
  private readonly observer: ResizeObserver;

  constructor(
    private readonly source: TableSource,
    private readonly events: TableEvents,
  ) {
    this.element.className = 'table';
    this.element.id = 'alerts';
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'grid');
    this.element.setAttribute('aria-colcount', String(COLUMNS.length));
    this.head.className = 'head';
    this.head.setAttribute('role', 'rowgroup');
    this.body.className = 'body';
    this.body.setAttribute('role', 'rowgroup');
    this.element.append(this.head, this.body);
    this.makeHead();
    this.listen();
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(this.element);
  }

  dispose(): void {
    this.observer.disconnect();
  }

  private listen(): void {
    this.element.addEventListener('scroll', () => this.scrolled(), { passive: true });
    this.body.addEventListener('pointermove', () => this.events.pointerOver(), { passive: true });
    this.body.addEventListener('click', (event) => {
      const id = this.idAt(event.target);
      if (id !== null) this.events.open(id);
    });
    this.body.addEventListener('pointerdown', (event) => {
      const id = this.idAt(event.target);
      if (id !== null) this.events.select(id);
    });
  }

  private idAt(target: EventTarget | null): string | null {
    const element = target instanceof Element ? target.closest('.row') : null;
    const view = this.views.find((each) => each.element === element);
    return view === undefined || view.id === '' ? null : view.id;
  }

  private makeHead(): void {
    const row = document.createElement('div');
    row.className = 'head-row';
    row.setAttribute('role', 'row');
    row.setAttribute('aria-rowindex', '1');
    COLUMNS.forEach((column, at) => {
      const cell = document.createElement('div');
      cell.className = `cell ${column}`;
      cell.setAttribute('role', 'columnheader');
      cell.setAttribute('aria-colindex', String(at + 1));
      this.headCells.set(column, cell);
      row.append(cell);
    });
    this.head.append(row);
  }

  private sortButton(key: 'urgency' | 'score' | 'age', label: string, mark: string): HTMLElement {
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'sort';
    button.textContent = mark === '' ? label : `${label} ${mark}`;
    button.addEventListener('click', () => this.events.sort(key));
    return button;
  }

  private showHead(state: TableState): void {
    const t: Texts = state.context.t;
    const { sort: by, zone, closed } = state;
    const key = `${state.context.language} ${by.key} ${by.ascending} ${zone} ${closed}`;
    if (key === this.headKey) return;
    this.headKey = key;
    this.element.dataset['closed'] = String(closed);
    this.element.setAttribute('aria-label', t.queue.table);
    for (const column of COLUMNS) {
      const cell = this.headCells.get(column) as HTMLElement;
      const label = titleOf(column, state);
      const sort = SORTS[column];
      cell.replaceChildren();
      if (sort === undefined) {
        cell.textContent = label;
        continue;
      }
      const mark = (name: string): string =>
        state.sort.key !== name ? '' : state.sort.ascending ? '↑' : '↓';
      cell.append(this.sortButton(sort, label, mark(sort)));
      if (column === 'urgency') {
        cell.append(this.sortButton('score', t.queue.sortScore, mark('score')));
      }
      const sorted =
        state.sort.key === sort || (column === 'urgency' && state.sort.key === 'score');
      const direction = state.sort.ascending ? 'ascending' : 'descending';
      cell.setAttribute('aria-sort', sorted ? direction : 'none');
    }
  }

  /** Shows the source's order and the state; called after each flush and each state change. */
  update(state: TableState): void {
    this.state = state;
    this.showHead(state);
    this.element.setAttribute('aria-rowcount', String(this.source.order.length + 1));
    const height = `${this.source.order.length * this.rowHeight}px`;
    if (this.body.style.height !== height) {
      this.ignoreScroll(); // a shorter list may move the scroll position by itself
      this.body.style.height = height;
    }
    this.render();
  }

  private resized(): void {
    const wanted = getComputedStyle(this.element).getPropertyValue('--row');
    this.rowHeight = Number.parseFloat(wanted) || 32;
    this.headHeight = this.head.offsetHeight;
    const count = Math.ceil(this.element.clientHeight / this.rowHeight) + 2 * OVERSCAN;
    while (this.views.length < count) {
      const view = new RowView(this.views.length);
      view.park();
      this.views.push(view);
      this.body.append(view.element);
    }
    for (const view of this.views) view.park();
    if (this.state !== null) this.update(this.state);
  }

  private render(): void {
    const state = this.state;
    const size = this.views.length;
    if (state === null || size === 0) return;
    const total = this.source.order.length;
    const first = Math.max(0, Math.floor(this.element.scrollTop / this.rowHeight) - OVERSCAN);
    let active = '';
    const last = Math.min(total, first + size);
    for (let index = first; index < first + size; index += 1) {
      const view = this.views[index % size] as RowView;
      const id = index < last ? (this.source.order[index] as string) : '';
      const row = id === '' ? undefined : this.source.row(id);
      if (row === undefined) {
        view.park();
        continue;
      }
      this.place(view, index);
      view.show(row, this.source.addedHits(id), state.context);
      const isSelected = id === state.selected;
      view.element.setAttribute('aria-selected', String(isSelected));
      if (isSelected) active = view.element.id;
    }
    if (active === '') this.element.removeAttribute('aria-activedescendant');
    else this.element.setAttribute('aria-activedescendant', active);
  }

  private place(view: RowView, index: number): void {
    if (view.index === index) return;
    view.index = index;
    view.element.hidden = false;
    view.element.setAttribute('aria-rowindex', String(index + 2));
    view.element.classList.toggle('odd', index % 2 === 1);
    view.element.style.transform = `translateY(${index * this.rowHeight}px)`;
  }

  private scrolled(): void {
    this.render();
    if (performance.now() > this.ignoreScrollUntilMs) this.events.scrolled();
  }

  private ignoreScroll(): void {
    this.ignoreScrollUntilMs = performance.now() + 150;
  }

  /** Brings a row into sight with as little movement as possible. */
  reveal(id: string): void {
    const index = this.source.order.indexOf(id);
    if (index < 0) return;
    const top = index * this.rowHeight;
    const room = this.element.clientHeight - this.headHeight;
    const at = this.element.scrollTop;
    this.ignoreScroll();
    if (top < at) this.element.scrollTop = top;
    else if (top + this.rowHeight > at + room) this.element.scrollTop = top + this.rowHeight - room;
  }

  toTop(): void {
    this.ignoreScroll();
    this.element.scrollTop = 0;
  }
}
