/**
 * Pictures for eyes, not for comparison: with WEIR_SHOTS=folder the page is drawn in both
 * languages, themes and widths. Always checks that the page draws without console errors.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildPage, openBrowser, openPage, signInByLink } from './browser.js';
import { startTestServer, type TestServer } from './server.js';
import { World } from './world.js';

const folder = process.env['WEIR_SHOTS'];
let server: TestServer;
let browser: Browser;
const world = new World();

beforeAll(async () => {
  const role = 'administrator' as const;
  server = await startTestServer({ world, webFolder: await buildPage(), role });
  browser = await openBrowser();
  world.passwords.set('li', 'a long enough password');
  world.demo = {
    what: 'bank',
    phase: 'live',
    historyRatio: 1,
    ratePerSecond: 200,
    planted: [],
    commandsTaken: 0,
  };
  world.open(180);
  const rows = [...world.rows.values()];
  for (const [at, row] of rows.entries()) {
    if (at % 5 === 0 && at > 0)
      world.update(row.id, { owner: at % 10 === 0 ? 'wang' : 'li', state: 'taken' });
  }
});
afterAll(async () => {
  await browser.close();
  await server.stop();
});

const views = [
  ['zh-CN', 'light', 1440],
  ['zh-CN', 'dark', 1440],
  ['en-US', 'light', 1440],
  ['en-US', 'dark', 1440],
  ['zh-CN', 'light', 390],
  ['en-US', 'dark', 390],
  ['zh-CN', 'light', 1024],
] as const;

test.each(views)('draws %s %s %i', async (locale, colorScheme, width) => {
  const height = width === 390 ? 844 : 900;
  const { context, page, errors } = await openPage(browser, { locale, colorScheme, width, height });
  const shot = async (name: string) => {
    if (folder === undefined) return;
    mkdirSync(folder, { recursive: true });
    await page.screenshot({ path: join(folder, `${name}-${locale}-${colorScheme}-${width}.png`) });
  };
  await page.goto(server.url);
  await page.waitForSelector('form');
  await shot('1-sign-in');
  await signInByLink(page, server, world);
  await page.waitForSelector('.row[aria-rowindex="2"]');
  if (folder !== undefined) await page.waitForTimeout(6_000);
  await shot('2-queue');
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  world.open(37);
  await page.waitForSelector('.waiting');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.gates');
  await page.waitForSelector('.days canvas');
  await shot('3-drawer');
  await page.evaluate(() => {
    const scroll = document.querySelector('.drawer-scroll');
    const days = document.querySelector('.days')?.closest('.block');
    if (scroll && days instanceof HTMLElement) scroll.scrollTop = days.offsetTop - 80;
  });
  await page.hover('.days-picture');
  await shot('3-drawer-history');
  await page.click('.acts .button:last-of-type');
  await page.waitForSelector('dialog[open]');
  await shot('4-close');
  const gone = () => page.waitForSelector('dialog', { state: 'detached' });
  await page.keyboard.press('Escape');
  await gone();
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.waitForSelector('dialog[open]');
  await shot('5-help');
  await page.keyboard.press('Escape');
  await gone();
  await page.click('.menu > button');
  await shot('6-settings');
  await page.keyboard.press('Escape');
  if (folder !== undefined) await moreShots(page, shot);
  expect(errors).toEqual([]);
  await context.close();
});

/** What else there is to look at; none of it is needed to know that the page draws. */
async function moreShots(page: Page, shot: (name: string) => Promise<void>): Promise<void> {
  await page.keyboard.press('n');
  await page.keyboard.press('1');
  await page.waitForSelector('[data-toast]');
  await shot('7-undo');
  await page.click('.demo-controls > .button:last-child');
  await page.waitForSelector('dialog[open]');
  await shot('8-curl');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  const rows = [...world.rows.values()].filter((row) => row.state === 'open').slice(0, 12);
  for (const row of rows) {
    world.update(row.id, { state: 'closed', owner: 'wang', closeReason: 'false-positive' });
  }
  await page.selectOption('.tools .state', 'closed');
  await page.waitForSelector('.row[data-state="closed"]');
  await shot('9-closed');
  await page.click('.tools > .button');
  await page.waitForSelector('dialog tbody tr');
  await shot('10-older');
  await page.keyboard.press('Escape');
  world.history.state = {
    state: 'absent',
    detail: 'Install python3 and a C++ compiler, then start again.',
    writtenToMs: null,
  };
  await page.selectOption('.tools .state', 'open');
  await page.waitForSelector('[data-banner="history"]');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-missing]');
  await page.locator('[data-missing]').first().scrollIntoViewIfNeeded();
  await shot('11-no-history');
  world.history.state = { state: 'ready', detail: '', writtenToMs: Date.now() };
}
