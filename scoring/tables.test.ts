/** The region's allocator and its exact tables against plain Maps, on random operations. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ClassBit } from '../schemas/classes.js';
import { CLASS_WORDS, classOfWords, H, Region, StateFullError } from './region.js';
import { ROW } from './row.js';
import {
  addSubject,
  eachSubject,
  findSubject,
  formatTables,
  hashOfBytes,
  intern,
  internedText,
  touchPair,
} from './tables.js';

function newRegion(bytes = 4 << 20): Region {
  const region = new Region(new ArrayBuffer(bytes), 0, bytes, 3);
  region.format();
  formatTables(region);
  return region;
}

describe('the allocator', () => {
  it('never hands out a word twice, and uses what was freed', () => {
    const step = fc.record({ words: fc.integer({ min: 1, max: 300 }), free: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const region = newRegion();
        const held: { at: number; sizeClass: number; mark: number }[] = [];
        steps.forEach(({ words, free }, mark) => {
          const sizeClass = classOfWords(words);
          expect(CLASS_WORDS[sizeClass]).toBeGreaterThanOrEqual(words);
          const at = region.allocate(sizeClass);
          region.f64.fill(mark + 0.5, at, at + CLASS_WORDS[sizeClass]);
          held.push({ at, sizeClass, mark });
          if (free > 1) return;
          const [block] = held.splice((mark * 7) % held.length, 1);
          region.free(block.at, block.sizeClass);
        });
        for (const { at, sizeClass, mark } of held) {
          const words = region.f64.subarray(at, at + CLASS_WORDS[sizeClass]);
          expect(words.every((w) => w === mark + 0.5)).toBe(true);
        }
        const used = region.usedBytes;
        for (const { at, sizeClass } of held) region.free(at, sizeClass);
        for (const { sizeClass } of held) region.allocate(sizeClass);
        expect(region.usedBytes).toBe(used);
      }),
      { numRuns: 50 },
    );
  });

  it('says so when the region is full, and names the mend', () => {
    const region = newRegion(1 << 16);
    const fill = () => {
      for (let i = 0; i < 10_000; i++) region.allocate(classOfWords(16));
    };
    expect(fill).toThrow(StateFullError);
    expect(fill).toThrow(/shard 3 .*stateBytesMax/);
    expect(() => region.allocateForever(1 << 16)).toThrow(StateFullError);
  });
});

const encoder = new TextEncoder();
const name = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' });

describe('tables', () => {
  it('find every subject again, also where hashes are equal', () => {
    // Few hashes on purpose: most names collide in the slot, many in all 64 bits.
    const named = fc.array(fc.tuple(name, fc.nat(3), fc.nat(1)), { maxLength: 300 });
    fc.assert(
      fc.property(named, (given) => {
        const region = newRegion();
        const rows = new Map<string, number>();
        for (const [text, low, high] of given) {
          const bytes = encoder.encode(`x${text}`);
          const key = `${low} ${high} ${text}`;
          const row = findSubject(region, low << 8, high, bytes, 1, bytes.length - 1);
          expect(row).toBe(rows.get(key) ?? 0);
          if (row !== 0) continue;
          rows.set(key, addSubject(region, 120, low << 8, high, bytes, 1, bytes.length - 1));
        }
        const seen = new Set<number>();
        eachSubject(region, (row) => seen.add(row));
        expect(seen).toEqual(new Set(rows.values()));
        expect(region.f64[H.subjects]).toBe(rows.size);
        for (const [key, row] of rows) {
          const text = key.split(' ').slice(2).join(' ');
          const length = region.u32[row * 2 + ROW.idLength];
          expect(region.text(region.u32[row * 2 + ROW.idAddress], length)).toBe(text);
          expect(row % 8).toBe(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('intern equal bytes once', () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 400 }), (names) => {
        const region = newRegion();
        const known = new Map<string, number>();
        for (const text of names) {
          const bytes = encoder.encode(text);
          const at = intern(
            region,
            hashOfBytes(bytes, 0, bytes.length) & 7,
            bytes,
            0,
            bytes.length,
          );
          expect(at).toBe(known.get(text) ?? at);
          if (!known.has(text)) expect([...known.values()]).not.toContain(at);
          known.set(text, at);
        }
        for (const [text, at] of known) expect(internedText(region, at)).toBe(text);
        expect(region.f64[H.interned]).toBe(known.size);
        expect(intern(region, 0, encoder.encode(''), 0, 0)).toBe(0);
        expect(internedText(region, 0)).toBe('');
      }),
      { numRuns: 50 },
    );
  });

  it('know a pair for 400 bank days after its last payment', () => {
    const touch = fc.record({
      row: fc.integer({ min: 1, max: 12 }),
      other: fc.integer({ min: 1, max: 40 }),
      ahead: fc.constantFrom(0, 0, 0, 0, 1, 7, 60, 399, 400, 401),
      late: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.array(touch, { maxLength: 500 }), (touches) => {
        const region = newRegion();
        const last = new Map<string, number>();
        let today = 20_000;
        for (const { row, other, ahead, late } of touches) {
          today += ahead;
          const day = today - late;
          const key = `${row} ${other}`;
          const before = last.get(key);
          const bits = touchPair(region, row * 120, other, day, late & 1, 100);
          const isNew = (bits & ClassBit.firstPayment) !== 0;
          expect(isNew).toBe(before === undefined || before + 400 < day);
          last.set(key, isNew ? day : Math.max(before ?? 0, day));
        }
      }),
      { numRuns: 50 },
    );
  });
});
