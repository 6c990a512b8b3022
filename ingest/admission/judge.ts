/**
 * Judges one message: structure, meaning, duplicates, time, subjects, class bits, base amount. Its
 * one trick: the verdict is a reason code, and what was found out stays in reused fields until the
 * record is written or the dead letter is.
 */
import { RecordFlag } from '../../schemas/classes.js';
import { slots, slotUbyte } from '../../schemas/codegen/runtime.js';
import type { Configuration } from '../../schemas/configuration.js';
import {
  TRANSACTION_ID,
  TRANSACTION_PURPOSE,
  TRANSACTION_REVERSED_TRANSACTION,
  TRANSACTION_TYPE,
  verifyTransaction,
} from '../../schemas/generated/transaction.js';
import { hashWords, murmur3x64 } from '../../schemas/identity.js';
import type { SourceItem } from '../../schemas/ports.js';
import type { DeadLetterReason } from '../../schemas/reasons.js';
import { DAY_MS, type ZoneTable, zoneOffsetMs } from '../../schemas/time.js';
import { reasonOfFault } from '../../schemas/transaction-reader.js';
import type { ReferenceTables } from '../reference/tables.js';
import {
  CommonFact,
  classBitsOf,
  isReversalType,
  isRoundAmount,
  purposeFact,
  SideFact,
} from './class-bits.js';
import { contentWords, hashContent } from './content.js';
import type { Dedupe } from './dedupe.js';
import { CREDITOR_SLOTS, checkMeaning, DEBTOR_SLOTS, meaning } from './meaning.js';
import type { Annex } from './record-writer.js';
import { Side, sameSubject } from './side.js';

/** Of the bank's day, from its midnight. */
const OFF_HOURS_END_MS = 5 * 3_600_000;

export type JudgeSettings = Pick<Configuration, 'tooOldMs' | 'inTheFutureMs' | 'messageBytesMax'>;

export class Judge {
  reference: ReferenceTables;
  readonly debtor = new Side();
  readonly creditor = new Side();
  /** Hash of the id of the message judged last, for dedupe. */
  readonly id = new Uint32Array(4);
  /** Where that id lies; `onAdmitted` may verify other messages meanwhile. */
  idStart = 0;
  idEnd = 0;
  /** Why the message judged last was refused: the field, never its content. */
  detail = '';
  /** Origin and ingest time are given by the caller, the rest is filled in. */
  readonly annex: Annex = {
    source: 0,
    partition: 0,
    offset: 0,
    index: 0,
    ingestMs: 0,
    eventMs: 0,
    amountBaseMinor: 0,
    fxVersion: 0,
    referenceVersion: 0,
    flags: 0,
    debtorClass: 0,
    creditorClass: 0,
  };
  readonly #settings: JudgeSettings;
  readonly #dedupe: Dedupe;

  constructor(settings: JudgeSettings, dedupe: Dedupe, reference: ReferenceTables) {
    this.#settings = settings;
    this.#dedupe = dedupe;
    this.reference = reference;
  }

  /** Null when it may be admitted; then the annex and both sides are filled in. */
  judge(item: SourceItem, history: boolean): DeadLetterReason | 'duplicate' | null {
    if (item.reject !== undefined) {
      return this.#refuse(item.reject.reason as DeadLetterReason, item.reject.detail);
    }
    const b = item.bytes;
    const { messageBytesMax } = this.#settings;
    if (b.length > messageBytesMax) {
      return this.#refuse('oversized', `message: more than ${messageBytesMax} bytes`);
    }
    const what = verifyTransaction(b);
    if (what !== null) return this.#refuse(reasonOfFault(what), what);
    const reason = checkMeaning(b);
    if (reason !== null) return this.#refuse(reason, meaning.detail);

    murmur3x64(b, slots[TRANSACTION_ID], slots[TRANSACTION_ID + 1]);
    this.id.set(hashWords);
    this.idStart = slots[TRANSACTION_ID];
    this.idEnd = slots[TRANSACTION_ID + 1];
    hashContent(b);
    const verdict = this.#dedupe.check(this.id, contentWords[0], contentWords[1]);
    if (verdict === 'duplicate') return 'duplicate';
    if (verdict === 'conflict') {
      return this.#refuse('conflicting_duplicate', 'id: seen before with other content');
    }
    return this.#judgeTime(history) ?? this.#fillIn(b, history);
  }

  #judgeTime(history: boolean): DeadLetterReason | null {
    if (history) return null;
    const { tooOldMs, inTheFutureMs } = this.#settings;
    const aheadMs = meaning.eventMs - this.annex.ingestMs;
    if (aheadMs > inTheFutureMs) {
      return this.#refuse('in_the_future', `eventTime: more than ${inTheFutureMs} ms ahead`);
    }
    if (aheadMs < -tooOldMs) {
      return this.#refuse('too_old', `eventTime: more than ${tooOldMs} ms ago`);
    }
    return null;
  }

  /** Subjects, class bits and base amount. */
  #fillIn(b: Uint8Array, history: boolean): DeadLetterReason | null {
    const tables = this.reference;
    const debtor = this.debtor;
    const creditor = this.creditor;
    const annex = this.annex;
    const rate = tables.rate(meaning.currency);
    if (rate === undefined) return this.#refuse('no_fx_rate', 'currency: no rate to the base');
    annex.amountBaseMinor = Math.round(meaning.amountMinor * rate);
    if (!Number.isSafeInteger(annex.amountBaseMinor)) {
      return this.#refuse('amount_too_large', 'amount: above 2^53 in the base currency');
    }
    debtor.resolve(b, DEBTOR_SLOTS, tables);
    creditor.resolve(b, CREDITOR_SLOTS, tables);
    if (debtor.external && creditor.external) {
      return this.#refuse('no_subject_of_ours', 'debtor, creditor: neither banks with us');
    }
    const type = slotUbyte(b, TRANSACTION_TYPE);
    const reversal = isReversalType(type) || slots[TRANSACTION_REVERSED_TRANSACTION] !== 0;
    let common = 0;
    if (sameSubject(debtor, creditor)) common |= CommonFact.sameSubject;
    if (reversal) common |= CommonFact.reversal;
    if (debtor.country !== 0 && creditor.country !== 0 && debtor.country !== creditor.country) {
      common |= CommonFact.crossBorder;
    }
    const purpose = slots[TRANSACTION_PURPOSE];
    if (purpose !== 0) common |= purposeFact(b, purpose, slots[TRANSACTION_PURPOSE + 1]);
    if (meaning.currency !== tables.baseCurrency) common |= CommonFact.foreignCurrency;
    if (isOffHours(meaning.eventMs, tables.data.zoneTable)) common |= CommonFact.offHours;
    if (isRoundAmount(meaning.amountMinor, meaning.exponent)) common |= CommonFact.round;
    annex.debtorClass = classBitsOf(false, type, common, sideFacts(debtor, creditor, tables));
    annex.creditorClass = classBitsOf(true, type, common, sideFacts(creditor, debtor, tables));
    annex.eventMs = meaning.eventMs;
    annex.fxVersion = tables.fxVersion;
    annex.referenceVersion = tables.version;
    annex.flags =
      (history ? RecordFlag.history : 0) |
      (reversal ? RecordFlag.reversal : 0) |
      (debtor.external ? RecordFlag.debtorExternal : 0) |
      (creditor.external ? RecordFlag.creditorExternal : 0);
    return null;
  }

  #refuse(reason: DeadLetterReason, detail: string): DeadLetterReason {
    this.detail = detail;
    return reason;
  }
}

/** Local time, not the time since the day began: the two differ on the day of a clock change. */
function isOffHours(eventMs: number, table: ZoneTable): boolean {
  return (eventMs + zoneOffsetMs(eventMs, table)) % DAY_MS < OFF_HOURS_END_MS;
}

function sideFacts(own: Side, other: Side, tables: ReferenceTables): number {
  let facts = 0;
  if (other.external) facts |= SideFact.counterpartyExternal;
  if (other.otherBank) facts |= SideFact.counterpartyOtherBank;
  if (other.country !== 0 && tables.isHighRisk(other.country)) {
    facts |= SideFact.counterpartyHighRisk;
  }
  if (other.listed) facts |= SideFact.counterpartyListed;
  if (own.listed) facts |= SideFact.listed;
  return facts;
}
