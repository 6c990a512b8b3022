/**
 * The main job, seen on the screen: the real program, the real page in Chromium, transactions over
 * HTTP. With WEIR_SHOTS=folder it also leaves pictures there.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSignInLink, signInUrl } from '../dashboard/index.js';
import type { WorkRecord } from '../schemas/work-log.js';
import { seededRandom } from './demo/random.js';
import { packageRoot } from './package.js';
import { DAY_MS, payment, writeReference } from './testing/bank.js';
import {
  CHINESE,
  type Opened,
  openBrowser,
  openPage,
  signInBy,
  type View,
  violations,
  wholeTable,
} from './testing/browser.js';
import { ingestKey, Officer, Sender, signInLink } from './testing/clients.js';
import { firstRules } from './testing/first-rules.js';
import { Mortal } from './testing/kills.js';
import { Load } from './testing/load.js';
import {
  cleanUp,
  freePorts,
  startWeir,
  temporaryFolder,
  until,
  untilReady,
} from './testing/program.js';
import { readLog } from './testing/verify.js';

const SHOTS = process.env['WEIR_SHOTS'];
const MINUTE_MS = 60_000;

let browser: Browser;
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser?.close());

async function shot(page: Page, name: string, view: View): Promise<void> {
  if (SHOTS === undefined) return;
  mkdirSync(SHOTS, { recursive: true });
  const file = `${name}-${view.locale}-${view.colorScheme}-${view.width}.png`;
  await page.screenshot({ path: join(SHOTS, file) });
}

/** The title of a customer's cell ends with a new line and the customer's id. */
const row = (subject: string): string =>
  `.row:not([hidden]):has(.customer[title$="\\a ${subject}"])`;
const textOf = (page: Page, selector: string) => page.locator(selector).first().innerText();

describe('an officer at work', () => {
  let dir = '';
  let weir: Mortal;
  let sender: Sender;
  let origin = '';
  let mine: Opened;
  let firstLink = '';
  const from = Date.now() - 5 * MINUTE_MS;

  /** A payment a few minutes ago: `minute` orders them. */
  const pay = (minute: number, amount: string, more: Parameters<typeof payment>[2]) =>
    sender.post(payment('', amount, { ...more, eventTime: from + minute * MINUTE_MS }));
  /** A fresh link, made as an operator makes it. */
  async function freshLink(): Promise<string> {
    const command = startWeir(['sign-in-link', '--dir', dir]);
    expect([await command.ended, command.err()]).toEqual([0, '']);
    const token = /#token=\S+/.exec(command.out())?.[0];
    return `${origin}/${token}`;
  }

  beforeAll(async () => {
    dir = temporaryFolder();
    const ports = await freePorts();
    origin = `http://127.0.0.1:${ports.dashboard}`;
    writeReference(join(dir, 'reference'));
    const flags = ['--demo', 'none', '--reference', join(dir, 'reference')];
    flags.push(...firstRules(join(dir, 'rules')));
    weir = new Mortal(dir, ports, [...flags, '--set', 'idleAfterMs=3600000']);
    await untilReady(weir.program);
    firstLink = signInLink(weir.program);
    sender = new Sender(dir, ports.ingest);
    mine = await openPage(browser);
  });
  afterAll(async () => {
    await mine?.context.close();
    await cleanUp(dir);
  });

  it('signs in by the one-time link and sees what is posted, with reason and proof', async () => {
    const { page } = mine;
    await signInBy(page, firstLink);
    expect(page.url()).not.toContain('token');
    await page.waitForSelector('.empty h2');
    for (const [minute, amount, to] of [
      [0, '60000.00', 'us-1'],
      [1, '70000.00', 'us-2'],
      [2, '80000.00', 'us-1'],
    ] as const) {
      await pay(minute, amount, { from: 'G1', country: 'US', to });
    }
    await page.waitForSelector(row('G'));
    expect(await textOf(page, `${row('G')} .reason`)).toBe(
      '24 小时跨境汇出 3 笔共 21.0 万元，阈值 20 万元',
    );
    expect(await textOf(page, `${row('G')} .customer`)).toContain('郭建国');
    expect(await textOf(page, `${row('G')} .amount`)).toBe('¥80,000.00');
    await page.click(row('G'));
    await page.waitForSelector('.gates');
    expect(await textOf(page, '.summary h2')).toContain('3 笔共 21.0 万元');
    expect(await textOf(page, '.must-do .act')).toMatch(/^尽职调查.*17:30/);
    const gates = await textOf(page, '.gates');
    expect(gates).toContain('¥210,000.00');
    expect(gates).toContain('¥200,000.00');
    const lines = page.locator('.block:has(tfoot) tbody tr');
    expect(await lines.count()).toBe(3);
    expect(await lines.first().innerText()).toMatch(/us-1\s+¥80,000\.00/);
    expect(await textOf(page, '.block tfoot')).toContain('¥210,000.00');
    await page.keyboard.press('Escape');
  });

  it('appends a fourth to the same row, and more customers come in by urgency', async () => {
    const { page } = mine;
    await page.keyboard.press('r');
    const past = [100, 60, 20].map((daysAgo) =>
      payment('', '1500.00', { from: 'C1', to: 'shop', eventTime: from - daysAgo * DAY_MS }),
    );
    await sender.postAll(past, 'core-banking');
    await sender.endHistory('core-banking');
    await pay(3, '50000.00', { from: 'G1', country: 'US', to: 'us-3' });
    await pay(3.5, '5000.01', { from: 'F1' });
    await pay(4, '62000.00', { from: 'C1', to: 'stranger', debtorBalanceAfter: '138000.00' });
    for (const minute of [4.1, 4.2, 4.3]) {
      await pay(minute, '90000.00', { from: 'H1', country: 'US' });
    }
    await page.waitForSelector(row('H'));
    await page.waitForFunction(
      (selector) => document.querySelector(`${selector} .count`)?.textContent === '2',
      row('G'),
    );
    const order = await wholeTable(page);
    expect(order.slice(0, 2)).toEqual(['C 1', 'F 1']);
    expect(order.slice(2).sort()).toEqual(['G 2', 'H 1']);
  });

  it('takes and closes by keyboard alone, and it stands in the work log', async () => {
    const { page } = mine;
    await page.keyboard.press('r');
    await page.keyboard.press('Home');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.gates');
    expect(await textOf(page, '.summary .who')).toContain('方志远');
    await page.keyboard.press('1');
    await page.waitForFunction(
      (selector) => document.querySelector(`${selector} .owner .value`)?.textContent === '我',
      row('F'),
    );
    await page.keyboard.press('3');
    await page.waitForSelector('dialog[open]');
    await page.keyboard.press('2');
    const inNote = () => document.activeElement?.tagName === 'TEXTAREA';
    for (let i = 0; i < 10 && !(await page.evaluate(inNote)); i++) await page.keyboard.press('Tab');
    await page.keyboard.type('客户说明与事实不符');
    await page.keyboard.press('Control+Enter');
    await page.waitForSelector('dialog[open]', { state: 'detached' });
    await page.keyboard.press('Escape');
    await page.keyboard.press('r');
    await page.waitForSelector(row('F'), { state: 'detached' });
    const acts = (await readLog(join(dir, 'work.mdb'), 'work'))
      .map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString('utf8')) as WorkRecord)
      .filter((record) => record.type === 'take' || record.type === 'close');
    expect(acts).toMatchObject([
      { type: 'take', user: 'admin' },
      { type: 'close', user: 'admin', reason: 'confirmed', note: '客户说明与事实不符' },
    ]);
  });

  it('shows the same in a second browser, and each signs out alone', async () => {
    const second = await openPage(browser, { ...CHINESE, locale: 'en-US', colorScheme: 'dark' });
    await signInBy(second.page, await freshLink());
    await second.page.waitForSelector(row('G'));
    expect(await textOf(second.page, `${row('G')} .reason`)).toContain(
      '4 cross-border remittances within 24 hours, ¥260,000 in all',
    );
    await mine.page.click(row('G'));
    await mine.page.keyboard.press('1');
    await second.page.waitForFunction(
      (selector) => /me/i.test(document.querySelector(`${selector} .owner`)?.textContent ?? ''),
      row('G'),
    );
    await mine.page.keyboard.press('Escape');
    await second.page.click('.menu > button');
    await second.page.click('.settings-buttons .button:last-child');
    await second.page.waitForSelector('[data-problem="signedOut"]');
    const status = await second.page.evaluate(async () => (await fetch('/api/alerts')).status);
    expect(status).toBe(401);
    await second.page.reload();
    await second.page.waitForSelector('form');
    expect(await second.page.locator('.row').count()).toBe(0);
    expect(second.errors).toEqual([]);
    await second.context.close();
    await mine.page.reload();
    await mine.page.waitForSelector(row('G'));
  });

  it('tells a used, an expired and a broken link apart', async () => {
    const expired = createSignInLink(dir, Date.now() - 16 * MINUTE_MS).token;
    for (const [link, problem, words] of [
      [firstLink, 'linkUsed', '已经用过'],
      [signInUrl(origin, expired), 'linkExpired', '已经过期'],
      [`${origin}/#token=broken`, 'linkUnknown', '无效'],
    ] as const) {
      const { context, page } = await openPage(browser);
      await page.goto(link);
      expect(await textOf(page, `[data-problem="${problem}"]`)).toContain(words);
      expect(page.url()).not.toContain('token=');
      await shot(page, `sign-in-${problem}`, CHINESE);
      await context.close();
    }
  });

  /** Each language, theme and width; for pictures in every combination. */
  const views: View[] = (['zh-CN', 'en-US'] as const).flatMap((locale, i) =>
    (['light', 'dark'] as const).flatMap((colorScheme, j) =>
      [1440, 390]
        .filter((_, k) => SHOTS !== undefined || (i + j + k) % 2 === 0)
        .map((width) => ({ locale, colorScheme, width })),
    ),
  );
  it('has nothing for axe on the live page with the drawer open, in any view', async () => {
    const cookies = await mine.context.cookies();
    for (const view of views) {
      const { context, page, errors } = await openPage(browser, view);
      await context.addCookies(cookies);
      await page.goto(origin);
      await page.waitForSelector(row('G'));
      await shot(page, 'queue', view);
      await page.click(row(view.width === 390 ? 'C' : 'G'));
      await page.waitForSelector('.gates');
      await shot(page, 'drawer', view);
      expect(await violations(page)).toEqual([]);
      const scrolled = page.locator('.drawer-scroll');
      expect(await scrolled.evaluate((each) => each.scrollWidth - each.clientWidth)).toBe(0);
      const language = await page.getAttribute('html', 'lang');
      expect(language).toBe(view.locale === 'zh-CN' ? 'zh-CN' : 'en');
      const words = await page.locator('.drawer').innerText();
      const han = words.replaceAll(/郭建国|陈玉兰/g, '').match(/\p{Script=Han}+/gu) ?? [];
      if (view.locale === 'en-US') expect(han).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(view.width);
      expect(errors).toEqual([]);
      await scrolled.evaluate((each) => each.scrollTo(0, each.scrollHeight));
      await shot(page, 'drawer-below', view);
      await context.close();
    }
  });

  it('lets no secret reach a frame, an answer or the log', async () => {
    const all = mine.received.join('\n');
    expect(all).toContain('郭建国');
    const secrets = [ingestKey(dir), firstLink.split('token=')[1] as string];
    for (const secret of secrets) {
      expect(all).not.toContain(secret);
      expect(weir.program.err()).not.toContain(secret);
    }
    // Rows go to everybody who watches: no account in them, only the customer.
    for (const text of mine.received) {
      expect(text).not.toMatch(/critical(ly)?-? ?ill|重症/i);
      if (text.includes('"hits":[')) continue;
      expect(text).not.toMatch(/6222[A-Z]\d|us-1|stranger/);
    }
    expect(weir.program.err()).not.toMatch(/6222[A-Z]\d|郭建国|us-1/);
    expect(mine.errors).toEqual([]);
  });

  it('still has it all after a restart of everything', async () => {
    const { page } = mine;
    await weir.kill('everything');
    await page.waitForSelector('[data-connection="reconnecting"]');
    await weir.ready();
    await page.waitForSelector('[data-connection="live"]');
    await page.keyboard.press('r');
    expect((await wholeTable(page)).sort()).toEqual(['C 1', 'G 2', 'H 1']);
    await untilReady(weir.program);
    const officer = await Officer.signIn(weir.program, weir.ports);
    const [closed] = await officer.alerts('?state=closed');
    expect(closed).toMatchObject({
      subject: 'F',
      owner: 'admin',
      closeReason: 'confirmed',
      closeNote: '客户说明与事实不符',
    });
    const detail = await officer.detail(closed?.id ?? '');
    expect(detail.trail.map((each) => each.what)).toEqual(['open', 'take', 'close']);
  });
});

describe('the page while processes die', () => {
  const CATALOGUE = join(packageRoot(), 'app', 'testing', 'every-transaction.yaml');
  let dir = '';
  afterAll(() => cleanUp(dir));

  it('misses nothing and doubles nothing while posting goes on', async () => {
    dir = temporaryFolder();
    const ports = await freePorts();
    const weir = new Mortal(dir, ports, ['--demo', 'none', '--catalogue', CATALOGUE]);
    await untilReady(weir.program);
    const { context, page, errors } = await openPage(browser);
    await signInBy(page, signInLink(weir.program));
    // Gone if the page were ever loaded anew.
    await page.evaluate(() => Object.assign(window, { sameDocument: true }));
    const load = new Load({
      url: `http://127.0.0.1:${ports.ingest}/v1/transactions`,
      key: () => ingestKey(dir),
      random: seededRandom(4),
      batchesPerSecond: 10,
      transactionsPerBatch: 3,
      accounts: 100,
    });
    load.start();
    await page.waitForSelector('.row:not([hidden])');
    for (const victim of ['engine', 'dashboard', 'everything'] as const) {
      const before = load.acknowledged.size;
      await weir.kill(victim);
      if (victim !== 'engine') await page.waitForSelector('[data-connection="reconnecting"]');
      await shot(page, `without-${victim}`, CHINESE);
      await weir.ready();
      await page.waitForSelector('[data-connection="live"]');
      await until(() => load.acknowledged.size > before + 30);
    }
    load.stop();
    await until(() => load.outstanding === 0);
    expect(load.refused).toEqual([]);
    await untilReady(weir.program);
    const officer = await Officer.signIn(weir.program, ports);
    const hits = async (): Promise<number> =>
      (await officer.alerts()).reduce((sum, each) => sum + each.hitCount, 0);
    await until(async () => (await hits()) === load.acknowledged.size);
    const rows = (await officer.alerts()).map((each) => `${each.subject} ${each.hitCount}`);
    expect(new Set(rows.map((each) => each.split(' ')[0])).size).toBe(rows.length);
    await page.keyboard.press('r');
    let shown: string[] = [];
    await until(
      async () => {
        shown = await wholeTable(page);
        await page.keyboard.press('r');
        return shown.slice().sort().join() === rows.slice().sort().join();
      },
      () => `on the page ${shown.length} rows, on the server ${rows.length}`,
    );
    expect(await page.locator('[data-banner="reloaded"]').count()).toBe(0);
    expect(await page.evaluate(() => 'sameDocument' in window)).toBe(true);
    expect(errors).toEqual([]);
    await context.close();
  });
});
