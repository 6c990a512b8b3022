import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRing, RingReader, RingWriter } from './ring.js';

function record(length: number, mark: number): Uint8Array {
  const bytes = new Uint8Array(length);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.fill(mark & 255, 4);
  return bytes;
}

describe('ring', () => {
  it('hands over every record in order and unbroken, whatever sizes and interleaving', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 9 })), {
          minLength: 50,
          maxLength: 400,
        }),
        (steps) => {
          const shared = createRing(4096);
          const writer = new RingWriter(shared);
          const reader = new RingReader(shared);
          const starts = new Int32Array(64);
          const sent: number[] = [];
          const got: number[] = [];
          const drain = (max: number): void => {
            const count = reader.poll(starts, max);
            for (let i = 0; i < count; i++) {
              const length = reader.view.getUint32(starts[i], true);
              const mark = reader.bytes[starts[i] + 4];
              for (let b = 4; b < length; b++) {
                if (reader.bytes[starts[i] + b] !== mark) throw new Error('torn record');
              }
              got.push(length * 256 + mark);
            }
            reader.consume();
          };
          steps.forEach(([words, reads], i) => {
            const bytes = record(words * 8, i);
            while (!writer.tryWrite(bytes, bytes.length)) {
              writer.publish();
              drain(3);
            }
            sent.push(bytes.length * 256 + (i & 255));
            if (reads > 4) writer.publish();
            if (reads > 6) drain(reads);
          });
          writer.publish();
          while (!reader.isEmpty) drain(64);
          expect(got).toEqual(sent);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('is full at its capacity, never beyond', () => {
    const shared = createRing(4096);
    const writer = new RingWriter(shared);
    let written = 0;
    while (writer.tryWrite(record(64, 1), 64)) written++;
    expect(written).toBe(4096 / 64);
    writer.publish();
    expect(writer.fillRatio).toBe(1);
  });

  it('hides what is not published', () => {
    const shared = createRing(4096);
    const writer = new RingWriter(shared);
    const reader = new RingReader(shared);
    writer.tryWrite(record(64, 1), 64);
    expect(reader.poll(new Int32Array(4), 4)).toBe(0);
    writer.publish();
    expect(reader.poll(new Int32Array(4), 4)).toBe(1);
  });

  it('refuses a record that could never fit', () => {
    const writer = new RingWriter(createRing(4096));
    expect(() => writer.reserve(4096)).toThrow(/record of 4096 bytes/);
  });
});
