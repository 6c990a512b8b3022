/**
 * Three projects by file name: unit (source only), integration (runs the built program) and
 * browser (headless Chromium). Two workers, because the machines that we test on have two cores.
 */
import { defineConfig } from 'vitest/config';

// The large numbers take minutes a test, and some of them measure: one file after another.
const deep = process.env['WEIR_DEEP'] === '1';
const DEEP_TIMEOUT_MS = 1_800_000;
const outside = ['**/node_modules/**', '**/dist/**'];

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: deep ? 1 : 2,
    passWithNoTests: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['**/*.test.ts', '**/*.test.tsx'],
          exclude: [...outside, '**/*.integration.test.ts', '**/*.browser.test.ts'],
          testTimeout: deep ? DEEP_TIMEOUT_MS : 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: outside,
          testTimeout: deep ? DEEP_TIMEOUT_MS : 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['**/*.browser.test.ts'],
          exclude: outside,
          testTimeout: deep ? DEEP_TIMEOUT_MS : 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
