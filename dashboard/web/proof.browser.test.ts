/**
 * The proof in the drawer in Chromium: the other rules, what stands beside it, and what happens
 * when it cannot be loaded. With WEIR_SHOTS=folder it leaves pictures there.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPage, openBrowser, openPage, signInByLink, type View } from './testing/browser.js';
import { startTestServer, type TestServer } from './testing/server.js';
import { World } from './testing/world.js';

const folder = process.env['WEIR_SHOTS'];
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const world = new World();
let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  server = await startTestServer({ world, webFolder: await buildPage() });
  browser = await openBrowser();
  world.passwords.set('li', 'set');
  world.open(40);
});
afterAll(async () => {
  await browser?.close();
  await server.stop();
});

async function withPage(view: View, run: (page: Page) => Promise<void>): Promise<void> {
  const { context, page, errors } = await openPage(browser, view);
  await signInByLink(page, server, world);
  await page.waitForSelector('.row[aria-rowindex="2"]');
  await run(page);
  expect(errors).toEqual([]);
  await context.close();
}

/** Of one kind of alert, by its rule. */
async function openOf(page: Page, rule: string): Promise<void> {
  const row = [...world.rows.values()].find((each) => each.rule === rule);
  await page.evaluate((id) => {
    location.hash = `#/alerts/${id}`;
  }, row?.id ?? '');
  await page.waitForSelector('.drawer .gates');
}

async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: axe comes as a script
    const found = await (globalThis as any).axe.run('.drawer', {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'],
    });
    return found.violations.map((each: { id: string; help: string }) => `${each.id} ${each.help}`);
  });
}

/** What sticks out of the drawer at the right. */
const overflowing = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const box = document.querySelector('.drawer-scroll') as HTMLElement;
    const edge = box.getBoundingClientRect().left + box.clientWidth + 1;
    return [...box.querySelectorAll<HTMLElement>('*')]
      .filter((each) => each.getBoundingClientRect().right > edge)
      .filter((each) => each.closest('.scroll-x') === null)
      .map((each) => `${each.tagName}.${each.className} ${each.textContent?.slice(0, 40)}`);
  });

const KINDS = [
  ...['several-cross-border', 'watched-outflow', 'structuring', 'activity-drop'],
  'dormant-reactivation',
];

const WIDEST = ['structuring', 'dormant-reactivation'];

describe('the other rules', () => {
  test('are asked by a key, searched, filtered, and close with the alert', async () => {
    await withPage({ locale: 'en-US' }, async (page) => {
      await openOf(page, 'structuring');
      await page.keyboard.press('x');
      await expect.poll(() => page.locator('.others-list > li').count()).toBe(80);
      const first = page.locator('.others-list > li');
      expect(await first.nth(0).innerText()).toContain('silent since');
      expect(await first.nth(1).innerText()).toContain('95 %');
      expect(await first.nth(3).innerText()).toMatch(/2, needs ≥ 3; and 1 more condition/);
      await page.selectOption('.others-tools select', 'missing');
      expect(await first.count()).toBe(1);
      expect(await first.innerText()).toContain('not available (there is no history)');
      await page.selectOption('.others-tools select', 'all');
      await page.fill('.others-tools input', 'untouched-7');
      expect(await first.count()).toBe(5);
      expect(await violations(page)).toEqual([]);
      await page.keyboard.press('Escape');
      await page.keyboard.press('Escape');
      await page.waitForSelector('.drawer', { state: 'detached' });
    });
  });

  test('say when they cannot be asked, and can be asked again', async () => {
    await withPage({ locale: 'zh-CN' }, async (page) => {
      await openOf(page, 'activity-drop');
      world.explain = 'busy';
      await page.click('.others-block > button');
      await page.waitForSelector('[data-others="failed"]');
      expect(await page.innerText('[data-others]')).toContain('同时查看的人较多');
      world.explain = 'ok';
      await page.click('[data-others] button');
      await page.waitForSelector('.others-list');
      await page.click('.others-block > button');
      expect(await page.locator('.others-list').count()).toBe(0);
      world.explain = 'never-scored';
      await page.click('.others-block > button');
      await page.waitForSelector('[data-others="failed"]');
      // Asking again would not help.
      expect(await page.locator('[data-others] button').count()).toBe(0);
      world.explain = 'ok';
    });
  });
});

test('a proof that cannot be loaded can be tried again', async () => {
  await withPage({ locale: 'en-US' }, async (page) => {
    await page.route('**/evidence-*.js', (route) => route.fulfill({ status: 404 }));
    const [row] = world.rows.values();
    await page.evaluate((id) => {
      location.hash = `#/alerts/${id}`;
    }, row?.id ?? '');
    const button = page.locator('.drawer [role="alert"] button');
    await button.waitFor();
    expect(await button.innerText()).toBe('Try again');
    await button.click();
    await expect.poll(() => button.innerText()).toBe('Reload');
    await page.unroute('**/evidence-*.js');
    await button.click();
    await page.waitForSelector('.drawer .gates');
  });
});

test('the queue keeps to one rule of many, and sorts by score', async () => {
  await withPage({ locale: 'en-US' }, async (page) => {
    const filter = page.locator('.rule-filter');
    await filter.fill('outflow');
    await filter.press('Enter');
    await expect.poll(() => new URL(page.url()).hash).toContain('rule=watched-outflow');
    const of = [...world.rows.values()].filter((row) => row.rule === 'watched-outflow');
    await page.waitForSelector(`#alerts[aria-rowcount="${of.length + 1}"]`, { state: 'attached' });
    expect(await filter.inputValue()).toBe('Large outflow on a watched customer');
    await filter.fill('');
    await page.waitForSelector('#alerts[aria-rowcount="41"]', { state: 'attached' });
    // What names no rule is given up.
    await filter.fill('no such rule');
    await page.locator('#alerts').focus();
    expect(await filter.inputValue()).toBe('');
    await page.keyboard.press('s');
    await expect.poll(() => new URL(page.url()).hash).toContain('sort=score');
    const best = [...world.rows.values()].sort((a, b) => b.score - a.score)[0];
    await expect
      .poll(() => page.locator('.row[aria-rowindex="2"]').innerText())
      .toContain(String(best?.score));
    await page.keyboard.press('s');
    await expect.poll(() => new URL(page.url()).hash).not.toContain('sort');
  });
});

test('a link to an alert shows the list beside it', async () => {
  await withPage({ locale: 'en-US' }, async (page) => {
    const [row] = world.rows.values();
    await page.goto(`${server.url}/#/alerts/${row?.id}`);
    await page.reload();
    await page.waitForSelector('.drawer .gates');
    await page.waitForSelector('#alerts[aria-rowcount="41"]', { state: 'attached' });
  });
});

const views = [
  ['zh-CN', 'light', 1440],
  ['zh-CN', 'dark', 390],
  ['en-US', 'dark', 1440],
  ['en-US', 'light', 390],
] as const;

test.each(views)('fits: %s %s %i', async (locale, colorScheme, width) => {
  await withPage({ locale, colorScheme, width }, async (page) => {
    const shot = async (name: string): Promise<void> => {
      if (folder === undefined) return;
      mkdirSync(folder, { recursive: true });
      const path = join(folder, `${name}-${locale}-${colorScheme}-${width}.png`);
      await page.screenshot({ path });
    };
    // For eyes all of them; the widest two tell whether they fit.
    for (const kind of folder === undefined ? WIDEST : KINDS) {
      await openOf(page, kind);
      await page.waitForSelector('.days canvas');
      expect(await overflowing(page), kind).toEqual([]);
      await shot(`proof-${kind}`);
    }
    await page.keyboard.press('x');
    await page.waitForSelector('.others-list');
    await shot('proof-others');
    expect(await overflowing(page)).toEqual([]);
    expect(await violations(page)).toEqual([]);
  });
});
