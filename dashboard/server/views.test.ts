/** What a screen may know of a customer's class. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  LIST_KINDS,
  packProfile,
  SUBJECT_KINDS,
  TIERS,
  WATCH_CLASSES,
} from '../../schemas/classes.js';
import { buildRow, openEntry, urgency } from './alert-entry.js';
import { sampleDirectory, sampleHit } from './testing/sample.js';
import { alertRowView, hitView } from './views.js';

const profiles = fc.record({
  kind: fc.constantFrom(...SUBJECT_KINDS),
  tier: fc.constantFrom(...TIERS),
  riskClass: fc.integer({ min: 0, max: 5 }),
  watch: fc.subarray([...WATCH_CLASSES]),
  lists: fc.subarray([...LIST_KINDS]),
});

it('is never the secret class, nor the suspicion, and what it shows explains the order', () => {
  fc.assert(
    fc.property(profiles, (profile) => {
      const hit = sampleHit(1, { profile: packProfile(profile) });
      const { id, rule, subject } = hit;
      const opened = { type: 'open', atMs: 0, alertId: id, hitPosition: 0, rule, subject } as const;
      const entry = openEntry(opened, hit);
      const view = alertRowView(buildRow(entry, hit, sampleDirectory()));
      const text = JSON.stringify([view, hitView(hit)]);
      expect(text).not.toContain('critically-ill');
      // The page sorts by what it sees, the server by what it knows: it must be the same order.
      expect(view.watch.includes('special-care')).toBe(urgency(entry, 0) >= 1_000);
      expect(view.watch.indexOf('special-care')).toBeLessThan(1);
      const open = profile.watch.filter((w) => !w.endsWith('critically-ill'));
      expect(view.watch.filter((w) => w !== 'special-care').sort()).toEqual(open.sort());
    }),
  );
});
