/**
 * What other languages' encoders may write and ours never does: any order of blocks and of fields,
 * vtables before or behind their table, shared or not, shared strings, defaults written out, fields
 * of a newer schema, gaps. All of it is valid FlatBuffers and must read the same. And the other
 * way: each single rule of structure broken on its own is refused by name.
 */
import { describe, expect, it } from 'vitest';
import {
  CHANNEL_NAMES,
  PARTY_KIND_NAMES,
  TRANSACTION_TYPE_NAMES,
  verifyTransaction,
  verifyTransactionBatch,
} from './generated/transaction.js';
import {
  decodeTransaction,
  decodeTransactionBatch,
  encodeTransaction,
  encodeTransactionBatch,
  type PartyFields,
  type TransactionFields,
} from './transaction-codec.js';

const SEED = Number(process.env['WEIR_SEED'] ?? 20260302);

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
}

interface Block {
  align: number;
  bytes: Uint8Array;
  /** Forward offsets: place in this block -> block that it leads to. */
  links: { at: number; to: Block }[];
  vtable?: Block;
}
type Value = { width: 1 | 8; number: number } | { block: Block } | undefined;

class ForeignEncoder {
  private readonly blocks: Block[] = [];
  private readonly texts = new Map<string, Block>();

  constructor(private readonly below: (n: number) => number) {}

  text(text: string | undefined): Value {
    if (text === undefined) return undefined;
    const known = this.texts.get(text);
    if (known !== undefined && this.below(2) === 0) return { block: known };
    const utf8 = new TextEncoder().encode(text);
    const bytes = new Uint8Array(utf8.length + 5);
    new DataView(bytes.buffer).setUint32(0, utf8.length, true);
    bytes.set(utf8, 4);
    const block = this.add({ align: 4, bytes, links: [] });
    this.texts.set(text, block);
    return { block };
  }

  /** A default may be written out or left away. */
  small(names: readonly string[], name: string | undefined): Value {
    const number = name === undefined ? 0 : names.indexOf(name);
    return number === 0 && this.below(2) === 0 ? undefined : { width: 1, number };
  }

  long(number: number | undefined): Value {
    return number === undefined ? undefined : { width: 8, number };
  }

  table(values: Value[]): Block {
    const known = values.length;
    const all = [...values];
    // Fields that a newer schema has and this reader does not know.
    while (this.below(3) === 0 && all.length < known + 5) {
      all.push(this.below(2) === 0 ? undefined : { width: 8, number: this.below(1e9) });
    }
    const places = new Array<number>(all.length).fill(0);
    const links: Block['links'] = [];
    let size = 4;
    for (const index of shuffle([...all.keys()], this.below)) {
      const value = all[index];
      if (value === undefined) continue;
      const width = 'block' in value ? 4 : value.width;
      size = Math.ceil((size + this.below(5)) / width) * width;
      places[index] = size;
      size += width;
    }
    const bytes = new Uint8Array(size + this.below(4));
    const view = new DataView(bytes.buffer);
    all.forEach((value, index) => {
      if (value === undefined) return;
      if ('block' in value) links.push({ at: places[index], to: value.block });
      else if (value.width === 1) bytes[places[index]] = value.number;
      else view.setBigInt64(places[index], BigInt(value.number), true);
    });
    const trim = this.below(2) === 0;
    while (trim && places.length > 0 && places.at(-1) === 0) places.pop();
    const vtable = this.vtable([4 + places.length * 2, bytes.length, ...places]);
    return this.add({ align: 8, bytes, links, vtable });
  }

  private vtable(entries: number[]): Block {
    const bytes = new Uint8Array(Uint16Array.from(entries).buffer);
    const same = this.blocks.find((b) => b.align === 2 && Buffer.compare(b.bytes, bytes) === 0);
    if (same !== undefined && this.below(4) > 0) return same;
    return this.add({ align: 2, bytes, links: [] });
  }

  vector(items: Block[]): Block {
    const bytes = new Uint8Array(4 + items.length * 4);
    new DataView(bytes.buffer).setUint32(0, items.length, true);
    const links = items.map((to, i) => ({ at: 4 + i * 4, to }));
    return this.add({ align: 4, bytes, links });
  }

  private add(block: Block): Block {
    this.blocks.push(block);
    return block;
  }

  /** Blocks in any order in which each offset leads forward, with gaps of any bytes. */
  finish(root: Block): Uint8Array {
    const at = new Map<Block, number>();
    const waiting = new Set(this.blocks);
    let end = 4;
    while (waiting.size > 0) {
      const held = new Set([...waiting].flatMap((b) => b.links.map((link) => link.to)));
      const free = [...waiting].filter((block) => !held.has(block));
      const block = free[this.below(free.length)];
      end = Math.ceil((end + this.below(6)) / block.align) * block.align;
      at.set(block, end);
      end += block.bytes.length;
      waiting.delete(block);
    }
    const out = new Uint8Array(end + this.below(5)).map(() => this.below(256));
    const view = new DataView(out.buffer);
    view.setUint32(0, at.get(root) as number, true);
    for (const [block, start] of at) {
      out.set(block.bytes, start);
      for (const { at: place, to } of block.links) {
        view.setUint32(start + place, (at.get(to) as number) - start - place, true);
      }
      if (block.vtable) view.setInt32(start, start - (at.get(block.vtable) as number), true);
    }
    return out;
  }
}

function shuffle<T>(list: T[], below: (n: number) => number): T[] {
  for (let i = list.length - 1; i > 0; i--) {
    const j = below(i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

function foreignParty(e: ForeignEncoder, p: PartyFields): Block {
  const texts = [p.account, p.party, p.bank, p.country].map((text) => e.text(text));
  return e.table([...texts, e.small(PARTY_KIND_NAMES, p.kind)]);
}

function foreignTransaction(e: ForeignEncoder, t: TransactionFields): Block {
  const risk = t.productRiskClass;
  return e.table([
    e.text(t.id),
    e.long(t.eventTimeMs),
    { block: foreignParty(e, t.debtor) },
    { block: foreignParty(e, t.creditor) },
    e.long(t.amountMinor),
    e.text(t.currency),
    e.small(CHANNEL_NAMES, t.channel),
    e.small(TRANSACTION_TYPE_NAMES, t.type),
    e.text(t.purpose),
    e.long(t.debtorBalanceAfterMinor),
    e.long(t.creditorBalanceAfterMinor),
    risk === undefined ? undefined : { width: 1, number: risk },
    e.text(t.loanId),
    e.text(t.reversedTransaction),
    e.text(t.recordingReference),
  ]);
}

function someFields(below: (n: number) => number): TransactionFields {
  const words = ['A', 'CNY', '6222020000001234', '客户', '', 'x'.repeat(64), 'é😀'];
  const word = () => words[below(words.length)];
  const maybe = <T>(value: T) => (below(2) === 0 ? undefined : value);
  const party = () => ({
    account: word(),
    party: maybe(word()),
    bank: maybe(word()),
    country: maybe('CN'),
    kind: maybe(PARTY_KIND_NAMES[1 + below(PARTY_KIND_NAMES.length - 1)]),
  });
  const t = {
    id: word(),
    eventTimeMs: maybe(below(2 ** 31) * 1000),
    debtor: party(),
    creditor: party(),
    amountMinor: maybe(below(2 ** 31) * 4096),
    currency: word(),
    channel: maybe(CHANNEL_NAMES[1 + below(CHANNEL_NAMES.length - 1)]),
    type: maybe(TRANSACTION_TYPE_NAMES[1 + below(TRANSACTION_TYPE_NAMES.length - 1)]),
    purpose: maybe(word()),
    debtorBalanceAfterMinor: maybe(-below(2 ** 31) * 1000 - 1),
    creditorBalanceAfterMinor: maybe(below(2 ** 31)),
    productRiskClass: maybe(1 + below(5)),
    loanId: maybe(word()),
    reversedTransaction: maybe(word()),
    recordingReference: maybe(word()),
  };
  return JSON.parse(JSON.stringify(t)) as TransactionFields;
}

describe('messages of other encoders', () => {
  it(`read the same, whatever their layout (seed ${SEED})`, () => {
    const below = random(SEED);
    for (let i = 0; i < 3_000; i++) {
      const fields = someFields(below);
      const e = new ForeignEncoder(below);
      const bytes = e.finish(foreignTransaction(e, fields));
      expect(verifyTransaction(bytes), `message ${i}: ${Buffer.from(bytes).toString('hex')}`).toBe(
        null,
      );
      expect(decodeTransaction(bytes), `message ${i}`).toStrictEqual(fields);
    }
  });

  it(`read the same in batches (seed ${SEED})`, () => {
    const below = random(SEED + 1);
    for (let i = 0; i < 300; i++) {
      const list = Array.from({ length: below(6) }, () => someFields(below));
      const e = new ForeignEncoder(below);
      const items = list.map((fields) => foreignTransaction(e, fields));
      const bytes = e.finish(e.table([{ block: e.vector(items) }]));
      const batch = { ok: true, transactions: list };
      expect(decodeTransactionBatch(bytes), `batch ${i}`).toStrictEqual(batch);
    }
  });
});

const plain: TransactionFields = {
  id: 'T-1',
  eventTimeMs: 1,
  amountMinor: 2,
  debtor: { account: 'A' },
  creditor: { account: 'B' },
  currency: 'CNY',
};

/** Places in a message of ours: table, vtable, field of `id`, its text. */
function places(view: DataView) {
  const t = view.getUint32(0, true);
  const vt = t - view.getInt32(t, true);
  const id = t + view.getUint16(vt + 4, true);
  return { t, vt, id, text: id + view.getUint32(id, true) };
}
type Break = (view: DataView, at: ReturnType<typeof places>) => void;
const add16 = (view: DataView, at: number, by: number) =>
  view.setUint16(at, view.getUint16(at, true) + by, true);
const add32 = (view: DataView, at: number, by: number) =>
  view.setInt32(at, view.getInt32(at, true) + by, true);

describe('one broken rule', () => {
  const outside = 'offset leads outside the message or is not aligned';
  it.each<[string, Break, string]>([
    ['text not closed', (v, p) => v.setUint8(p.text + 7, 1), 'id: text is not closed by a zero'],
    ['text beyond the end', (v, p) => v.setUint32(p.text, 1000, true), 'id: text ends outside'],
    ['text not UTF-8', (v, p) => v.setUint8(p.text + 4, 0xff), 'id: text is not UTF-8'],
    ['offset 0', (v, p) => v.setUint32(p.id, 0, true), `id: ${outside}`],
    ['offset not aligned', (v, p) => add32(v, p.id, 2), `id: ${outside}`],
    ['offset beyond', (v, p) => v.setUint32(p.id, 0xfffffffc, true), `id: ${outside}`],
    ['root not aligned', (v) => add32(v, 0, 2), 'root lies outside the message or is not aligned'],
    ['vtable not aligned', (v, p) => add32(v, p.t, 1), 'Transaction: vtable outside'],
    ['vtable before the message', (v, p) => v.setInt32(p.t, 1 << 20, true), 'vtable outside'],
    ['vtable behind the message', (v, p) => v.setInt32(p.t, -(1 << 20), true), 'vtable outside'],
    ['vtable too small', (v, p) => v.setUint16(p.vt, 2, true), 'Transaction: vtable size'],
    ['vtable of odd size', (v, p) => add16(v, p.vt, 1), 'Transaction: vtable size'],
    ['vtable too large', (v, p) => v.setUint16(p.vt, 0xfffe, true), 'Transaction: vtable size'],
    ['table too small', (v, p) => v.setUint16(p.vt + 2, 3, true), 'Transaction: table size'],
    ['table too large', (v, p) => v.setUint16(p.vt + 2, 0xffff, true), 'Transaction: table size'],
    [
      'field over the table head',
      (v, p) => v.setUint16(p.vt + 4, 2, true),
      'id: outside its table',
    ],
    ['field behind its table', (v, p) => v.setUint16(p.vt + 4, 400, true), 'id: outside its table'],
    ['text field not aligned', (v, p) => add16(v, p.vt + 4, 2), 'id: outside its table or not al'],
    [
      'int64 not aligned',
      (v, p) => add16(v, p.vt + 12, -4),
      'amount_minor: outside its table or n',
    ],
    ['required field absent', (v, p) => v.setUint16(p.vt + 4, 0, true), 'id: required, absent'],
  ])('%s is refused', (_, breakIt, fault) => {
    const bytes = encodeTransaction(plain);
    const view = new DataView(bytes.buffer);
    breakIt(view, places(view));
    expect(verifyTransaction(bytes)).toContain(fault);
  });

  it('of a one-byte field is refused: it may not lie in the head of its table', () => {
    const bytes = encodeTransaction({ ...plain, channel: 'atm' });
    const view = new DataView(bytes.buffer);
    view.setUint16(places(view).vt + 16, 2, true);
    expect(verifyTransaction(bytes)).toContain('channel: outside its table');
  });

  it('of size is refused: texts and batches have limits', () => {
    const long = encodeTransaction({ ...plain, recordingReference: 'r'.repeat(1025) });
    expect(verifyTransaction(long)).toBe('Transaction.recording_reference: text is too long');
    const batch = encodeTransactionBatch([]);
    new DataView(batch.buffer).setUint32(batch.length - 4, 16_385, true);
    expect(verifyTransactionBatch(batch)).toContain('too many elements');
  });
});
