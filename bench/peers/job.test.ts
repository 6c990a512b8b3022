/** Weir's scoring finds in the peers' stream what Flink, plain Java and a brute force find. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { recordEvidence } from '../../schemas/testing/evidence.js';
import { EXPECTED } from './expected.js';
import { runJob } from './job.js';
import { newStreamPayment, PeerStream, VARIANTS, writeStreamPayment } from './stream.js';

const deep = process.env['WEIR_DEEP'] === '1';
const rules = fileURLToPath(new URL('./rules.yaml', import.meta.url));
const TIMEOUT_MS = 900_000;

/** SHA-256 of the first 1,000,000 payments, 64 bytes each, from the peers' README. */
const STREAMS = {
  zipf: '0a8a81501cbc77452f51fc44c39f3aee1a7f5bb439a38c47310a25d1fbba43aa',
  uniform: '200e4932d5dd443a72f25b6895ce6384cea439bba8f2b4c6b2f037e44b26c673',
} as const;

describe.each(['zipf', 'uniform'] as const)('the peers’ stream, %s', (name) => {
  const variant = VARIANTS[name];

  it('is the same, byte for byte', () => {
    const stream = new PeerStream(variant);
    const payment = newStreamPayment();
    const block = 1_000;
    const bytes = new Uint8Array(64 * block);
    const view = new DataView(bytes.buffer);
    const hash = createHash('sha256');
    for (let i = 0; i < 1_000_000; i++) {
      stream.read(i, payment);
      writeStreamPayment(view, (i % block) * 64, i, payment);
      if (i % block === block - 1) hash.update(bytes);
    }
    expect(hash.digest('hex')).toBe(STREAMS[name]);
  });

  // The uneven stream has the busy accounts; the other one is for the deep run.
  const sizes = deep ? [1_000_000, 5_000_000] : name === 'zipf' ? [1_000_000] : [];
  it.for(sizes)('gives the same alerts: %i payments', { timeout: TIMEOUT_MS }, (size, { task }) => {
    const { counts, sha256 } = runJob(variant, size, rules);
    expect({ counts, sha256 }).toEqual(EXPECTED[variant.name]?.[size]);
    recordEvidence(task, { transactions: size, alerts: counts.reduce((a, b) => a + b) });
  });
});
