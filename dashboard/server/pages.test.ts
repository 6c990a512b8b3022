/** The pages beside the queue, over HTTP: each block with its age, and nobody's secret. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { History, HistoryAnswer } from '../../schemas/history.js';
import type {
  AlertDetail,
  AlertSearchReply,
  CustomerHistory,
  CustomerPage,
  CustomerSearch,
  CustomerTransactions,
  DeadLetterList,
  DeadLetterView,
  RuleStatisticsReply,
  Stats,
  SystemPage,
} from '../../schemas/protocol.js';
import type { RefusedMessage } from './routes/system.js';
import { Rig, until } from './testing/rig.js';
import { sampleHit } from './testing/sample.js';

type Answer = HistoryAnswer<never>;

/** A history that answers as it is told; it keeps what it was asked. */
class ToldHistory implements History {
  readonly asked: unknown[][] = [];
  answer: (name: string) => Promise<Answer> | Answer = () => ({
    ...{ ok: true, value: [] as never, writtenToMs: 42, truncated: false },
  });
  state: 'ready' | 'absent' = 'ready';

  status() {
    return { state: this.state, detail: 'python3 is missing', writtenToMs: 42 };
  }
  private async say(name: string, ...rest: unknown[]): Promise<Answer> {
    this.asked.push([name, ...rest]);
    return this.answer(name);
  }
  customerDays = (...a: unknown[]) => this.say('days', ...a);
  customerAccounts = (...a: unknown[]) => this.say('accounts', ...a);
  topCounterparties = (...a: unknown[]) => this.say('counterparties', ...a);
  customerTransactions = (...a: unknown[]) => this.say('transactions', ...a);
  searchAlerts = (...a: unknown[]) => this.say('alerts', ...a);
  ruleStatistics = (...a: unknown[]) => this.say('rules', ...a);
  close = async () => undefined;
}

const letter: RefusedMessage = {
  ...{ id: '7', reason: 'bad_amount', detail: 'amount 6222000011112345', source: 'http' },
  ...{ atMs: 5, bytes: 90, raw: Buffer.from('{"amount":"x","name":"陈玉兰"}') },
};

describe('pages beside the queue', () => {
  let rig: Rig;
  let history: ToldHistory;
  let cookie = '';
  beforeEach(async () => {
    rig = new Rig('ws');
    history = new ToldHistory();
    rig.ports = {
      history,
      deadLetters: {
        list: (reason, limit) => ({
          letters: [letter].filter((l) => reason === undefined || l.reason === reason),
          truncated: limit === 1,
        }),
        show: (id) => (id === '7' ? letter : undefined),
      },
    };
    await rig.start();
    cookie = await rig.signIn();
  });
  afterEach(() => rig.end());
  const get = <T>(path: string, status = 200): Promise<T> => rig.json<T>(path, cookie, status);
  const withAlerts = async (): Promise<void> => {
    await rig.put(sampleHit(1), sampleHit(2, { subject: 'stranger' }), sampleHit(3, { rule: 'r' }));
    await until(() => rig.server.book.workPosition === 3, 'taken');
  };

  it('show a customer: profile without the secret class, accounts, alerts', async () => {
    await withAlerts();
    await rig.send(
      'POST',
      `/api/alerts/${sampleHit(3, { rule: 'r' }).id}/commands`,
      { type: 'close', command: 'c', reason: 'confirmed', note: '' },
      { cookie },
    );
    const page = await get<CustomerPage>('/api/customers/G');
    expect(page).toMatchObject({
      ...{ subject: 'G', name: 'name of G' },
      profile: {
        ...{ state: 'ok', source: 'reference' },
        value: {
          ...{ kind: 'person', tier: 'strategic', riskClass: 2, manager: '李强' },
          ...{ watch: ['special-care', 'elderly'], since: '2017-01-02', lists: [] },
        },
      },
      accounts: { value: [{ account: '6222000011112345', opened: '2019-05-06' }, {}] },
    });
    expect(JSON.stringify(page)).not.toContain('critically');
    if (page.alerts.state !== 'ok') throw new Error('missing');
    expect(page.alerts.value.map((row) => [row.rule, row.state])).toEqual([
      ['cross-border-several', 'open'],
      ['r', 'closed'],
    ]);
    // Known by its alert alone.
    const stranger = await get<CustomerPage>('/api/customers/stranger');
    expect(stranger.profile).toMatchObject({ state: 'missing', why: 'no-data' });
    await get('/api/customers/nobody', 404);
    await get('/api/customers/nobody/history', 404);
  });

  it('find customers, with their open alerts', async () => {
    await withAlerts();
    const search = (q: string) =>
      get<CustomerSearch>(`/api/customers?${new URLSearchParams({ q })}`);
    expect(await search('玉兰')).toEqual({
      rows: [
        {
          ...{ subject: 'G', name: '陈玉兰', kind: 'person', tier: 'strategic' },
          ...{ branch: '城东支行', openAlerts: 2 },
        },
      ],
      truncated: false,
    });
    expect((await search('stranger')).rows).toMatchObject([{ subject: 'stranger', openAlerts: 1 }]);
    expect((await search('')).rows).toEqual([]);
    await get('/api/customers?q=a&x=1', 400);
    await get('/api/customers?q=a&q=b', 400);
  });

  it('let each block of history stand or fall alone', async () => {
    history.answer = (name) => {
      if (name === 'accounts') return { ok: false, failure: 'timeout', detail: 'took too long' };
      if (name === 'counterparties') throw new Error('a defect');
      return { ok: true, value: [] as never, writtenToMs: 42, truncated: name === 'transactions' };
    };
    const reply = await get<CustomerHistory>('/api/customers/G/history?days=3&to=2026-03-02');
    const ok = { state: 'ok', source: 'history', asOfMs: 42, truncated: false, value: [] };
    expect(reply).toEqual({
      ...{ fromDay: '2026-02-28', toDay: '2026-03-02', days: ok },
      accounts: { state: 'missing', source: 'history', why: 'timeout', detail: 'took too long' },
      counterparties: expect.objectContaining({ state: 'missing', why: 'failed' }),
      transactions: { ...ok, truncated: true },
      parties: {},
    });
    const midnight = Date.parse('2026-03-03T00:00:00+08:00');
    expect(history.asked).toEqual([
      ['days', 'G', '2026-02-28', '2026-03-02'],
      ['accounts', 'G'],
      ['counterparties', 'G', midnight - 3 * 86_400_000, 20],
      ['transactions', 'G', midnight, 50],
    ]);
    const older = await get<CustomerTransactions>('/api/customers/G/transactions?before=99');
    expect(older.transactions).toEqual({ ...ok, truncated: true });
    for (const bad of ['history?days=0', 'history?to=2026-13-01', 'transactions', 'history?x=1']) {
      await get(`/api/customers/G/${bad}`, 400);
    }
  });

  it('name counterparties that are customers of this bank', async () => {
    const rows = [{ counterparty: '6222000022229876' }, { counterparty: 'elsewhere' }];
    history.answer = () => ({
      ...{ ok: true, value: rows as never, writtenToMs: 42, truncated: false },
    });
    const parties = { '6222000022229876': { subject: 'P-2', name: 'Harbour Trading Ltd' } };
    const whole = await get<CustomerHistory>('/api/customers/G/history');
    expect(whole.parties).toEqual(parties);
    const older = await get<CustomerTransactions>('/api/customers/G/transactions?before=99');
    expect(older.parties).toEqual(parties);
    const hit = sampleHit(9, { counterparties: ['6222000022229876', '__proto__'] });
    await rig.put(hit);
    await until(() => rig.server.book.store.find(hit.id)?.row !== undefined, 'the alert');
    expect((await get<AlertDetail>(`/api/alerts/${hit.id}`)).parties).toEqual(parties);
  });

  it('say at once that a machine has no history', async () => {
    history.state = 'absent';
    const { statistics } = await get<RuleStatisticsReply>('/api/rules/statistics');
    expect(statistics).toMatchObject({ why: 'unavailable', detail: 'python3 is missing' });
    expect(history.asked).toEqual([]);
    expect((await get<Stats>('/api/stats')).history.state).toBe('absent');
  });

  it('search old alerts by what is asked and nothing else', async () => {
    history.answer = () => ({
      ...{ ok: true, writtenToMs: 42, truncated: false },
      value: [{ id: 'a', rule: 'cross-border-several', subject: 'G' }] as never,
    });
    const path = '/api/alerts/search?from=2026-03-01&to=2026-03-02&severity=high&subject=G&limit=7';
    const { alerts } = await get<AlertSearchReply>(path);
    expect(alerts).toMatchObject({
      value: [{ id: 'a', subjectName: 'name of G', ruleName: { zh: '多笔大额跨境汇款' } }],
    });
    expect(history.asked).toEqual([
      [
        'alerts',
        {
          fromMs: Date.parse('2026-03-01T00:00:00+08:00'),
          toMs: Date.parse('2026-03-03T00:00:00+08:00'),
          ...{ severityAtLeast: 'high', subject: 'G', limit: 7, offset: 0 },
        },
      ],
    ]);
    for (const bad of ['limit=1001', 'state=new', 'from=x', "rule='; DROP&y=1"]) {
      await get(`/api/alerts/search?${bad}`, 400);
    }
  });

  it('put the system together from what the roles say', async () => {
    await rig.board.publish('engine', { state: 'running', deadLetters: { malformed: 2 } });
    await rig.board.publish('disk', { parts: [], totalBytes: 123, freeBytes: 1 });
    const page = await get<SystemPage>('/api/system');
    expect(page).toMatchObject({
      engine: { value: { state: 'running' } },
      dashboard: { value: { pid: process.pid, openAlerts: 0 } },
      ...{ storage: null, demo: null, latencyTargetMs: 100 },
      rules: { 'cross-border-several': { names: {} } },
    });
    expect(page.dashboard?.value.latency.bounds).toContain(page.latencyTargetMs / 1_000);
    expect(page.alarms.map(({ code }) => code)).toContain('disk-nearly-full');
    await until(() => rig.board.read('dashboard') !== undefined, 'published');
    expect(rig.board.read('dashboard')?.value).toMatchObject({ workEnd: 0, connections: 0 });
    expect((await get<Stats>('/api/stats')).diskBytes).toBe(123);
  });

  it('list dead letters without contents, and show one with names and numbers masked', async () => {
    const list = await get<DeadLetterList>('/api/dead-letters?reason=&limit=1');
    expect(list).toEqual({
      rows: [
        {
          ...{ id: '7', reason: 'bad_amount', detail: 'amount 62...2345', source: 'http' },
          ...{ atMs: 5, bytes: 90 },
        },
      ],
      truncated: true,
    });
    expect((await get<DeadLetterList>('/api/dead-letters?reason=malformed')).rows).toEqual([]);
    await get('/api/dead-letters?reason=other', 400);
    const view = await get<DeadLetterView>('/api/dead-letters/7');
    expect(JSON.parse(view.text)).toEqual({ amount: '(1 characters)', name: '(3 characters)' });
    await get('/api/dead-letters/8', 404);
  });

  it('hand hostile texts on as data, in every field, page and file', async () => {
    const hostile = [
      '<img src=x onerror=alert(1)>',
      "'; DROP TABLE transactions; --",
      '=HYPERLINK("http://evil.test";"x")',
      '../../secrets.json',
      '\u202egnp.exe\r\nSet-Cookie: a=b',
      '__proto__',
    ];
    await rig.put(
      ...hostile.map((subject, n) =>
        sampleHit(n, { ...{ subject, rule: subject, account: subject, band: subject } }),
      ),
    );
    await until(() => rig.server.book.workPosition === hostile.length, 'taken');
    for (const subject of hostile) {
      const path = `/api/customers/${encodeURIComponent(subject)}`;
      const reply = await fetch(`${rig.origin}${path}`, { headers: { cookie } });
      expect(reply.headers.get('content-type')).toBe('application/json');
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
      expect(reply.headers.get('content-security-policy')).toContain("default-src 'self'");
      expect(((await reply.json()) as CustomerPage).subject).toBe(subject);
      expect(reply.headers.getSetCookie()).toEqual([]);
      history.asked.length = 0;
      await get(`${path}/history`);
      // Handed to the store as one value; the store binds it.
      expect(history.asked[1]).toEqual(['accounts', subject]);
      const q = new URLSearchParams({ q: subject });
      expect((await get<CustomerSearch>(`/api/customers?${q}`)).rows[0]?.subject).toBe(subject);
    }
    const file = await fetch(`${rig.origin}/api/alerts.csv`, { headers: { cookie } });
    const cells = (await file.text()).matchAll(/"((?:[^"]|"")*)"/g);
    const texts = [...cells].map(([, text]) => text ?? '');
    expect(texts.filter((text) => /^\s*[=+\-@]/.test(text))).toEqual([]);
    for (const subject of hostile) {
      const quoted = subject.replaceAll('"', '""');
      expect(
        texts.some((text) => text === quoted || text === `'${quoted}`),
        subject,
      ).toBe(true);
    }
  });

  it('hand out the list as a file, and tell who took it but not what', async () => {
    await withAlerts();
    const path = '/api/alerts.csv?q=%E7%8E%89&who=unassigned&lang=en';
    const reply = await fetch(`${rig.origin}${path}`, { headers: { cookie } });
    expect(reply.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(reply.headers.get('content-disposition')).toMatch(/^attachment; filename="weir-alerts-/);
    const bytes = new Uint8Array(await reply.arrayBuffer());
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
    const all = await fetch(`${rig.origin}/api/alerts.csv`, { headers: { cookie } });
    expect((await all.text()).split('\r\n')).toHaveLength(3 + 2);
    const told = rig.lines.filter((line) => line.message === 'alerts exported');
    expect(told.map(({ fields }) => fields)).toEqual([
      { user: 'admin', rows: 0, state: 'open', family: null, who: 'unassigned' },
      { user: 'admin', rows: 3, state: 'open', family: null, who: 'all' },
    ]);
  });
});
