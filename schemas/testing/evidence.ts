/**
 * Figures that a deep test leaves behind: `npm run test:deep` writes them beside the test's name
 * into docs/evidence/deep-tests.md. Its one trick: they travel with the test's result, so that
 * suites in many processes need no common file.
 */

/** Name with unit -> value; for example `{ kills: 200, acknowledged: 65216, missing: 0 }`. */
export type Figures = Readonly<Record<string, number | string>>;

/** `task` is what a test gets: `it('...', ({ task }) => { ... recordEvidence(task, {...}) })`. */
export function recordEvidence(task: { meta: object }, figures: Figures): void {
  const meta = task.meta as { figures?: Figures };
  meta.figures = { ...meta.figures, ...figures };
}
