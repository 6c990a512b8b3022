/**
 * Customers and system in Chromium: reached by keys, links and "back" while the socket stays
 * open, readable without a history store or engine, and free of access faults in both themes.
 * With WEIR_SHOTS=folder it leaves pictures.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPage, openBrowser, openPage, signInByLink } from '../testing/browser.js';
import { type Options, startTestServer, type TestServer } from '../testing/server.js';
import { World } from '../testing/world.js';
import { HOSTILE } from './testing/system.js';

const axeSource = readFileSync(
  createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
  'utf8',
);
const ABSENT = {
  state: 'absent',
  detail: 'python3 is missing: install python3 and start again',
  writtenToMs: null,
} as const;
const SUBJECT = 'P7000001';

let browser: Browser;
let web: string;
let world: World;
let options: Options;
let server: TestServer;

beforeAll(async () => {
  web = await buildPage();
  browser = await openBrowser();
});
afterAll(() => browser?.close());

beforeEach(async () => {
  world = new World();
  world.passwords.set('li', 'set');
  options = {
    world,
    webFolder: web,
    heartbeatMs: 300,
    role: 'supervisor',
    permissions: ['alerts.read', 'alerts.work', 'system.read'],
  };
  server = await startTestServer(options);
  world.open(6);
  world.open(2, { subject: SUBJECT, subjectName: '张*丰', tier: 'strategic' });
});
afterEach(() => server.stop());

async function signedIn(view: Parameters<typeof openPage>[1] = {}) {
  const opened = await openPage(browser, view);
  await signInByLink(opened.page, server, world);
  await opened.page.waitForSelector('.row[aria-rowindex="2"]');
  return opened;
}

const focused = (page: Page): Promise<string> =>
  page.evaluate(() => document.activeElement?.textContent ?? '');
const socketCount = (): number => server.sockets.size;

describe('from page to page', () => {
  test('by keyboard alone: queue, customer, back, system; the socket stays', async () => {
    const { page, context, errors } = await signedIn();
    const [socket] = server.sockets;
    await page.click('[data-tab="aml"]');
    const queueUrl = page.url();
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.waitForSelector('#find');
    expect(await focused(page)).toBe('客户');
    expect(await page.title()).toBe('客户 · Weir');
    await page.keyboard.press('/');
    await page.keyboard.type('张*丰');
    await page.waitForSelector('#found-0[aria-selected="true"]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#transactions tbody tr');
    expect(new URL(page.url()).pathname).toBe(`/customers/${SUBJECT}`);
    expect(await focused(page)).toBe('张*丰');
    expect(await page.title()).toBe(`${SUBJECT} · 客户 · Weir`);
    world.open(3);
    await page.waitForFunction(() => document.title.startsWith('(3) '));
    expect(await page.textContent('.places a[href^="/#"]')).toContain('3');
    await page.goBack();
    // What was found is still there, and nowhere but in the page.
    await page.waitForSelector('#found-0');
    const kept = await page.evaluate(() => JSON.stringify(localStorage) + location.href);
    expect(kept).not.toMatch(/张|%E5%BC%A0|P7000001/);
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.waitForSelector('[data-station="source"][data-state="good"]');
    expect(await focused(page)).toBe('运行');
    await page.keyboard.press('g');
    await page.keyboard.press('l');
    await page.waitForSelector('.row[aria-rowindex="2"]');
    expect(page.url()).toBe(queueUrl);
    await page.waitForFunction(() => !document.title.startsWith('('));
    await page.keyboard.press('ArrowDown');
    await page.waitForSelector('.row[aria-selected="true"]');
    expect([...server.sockets]).toEqual([socket]);
    expect(socketCount()).toBe(1);
    expect(errors).toEqual([]);
    await context.close();
  });

  test('by links: an address opens its page, an alert opens in the queue', async () => {
    const { page, context, errors } = await signedIn();
    await page.goto(`${server.url}/customers/${SUBJECT}`);
    await page.click('.alert-list a');
    await page.waitForSelector('.drawer h2');
    await page.goBack();
    await page.waitForSelector('.alert-list a');
    await page.goForward();
    await page.waitForSelector('.drawer h2');
    await page.goto(`${server.url}/nowhere/else`);
    await page.waitForSelector('.page-note h1');
    await page.goto(`${server.url}/customers/P0`);
    await page.waitForSelector('text=没有这位客户');
    expect(errors).toEqual([]);
    await context.close();
  });

  test('an officer is not shown the system page, by tab, key or address', async () => {
    options.role = 'officer';
    options.permissions = ['alerts.read', 'alerts.work'];
    const { page, context, errors } = await signedIn();
    expect(await page.locator('.places a').allTextContents()).toEqual(['实时告警', '客户']);
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    expect(new URL(page.url()).pathname).toBe('/');
    await page.goto(`${server.url}/system`);
    await page.waitForSelector('.card h1');
    expect(errors).toEqual([]);
    await context.close();
  });
});

describe('a customer', () => {
  test('without a history store says why and how to mend it; reads again', async () => {
    world.history.state = ABSENT;
    const { page, context, errors } = await signedIn();
    await page.goto(`${server.url}/customers/${SUBJECT}`);
    await page.waitForSelector('#flows [data-why="unavailable"]');
    expect(await page.textContent('#flows')).toContain(ABSENT.detail);
    // What the store does not know is there all the same.
    expect(await page.locator('.alert-list li').count()).toBe(2);
    world.history.state = { state: 'ready', detail: '', writtenToMs: Date.now() };
    await page.click('#flows .button:has-text("重试")');
    await page.waitForSelector('#flows .days canvas');
    expect(await page.locator('#transactions tbody tr').count()).toBe(50);
    await page.click('#transactions .older .button');
    await page.waitForFunction(
      () => document.querySelectorAll('#transactions tbody tr').length > 50,
    );
    expect(errors).toEqual([]);
    await context.close();
  });

  test('does not move what is read: a new payment waits behind a button', async () => {
    const { page, context, errors } = await signedIn();
    let newest: { id: string }[] = [];
    await page.route('**/history?days=*', async (route) => {
      const response = await route.fetch();
      const history = (await response.json()) as { transactions: { value: { id: string }[] } };
      const [first] = history.transactions.value;
      history.transactions.value.unshift(...newest.map((each) => ({ ...first, ...each })));
      await route.fulfill({ response, json: history });
    });
    const firstRow = () => page.getAttribute('#transactions tbody tr', 'title');
    const readAgain = async (): Promise<void> => {
      const answered = page.waitForResponse('**/history?days=*');
      await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
      await answered;
    };
    await page.goto(`${server.url}/customers/${SUBJECT}`);
    await page.waitForSelector('#transactions tbody tr');
    const before = await firstRow();
    await page.hover('#transactions tbody tr >> nth=2');
    newest = [{ id: 'T-new' }];
    await readAgain();
    // Another block takes the answer; the one under the pointer does not even show a button.
    await page.waitForTimeout(200);
    expect(await page.locator('.newer').count()).toBe(0);
    await page.hover('h1');
    await page.waitForSelector('.newer');
    expect(await firstRow()).toBe(before);
    await page.click('.newer');
    await page.waitForSelector('#transactions tr[title="T-new"]');
    expect(await firstRow()).toBe('T-new');
    expect(errors).toEqual([]);
    await context.close();
  });

  test('with a hostile name is text', async () => {
    const subject = 'P<b>"../&';
    world.open(1, { subject, subjectName: HOSTILE });
    const { page, context, errors } = await signedIn();
    await page.goto(`${server.url}/customers/${encodeURIComponent(subject)}`);
    await page.waitForSelector('#transactions tbody tr');
    expect(await page.textContent('h1')).toContain('<img src=x onerror=');
    expect(await page.locator('main img').count()).toBe(0);
    expect(await page.title()).toContain('Weir');
    expect(errors).toEqual([]);
    await context.close();
  });
});

describe('the system', () => {
  test('shows where it fails: engine away, history absent, server gone', async () => {
    const { page, context, errors } = await signedIn();
    await page.goto(`${server.url}/system`);
    await page.waitForSelector('[data-station="clickhouse"][data-state="good"]');
    world.engine = 'away';
    world.history.state = ABSENT;
    await page.waitForSelector('[data-station="journal"][data-state="bad"]');
    await page.waitForSelector('[data-station="clickhouse"][data-state="off"]');
    expect(await page.locator('.alarm-list li').first().textContent()).toContain('引擎没有响应');
    expect(await page.textContent('#store')).toContain(ABSENT.detail);
    await page.route('**/api/system', (route) => route.abort());
    await page.waitForSelector('.system-page > [role="alert"]');
    expect(await page.locator('.station').count()).toBe(7);
    expect(errors.filter((each) => !each.includes('ERR_FAILED'))).toEqual([]);
    await context.close();
  });

  test('looks inside dead letters, which are text', async () => {
    const { page, context, errors } = await signedIn();
    await page.goto(`${server.url}/system`);
    await page.click('#letters .button >> nth=0');
    await page.waitForSelector('.letter-row');
    await page.keyboard.press('Tab');
    await page.click('.letter-row >> nth=1');
    expect(await page.textContent('.letter-text')).toContain('<img src=x onerror=');
    expect(await page.locator('dialog img').count()).toBe(0);
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
    expect(errors).toEqual([]);
    await context.close();
  });
});

/** Violations as `rule: element`, so that a failure says what to mend. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    interface Axe {
      run(o: unknown): Promise<{
        violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
      }>;
    }
    const { axe } = window as unknown as { axe: Axe };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const result = await axe.run({ runOnly: { type: 'tag', values: tags } });
    return result.violations.flatMap((v) =>
      v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)} ${n.failureSummary}`),
    );
  });
}

const folder = process.env['WEIR_SHOTS'];
const VIEWS = (
  [
    ['zh-CN', 'light', 1440],
    ['en-US', 'dark', 390],
    ['en-US', 'dark', 1440],
    ['zh-CN', 'light', 390],
  ] as const
).slice(0, folder === undefined ? 2 : 4);

describe('each page', () => {
  test.each(VIEWS)('%s %s %i: no access fault, nothing beyond the edge', async (...view) => {
    const [locale, colorScheme, width] = view;
    const height = width === 390 ? 844 : 900;
    const opened = await signedIn({ locale, colorScheme, width, height });
    const { page, context, errors } = opened;
    const look = async (name: string, ready: string): Promise<void> => {
      await page.waitForSelector(ready);
      expect(await violations(page), name).toEqual([]);
      const [inner, outer] = await page.evaluate(() => {
        const main = document.querySelector('main') as HTMLElement;
        return [main.scrollWidth, main.clientWidth];
      });
      expect(inner, `${name} is wider than the window`).toBe(outer);
      if (folder === undefined) return;
      mkdirSync(folder, { recursive: true });
      // The page scrolls inside: a picture of the whole needs a window of its height.
      const whole = await page.evaluate(() => document.querySelector('main')?.scrollHeight ?? 0);
      await page.setViewportSize({ width, height: Math.max(height, whole + 90) });
      await page.waitForTimeout(700);
      const file = `${name}-${locale}-${colorScheme}-${width}.png`;
      await page.screenshot({ path: join(folder, file) });
      await page.setViewportSize({ width, height });
    };
    await page.goto(`${server.url}/customers`);
    await look('a-search-empty', '#find');
    await page.fill('#find', 'P');
    await look('b-search', '#found-0');
    await page.goto(`${server.url}/customers/${SUBJECT}`);
    await look('c-customer', '#flows .days canvas');
    await page.goto(`${server.url}/system`);
    await look('d-system', '.station');
    world.history.state = ABSENT;
    world.engine = 'away';
    await page.goto(`${server.url}/system`);
    await look('e-system-away', '[data-station="source"][data-state="bad"]');
    await page.goto(`${server.url}/customers/${SUBJECT}`);
    await look('f-customer-absent', '#flows [data-why]');
    expect(errors).toEqual([]);
    await context.close();
  });
});
