/** The page in Chromium against the stand-in server: sign-in, languages, themes, access, size. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildPage, openBrowser, openPage, signInByLink } from './testing/browser.js';
import { type Options, startTestServer, type TestServer } from './testing/server.js';
import { World } from './testing/world.js';

const FIRST_LOAD_BYTES_MAX = 60 * 1024;
const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);

const world = new World();
let options: Options;
let server: TestServer;
let browser: Browser;
let web: string;

beforeAll(async () => {
  web = await buildPage();
  options = { world, webFolder: web };
  server = await startTestServer(options);
  browser = await openBrowser();
  world.open(60);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** Violations as `rule: element`, so that a failure says what to mend. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run(o: unknown): Promise<AxeResult> } }).axe;
    interface AxeResult {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const result = await axe.run({ runOnly: { type: 'tag', values: tags } });
    return result.violations.flatMap((v) =>
      v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary}`),
    );
  });
}

describe('what is built', () => {
  const files = () => readdirSync(join(web, 'assets'));
  /** The page's script and what it imports before it runs; not what it asks for later. */
  const firstScripts = () => {
    const html = readFileSync(join(web, 'index.html'), 'utf8');
    const found = new Set<string>();
    const follow = (name: string): void => {
      if (found.has(name)) return;
      found.add(name);
      const script = readFileSync(join(web, 'assets', name), 'utf8');
      for (const [, next] of script.matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g)) {
        follow(next as string);
      }
    };
    for (const [, name] of html.matchAll(/(?:src|href)="\/assets\/([\w.-]+\.js)"/g)) {
      follow(name as string);
    }
    return found;
  };
  test(`loads at most ${FIRST_LOAD_BYTES_MAX} bytes of script at first, gzip`, () => {
    const scripts = [...firstScripts()];
    const sizes = scripts.map((name) => gzipSync(readFileSync(join(web, 'assets', name))).length);
    expect(scripts.length).toBeGreaterThan(0);
    // The charts are really apart, so that the limit is about what is loaded first.
    expect(files().filter((name) => name.endsWith('.js')).length).toBeGreaterThan(scripts.length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(FIRST_LOAD_BYTES_MAX);
  });
  test('has hashed names, and nothing inline or from elsewhere', () => {
    for (const name of files()) expect(name).toMatch(/-[\w-]{8,}\.(js|css)$/);
    const html = readFileSync(join(web, 'index.html'), 'utf8');
    expect(html).not.toMatch(/<style|style=|<script(?![^>]*src=)/);
    expect(html).not.toMatch(/https?:\/\//);
  });
});

describe('sign-in', () => {
  test('a one-time link signs in, leaves the address, and works once', async () => {
    const { context, page, errors } = await openPage(browser);
    world.links.set('once', 'fresh');
    await page.goto(`${server.url}/#token=once`);
    await page.waitForSelector('.row[aria-rowindex="2"]');
    expect(page.url()).not.toContain('once');
    expect(await page.evaluate(() => document.cookie)).toBe('');
    await context.clearCookies();
    await page.goto('about:blank');
    await page.goto(`${server.url}/#token=once`);
    await page.waitForSelector('[data-problem="linkUsed"]');
    expect(page.url()).not.toContain('once');
    expect(errors).toEqual([]);
    await context.close();
  });

  test('an expired and an unknown link are told apart', async () => {
    const { context, page } = await openPage(browser);
    world.links.set('old', 'expired');
    await page.goto(`${server.url}/#token=old`);
    await page.waitForSelector('[data-problem="linkExpired"]');
    await page.goto('about:blank');
    await page.goto(`${server.url}/#token=nonsense`);
    await page.waitForSelector('[data-problem="linkUnknown"]');
    await context.close();
  });

  test('a link that was cut off is unknown, and no dead screen', async () => {
    const { context, page, errors } = await openPage(browser);
    await page.goto(`${server.url}/#token=%E4%BD`);
    await page.waitForSelector('[data-problem="linkUnknown"]');
    expect(errors).toEqual([]);
    await context.close();
  });

  test('a used link does not sign out who is signed in', async () => {
    const { context, page } = await openPage(browser);
    await signInByLink(page, server, world);
    world.links.set('spent', 'used');
    await page.goto('about:blank');
    await page.goto(`${server.url}/#token=spent`);
    await page.waitForSelector('.row[aria-rowindex="2"]');
    await context.close();
  });

  test('after a link the hint leads to a password that then signs in', async () => {
    world.passwords.clear();
    const { context, page } = await openPage(browser);
    await signInByLink(page, server, world);
    await page.click('[data-banner="password"] .button:first-of-type');
    await page.fill('[name="new-password"]', 'short');
    await page.fill('[name="repeat-password"]', 'short');
    await page.click('dialog [type="submit"]');
    expect(await page.textContent('dialog [role="alert"]')).toContain('7');
    await page.fill('[name="new-password"]', 'a long enough password');
    await page.fill('[name="repeat-password"]', 'a long enough password');
    await page.click('dialog [type="submit"]');
    await page.waitForSelector('[data-banner="password"]', { state: 'detached' });
    await page.click('.menu > button');
    await page.click('.settings-buttons .button:last-child');
    await page.waitForSelector('[data-problem="signedOut"]');
    await page.fill('[name="user"]', 'li');
    await page.fill('[name="password"]', 'wrong');
    await page.click('[type="submit"]');
    await page.waitForSelector('[data-problem="badCredentials"]');
    await page.fill('[name="password"]', 'a long enough password');
    await page.click('[type="submit"]');
    await page.waitForSelector('.row[aria-rowindex="2"]');
    await context.close();
  });

  test('an account without the permission sees why, not a broken list', async () => {
    options.permissions = [];
    const { context, page } = await openPage(browser);
    world.links.set('teller', 'fresh');
    await page.goto(`${server.url}/#token=teller`);
    await page.waitForSelector('.card h1');
    expect(await page.textContent('.card h1')).toContain('不能查看告警');
    expect(await page.locator('.row').count()).toBe(0);
    delete options.permissions;
    await context.close();
  });
});

describe.each([
  ['zh-CN', 'light', 1440],
  ['zh-CN', 'dark', 1440],
  ['en-US', 'light', 1440],
  ['en-US', 'dark', 1440],
  ['zh-CN', 'light', 390],
  ['en-US', 'dark', 390],
] as const)('%s, %s, %i px', (locale, colorScheme, width) => {
  test('axe finds nothing on any screen, and no text is left in the other language', async () => {
    options.role = 'administrator';
    world.demo = {
      what: 'bank',
      phase: 'history',
      historyRatio: 0.4,
      ratePerSecond: 200,
      planted: [],
      commandsTaken: 0,
    };
    const view = { locale, colorScheme, width, height: width === 390 ? 844 : 900 };
    const { context, page, errors } = await openPage(browser, view);
    await page.goto(server.url);
    await page.waitForSelector('form');
    expect(await violations(page)).toEqual([]);
    await signInByLink(page, server, world);
    await page.waitForSelector('.row[aria-rowindex="2"]');
    expect(await page.getAttribute('html', 'lang')).toBe(locale === 'zh-CN' ? 'zh-CN' : 'en');
    expect(await page.getAttribute('html', 'data-theme')).toBe(colorScheme);
    expect(await violations(page)).toEqual([]);
    if (locale === 'en-US') {
      const words = await page
        .locator('.header, .demo, .toolbar, .bottom, .head')
        .allTextContents();
      expect(words.join(' ').replaceAll('Weir 堰', '')).not.toMatch(/\p{Script=Han}/u);
    }
    await page.click('.row[aria-rowindex="3"]');
    await page.waitForSelector('.days canvas');
    expect(await violations(page)).toEqual([]);
    await page.click('.acts .button:last-of-type');
    await page.waitForSelector('dialog[open]');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.click('.menu > button');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.selectOption('.tools .state', 'closed');
    await page.click('.tools > .button');
    await page.waitForSelector('dialog tbody tr, dialog p.muted');
    expect(await violations(page)).toEqual([]);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(wide).toBeLessThanOrEqual(width);
    expect(errors).toEqual([]);
    await context.close();
    world.demo = null;
    delete options.role;
  });
});

describe('an alert explains', () => {
  const shown = async (language: 'zh-CN' | 'en-US', id: string, name: string) => {
    const { context, page, errors } = await openPage(browser, { locale: language });
    await signInByLink(page, server, world);
    await page.goto(`${server.url}/#/alerts/${id}`);
    await page.waitForSelector('.drawer .lines');
    const text = await page.innerText('.drawer');
    if (process.env['WEIR_SHOTS'] !== undefined) {
      const path = `${process.env['WEIR_SHOTS']}/12-${name}-${language}.png`;
      await page.screenshot({ path });
    }
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await context.close();
    return text.replace(/\s+/g, ' ');
  };
  const open = (change: object): string => world.open(1, change)[0]?.id ?? '';

  test('its score by parts of a typology, and by a value on the scale of a rule', async () => {
    const typology = open({ rule: 'dormant-reactivation' });
    expect(await shown('zh-CN', typology, 'typology')).toMatch(
      /沉睡客户突然活跃.*0\.9 × 55 49\.5.*0\.5 × 50 25 合计（最高 100） 74\.5/,
    );
    const scaled = open({ rule: 'structuring' });
    expect(await shown('en-US', scaled, 'scale')).toMatch(
      /By since first: 1\.5 h 1 min → 40 1 h → 60 2 d → 90/,
    );
  });

  test('that its windows fill since a change, and what a flood is', async () => {
    const warming = open({ rule: 'activity-drop' });
    expect(await shown('zh-CN', warming, 'warming')).toContain('窗口仍在预热');
    const sentence = { zh: '断路器已打开：6,412 次命中', en: 'its breaker is open: 6,412 hits' };
    const flood = { subject: '', subjectName: '', tier: 'base', watch: [], hitCount: 6_412 };
    const id = open({ ...flood, rule: 'watched-outflow', sentence, amountBaseMinor: 0 });
    const text = await shown('en-US', id, 'flood');
    expect(text).toContain('its breaker is open: 6,412 hits');
    expect(text).toContain('Many customers');
    expect(text).not.toMatch(/90 days|What I must do|Gates/);
  });
});

describe('what the browser remembers', () => {
  test('language, theme and density survive a reload', async () => {
    const { context, page } = await openPage(browser);
    await signInByLink(page, server, world);
    await page.click('.menu > button');
    await page.check('[name="language"][value="en"]', { force: true });
    await page.check('[name="theme"][value="dark"]', { force: true });
    await page.check('[name="density"][value="comfortable"]', { force: true });
    await page.reload();
    await page.waitForSelector('.row[aria-rowindex="2"]');
    const root = page.locator('html');
    expect(await root.getAttribute('lang')).toBe('en');
    expect(await root.getAttribute('data-theme')).toBe('dark');
    expect(await root.getAttribute('data-density')).toBe('comfortable');
    await context.close();
  });

  test('filters, sort and the open alert are in the address', async () => {
    const { context, page } = await openPage(browser);
    await signInByLink(page, server, world);
    await page.click('[data-tab="aml"]');
    await page.fill('#search', '现金');
    await page.waitForFunction(() => location.hash.includes('q='));
    await page.click('.row[aria-rowindex="2"]');
    await page.waitForSelector('.gates');
    const address = page.url();
    const sentence = await page.textContent('.summary h2');
    await page.reload();
    await page.waitForSelector('.gates');
    expect(page.url()).toBe(address);
    expect(await page.inputValue('#search')).toBe('现金');
    expect(await page.getAttribute('[data-tab="aml"]', 'aria-pressed')).toBe('true');
    expect(await page.textContent('.summary h2')).toBe(sentence);
    await context.close();
  });
});
