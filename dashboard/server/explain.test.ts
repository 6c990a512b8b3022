/** What the other rules said, over HTTP: in scope alone, nobody's secret, every refusal a word. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type {
  Explained,
  Explainer,
  ExplainRequest,
  Explanation,
} from '../../schemas/explanation.js';
import type { ExplainReply } from '../../schemas/protocol.js';
import type { BankDirectory } from './directory.js';
import { explainView } from './routes/explain.js';
import { Rig, until } from './testing/rig.js';
import { sampleDirectory, sampleHit, sampleRule } from './testing/sample.js';

const explained = (id: string, verdict: Explained['verdict'] = 'gate'): Explained => ({
  ...{ id, kind: 'rule', version: 1, shadow: false, verdict },
});
const explanation = (rules: Explained[]): Explanation => ({
  ...{ subject: 'G', atMs: 5, catalogueVersion: 'abcdefabcdef', rules, notScored: [], legs: 1 },
});

let rig: Rig;
let cookie = '';
let asked: ExplainRequest[] = [];
let answer: Awaited<ReturnType<Explainer['explain']>>;
beforeEach(async () => {
  rig = new Rig('ws');
  asked = [];
  answer = { ok: true, explanation: explanation([explained(sampleRule.id)]) };
  rig.ports = {
    explainer: {
      explain: async (request) => {
        asked.push(request);
        return answer;
      },
      close: async () => undefined,
    },
  };
  await rig.start();
  cookie = await rig.signIn();
});
afterEach(() => rig.end());

it('asks of the newest hit: its customer, moment and side', async () => {
  const hit = sampleHit(1, { side: 'credit' });
  await rig.put(hit);
  await until(() => rig.server.book.store.find(hit.id)?.row !== undefined, 'the alert');
  const reply = await rig.json<ExplainReply>(`/api/alerts/${hit.id}/explain`, cookie);
  expect(asked).toEqual([{ subject: 'G', atMs: hit.eventTime, side: 'credit' }]);
  expect(reply.rules).toEqual([
    { ...explained(sampleRule.id), names: sampleRule.names, family: 'aml' },
  ]);
  const refusals = [
    ...([
      ['busy', 429],
      ['out-of-time', 503],
      ['failed', 503],
    ] as const),
    ...([
      ['unknown-subject', 404],
      ['before-first-leg', 404],
      ['never-scored', 404],
    ] as const),
  ];
  for (const [reason, status] of refusals) {
    answer = { ok: false, reason };
    const path = `/api/alerts/${hit.id}/explain`;
    const refused = await fetch(`${rig.origin}${path}`, { headers: { cookie } });
    expect(refused.status).toBe(status);
    expect(await refused.json()).toMatchObject({ error: { code: reason } });
    expect(refused.headers.has('retry-after')).toBe(status === 429);
  }
});

it('says nothing without a session, an alert or a customer', async () => {
  const flood = sampleHit(2, { flood: true });
  await rig.put(flood);
  await until(() => rig.server.book.store.find(flood.id)?.row !== undefined, 'the alert');
  await rig.json(`/api/alerts/${flood.id}/explain`, 'none', 401);
  await rig.json(`/api/alerts/${flood.id}/explain`, cookie, 404);
  await rig.json('/api/alerts/none/explain', cookie, 404);
  expect(asked).toEqual([]);
});

it('leaves out what would tell of which secret class a customer is', () => {
  const scoped = (watch: string[]) => ({ ...sampleRule, scope: { kinds: [], watch, lists: [] } });
  const rules: Record<string, object> = {
    all: sampleRule,
    both: scoped(['critically-ill', 'suspected-critically-ill']),
    secret: scoped(['critically-ill', 'elderly']),
    other: scoped(['loan']),
  };
  const directory = {
    ...sampleDirectory(),
    rule: (_: string, id: string) => rules[id],
  } as BankDirectory;
  const part = { weight: 1, outcome: 50, eventTime: 1, band: 'reached' };
  const typology: Explained = {
    ...explained('all', 'no-trigger'),
    parts: [
      { rule: 'secret', ...part },
      { rule: 'both', ...part },
    ],
  };
  const scope = { kinds: [], watch: ['loan'], lists: [] };
  const view = explainView(
    explanation([
      typology,
      explained('both'),
      explained('secret'),
      { ...explained('other', 'out-of-scope'), scope },
    ]),
    directory,
  );
  expect(view.rules.map(({ id }) => id)).toEqual(['all', 'both']);
  expect(view.rules[0]?.parts?.map(({ rule }) => rule)).toEqual(['both']);
  expect(view.outOfScope).toBe(1);
  const without = explanation([typology, explained('both'), explained('secret', 'out-of-scope')]);
  // Neither a list nor a number tells whether the customer is in the secret rule's scope.
  expect(explainView(without, directory).outOfScope).toBe(0);
});
