/**
 * The bank's customers as reference data tells them: by subject, and by what people type. Its one
 * trick: all names, party ids and accounts lie in one lower-case text, a line each, so a search is
 * a scan of one string (100,000 parties: about 5 MB and a few ms) that stops at its limit.
 */
import { LIST_KINDS, type ListKind } from '../../schemas/classes.js';
import type { Parties } from '../../schemas/protocol.js';
import type { PartyReference, ReferenceData } from '../../schemas/reference.js';

export interface Customer extends PartyReference {
  accounts: { account: string; opened: string | null }[];
  lists: ListKind[];
}

/** An account is found whole or by its end: fragments of numbers are nobody's to fish with. */
const ACCOUNT_DIGITS_MIN = 4;
/** Starts the line of an account; starts a customer. */
const ACCOUNT_MARK = '\u0001';
const CUSTOMER_MARK = '\u0002';
const MARKS = /[\n\u0001\u0002]/g;

export class CustomerBook {
  private readonly known = new Map<string, PartyReference>();
  private readonly accounts = new Map<string, Customer['accounts']>();
  private readonly owners = new Map<string, string>();
  private readonly lists = new Map<string, Set<ListKind>>();
  private index: { text: string; starts: Uint32Array; subjects: string[] } | undefined;

  constructor(
    data: Pick<ReferenceData, 'parties' | 'accounts' | 'lists'>,
    /** When this version was taken, epoch ms. */
    readonly takenMs: number,
  ) {
    for (const party of data.parties) this.known.set(party.party, party);
    for (const { account, party, opened = null } of data.accounts) {
      this.owners.set(account, party);
      const own = this.accounts.get(party);
      if (own === undefined) this.accounts.set(party, [{ account, opened }]);
      else own.push({ account, opened });
    }
    for (const { list, key } of data.lists) {
      const party = this.owners.get(key) ?? key;
      this.lists.set(party, (this.lists.get(party) ?? new Set()).add(list));
    }
  }

  get(subject: string): Customer | undefined {
    const party = this.known.get(subject);
    const named = this.lists.get(subject);
    return (
      party && {
        ...party,
        accounts: this.accounts.get(subject) ?? [],
        lists: LIST_KINDS.filter((kind) => named?.has(kind)),
      }
    );
  }

  name(subject: string): string | undefined {
    return this.known.get(subject)?.name;
  }

  /** Which of these accounts are customers', and whose. */
  parties(accounts: Iterable<string>): Parties {
    const found: Parties = {};
    for (const account of accounts) {
      const subject = this.owners.get(account) ?? account;
      const party = this.known.get(subject);
      if (party !== undefined) found[account] = { subject, name: party.name };
    }
    return found;
  }

  /** Whole ids first, then whatever contains the text; at most `limit`. */
  search(q: string, limit: number): Customer[] {
    const found = new Set<string>();
    const whole = this.owners.get(q) ?? q;
    if (this.known.has(whole)) found.add(whole);
    const words = q.normalize('NFC').toLowerCase();
    if (words !== '' && words.search(MARKS) < 0) this.scan(words, limit, found);
    return [...found].slice(0, limit).flatMap((subject) => this.get(subject) ?? []);
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
    const lines: string[] = [];
    for (const { party, name } of this.known.values()) {
      lines.push(CUSTOMER_MARK, oneLine(name), '\n', oneLine(party), '\n');
      for (const { account } of this.accounts.get(party) ?? []) {
        lines.push(ACCOUNT_MARK, oneLine(account), '\n');
      }
    }
    // All at once: a hundred thousand small strings take ten times as long.
    const text = lines.join('').normalize('NFC').toLowerCase();
    const starts = new Uint32Array(this.known.size);
    for (let i = 0, at = 0; i < starts.length; i++, at++) {
      at = text.indexOf(CUSTOMER_MARK, at);
      starts[i] = at;
    }
    this.index = { text, starts, subjects: [...this.known.keys()] };
    return this.index;
  }
}

function oneLine(text: string): string {
  return text.search(MARKS) < 0 ? text : text.replace(MARKS, ' ');
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
