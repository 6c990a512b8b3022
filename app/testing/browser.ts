/** The real page of a running program in headless Chromium, and what its tests look at. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
/** Quiet and offline: without these Chromium looks for its maker's hosts at every start. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const WAIT_MS_MAX = 20_000;
const ROW_PX = 32;

export function openBrowser(): Promise<Browser> {
  const executablePath = process.env['WEIR_CHROMIUM'] || PLACES.find((path) => existsSync(path));
  if (executablePath === undefined) throw new Error('no Chromium: install it or set WEIR_CHROMIUM');
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

export interface View {
  locale: 'zh-CN' | 'en-US';
  colorScheme: 'light' | 'dark';
  width: number;
}
export const CHINESE: View = { locale: 'zh-CN', colorScheme: 'light', width: 1440 };

export interface Opened {
  context: BrowserContext;
  page: Page;
  /** What went wrong in the page. */
  errors: string[];
  /** Every WebSocket frame and every API answer that reached the page. */
  received: string[];
}

export async function openPage(browser: Browser, view: View = CHINESE): Promise<Opened> {
  const { locale, colorScheme, width } = view;
  const viewport = { width, height: width < 600 ? 844 : 900 };
  const context = await browser.newContext({ viewport, locale, colorScheme });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS_MAX);
  const errors: string[] = [];
  const received: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    // Refused and broken requests, and 503 of a program that starts, are part of the tests; the
    // browser logs each by itself.
    const expected = /status of (4\d\d|503)|net::ERR_|WebSocket connection/.test(message.text());
    if (message.type() === 'error' && !expected) errors.push(message.text());
  });
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => received.push(String(payload)));
  });
  page.on('response', (response) => {
    if (!response.url().includes('/api/')) return;
    response.text().then(
      (text) => received.push(text),
      () => undefined,
    );
  });
  return { context, page, errors, received };
}

export async function signInBy(page: Page, link: string): Promise<void> {
  await page.goto(link);
  await page.waitForSelector('[data-connection="live"]');
}

/** Violations as `rule: element`, so that a failure says what to mend. */
export async function violations(page: Page): Promise<string[]> {
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  await page.evaluate(readFileSync(axe, 'utf8'));
  return page.evaluate(async () => {
    interface Result {
      violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
    }
    const { axe } = window as unknown as { axe: { run(options: unknown): Promise<Result> } };
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const found = await axe.run({ runOnly: { type: 'tag', values: tags } });
    return found.violations.flatMap(({ id, nodes }) =>
      nodes.map((n) => `${id}: ${n.html.slice(0, 160)} ${n.failureSummary}`),
    );
  });
}

/** Walks the virtual table by scrolling: `subject hits` of every row, in its order. */
export async function wholeTable(page: Page): Promise<string[]> {
  const found = new Map<number, string>();
  const total = Number(await page.getAttribute('#alerts', 'aria-rowcount')) - 1;
  for (let top = 0; top <= total * ROW_PX; top += 8 * ROW_PX) {
    await page.evaluate((at) => document.querySelector('#alerts')?.scrollTo(0, at), top);
    await page.waitForTimeout(20);
    const rows = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('.row:not([hidden])')].map((row) => {
        const subject = row.querySelector<HTMLElement>('.customer')?.title.split('\n')[1];
        const text = `${subject} ${row.querySelector('.count')?.textContent}`;
        return { index: Number(row.ariaRowIndex), text };
      }),
    );
    for (const { index, text } of rows) found.set(index, text);
  }
  return Array.from({ length: total }, (_, i) => found.get(i + 2) ?? '?');
}
