/** Starts Chromium and the test server for the browser tests, and builds the page once. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const CHROMIUM_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
export const CHROMIUM = process.env['WEIR_CHROMIUM'] ?? CHROMIUM_PLACES.find((p) => existsSync(p));

/** Quiet and offline: without these Chromium looks for its maker's hosts at every start. */
const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** A build of its own, so that the tests never race with another build of dist. */
export async function buildPage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-web-'));
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  const config = join(root, 'dashboard/web/vite.config.ts');
  await promisify(execFile)(
    process.execPath,
    [vite, 'build', '-c', config, '--outDir', folder, '--logLevel', 'warn'],
    { cwd: root },
  );
  return folder;
}

export interface ContextOptions {
  width?: number;
  height?: number;
  locale?: string;
  colorScheme?: 'light' | 'dark';
  reducedMotion?: 'reduce' | 'no-preference';
}

/** A browser of its own with an empty profile. */
export async function openBrowser(options: ContextOptions = {}): Promise<BrowserContext> {
  if (CHROMIUM === undefined) throw new Error('no Chromium: install it or set WEIR_CHROMIUM');
  return chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), 'weir-chromium-')), {
    executablePath: CHROMIUM,
    args: ARGUMENTS,
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    locale: options.locale ?? 'zh-CN',
    colorScheme: options.colorScheme ?? 'light',
    reducedMotion: options.reducedMotion ?? 'no-preference',
  });
}

/** Ids of the rows that the table shows, in the order of the screen. */
export async function idsOnScreen(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('.row:not([hidden])')]
      .sort((a, b) => Number(a.ariaRowIndex) - Number(b.ariaRowIndex))
      .map((row) => row.querySelector<HTMLElement>('.customer')?.title.split('\n')[1] ?? ''),
  );
}
