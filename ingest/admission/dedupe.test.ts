import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashText, hashWords } from '../../schemas/identity.js';
import { Dedupe } from './dedupe.js';

function idOf(text: string): Uint32Array {
  hashText(text);
  return hashWords.slice();
}

describe('Dedupe', () => {
  it('agrees with a plain model, whatever is added and however small the ring is', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 2 })), {
          maxLength: 400,
        }),
        (idsMax, steps) => {
          const dedupe = new Dedupe(idsMax);
          const model: { id: number; content: number }[] = [];
          for (const [id, content] of steps) {
            const known = model.find((entry) => entry.id === id);
            const expected =
              known === undefined ? 'new' : known.content === content ? 'duplicate' : 'conflict';
            expect(dedupe.check(idOf(`t${id}`), content, 7)).toBe(expected);
            if (expected !== 'new') continue;
            dedupe.add(idOf(`t${id}`), content, 7, 0);
            model.push({ id, content });
            if (model.length > idsMax) model.shift();
            expect(dedupe.count).toBe(model.length);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('keeps the newest ids through growth and eviction, and forgets the others', () => {
    const idsMax = 20_000;
    const dedupe = new Dedupe(idsMax);
    const total = 65_000;
    for (let i = 0; i < total; i++) dedupe.add(idOf(`t${i}`), i, 0, i);
    for (let i = 0; i < total; i += 7) {
      const expected = i >= total - idsMax ? 'duplicate' : 'new';
      expect(dedupe.check(idOf(`t${i}`), i, 0), `id ${i}`).toBe(expected);
    }
    const oldest = dedupe.oldestIngestMs() ?? -1;
    expect(Math.abs(oldest - (total - idsMax))).toBeLessThanOrEqual(1024);
  });

  it('compares hashes as unsigned words', () => {
    const dedupe = new Dedupe(4);
    const id = Uint32Array.of(0xffffffff, 0x80000000, 1, 2);
    dedupe.add(id, -1, -2, 0);
    expect(dedupe.check(id, 0xffffffff, 0xfffffffe)).toBe('duplicate');
  });
});
