/** Writes the demo's reference data: `node dist/app/demo/make-reference.js` after a build. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoReferenceDir, demoReferenceFiles } from './reference.js';

mkdirSync(demoReferenceDir(), { recursive: true });
for (const { name, text } of demoReferenceFiles()) {
  writeFileSync(join(demoReferenceDir(), name), text);
}
