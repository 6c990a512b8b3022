/**
 * One side of a transaction: whose it is, and whether it is ours. The rule of resolution stands
 * here once: an account that reference data knows belongs to its party there; otherwise the party
 * named in the message; otherwise the account is its own subject. Reference data comes first so
 * that two feeds, of which only one names parties, never split one customer in two.
 */
import { slots, slotUbyte } from '../../schemas/codegen/runtime.js';
import {
  PARTY_ACCOUNT,
  PARTY_BANK,
  PARTY_COUNTRY,
  PARTY_KIND,
  PARTY_KIND_NAMES,
  PARTY_PARTY,
} from '../../schemas/generated/transaction.js';
import { hashWords, murmur3x64 } from '../../schemas/identity.js';
import { packCountryBytes } from '../../schemas/money.js';
import { listBitsOf, type ReferenceTables } from '../reference/tables.js';

const EXTERNAL = PARTY_KIND_NAMES.indexOf('external');
const TECHNICAL = PARTY_KIND_NAMES.indexOf('technical');
const KIND_MASK = 15;

/** Reused for every transaction; `key` may lie in the message or in reference data. */
export class Side {
  key: Uint8Array = new Uint8Array(0);
  keyStart = 0;
  keyEnd = 0;
  hashLow = 0;
  hashHigh = 0;
  profile = 0;
  /** A counterparty only: has no state of its own. */
  external = false;
  otherBank = false;
  listed = false;
  /** Packed; ours without one is at home, others' without one is 0. */
  country = 0;

  /** Reads the side whose fields begin at slot `base` of the message verified last. */
  resolve(b: Uint8Array, base: number, tables: ReferenceTables): void {
    const kind = slotUbyte(b, base + PARTY_KIND);
    const bankStart = slots[base + PARTY_BANK];
    const elsewhere =
      bankStart !== 0 && tables.isOtherBank(b, bankStart, slots[base + PARTY_BANK + 1]);
    this.external = kind === EXTERNAL || kind === TECHNICAL || elsewhere;
    this.otherBank = kind === EXTERNAL || elsewhere;

    const start = slots[base + PARTY_ACCOUNT];
    const end = slots[base + PARTY_ACCOUNT + 1];
    murmur3x64(b, start, end);
    const account = tables.accounts.find(b, start, end, hashWords[0], hashWords[1]);
    let subject = account < 0 || this.external ? -1 : tables.accountSubject[account];
    if (subject >= 0) {
      this.#takeKnown(subject, tables);
    } else {
      subject = this.#takeNamed(b, base, tables);
    }
    let profile = subject < 0 ? 0 : tables.profiles[subject];
    if ((profile & KIND_MASK) === 0) profile |= kind;
    if (account >= 0) profile |= tables.accountLists[account];
    this.profile = profile >>> 0;
    this.listed = listBitsOf(profile) !== 0;
    if (subject >= 0 && tables.externalSubjects[subject] === 1) this.external = true;

    const countryStart = slots[base + PARTY_COUNTRY];
    if (countryStart !== 0) {
      this.country = packCountryBytes(b, countryStart, slots[base + PARTY_COUNTRY + 1]);
    } else {
      this.country = this.external ? 0 : tables.homeCountry;
    }
  }

  #takeKnown(subject: number, tables: ReferenceTables): void {
    const { subjects } = tables;
    this.key = subjects.bytes;
    this.keyStart = subjects.starts[subject];
    this.keyEnd = subjects.starts[subject + 1];
    this.hashLow = subjects.hashLow[subject];
    this.hashHigh = subjects.hashHigh[subject];
  }

  /** Subject named by the message; `hashWords` still holds the account's hash. */
  #takeNamed(b: Uint8Array, base: number, tables: ReferenceTables): number {
    const party = slots[base + PARTY_PARTY];
    const slot = base + (party === 0 ? PARTY_ACCOUNT : PARTY_PARTY);
    this.key = b;
    this.keyStart = slots[slot];
    this.keyEnd = slots[slot + 1];
    if (party !== 0) murmur3x64(b, this.keyStart, this.keyEnd);
    this.hashLow = hashWords[0];
    this.hashHigh = hashWords[1];
    return tables.subjects.find(b, this.keyStart, this.keyEnd, this.hashLow, this.hashHigh);
  }
}

/** Compares the keys themselves; the hashes only say quickly that they differ. */
export function sameSubject(a: Side, b: Side): boolean {
  const length = a.keyEnd - a.keyStart;
  if (a.hashLow !== b.hashLow || a.hashHigh !== b.hashHigh) return false;
  if (b.keyEnd - b.keyStart !== length) return false;
  for (let i = 0; i < length; i++)
    if (a.key[a.keyStart + i] !== b.key[b.keyStart + i]) return false;
  return true;
}
