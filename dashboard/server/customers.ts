/**
 * The bank's customers as reference data tells them: by subject, and by what people type. Its one
 * trick: all names, party ids and accounts lie in one lower-case text, a line each, so a search is
 * a scan of one string (100,000 parties: about 5 MB and a few ms) that stops at its limit.
 */
import { LIST_KINDS, type ListKind } from '../../schemas/classes.js';
import type { PartyReference, ReferenceData } from '../../schemas/reference.js';

export interface Customer extends PartyReference {
  accounts: { account: string; opened: string | null }[];
  lists: ListKind[];
}

/** An account is found whole or by its end: fragments of numbers are nobody's to fish with. */
const ACCOUNT_DIGITS_MIN = 4;
/** Starts the line of an account. */
const ACCOUNT_MARK = '\u0001';

export class CustomerBook {
  private readonly customers = new Map<string, Customer>();
  private readonly owners = new Map<string, string>();
  private index: { text: string; starts: Uint32Array; subjects: string[] } | undefined;

  constructor(
    data: Pick<ReferenceData, 'parties' | 'accounts' | 'lists'>,
    /** When this version was taken, epoch ms. */
    readonly takenMs: number,
  ) {
    for (const party of data.parties) {
      this.customers.set(party.party, { ...party, accounts: [], lists: [] });
    }
    for (const { account, party, opened = null } of data.accounts) {
      this.owners.set(account, party);
      this.customers.get(party)?.accounts.push({ account, opened });
    }
    const named = new Map<string, Set<ListKind>>();
    for (const { list, key } of data.lists) {
      const party = this.owners.get(key) ?? key;
      named.set(party, (named.get(party) ?? new Set()).add(list));
    }
    for (const [party, lists] of named) {
      const customer = this.customers.get(party);
      if (customer !== undefined) customer.lists = LIST_KINDS.filter((kind) => lists.has(kind));
    }
  }

  get(subject: string): Customer | undefined {
    return this.customers.get(subject);
  }

  name(subject: string): string | undefined {
    return this.customers.get(subject)?.name;
  }

  /** Whole ids first, then whatever contains the text; at most `limit`. */
  search(q: string, limit: number): Customer[] {
    const found = new Set<string>();
    const whole = this.owners.get(q) ?? q;
    if (this.customers.has(whole)) found.add(whole);
    const words = q.normalize('NFC').toLowerCase();
    if (words !== '' && !/[\n\u0001]/.test(words)) this.scan(words, limit, found);
    return [...found].slice(0, limit).flatMap((subject) => this.customers.get(subject) ?? []);
  }

  private scan(words: string, limit: number, found: Set<string>): void {
    const { text, starts, subjects } = this.indexed();
    for (let at = text.indexOf(words); at >= 0 && found.size < limit; ) {
      const lineEnd = text.indexOf('\n', at);
      const isAccount = text[text.lastIndexOf('\n', at) + 1] === ACCOUNT_MARK;
      const isEnd =
        words.length >= ACCOUNT_DIGITS_MIN && text.startsWith(words, lineEnd - words.length);
      if (!isAccount || isEnd) found.add(subjects[lineOf(starts, at)] as string);
      at = text.indexOf(words, lineEnd);
    }
  }

  /** Made at the first search of a version: most versions are never searched. */
  private indexed(): NonNullable<typeof this.index> {
    if (this.index !== undefined) return this.index;
    const parts: string[] = [];
    const subjects: string[] = [];
    const starts: number[] = [];
    let length = 0;
    for (const customer of this.customers.values()) {
      const { party, name, accounts } = customer;
      const lines = [name, party, ...accounts.map(({ account }) => ACCOUNT_MARK + account)];
      const text = `${lines.map(oneLine).join('\n')}\n`;
      starts.push(length);
      subjects.push(party);
      parts.push(text);
      length += text.length;
    }
    this.index = { text: parts.join(''), starts: Uint32Array.from(starts), subjects };
    return this.index;
  }
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ').normalize('NFC').toLowerCase();
}

/** Index of the last start at or before `at`. */
function lineOf(starts: Uint32Array, at: number): number {
  let low = 0;
  let high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] as number) <= at) low = middle;
    else high = middle;
  }
  return low;
}
