/**
 * Reference data as admission and the router ask it: account -> subject, subject -> packed profile,
 * limits, list bits, rate of a currency. Built once per version; every hot lookup works on bytes
 * and numbers. Limits are `Infinity` where a list entry sets none, so comparing needs no branch.
 */
import {
  LIST_KINDS,
  type ListKind,
  PROFILE_LIST_SHIFT,
  packProfile,
  SUBJECT_KINDS,
} from '../../schemas/classes.js';
import { currencyExponent, packCountry, packCurrency, parseAmount } from '../../schemas/money.js';
import type { ReferenceData } from '../../schemas/reference.js';
import { KeyTable, sameBytes } from './key-table.js';

/** Single, day and month. */
export const LIMITS = 3;
const LIST_MASK = ((1 << LIST_KINDS.length) - 1) << PROFILE_LIST_SHIFT;
const encoder = new TextEncoder();

interface Listing {
  lists: Set<ListKind>;
  limits: [number, number, number];
}

export class ReferenceTables {
  readonly data: ReferenceData;
  readonly version: number;
  readonly fxVersion: number;
  readonly homeCountry: number;
  /** Packed. */
  readonly baseCurrency: number;
  /** Parties, and keys that only stand on a list. */
  readonly subjects: KeyTable;
  /** Packed profile of a subject, by its index. */
  readonly profiles: Uint32Array;
  /** 1 where the subject is a party of kind external or technical. */
  readonly externalSubjects: Uint8Array;
  /** Accounts of parties, and keys that only stand on a list. */
  readonly accounts: KeyTable;
  /** Index of an account's subject, or -1 when the key is known from a list only. */
  readonly accountSubject: Int32Array;
  /** List bits of a profile that the account brings by itself. */
  readonly accountLists: Uint32Array;
  readonly #subjectLimits: Float64Array;
  readonly #accountLimits: Float64Array;
  readonly #rates = new Map<number, number>();
  readonly #highRisk = new Uint8Array(65_536);
  readonly #ourBanks: readonly Uint8Array[];

  constructor(data: ReferenceData) {
    this.data = data;
    this.version = data.version;
    this.fxVersion = data.fx.version;
    this.homeCountry = packCountry(data.homeCountry);
    this.#ourBanks = data.ourBanks.map((bank) => encoder.encode(bank));
    for (const country of data.highRiskCountries) this.#highRisk[packCountry(country)] = 1;
    for (const [code, rate] of Object.entries(data.fx.rates)) {
      this.#rates.set(packCurrency(code), rate);
    }
    this.baseCurrency = packCurrency(data.baseCurrency);
    this.#rates.set(this.baseCurrency, 1);

    const listings = listingsOf(data);
    const owner = new Map(data.accounts.map((a) => [a.account, a.party]));
    const parties = new Set(data.parties.map((p) => p.party));
    const lone = [...listings.keys()].filter((key) => !parties.has(key) && !owner.has(key));
    this.subjects = new KeyTable([...parties, ...lone]);
    this.accounts = new KeyTable([...owner.keys(), ...lone]);
    this.profiles = new Uint32Array(this.subjects.size);
    this.externalSubjects = new Uint8Array(this.subjects.size);
    this.accountSubject = new Int32Array(this.accounts.size).fill(-1);
    this.accountLists = new Uint32Array(this.accounts.size);
    this.#subjectLimits = new Float64Array(this.subjects.size * LIMITS).fill(Infinity);
    this.#accountLimits = new Float64Array(this.accounts.size * LIMITS).fill(Infinity);
    this.#fillProfiles(listings);
    this.#fillAccounts(owner, listings);
  }

  #fillProfiles(listings: ReadonlyMap<string, Listing>): void {
    this.data.parties.forEach((party, i) => {
      this.profiles[i] = packProfile({ ...party, lists: [] });
      if (party.kind === 'external' || party.kind === 'technical') this.externalSubjects[i] = 1;
    });
    for (let i = 0; i < this.subjects.size; i++) {
      const listing = listings.get(this.subjects.texts[i]);
      if (listing) this.#addListing(i, listing);
    }
  }

  #fillAccounts(owner: ReadonlyMap<string, string>, listings: ReadonlyMap<string, Listing>): void {
    for (let i = 0; i < this.accounts.size; i++) {
      const key = this.accounts.texts[i];
      const party = owner.get(key);
      const listing = listings.get(key);
      if (listing) {
        this.accountLists[i] = listBits(listing.lists);
        this.#accountLimits.set(listing.limits, i * LIMITS);
      }
      if (party === undefined) continue;
      const subject = this.subjects.findText(party);
      this.accountSubject[i] = subject;
      // Limits hold over all accounts of the customer, whichever of them stands on the list.
      if (listing) this.#addListing(subject, listing);
    }
  }

  #addListing(subject: number, listing: Listing): void {
    this.profiles[subject] |= listBits(listing.lists);
    for (let k = 0; k < LIMITS; k++) {
      const at = subject * LIMITS + k;
      this.#subjectLimits[at] = Math.min(this.#subjectLimits[at], listing.limits[k]);
    }
  }

  /** Base minor units for one minor unit, or undefined when there is no rate. */
  rate(packedCurrency: number): number | undefined {
    return this.#rates.get(packedCurrency);
  }

  isHighRisk(packedCountry: number): boolean {
    return this.#highRisk[packedCountry] === 1;
  }

  /** True when a bank is given that is not among ours; with no list of ours, never. */
  isOtherBank(bytes: Uint8Array, start: number, end: number): boolean {
    if (start === end || this.#ourBanks.length === 0) return false;
    for (const bank of this.#ourBanks) if (sameBytes(bank, bytes, start, end)) return false;
    return true;
  }

  /** Lowest limits of a subject and one of its accounts (indexes or -1) into `out`. */
  limitsInto(subject: number, account: number, out: Float64Array): void {
    for (let k = 0; k < LIMITS; k++) {
      const ofSubject = subject < 0 ? Infinity : this.#subjectLimits[subject * LIMITS + k];
      const ofAccount = account < 0 ? Infinity : this.#accountLimits[account * LIMITS + k];
      out[k] = Math.min(ofSubject, ofAccount);
    }
  }

  /** For cold paths: the subject that an account belongs to, or undefined. */
  subjectOfAccount(account: string): string | undefined {
    const i = this.accounts.findText(account);
    const subject = i < 0 ? -1 : this.accountSubject[i];
    return subject < 0 ? undefined : this.subjects.texts[subject];
  }

  /** For cold paths: packed profile of a subject, 0 when nothing is known of it. */
  profileOf(subject: string): number {
    const i = this.subjects.findText(subject);
    return i < 0 ? 0 : this.profiles[i];
  }
}

/** The list bits of a packed profile. */
export function listBitsOf(profile: number): number {
  return profile & LIST_MASK;
}

function listBits(lists: ReadonlySet<ListKind>): number {
  let bits = 0;
  for (const list of lists) bits |= 1 << (PROFILE_LIST_SHIFT + LIST_KINDS.indexOf(list));
  return bits;
}

function listingsOf(data: ReferenceData): Map<string, Listing> {
  const exponent = currencyExponent(data.baseCurrency) ?? 2;
  const minor = (text: string | undefined) =>
    text === undefined ? Infinity : (parseAmount(text, exponent) ?? Infinity);
  const all = new Map<string, Listing>();
  for (const entry of data.lists) {
    const listing: Listing = all.get(entry.key) ?? {
      lists: new Set(),
      limits: [Infinity, Infinity, Infinity],
    };
    listing.lists.add(entry.list);
    listing.limits = [
      Math.min(listing.limits[0], minor(entry.single)),
      Math.min(listing.limits[1], minor(entry.day)),
      Math.min(listing.limits[2], minor(entry.month)),
    ];
    all.set(entry.key, listing);
  }
  return all;
}

/** Subjects whose profile differs between two versions, with the new profile. */
export function changedProfiles(
  before: ReferenceTables | undefined,
  after: ReferenceTables,
): { subject: string; profile: number }[] {
  if (before === undefined) return [];
  const changed: { subject: string; profile: number }[] = [];
  for (let i = 0; i < after.subjects.size; i++) {
    const subject = after.subjects.texts[i];
    const profile = after.profiles[i];
    if (before.profileOf(subject) !== profile) changed.push({ subject, profile });
  }
  const unknown = SUBJECT_KINDS.indexOf('unknown');
  for (const subject of before.subjects.texts) {
    if (after.subjects.findText(subject) < 0 && before.profileOf(subject) !== unknown) {
      changed.push({ subject, profile: unknown });
    }
  }
  return changed;
}
