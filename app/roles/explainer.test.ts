/** Questions one at a time, each in a process of its own that is not waited for forever. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Explainer } from '../../schemas/explanation.js';
import { createExplainer } from './explainer.js';

const dir = mkdtempSync(join(tmpdir(), 'weir-explainer-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const warnings: object[] = [];
const logger = {
  info: () => undefined,
  warn: (fields: object) => void warnings.push(fields),
  error: () => undefined,
};

/** A process that does as its question's subject says. */
const MODULE = join(dir, 'child.mjs');
writeFileSync(
  MODULE,
  `process.once('message', ({ subject, journalPath }) => {
    if (subject === 'crash') process.exit(3);
    if (subject === 'spin') for (;;);
    const explanation = { subject, catalogueVersion: journalPath, atMs: process.pid };
    process.send(subject === 'nobody' ? { ok: false, reason: 'unknown-subject' }
      : { ok: true, explanation });
  });`,
);

const make = (budgetMs: number): Explainer =>
  createExplainer({ journalPath: 'the journal', logger, module: MODULE, budgetMs });

it('asks a process of its own each time, and says what it says', async () => {
  const explainer = make(60_000);
  const first = await explainer.explain({ subject: 'a', atMs: 1 });
  const second = await explainer.explain({ subject: 'b', atMs: 1 });
  if (!first.ok || !second.ok) throw new Error('no answer');
  expect(first.explanation).toMatchObject({ subject: 'a', catalogueVersion: 'the journal' });
  expect(first.explanation.atMs).not.toBe(process.pid);
  expect(second.explanation.atMs).not.toBe(first.explanation.atMs);
  const nobody = await explainer.explain({ subject: 'nobody', atMs: 1 });
  expect(nobody).toEqual({ ok: false, reason: 'unknown-subject' });
  await explainer.close();
});

it('goes on after one that fails, and kills one that takes too long', async () => {
  const explainer = make(60_000);
  const asked = ['crash', 'nobody'].map((subject) => explainer.explain({ subject, atMs: 1 }));
  const reasons = (await Promise.all(asked)).map((each) => (each.ok ? '' : each.reason));
  expect(reasons).toEqual(['failed', 'unknown-subject']);
  expect(warnings).toEqual([{ code: 3, signal: null }]);
  await explainer.close();
  const impatient = make(300);
  const late = await impatient.explain({ subject: 'spin', atMs: 1 });
  expect(late).toEqual({ ok: false, reason: 'out-of-time' });
  await impatient.close();
});

it('lets four wait, sends the next away, and at its end answers all', async () => {
  const explainer = make(60_000);
  const six = Array.from({ length: 6 }, () => explainer.explain({ subject: 'spin', atMs: 1 }));
  expect(await six[5]).toEqual({ ok: false, reason: 'busy' });
  await explainer.close();
  for (const each of six.slice(0, 5)) expect(await each).toEqual({ ok: false, reason: 'failed' });
});
