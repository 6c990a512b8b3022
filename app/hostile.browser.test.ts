/**
 * Texts from outside that want to be more than text, on the real page of the real program: names
 * of the bank's own reference data and every field of a transaction. They are shown as they are
 * and never run; marks that turn the direction of text are not obeyed; and the page's policy would
 * stop a script even if one got in.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CounterpartyFlow } from '../schemas/history.js';
import type { TransactionJson } from '../schemas/json-transaction.js';
import type { CustomerHistory } from '../schemas/protocol.js';
import { payment, writeReference } from './testing/bank.js';
import { CHINESE, type Opened, openBrowser, openPage, signInBy } from './testing/browser.js';
import { ingestKey, Sender, signInLink } from './testing/clients.js';
import { firstRules } from './testing/first-rules.js';
import {
  cleanUp,
  freePorts,
  startRun,
  temporaryFolder,
  until,
  untilReady,
} from './testing/program.js';

const NAMES = [
  '<img src=x onerror="window.ran=1">',
  '</script><script>window.ran=2</script>',
  "{{constructor.constructor('window.ran=3')()}} {window.ran=3}",
  '__proto__',
  "=cmd|' /C calc'!A0",
  '长'.repeat(200),
  '\'; DROP TABLE weir.legs; -- "\\',
  '🏦 "😀" <Ź>',
];
/** Short enough for an identifier; each must not run either. */
const mark = (n: number): string => `"><svg/onload=window.ran=${n}>`;
const TURNED = 'A\u202e91\u2066B';

let browser: Browser;
let dir = '';
let origin = '';
let opened: Opened;
beforeAll(async () => {
  browser = await openBrowser();
  dir = temporaryFolder();
  const reference = join(dir, 'reference');
  writeReference(reference);
  const cell = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const parties = NAMES.map((name, i) => `X${i},${cell(name)},person,${cell(mark(4))}`);
  const accounts = NAMES.map((_, i) => `6222X${i}1,X${i}`);
  const lines = (head: string, rows: string[]): string => `${[head, ...rows].join('\n')}\n`;
  writeFileSync(join(reference, 'parties.csv'), lines('party,name,kind,branch', parties));
  writeFileSync(join(reference, 'accounts.csv'), lines('account,party', accounts));
  writeFileSync(join(reference, 'lists.csv'), 'list,key,single,day,month\nfraud,X0,5000,,\n');
  const ports = await freePorts();
  origin = `http://127.0.0.1:${ports.dashboard}`;
  const flags = ['--reference', reference, '--set', 'decisionTimeoutMs=20000'];
  flags.push('--set', 'clickhouse=embedded', ...firstRules(join(dir, 'rules')));
  const weir = startRun(join(dir, 'data'), ports, flags);
  await untilReady(weir);
  const sender = new Sender(join(dir, 'data'), ports.ingest);
  for (const [i] of NAMES.entries()) {
    for (let n = 0; n < 3; n++) await sender.post(hostilePayment(`X${i}1`, n));
  }
  await postRefused(ports.ingest);
  opened = await openPage(browser, { ...CHINESE, locale: 'en-US' });
  await signInBy(opened.page, signInLink(weir));
});
afterAll(async () => {
  await browser?.close();
  await cleanUp(dir);
});

/** Every field that takes free text is hostile; three of these make an alert. */
function hostilePayment(from: string, n: number): TransactionJson {
  const base = payment('', '90000.00', { from, country: 'US' });
  return {
    ...base,
    id: `${mark(5)}${from}${n}`,
    eventTime: Date.now() - 60_000 + n * 1_000,
    creditor: { ...base.creditor, account: `${mark(6)}${n}${TURNED}`, bank: mark(7) },
    purpose: '<b>',
    loanId: '__proto__',
    recordingReference: 'javascript:alert(1)',
  };
}

/** What admission lets nobody in with; the raw bytes are kept to be looked at. */
async function postRefused(port: number): Promise<void> {
  const base = payment('', '1.00', { from: 'X01' });
  const ids = [`${mark(9)}\0`, 'x'.repeat(10_000), ''];
  const lines = ids.map((id) => JSON.stringify({ ...base, id, eventTime: Date.now() }));
  const reply = await fetch(`http://127.0.0.1:${port}/v1/transactions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${ingestKey(join(dir, 'data'))}`,
      'content-type': 'application/x-ndjson',
    },
    body: lines.join('\n'),
  });
  const answers = (await reply.json()) as { ack: string }[];
  expect(answers.map((each) => each.ack)).toEqual(ids.map(() => 'rejected'));
}

async function nothingRan(): Promise<void> {
  const { page, errors } = opened;
  const inside = await page.locator('#page :is(img, script, svg[onload], b, [onerror])').count();
  expect(inside).toBe(0);
  expect(await page.evaluate(() => (window as { ran?: number }).ran)).toBeUndefined();
  expect(await page.evaluate(() => document.body.innerText)).not.toMatch(
    /[\u202a-\u202e\u2066-\u2069]/,
  );
  expect(errors).toEqual([]);
}

describe('hostile texts', () => {
  it('are shown as text, in the table and in the drawer, and nothing of them runs', async () => {
    const { page } = opened;
    await page.waitForSelector(`#alerts[aria-rowcount="${NAMES.length + 2}"]`);
    const shown = await page.locator('.row:not([hidden]) .customer').allInnerTexts();
    for (const name of NAMES) {
      expect(shown.some((text) => text.includes(name))).toBe(true);
    }
    await page.keyboard.press('Home');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    for (let i = 0; i <= NAMES.length; i++) {
      await page.waitForSelector('.gates');
      const counterparties = await page.locator('.block:has(tfoot) td .mono').allInnerTexts();
      expect(counterparties.every((text) => text.startsWith(mark(6)))).toBe(true);
      expect(counterparties.length).toBeGreaterThan(0);
      await nothingRan();
      await page.keyboard.press('j');
    }
  });

  it('turn no text around', async () => {
    const { page } = opened;
    const text = await page.evaluate(() => document.body.innerText);
    expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    expect(text).toContain('A\ufffd91\ufffdB');
  });

  it('come back from ClickHouse as they were sent, as text on the customer’s page', async () => {
    const { page } = opened;
    const counterparties = async (subject: string): Promise<CounterpartyFlow[]> => {
      const path = `/api/customers/${subject}/history?days=30`;
      const history = (await page.evaluate(
        async (at) => (await fetch(at)).json(),
        path,
      )) as CustomerHistory;
      return history.counterparties.state === 'ok' ? history.counterparties.value : [];
    };
    for (const [i, name] of NAMES.entries()) {
      await until(async () => (await counterparties(`X${i}`)).length === 3);
      const sent = [0, 1, 2].map((n) => `${mark(6)}${n}${TURNED}`);
      const found = (await counterparties(`X${i}`)).map((each) => each.counterparty);
      expect(found.sort()).toEqual(sent);
      await page.goto(`${origin}/customers/X${i}`);
      await page.waitForSelector('#transactions tbody tr');
      expect(await page.textContent('h1')).toBe(name);
      expect(await page.textContent('#transactions')).toContain(mark(6));
      expect(await page.textContent('.head-facts')).toContain(mark(4));
      await nothingRan();
    }
  });

  it('are text in a CSV that no spreadsheet runs', async () => {
    const { page } = opened;
    const csv = await page.evaluate(async () => (await fetch('/api/alerts.csv')).text());
    for (const name of NAMES) {
      const [formula] = /^=/.exec(name) ?? [];
      const cell = `"${formula === undefined ? '' : "'"}${name.replaceAll('"', '""')}"`;
      expect(csv).toContain(cell);
    }
    expect(csv).not.toMatch(/(^|,)"?[=+@-]/m);
  });

  it('are refused with NUL, too long or empty, and lie masked among the dead letters', async () => {
    const { page } = opened;
    await page.goto(`${origin}/system`);
    const texts: string[] = [];
    await page.waitForSelector('#letters .button');
    for (const reason of await page.locator('#letters .button').all()) {
      await reason.click();
      await page.waitForSelector('.letter-row');
      for (const letter of await page.locator('.letter-row').all()) {
        await letter.click();
        await page.waitForSelector('.letter-text');
        texts.push(await page.locator('.letter-text').innerText());
      }
      await nothingRan();
      await page.keyboard.press('Escape');
      await page.waitForSelector('dialog', { state: 'detached' });
    }
    // Masked: no more of an identifier than its length.
    expect(texts.every((each) => each.includes('"amount": "1.00"'))).toBe(true);
    expect(texts.join()).not.toMatch(/onload|xxx/);
    expect(texts).toHaveLength(3);
  });

  it('find nothing by a hostile address or search', async () => {
    const { page, errors } = opened;
    await page.goto(`${origin}/#/alerts/..%2f..?q=${encodeURIComponent(mark(8))}&family=__proto__`);
    await page.waitForSelector('.empty');
    expect(await page.evaluate(() => (window as { ran?: number }).ran)).toBeUndefined();
    expect(errors).toEqual([]);
  });
});

describe('the policy of the page', () => {
  it('stops inline scripts, handlers, styles, frames and other hosts', async () => {
    const { page } = opened;
    await page.goto(`${origin}/#/`);
    await page.waitForSelector('[data-connection="live"]');
    const refused = await page.evaluate(async () => {
      const violated: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => {
        violated.push(event.effectiveDirective);
      });
      const holder = document.createElement('div');
      document.body.append(holder);
      const script = document.createElement('script');
      script.textContent = 'window.ran = 9';
      holder.append(script);
      holder.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.ran = 10">');
      holder.insertAdjacentHTML('beforeend', '<p style="color: red">x</p>');
      holder.insertAdjacentHTML('beforeend', '<iframe src="https://elsewhere.test/"></iframe>');
      await fetch('https://elsewhere.test/').catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 200));
      holder.remove();
      return { violated, ran: (window as { ran?: number }).ran };
    });
    expect(refused.ran).toBeUndefined();
    for (const directive of ['script-src-elem', 'style-src-attr', 'frame-src', 'connect-src']) {
      expect(refused.violated).toContain(directive);
    }
  });
});
