import fc from 'fast-check';
import { expect, it } from 'vitest';
import { withoutTurning } from './turning.js';

const MARKS = ['\u061c', '\u200e', '\u200f', '\u202a', '\u202e', '\u2066', '\u2069'];

it('shows marks that turn text around, and changes nothing else', () => {
  for (const mark of MARKS) {
    const json = JSON.stringify({ account: `62${mark}22`, 名: '甲\n"\u200d' });
    expect(JSON.parse(withoutTurning(json))).toEqual({ account: '62\ufffd22', 名: '甲\n"\u200d' });
  }
  fc.assert(
    fc.property(fc.json({ maxDepth: 2 }), (json) => {
      const after = withoutTurning(json);
      expect(after.length).toBe(json.length);
      expect(MARKS.some((mark) => after.includes(mark))).toBe(false);
      if (!MARKS.some((mark) => json.includes(mark))) expect(after).toBe(json);
    }),
  );
});
