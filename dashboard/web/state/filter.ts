/** What the queue shows: one value, written to the address and read back from it. */
import { FAMILIES, type Family } from '../../../schemas/hit-words.js';
import type { AlertRow } from '../../../schemas/protocol.js';
import { isDueSoon, SORT_KEYS, type Sort, type SortKey } from './order.js';

export interface Filter {
  state: 'open' | 'closed';
  who: 'all' | 'mine' | 'unassigned' | 'due';
  family: Family | null;
  /** Id of a rule or typology. */
  rule: string | null;
  q: string;
  /** Whose alerts "mine" are. */
  user: string;
}

export interface Address {
  filter: Omit<Filter, 'user'>;
  sort: Sort;
  /** Open alert. */
  alert: string | null;
}

export function matches(row: AlertRow, filter: Filter, nowMs: number): boolean {
  if ((row.state === 'closed') !== (filter.state === 'closed')) return false;
  if (filter.family !== null && row.family !== filter.family) return false;
  if (filter.rule !== null && row.rule !== filter.rule) return false;
  if (filter.who === 'mine' && row.owner !== filter.user) return false;
  if (filter.who === 'unassigned' && row.owner !== null) return false;
  if (filter.who === 'due' && !isDueSoon(row, nowMs)) return false;
  return filter.q === '' || contains(row, filter.q);
}

/** Every word must be found somewhere in the row. */
function contains(row: AlertRow, q: string): boolean {
  const text = [
    row.id,
    row.rule,
    row.subject,
    row.subjectName,
    row.owner ?? '',
    row.ruleName.zh,
    row.ruleName.en,
    row.sentence.zh,
    row.sentence.en,
  ]
    .join('\n')
    .toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((part) => text.includes(part));
}

const ID = /^[A-Za-z0-9_-]{1,64}$/;

/** `#/alerts/ID?family=aml&q=...`: unknown or broken parts fall back to the plain queue. */
export function readAddress(hash: string): Address {
  const [path = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  const search = new URLSearchParams(query);
  const id = path.startsWith('/alerts/') ? path.slice('/alerts/'.length) : '';
  const family = search.get('family') as Family | null;
  const who = search.get('who') as Filter['who'] | null;
  const rule = search.get('rule') ?? '';
  const key = search.get('sort') as SortKey | null;
  return {
    filter: {
      state: search.get('state') === 'closed' ? 'closed' : 'open',
      who: who !== null && ['mine', 'unassigned', 'due'].includes(who) ? who : 'all',
      family: family !== null && FAMILIES.includes(family) ? family : null,
      rule: ID.test(rule) ? rule : null,
      q: search.get('q') ?? '',
    },
    sort: {
      key: key !== null && SORT_KEYS.includes(key) ? key : 'urgency',
      ascending: search.get('asc') === '1',
    },
    alert: ID.test(id) ? id : null,
  };
}

/** The inverse; defaults are left out so that a plain queue is `#/`. */
export function writeAddress(address: Address): string {
  const search = new URLSearchParams();
  const { filter, sort } = address;
  if (filter.state !== 'open') search.set('state', filter.state);
  if (filter.who !== 'all') search.set('who', filter.who);
  if (filter.family !== null) search.set('family', filter.family);
  if (filter.rule !== null) search.set('rule', filter.rule);
  if (filter.q !== '') search.set('q', filter.q);
  if (sort.key !== 'urgency') search.set('sort', sort.key);
  if (sort.ascending) search.set('asc', '1');
  const path = address.alert === null ? '/' : `/alerts/${address.alert}`;
  const query = search.toString();
  return `#${path}${query === '' ? '' : `?${query}`}`;
}
