/**
 * The pictures of the README, from the real program with its whole bank, as somebody sees it a
 * minute after the start:
 *
 *   WEIR_PICTURES=1 npm test -- app/pictures
 *
 * writes docs/images. Without the variable nothing happens here; that every page draws in each
 * language, theme and width is looked at by the suites of the pages.
 */
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AlertList, SystemPage } from '../schemas/protocol.js';
import { packageRoot } from './package.js';
import { openBrowser } from './testing/browser.js';
import { signInLink } from './testing/clients.js';
import {
  cleanUp,
  freePorts,
  startRun,
  temporaryFolder,
  until,
  untilReady,
} from './testing/program.js';

const WANTED = process.env['WEIR_PICTURES'] === '1';
const FOLDER = join(packageRoot(), 'docs', 'images');
const ENGLISH = { locale: 'en-US', colorScheme: 'light' } as const;
const CHINESE_DARK = { locale: 'zh-CN', colorScheme: 'dark' } as const;
/** As high as the drawer needs to show the 90 days without scrolling. */
const SIZE = { width: 1440, height: 960 };
/** The curves of the bottom line show the last minute. */
const CURVES_MS = 30_000;
/** The bank's past on a busy machine; all of it within the limit of the test. */
const PAST_MS_MAX = 240_000;
const TEST_MS_MAX = 600_000;
const RULES = 7;

describe.runIf(WANTED)('pictures', () => {
  let dir = '';
  let origin = '';
  let browser: Browser;
  let english: BrowserContext;
  let page: Page;
  beforeAll(async () => {
    browser = await openBrowser();
    dir = temporaryFolder();
    const ports = await freePorts();
    origin = `http://127.0.0.1:${ports.dashboard}`;
    const weir = startRun(dir, ports, ['--demo', 'bank', '--set', 'clickhouse=embedded']);
    await untilReady(weir);
    english = await browser.newContext({ ...ENGLISH, viewport: SIZE });
    page = await english.newPage();
    await page.goto(signInLink(weir));
    await page.waitForSelector('[data-connection="live"]');
    await page.click('[data-banner="password"] .button.plain');
  });
  afterAll(async () => {
    await browser?.close();
    await cleanUp(dir);
  });

  const read = <Reply>(path: string): Promise<Reply> =>
    page.evaluate(async (at) => (await fetch(at)).json(), path) as Promise<Reply>;
  const rows = async () => (await read<AlertList>('/api/alerts?limit=1000')).rows;
  const take = (of: Page, name: string) => of.screenshot({ path: join(FOLDER, `${name}.png`) });
  const open = async (of: Page, subject: string): Promise<void> => {
    await of.click(`.row:not([hidden]):has(.customer[title$="\\a ${subject}"])`);
    await of.waitForSelector('.days canvas');
    await of.waitForTimeout(500);
  };

  it(
    'are taken',
    async () => {
      // Alerts of every rule, and a store that has all of the past.
      await page.waitForSelector('.demo[data-phase="live"]', { timeout: PAST_MS_MAX });
      await until(async () => new Set((await rows()).map((each) => each.rule)).size >= RULES);
      for (let lag = Number.POSITIVE_INFINITY; lag > 5_000; ) {
        await page.waitForTimeout(1_000);
        const { storage } = await read<SystemPage>('/api/system');
        lag = storage?.value.lag.journal ?? lag;
      }
      for (const kind of ['corporate-outflow', 'structuring', 'remittances']) {
        await page.selectOption('.demo-controls .joined select', kind);
        await page.click('.demo-controls .joined .button');
      }
      await page.waitForTimeout(CURVES_MS);
      const all = await rows();
      const subjectOf = (rule: string) => all.find((each) => each.rule === rule)?.subject ?? '';
      await page.keyboard.press('Home');
      await page.keyboard.press('j');
      await page.keyboard.press('1');
      await page.waitForSelector('[data-toast]', { state: 'detached' });
      await page.reload();
      await page.waitForSelector('.row:not([hidden])');
      await page.waitForTimeout(CURVES_MS);
      await open(page, subjectOf('activity-drop'));
      await take(page, 'live-queue');

      const chinese = await browser.newContext({ ...CHINESE_DARK, viewport: SIZE });
      await chinese.addCookies(await english.cookies());
      const other = await chinese.newPage();
      await other.goto(origin);
      await other.click('[data-banner="password"] .button.plain');
      await other.waitForTimeout(CURVES_MS);
      await open(other, subjectOf('watched-outflow-special-care'));
      await take(other, 'live-queue-zh-dark');

      await page.goto(`${origin}/customers/${subjectOf('watched-outflow-special-care')}`);
      await page.waitForSelector('#flows .days canvas');
      await page.waitForSelector('#transactions tbody tr');
      await page.waitForTimeout(1_000);
      await take(page, 'customer');
      await page.goto(`${origin}/system`);
      await page.waitForSelector('[data-station="clickhouse"][data-state="good"]');
      await page.waitForTimeout(5_000);
      await take(page, 'system');
      for (const of of [page, other]) {
        expect(await of.evaluate(() => document.documentElement.scrollWidth)).toBe(SIZE.width);
      }
    },
    TEST_MS_MAX,
  );
});
