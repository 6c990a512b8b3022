/** Each planted story must make the alert that it was written for, under the shipped rules. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { transactionToJson } from '../../schemas/transaction-codec.js';
import { cleanUp, startWeir, temporaryFolder } from '../testing/program.js';
import { peopleOf } from './people.js';
import { seededRandom } from './random.js';
import { demoReferenceDir } from './reference.js';
import { plantedPast, trickleStories } from './scenarios.js';

const DAY_MS = 86_400_000;
const endMs = Date.parse('2026-03-02T12:00:00+08:00');

/** Which rules a story may raise, by the part of its customer. */
const expected: Record<string, RegExp> = {
  remitter: /^cross-border-remittances-person$/,
  cash: /^structuring-cash-deposits$/,
  listed: /^listed-customer-limits$/,
  care: /^watched-outflow-special-care$/,
  key: /^watched-outflow/,
  dormant: /^dormant-reactivation$/,
  fading: /^activity-drop$/,
};

let dir = '';
beforeEach(() => {
  dir = temporaryFolder();
});
afterEach(() => cleanUp(dir));

it('raises every family, for every customer of the demo', async () => {
  const past = plantedPast(seededRandom(7)).map((row, i) => ({
    ...row.fields,
    id: `past-${i}`,
    eventTimeMs: Math.floor(endMs - row.daysAgo * DAY_MS),
  }));
  const random = seededRandom(5);
  const live = trickleStories
    .flatMap((s) => peopleOf(s.part).flatMap((p) => s.tell(p, random)))
    .map((s, i) => ({ ...s.fields, id: `live-${i}`, eventTimeMs: endMs + i }));
  const rows = [...past, ...live].map((t) => JSON.stringify(transactionToJson(t)));
  const file = join(dir, 'demo.ndjson');
  writeFileSync(file, `${rows.join('\n')}\n`);
  const weir = startWeir(['replay', file, '--reference', demoReferenceDir()]);
  const code = await weir.ended;
  expect(weir.err()).toContain('dead letters 0');
  expect(code).toBe(0);
  const rulesOf = new Map<string, string[]>();
  for (const line of weir.out().trim().split('\n')) {
    const { subject, rule } = JSON.parse(line) as { subject: string; rule: string };
    rulesOf.set(subject, [...(rulesOf.get(subject) ?? []), rule]);
  }
  for (const [part, rule] of Object.entries(expected)) {
    for (const { party } of peopleOf(part as Parameters<typeof peopleOf>[0])) {
      const rules = rulesOf.get(party) ?? [];
      expect(
        rules.some((r) => rule.test(r)),
        `${part} ${party}: ${rules}`,
      ).toBe(true);
    }
  }
});
