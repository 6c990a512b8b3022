/**
 * The shipped catalogue on the labelled sample, the way of `weir replay`. The data and the rules
 * are fixed, so the figures are exact: they must not fall below what docs/detection.md says.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { recordEvidence } from '../../schemas/testing/evidence.js';
import { loadCatalogueFrom } from '../catalogue-files.js';
import { packageRoot } from '../package.js';
import { measure, type Worth } from './measure.js';
import { labelledSample } from './sample.js';

/** Scoring threads load what was built. */
const built = (file: string): string =>
  new URL(`../../dist/app/detection/${file}.js`, import.meta.url).href;
const { score } = (await import(built('measure'))) as typeof import('./measure.js');
const { figures } = (await import(built('figures'))) as typeof import('./figures.js');

const deep = process.env.WEIR_DEEP === '1';
const catalogue = loadCatalogueFrom();
let all: Worth;
let aml: Worth;

beforeAll(async () => {
  const sample = labelledSample();
  const { hits } = await score(sample, catalogue);
  all = measure({ ...sample, hits });
  aml = measure({ ...sample, hits: hits.filter((h) => h.family === 'aml') });
}, 300_000);

/** Patterns found, of 6 of each type, when so many false alerts are allowed. */
function found({ curve }: Worth, budget: number): Record<string, number> {
  const point = curve.find((p) => p.falseAlertsPer1000Month === budget);
  return Object.fromEntries(
    Object.entries(point?.recallByType ?? {}).map(([type, recall]) => [
      type,
      Math.round(6 * recall),
    ]),
  );
}

describe('the labelled sample, by the shipped rules', () => {
  it('shows fans and hubs at 20 false alerts per 1,000 accounts a month', () => {
    const at20 = found(all, 20);
    expect(at20.fan_in).toBeGreaterThanOrEqual(5);
    expect(at20.fan_out).toBeGreaterThanOrEqual(4);
    expect((at20.scatter_gather ?? 0) + (at20.gather_scatter ?? 0)).toBeGreaterThanOrEqual(8);
    expect(found(aml, 20)).toMatchObject({ fan_in: 6, fan_out: 5, scatter_gather: 6 });
  });

  it('shows nearly all with every alert taken, and says which it misses', () => {
    expect(found(all, 100)).toMatchObject({
      fan_in: 6,
      fan_out: 5,
      scatter_gather: 6,
      gather_scatter: 5,
    });
    expect(all.types.flatMap((t) => t.missed)).toEqual(['4802', '4837']);
    expect(all.falsePer1000Month).toBeLessThan(100);
  });

  it('has its true alerts at the top of a queue by score', () => {
    for (const { top, byScore, byTime } of all.precision) {
      expect(byScore, `first ${top}`).toBeGreaterThan(byTime);
      expect(byScore, `first ${top}`).toBeGreaterThan(0.75);
    }
    expect(all.weekly.byScore).toBeGreaterThan(all.weekly.byTime);
  });
});

describe.runIf(deep)('evidence', () => {
  it('is written to docs/evidence/detection.md, the synthetic bank with it', async ({ task }) => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-detection-'));
    try {
      const text = (await figures(catalogue, join(folder, 'bank'))).join('\n');
      writeFileSync(join(packageRoot(), 'docs', 'evidence', 'detection.md'), text);
      recordEvidence(task, {
        'labelled alerts': all.alerts,
        'false alerts per 1,000 a month': all.falsePer1000Month,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 900_000);
});
