import { expect, it } from 'vitest';
import { recordEvidence } from './evidence.js';

it('keeps figures with the result of the test, each under its name', ({ task }) => {
  recordEvidence(task, { figuresTold: 1 });
  recordEvidence(task, { figuresToldLater: 'two' });
  expect(task.meta).toEqual({ figures: { figuresTold: 1, figuresToldLater: 'two' } });
  // It is no evidence itself.
  Object.assign(task.meta, { figures: undefined });
});
