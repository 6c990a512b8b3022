/** The live queue in Chromium: nothing lost or doubled, all by keyboard, every state shown. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildPage, idsOnScreen, openBrowser, openPage, signInByLink } from './testing/browser.js';
import { type Options, startTestServer, type TestServer } from './testing/server.js';
import { World } from './testing/world.js';

let browser: Browser;
let web: string;
let world: World;
let options: Options;
let server: TestServer;
let page: Page;
let errors: string[];
let close: () => Promise<void>;

beforeAll(async () => {
  web = await buildPage();
  browser = await openBrowser();
});
afterAll(() => browser?.close());

beforeEach(async () => {
  world = new World();
  world.passwords.set('li', 'set');
  options = { world, webFolder: web, heartbeatMs: 300 };
  server = await startTestServer(options);
  const opened = await openPage(browser);
  page = opened.page;
  errors = opened.errors;
  close = () => opened.context.close();
});
afterEach(async () => {
  await close();
  await server.stop();
  expect(errors).toEqual([]);
});

const rowCount = async (): Promise<number> =>
  Number(await page.getAttribute('#alerts', 'aria-rowcount')) - 1;
const waitForRows = (count: number) =>
  page.waitForSelector(`#alerts[aria-rowcount="${count + 1}"]`, { state: 'attached' });

/** Walks the whole table by scrolling and gathers what every row says. */
async function allSubjects(): Promise<string[]> {
  const seen: string[] = [];
  const total = await rowCount();
  const height = await page.evaluate(() => document.querySelector('#alerts')?.clientHeight ?? 0);
  const found = new Map<number, string>();
  for (let top = 0; top <= total * 32; top += Math.max(64, height - 64)) {
    await page.evaluate((at) => {
      const table = document.querySelector('#alerts');
      if (table !== null) table.scrollTop = at;
    }, top);
    await page.waitForTimeout(30);
    const rows = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('.row:not([hidden])')].map((row) => ({
        index: Number(row.ariaRowIndex),
        subject: row.querySelector<HTMLElement>('.customer')?.title.split('\n')[1] ?? '',
      })),
    );
    for (const row of rows) found.set(row.index, row.subject);
  }
  for (let index = 2; index <= total + 1; index += 1) seen.push(found.get(index) ?? '?');
  return seen;
}
const subjectsOfWorld = (): string[] =>
  [...world.rows.values()].filter((row) => row.state !== 'closed').map((row) => row.subject);

describe('rows', () => {
  test('appear by themselves, most urgent first, once each', async () => {
    await signInByLink(page, server, world);
    await page.waitForSelector('.empty h2');
    world.open(3, { severity: 'low', watch: [] });
    await waitForRows(3);
    const [urgent] = world.open(1, { severity: 'critical', watch: ['special-care'] });
    await waitForRows(4);
    expect((await idsOnScreen(page))[0]).toBe(urgent?.subject);
    expect((await allSubjects()).sort()).toEqual(subjectsOfWorld().sort());
  });

  test('thousands are held in few elements', async () => {
    world.open(3_000);
    await signInByLink(page, server, world);
    await waitForRows(3_000);
    expect(await page.locator('.row').count()).toBeLessThan(60);
    await page.focus('#alerts');
    await page.keyboard.press('End');
    await page.waitForSelector('.row[aria-rowindex="3001"]:not([hidden])');
  });

  test('count added hits without moving', async () => {
    const [row] = world.open(1, { hitCount: 1 });
    await signInByLink(page, server, world);
    await waitForRows(1);
    world.update(row?.id ?? '', { hitCount: 4 });
    await page.waitForFunction(() => document.querySelector('.more')?.textContent === '+3');
    expect(await page.textContent('.row .hits .count')).toBe('4');
  });
});

describe('pause', () => {
  test('keeps the order, gathers new ones behind the bar, and resuming loses nothing', async () => {
    world.open(30);
    await signInByLink(page, server, world);
    await waitForRows(30);
    await page.keyboard.press('Space');
    const before = await idsOnScreen(page);
    world.open(37);
    await page.waitForSelector('.waiting');
    await page.waitForFunction(() => document.querySelector('.waiting')?.textContent?.match(/37/));
    expect(await idsOnScreen(page)).toEqual(before);
    expect(await page.title()).toContain('(37)');
    expect(await page.getAttribute('#icon', 'href')).toBe('/icon-unread.svg');
    await page.keyboard.press('r');
    await waitForRows(67);
    expect((await allSubjects()).sort()).toEqual(subjectsOfWorld().sort());
  });

  test('begins by itself with scrolling, selecting and opening', async () => {
    world.open(200);
    await signInByLink(page, server, world);
    await waitForRows(200);
    const isPaused = () => page.waitForSelector('.live-button.is-paused');
    await page.hover('.row[aria-rowindex="4"]');
    await page.mouse.wheel(0, 400);
    await isPaused();
    await page.keyboard.press('r');
    await page.waitForSelector('.live-button:not(.is-paused)');
    await page.keyboard.press('j');
    await isPaused();
    await page.keyboard.press('r');
    await page.click('.row[aria-rowindex="3"]');
    await isPaused();
  });
});

describe('triage by keyboard alone', () => {
  test('move, open, take, close with a reason, next unassigned', async () => {
    world.open(5, { owner: null });
    await signInByLink(page, server, world);
    await waitForRows(5);
    const order = await idsOnScreen(page);
    const bySubject = (subject: string | undefined) =>
      [...world.rows.values()].find((row) => row.subject === subject);
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('k');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.gates');
    await page.keyboard.press('1');
    await expect.poll(() => bySubject(order[1])?.owner).toBe('li');
    await page.keyboard.press('3');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog [role="alert"]');
    await page.keyboard.press('1');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog[open]', { state: 'detached' });
    await expect.poll(() => bySubject(order[1])?.closeReason).toBe('false-positive');
    await page.keyboard.press('Escape');
    await page.waitForSelector('.drawer', { state: 'detached' });
    await page.keyboard.press('n');
    const selected = '.row[aria-selected="true"] .customer';
    expect(await page.getAttribute(selected, 'title')).toContain(order[2]);
    await page.keyboard.press('?');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('search');
    await page.keyboard.press('Escape');
    await page.keyboard.press('r');
    await waitForRows(4);
  });

  test('single keys can be switched off; arrows and Enter stay', async () => {
    world.open(3);
    await signInByLink(page, server, world);
    await waitForRows(3);
    await page.evaluate(() => localStorage.setItem('weir.shortcuts', 'off'));
    await page.reload();
    await waitForRows(3);
    await page.keyboard.press('j');
    expect(await page.locator('.row[aria-selected="true"]').count()).toBe(0);
    await page.focus('#alerts');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.gates');
  });
});

describe('commands', () => {
  test('are taken back when refused, and say why', async () => {
    world.open(1, { owner: null });
    await signInByLink(page, server, world);
    await waitForRows(1);
    world.refuseNext = 403;
    await page.keyboard.press('j');
    await page.keyboard.press('1');
    await page.waitForSelector('[data-banner="problem"]');
    expect(await page.textContent('.row .owner')).toBe('—');
  });

  test('on what somebody else holds are refused before they are sent', async () => {
    world.open(1, { owner: 'wang', state: 'taken' });
    await signInByLink(page, server, world);
    await waitForRows(1);
    await page.click('.row[aria-rowindex="2"]');
    await page.waitForSelector('.acts [aria-disabled="true"]');
    expect(await page.textContent('.why')).toContain('wang');
    await page.keyboard.press('3');
    await page.waitForSelector('[data-banner="problem"]');
    expect(await page.locator('dialog[open]').count()).toBe(0);
  });

  test('release gives it back', async () => {
    world.open(1, { owner: 'li', state: 'taken' });
    await signInByLink(page, server, world);
    await waitForRows(1);
    await page.click('.row[aria-rowindex="2"]');
    await page.click('.acts .button:first-child');
    await expect.poll(() => [...world.rows.values()][0]?.owner).toBeNull();
  });
});

describe('connection', () => {
  const badge = (state: string) =>
    page.waitForSelector(`[data-connection="${state}"]`, { timeout: 20_000 });

  test('after a restart of the server nothing is missing or doubled', async () => {
    world.open(20);
    await signInByLink(page, server, world);
    await waitForRows(20);
    const { port } = server;
    for (let round = 0; round < 2; round += 1) {
      await server.stop();
      await badge('reconnecting');
      await page.waitForSelector('[data-banner="offline"]');
      world.open(15);
      const [row] = world.rows.values();
      world.update(row?.id ?? '', { hitCount: 10 + round });
      server = await startTestServer({ ...options, port });
      await badge('live');
      world.open(5);
      await waitForRows(40 + 20 * round);
    }
    const subjects = await allSubjects();
    expect([...subjects].sort()).toEqual(subjectsOfWorld().sort());
    expect(new Set(subjects).size).toBe(subjects.length);
    expect(await page.locator('[data-banner="reloaded"]').count()).toBe(0);
  });

  test('when the history is gone the list is read again, and the page says so', async () => {
    world.open(10);
    await signInByLink(page, server, world);
    await waitForRows(10);
    const { port } = server;
    await server.stop();
    world.open(10);
    const [first] = world.rows.values();
    world.update(first?.id ?? '', { state: 'closed' });
    world.keepFrom = world.log.length;
    server = await startTestServer({ ...options, port });
    await page.waitForSelector('[data-banner="reloaded"]', { timeout: 20_000 });
    await waitForRows(19);
    expect((await allSubjects()).sort()).toEqual(subjectsOfWorld().sort());
  });

  test('silence shows as stale and ends by itself', async () => {
    let silent = false;
    await server.stop();
    server = await startTestServer({ ...options, silent: () => silent });
    await signInByLink(page, server, world);
    silent = true;
    await badge('stale');
    await page.waitForSelector('[data-banner="stale"]');
    // What cannot be known is not claimed.
    expect(await page.textContent('.up-to-date')).toBe('');
    silent = false;
    await badge('live');
    expect(await page.textContent('.up-to-date')).not.toBe('');
  });

  test('a final close code stops and offers the way back', async () => {
    let code = 0;
    await server.stop();
    server = await startTestServer({ ...options, refuseWith: () => code });
    await signInByLink(page, server, world);
    code = 4504;
    for (const socket of server.sockets) socket.close(4504);
    await badge('stopped');
    code = 0;
    await page.click('[data-banner="stopped"] .button');
    await badge('live');
  });

  test('an ended session leads to the sign-in screen, which says why', async () => {
    await signInByLink(page, server, world);
    world.sessions.clear();
    for (const socket of server.sockets) socket.close(4005);
    await page.waitForSelector('[data-problem="expired"]');
  });

  test('signing out while the server is away is not claimed to have worked', async () => {
    world.open(1);
    await signInByLink(page, server, world);
    await waitForRows(1);
    const { port } = server;
    await server.stop();
    await page.click('.menu > button');
    await page.click('.settings-buttons .button:last-child');
    await page.waitForSelector('[data-banner="problem"]');
    expect(await page.locator('[data-problem="signedOut"]').count()).toBe(0);
    server = await startTestServer({ ...options, port });
    await page.click('.settings-buttons .button:last-child');
    await page.waitForSelector('[data-problem="signedOut"]');
  });

  test('an engine that is away is shown', async () => {
    await signInByLink(page, server, world);
    world.engine = 'away';
    await page.waitForSelector('[data-banner="engine"]');
  });
});
