/**
 * The first minute of somebody new, on the screen: the whole program with its bank and its
 * ClickHouse, signed in by the link of the terminal, every button of the banner pressed, and once
 * stopped and started again. What comes is asserted, and in which order; never when. On the way a
 * picture of each page in both languages, themes and widths goes to WEIR_SHOTS, or to dist/shots.
 */
import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CaseKind } from '../schemas/demo.js';
import type { AlertList, AlertRow, DemoReply, SystemPage } from '../schemas/protocol.js';
import { packageRoot } from './package.js';
import {
  CHINESE,
  type Opened,
  openBrowser,
  openPage,
  signInBy,
  violations,
  wholeTable,
} from './testing/browser.js';
import { ingestKey, signInLink } from './testing/clients.js';
import {
  cleanUp,
  freePorts,
  type Ports,
  type Program,
  startRun,
  temporaryFolder,
  until,
  untilReady,
} from './testing/program.js';

const SMALL = ['--demo-customers', '240', '--demo-merchants', '40', '--rate', '50'];
const FLAGS = ['--demo', 'bank', ...SMALL, '--set', 'clickhouse=embedded', '--log-level', 'warn'];
/** The kinds that a rule answers, each with a rule that it raises. */
const RULES: Partial<Record<CaseKind, RegExp>> = {
  remittances: /^cross-border-remittances-/,
  structuring: /^structuring-cash-/,
  dormant: /^dormant-reactivation$/,
  listed: /^listed-customer-limits$/,
  'activity-drop': /^activity-drop$/,
  'care-outflow': /^watched-outflow-special-care$/,
  'corporate-outflow': /^watched-outflow$/,
};
const SHOTS = process.env['WEIR_SHOTS'] ?? join(packageRoot(), 'dist', 'shots');
const SIZES = [
  [390, 844],
  [1440, 900],
] as const;
/** Canvases are drawn anew with the next frames. */
const DRAWN_MS = 150;
const FAMILIES = ['aml', 'activity-drop', 'outflow'] as const;

let browser: Browser;
let dir = '';
let ports: Ports;
let weir: Program;
let mine: Opened;
let page: Page;
beforeAll(async () => {
  browser = await openBrowser();
  dir = temporaryFolder();
  ports = await freePorts();
  weir = startRun(dir, ports, FLAGS);
  mine = await openPage(browser, { ...CHINESE, locale: 'en-US' });
  page = mine.page;
  await mine.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await untilReady(weir);
});
afterAll(async () => {
  await browser?.close();
  await cleanUp(dir);
});

/** As somebody who is signed in. */
const read = <Reply>(path: string): Promise<Reply> =>
  page.evaluate(async (at) => (await fetch(at)).json(), path) as Promise<Reply>;
const rows = async (): Promise<AlertRow[]> =>
  (await read<AlertList>('/api/alerts?limit=10000')).rows;
const demo = async () => (await read<DemoReply>('/api/demo')).demo;
const takenIn = async (): Promise<number> =>
  (await read<SystemPage>('/api/system')).engine?.value.sources.reduce((n, s) => n + s.total, 0) ??
  0;
const row = (subject: string): string =>
  `.row:not([hidden]):has(.customer[title$="\\a ${subject}"])`;
const textOf = (selector: string) => page.locator(selector).first().innerText();
const press = (name: string) => page.click(`.demo-controls .button:text-is("${name}")`);

async function openFirst(): Promise<void> {
  await page.click('.row:not([hidden]) >> nth=0');
  await page.waitForSelector('.gates');
}

const history = async () =>
  (await read<SystemPage>('/api/system')).storage?.value.history.state ?? 'absent';

/** The customer's 90 days; where ClickHouse cannot run, that it cannot. */
async function untilDays(within: string): Promise<void> {
  await until(async () => (await history()) !== 'starting');
  const drawn = (await history()) === 'ready';
  await page.waitForSelector(
    `${within} ${drawn ? '.days canvas' : ':is([data-missing], [data-why])'}`,
  );
}

describe('the first minute', () => {
  it('signs in by the link, says that this is a demonstration, shows every family', async () => {
    await signInBy(page, signInLink(weir));
    expect(page.url()).not.toContain('token');
    expect(await textOf('.demo strong')).toBe('This is a demonstration bank');
    for (const family of FAMILIES) {
      await page.waitForSelector(`[data-tab="${family}"] .count:not(:text-is("0"))`);
    }
    await until(async () => {
      const rules = (await rows()).map((each) => each.rule);
      return Object.values(RULES).every((rule) => rules.some((each) => rule.test(each)));
    });
  });

  it('stands still when paused: the list is the server’s, row for row, in its order', async () => {
    await press('Pause payments');
    await page.waitForSelector('.demo[data-phase="paused"]');
    await page.selectOption('.demo-controls select >> nth=0', '10');
    await until(async () => (await demo())?.ratePerSecond === 10);
    let before = -1;
    await until(async () => {
      const last = before;
      before = await takenIn();
      return before > 0 && before === last;
    });
    const expected = (await rows()).map((each) => `${each.subject} ${each.hitCount}`);
    await page.keyboard.press('r');
    await until(async () => (await wholeTable(page)).join() === expected.join());
    await press('Resume payments');
    await page.waitForSelector('.demo[data-phase="live"]');
    await until(async () => (await takenIn()) > before);
  });

  it('tells of each family what happened, by which gates, and the customer’s 90 days', async () => {
    for (const family of FAMILIES) {
      await page.click(`[data-tab="${family}"]`);
      await openFirst();
      expect((await textOf('.summary h2')).length).toBeGreaterThan(20);
      expect(await textOf('.must-do')).toMatch(/What I must do/);
      expect(await page.locator('.gates .gate').count()).toBeGreaterThan(0);
      await untilDays('.drawer');
      await page.waitForSelector('.drawer .block:has(h3:text("ounterparties")) td');
      expect(await violations(page), family).toEqual([]);
      await page.keyboard.press('Escape');
    }
    await page.click('[data-tab="all"]');
  });

  it('plants a case of each kind that a rule answers, and its alert comes', async () => {
    const known = (await demo())?.planted.map((each) => each.atMs) ?? [];
    for (const kind of Object.keys(RULES)) {
      await page.selectOption('.demo-controls .joined select', kind);
      await press('Plant a case');
      // The server takes a few wishes at once and then one a second.
      await page.waitForSelector('.demo-status:has-text("Planted:")');
    }
    let missing: string[] = [];
    await until(
      async () => {
        const planted = (await demo())?.planted.filter((each) => !known.includes(each.atMs)) ?? [];
        const alerts = await rows();
        missing = Object.entries(RULES)
          .filter(([kind, rule]) => {
            const subject = planted.find((each) => each.kind === kind)?.subject;
            return !alerts.some((each) => each.subject === subject && rule.test(each.rule));
          })
          .map(([kind]) => kind);
        return missing.length === 0;
      },
      () => `no alert of ${missing.join(', ')}`,
    );
    // The banner leads to the alert of what was asked for last.
    await page.click('.demo-status .link');
    await page.waitForSelector('.gates');
    expect(await textOf('.summary')).toContain('Large outflow');
    await page.keyboard.press('Escape');
  });

  it('gives a line to copy that raises an alert of one’s own', async () => {
    await press('curl line');
    await page.click('dialog .button.primary');
    const line = await page.evaluate(() => navigator.clipboard.readText());
    expect(line).toBe(await page.textContent('dialog .code'));
    expect(line).toContain(ingestKey(dir));
    await page.keyboard.press('Escape');
    const { stdout } = await promisify(execFile)('sh', ['-c', line]);
    expect(stdout.match(/"ack":"accepted"/g), stdout).toHaveLength(3);
    await page.keyboard.press('r');
    await page.click('[data-tab="aml"]');
    await page.waitForSelector(row(`6222${/curl-(\d+)-/.exec(stdout)?.[1]}`));
    await page.click('[data-tab="all"]');
  });

  it('takes, closes and takes that back', async () => {
    await page.click('[data-tab="outflow"]');
    await openFirst();
    const id = /alerts\/([0-9a-f]+)/.exec(page.url())?.[1] ?? '';
    const state = async () => (await read<{ row: AlertRow }>(`/api/alerts/${id}`)).row.state;
    await page.keyboard.press('1');
    await until(async () => (await state()) === 'taken');
    await page.keyboard.press('3');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('1');
    await page.keyboard.press('Control+Enter');
    await until(async () => (await state()) === 'closed');
    await page.keyboard.press('u');
    await until(async () => (await state()) === 'taken');
    expect(await textOf('.summary')).toContain('in work');
  });

  it('leads to the customer, to the search and to a system of which each part runs', async () => {
    const name = await textOf('.customer-link');
    await page.click('.customer-link');
    await page.waitForSelector('#transactions :is(tbody tr, [data-why])');
    expect(await textOf('h1')).toBe(name);
    await untilDays('#flows');
    expect(await page.locator('.alert-list li').count()).toBeGreaterThan(0);
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('g');
    await page.keyboard.press('c');
    await page.fill('#find', name);
    await page.click('#found-0');
    await page.waitForSelector(`h1:text-is("${name}")`);
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await page.waitForSelector('[data-station="source"][data-state="good"]');
    expect(await page.locator('.station').count()).toBe(7);
    await until(async () => (await page.locator('.station[data-state="bad"]').count()) === 0);
    expect(await page.locator('#rules tbody tr').count()).toBeGreaterThan(5);
    expect(await violations(page)).toEqual([]);
  });

  it('draws each page in both languages, themes and widths, within its edges', async () => {
    mkdirSync(SHOTS, { recursive: true });
    const [first] = (await rows()).filter((each) => each.family === 'outflow');
    const pages = [
      ['queue', '/', '.row:not([hidden])'],
      ['drawer', `/#/alerts/${first?.id}`, '.gates'],
      ['customer', `/customers/${first?.subject}`, '#transactions :is(tbody tr, [data-why])'],
      ['system', '/system', '.station[data-state]'],
    ] as const;
    for (const language of ['zh', 'en']) {
      await page.evaluate((to) => localStorage.setItem('weir.language', to), language);
      for (const [name, path, ready] of pages) {
        await page.goto(`http://127.0.0.1:${ports.dashboard}${path}`);
        await page.waitForSelector(ready);
        expect(await page.getAttribute('html', 'lang')).toMatch(language);
        if (name === 'drawer') await untilDays('.drawer');
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ colorScheme });
          for (const [width, height] of SIZES) {
            await page.setViewportSize({ width, height });
            await page.waitForTimeout(DRAWN_MS);
            const wide = await page.evaluate(() => document.documentElement.scrollWidth);
            expect(wide, `${name} ${language} ${width}`).toBe(width);
            const file = `${name}-${language}-${colorScheme}-${width}.png`;
            await page.screenshot({ path: join(SHOTS, file) });
          }
        }
      }
    }
  });

  it('goes on by itself after Ctrl-C and a new start, with new cases', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('l');
    await page.keyboard.press('Escape');
    // Gone if the page were ever loaded anew.
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
    const before = await rows();
    weir.process.kill('SIGINT');
    expect(await weir.ended, weir.err()).toBe(0);
    await page.waitForSelector('[data-connection="reconnecting"]');
    weir = startRun(dir, ports, FLAGS);
    await untilReady(weir);
    await page.waitForSelector('[data-connection="live"]');
    const known = new Set(before.map((each) => each.id));
    let after: AlertRow[] = [];
    await until(async () => {
      after = await rows();
      const fresh = after.filter((each) => !known.has(each.id));
      return FAMILIES.every((family) => fresh.some((each) => each.family === family));
    });
    for (const { id } of before) expect(after.some((each) => each.id === id)).toBe(true);
    expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
    expect(mine.errors).toEqual([]);
  });
});
