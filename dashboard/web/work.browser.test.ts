/** Work on the first screen in Chromium: undo, closed and older alerts, demonstration, history. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { HistoryState } from '../../schemas/history.js';
import { buildPage, openBrowser, openPage, signInByLink } from './testing/browser.js';
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
  const opened = await openPage(browser, { locale: 'en-US' });
  page = opened.page;
  errors = opened.errors;
  close = () => opened.context.close();
});
afterEach(async () => {
  await close();
  await server.stop();
  expect(errors).toEqual([]);
});

const waitForRows = (count: number) =>
  page.waitForSelector(`#alerts[aria-rowcount="${count + 1}"]`, { state: 'attached' });
const only = () => [...world.rows.values()][0];
async function startWith(count: number): Promise<void> {
  world.open(count, { owner: null });
  await signInByLink(page, server, world);
  await waitForRows(count);
}

describe('what was just done', () => {
  test('can be taken back: take by button, close by key', async () => {
    await startWith(1);
    await page.keyboard.press('j');
    await page.keyboard.press('1');
    await page.click('[data-toast="take"] .button');
    await expect.poll(() => only()?.owner).toBeNull();
    await page.keyboard.press('3');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('2');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-toast="close"]');
    expect(only()?.state).toBe('closed');
    await page.keyboard.press('u');
    await expect.poll(() => only()?.state).toBe('open');
    expect(only()?.closeReason).toBeNull();
    await page.waitForSelector('[data-toast]', { state: 'detached' });
    await page.waitForFunction(
      () => document.querySelector('.row')?.getAttribute('data-state') === 'open',
    );
  });

  test('stays when the server refuses to take it back, and the page says so', async () => {
    await startWith(1);
    await page.keyboard.press('j');
    await page.keyboard.press('1');
    await page.waitForSelector('[data-toast="take"]');
    world.refuseNext = 409;
    await page.keyboard.press('u');
    await page.waitForSelector('[data-banner="problem"]');
    expect(only()?.owner).toBe('li');
  });
});

describe('closed alerts', () => {
  test('are one press away from the alert that follows them', async () => {
    const [before] = world.open(1, { state: 'closed', owner: 'li', closeReason: 'inconclusive' });
    world.open(1, { follows: before?.id ?? null });
    await signInByLink(page, server, world);
    await waitForRows(1);
    await page.keyboard.press('Enter');
    await page.click('.follows .link');
    await page.waitForSelector('.must-do >> text=Inconclusive');
    expect(page.url()).toContain(before?.id);
  });

  test('show who, why and when; older ones are found in the history store', async () => {
    await startWith(3);
    const [first] = [...world.rows.keys()];
    const note = 'talked to the branch';
    world.update(first ?? '', {
      state: 'closed',
      owner: 'wang',
      closeReason: 'confirmed',
      closeNote: note,
    });
    // What was asked for is shown, also while the list stands still.
    await page.keyboard.press('j');
    await page.selectOption('.tools .state', 'closed');
    await waitForRows(1);
    expect(await page.textContent('.head .owner')).toBe('Closed by');
    expect(await page.textContent('.row .owner')).toBe('wang');
    expect(await page.textContent('.row .due')).toBe('Confirmed');
    expect(await page.getAttribute('.row .due', 'title')).toBe(note);
    expect(await page.getAttribute('.export', 'href')).toContain(
      '/api/alerts.csv?state=closed&lang=en',
    );
    await page.click('.tools > .button');
    await page.waitForSelector('dialog tbody tr');
    expect(await page.locator('dialog tbody tr').count()).toBe(1);
    await page.selectOption('.older-form select >> nth=2', 'false-positive');
    await page.click('.older-form [type="submit"]');
    await page.waitForSelector('dialog tbody tr', { state: 'detached' });
    await page.selectOption('.older-form select >> nth=2', '');
    await page.click('.older-form [type="submit"]');
    await page.click('dialog tbody .link');
    await page.waitForSelector('.drawer .must-do');
    expect(await page.textContent('.must-do')).toContain(note);
  });

  test('are a file to download, of the present filter', async () => {
    await startWith(20);
    const family = [...world.rows.values()].filter((row) => row.family === 'aml').length;
    await page.click('[data-tab="aml"]');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('.export')]);
    const chunks: Buffer[] = [];
    for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
    const lines = Buffer.concat(chunks).toString('utf8').split('\r\n');
    expect(lines.length - 1).toBe(family);
  });
});

describe('the demonstration', () => {
  beforeEach(() => {
    world.demo = {
      what: 'bank',
      phase: 'history',
      historyRatio: 0.437,
      ratePerSecond: 200,
      planted: [],
      commandsTaken: 0,
    };
  });

  test('is named, and shows how far its history is read; only administrators steer', async () => {
    await signInByLink(page, server, world);
    await page.waitForSelector('.demo progress');
    expect(await page.textContent('.demo')).toContain('43 %');
    expect(await page.textContent('.empty')).toContain('43 %');
    expect(await page.locator('.demo-controls').count()).toBe(0);
  });

  test('is paused, set to a rate, and plants a case that appears', async () => {
    options.role = 'administrator';
    if (world.demo !== null) world.demo.phase = 'live';
    await signInByLink(page, server, world);
    await page.click('.demo-controls > .button');
    await expect.poll(() => world.demoCommands[0]).toEqual({ type: 'pause' });
    await page.waitForSelector('.demo[data-phase="paused"]');
    await page.selectOption('.demo-controls > select', '1000');
    await page.selectOption('.joined select', 'care-outflow');
    await page.click('.joined .button');
    const sent = () => world.demoCommands.slice(1);
    await expect.poll(sent).toEqual([
      { type: 'rate', ratePerSecond: 1_000 },
      { type: 'plant', kind: 'care-outflow' },
    ]);
    await waitForRows(1);
    await page.click('.demo-status .link');
    await page.waitForSelector('.gates');
    await page.keyboard.press('Escape');
    await page.click('.demo-controls > .button:last-child');
    await page.waitForSelector('dialog:focus-within');
    expect(await page.textContent('dialog .code')).toContain('curl');
    await page.keyboard.press('Escape');
    await page.click('.demo-hide');
    await page.reload();
    await page.waitForSelector('.demo-chip');
    expect(await page.locator('.demo').count()).toBe(0);
    await page.click('.demo-chip');
    await page.waitForSelector('.demo');
  });
});

describe('history', () => {
  test('is drawn with the event marked, as words and as a table', async () => {
    await startWith(1);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.days canvas');
    expect(await page.getAttribute('.days-picture', 'aria-label')).toMatch(/payments on \d+ days/);
    await page.click('.days summary');
    await page.waitForSelector('.days tbody tr');
    expect(await page.locator('.days tbody tr').count()).toBeGreaterThan(30);
    expect(await page.locator('.sparkline canvas').count()).toBe(3);
    // A canvas knows nothing of a style sheet: it must be painted again with the theme.
    const colours = () =>
      page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>('.days canvas');
        const { data } = canvas
          ?.getContext('2d')
          ?.getImageData(0, 0, canvas.width, canvas.height) ?? {
          data: [],
        };
        const seen = new Set<string>();
        for (let i = 0; i < data.length; i += 4) {
          if (data[i + 3] === 255) seen.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
        }
        return [...seen];
      });
    const light = await colours();
    expect(light).toContain('11,100,117');
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(colours).toContain('108,197,214');
  });

  test('that is behind is not taken for none, and comes by itself', async () => {
    world.history.behindMs = 60_000;
    await startWith(1);
    await page.keyboard.press('Enter');
    await page.waitForSelector('.drawer >> text=catching up');
    world.history.behindMs = 0;
    await page.waitForSelector('.days canvas');
  });

  test.each<HistoryState>(['away', 'absent'])(
    'that is %s is said once, and where',
    async (state) => {
      world.history.state = { state, detail: 'Install python3.', writtenToMs: null };
      await startWith(1);
      await page.keyboard.press('Enter');
      await page.waitForSelector('.drawer [data-missing="unavailable"]');
      await page.waitForSelector('[data-banner="history"]');
      expect(await page.textContent('[data-banner="history"]')).toContain('Install python3.');
      await page.waitForSelector('.gates');
      await page.click('[data-banner="history"] .button');
      await page.waitForSelector('[data-banner="history"]', { state: 'detached' });
    },
  );
});

describe('sound and notices', () => {
  test('are off, remembered, and a notice names no customer', async () => {
    await page.addInitScript(() => {
      const shown: string[] = [];
      const fake = function (this: unknown, title: string, how: { body: string }) {
        shown.push(`${title} ${how.body}`);
      };
      Object.assign(fake, { requestPermission: async () => 'granted', permission: 'granted' });
      Object.assign(window, { Notification: fake, shown });
      Object.defineProperty(document, 'hidden', { get: () => true });
    });
    await startWith(1);
    await page.click('.menu > button');
    expect(await page.isChecked('[name="sound"]')).toBe(false);
    expect(await page.isChecked('[name="desktop"]')).toBe(false);
    const shown = () => page.evaluate(() => (window as unknown as { shown: string[] }).shown);
    world.open(1, { severity: 'critical' });
    await expect.poll(() => page.title()).toContain('(1)');
    expect(await shown()).toEqual([]);
    await page.check('[name="desktop"]');
    await page.check('[name="sound"]');
    const [row] = world.open(2, { severity: 'critical', family: 'aml' });
    await expect.poll(shown).toEqual(['Weir: new alert Critical · AML']);
    expect((await shown()).join()).not.toContain(row?.subjectName);
    await page.reload();
    await page.click('.menu > button');
    expect(await page.isChecked('[name="sound"]')).toBe(true);
    expect(await page.isChecked('[name="desktop"]')).toBe(true);
  });
});
