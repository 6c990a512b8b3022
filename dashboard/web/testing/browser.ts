/** Starts Chromium and the test server for the browser tests, and builds the page once. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { TestServer } from './server.js';
import type { World } from './world.js';

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

/** One browser a test file; each test opens a context of its own in it. */
export async function openBrowser(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('no Chromium: install it or set WEIR_CHROMIUM');
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
}

export interface View {
  width?: number;
  height?: number;
  locale?: string;
  colorScheme?: 'light' | 'dark';
  reducedMotion?: 'reduce' | 'no-preference';
}

/** A fresh page that collects what went wrong in it. */
export async function openPage(
  browser: Browser,
  view: View = {},
): Promise<{ context: BrowserContext; page: Page; errors: string[] }> {
  const context = await browser.newContext({
    viewport: { width: view.width ?? 1440, height: view.height ?? 900 },
    locale: view.locale ?? 'zh-CN',
    colorScheme: view.colorScheme ?? 'light',
    reducedMotion: view.reducedMotion ?? 'no-preference',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    // Refused requests are part of the tests; the browser logs each by itself.
    const expected = /status of 4\d\d|ERR_CONNECTION|WebSocket connection/.test(message.text());
    if (message.type() === 'error' && !expected) errors.push(message.text());
  });
  return { context, page, errors };
}

let links = 0;
/** Signs in by a fresh one-time link and waits for the queue. */
export async function signInByLink(page: Page, server: TestServer, world: World): Promise<void> {
  links += 1;
  const token = `link-${links}`;
  world.links.set(token, 'fresh');
  await page.goto(`${server.url}/#token=${token}`);
  await page.waitForSelector('[data-connection="live"]');
}

/** Ids of the rows that the table shows, in the order of the screen. */
export async function idsOnScreen(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('.row:not([hidden])')]
      .sort((a, b) => Number(a.ariaRowIndex) - Number(b.ariaRowIndex))
      .map((row) => row.querySelector<HTMLElement>('.customer')?.title.split('\n')[1] ?? ''),
  );
}
