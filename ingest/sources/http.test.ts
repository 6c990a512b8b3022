import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTransport } from '../../platform/index.js';
import { configurationSchema } from '../../schemas/configuration.js';
import { EnvelopeKind, wrapEnvelope } from '../../schemas/envelope.js';
import { encodeTransaction, encodeTransactionBatch } from '../../schemas/transaction-codec.js';
import { listDeadLetters } from '../admission/dead-letters.js';
import {
  controlOf,
  type Harness,
  NOW_MS,
  startAdmission,
  temporaryFolder,
  transaction,
} from '../testing.js';
import { createHttpSource, type Decision, type HttpSource } from './http.js';

const KEY = 'a-key-that-is-long-enough';
const nothing = () => undefined;
const logger = { info: nothing, warn: nothing, error: nothing };

let folder: ReturnType<typeof temporaryFolder>;
let harness: Harness;
let source: HttpSource;
let url: string;
let decide: (position: number) => Promise<Decision>;

async function start(settings: Record<string, number> = {}, keepConsumed = false): Promise<void> {
  harness = await startAdmission(folder.path, { settings, keepConsumed });
  decide = () => Promise.resolve({ state: 'scored', recommendation: 'hold', rules: ['r'] });
  source = createHttpSource({
    transport: createTransport({ logger }),
    key: KEY,
    configuration: { ...configurationSchema.parse(settings), ingestPort: 0 },
    decisions: { decide: (position) => decide(position) },
  });
  const { port } = await source.listen(harness.admission);
  url = `http://127.0.0.1:${port}`;
}
async function stop(): Promise<void> {
  await source.stop();
  await harness.stop();
}
beforeEach(async () => {
  folder = temporaryFolder();
});
afterEach(async () => {
  await stop();
  folder.remove();
});

const row = (changes: object = {}) => ({
  id: 't-1',
  eventTime: new Date(NOW_MS).toISOString(),
  debtor: { account: 'A-1' },
  creditor: { account: 'B-1' },
  amount: '1234.56',
  currency: 'CNY',
  type: 'transfer',
  ...changes,
});

async function post(
  body: unknown,
  options: { path?: string; type?: string; headers?: Record<string, string> } = {},
) {
  const raw = typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(url + (options.path ?? '/v1/transactions'), {
    method: 'POST',
    headers: {
      'content-type': options.type ?? 'application/json',
      authorization: `Bearer ${KEY}`,
      ...options.headers,
    },
    body: raw ? (body as string) : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, json: await response.json() };
}
const ndjson = { type: 'application/x-ndjson' };
const lettersOf = () => listDeadLetters(harness.journal.table('dead-letters'));

describe('HTTP source', () => {
  it('acknowledges what the journal holds, and repeats itself on a retry', async () => {
    await start();
    const first = await post(row());
    expect(first.status).toBe(200);
    expect(first.json).toEqual({
      id: 't-1',
      ack: 'accepted',
      position: 1,
      decision: { state: 'not-awaited', recommendation: 'none', rules: [] },
    });
    expect(harness.journal.end()).toBeGreaterThan(1);
    expect((await post(row())).json).toMatchObject({ ack: 'duplicate', id: 't-1' });
    const other = await post(row({ amount: '1.00' }));
    expect(other.status).toBe(422);
    expect(other.json).toMatchObject({ ack: 'rejected', reason: 'conflicting_duplicate' });
  });

  it('answers the decision when asked to, and never lets a refusal pass silently', async () => {
    await start();
    const path = '/v1/transactions?decision=wait';
    expect((await post(row(), { path })).json.decision).toEqual({
      state: 'scored',
      recommendation: 'hold',
      rules: ['r'],
    });
    decide = () => Promise.resolve({ state: 'timeout', recommendation: 'hold', rules: [] });
    const late = await post(row({ id: 't-2' }), { path });
    expect(late.json.decision).toMatchObject({ state: 'timeout', recommendation: 'hold' });
    for (const body of [row(), row({ id: 't-3', amount: '0' }), 'no JSON']) {
      expect((await post(body, { path })).json.decision).toMatchObject({
        state: 'not-scored',
        recommendation: 'hold',
      });
    }
  });

  it('says that a payment behind the watermark is not scored: hold it', async () => {
    await start();
    const path = '/v1/transactions?decision=wait';
    await post(row(), { path });
    harness.admission.idle('http');
    expect(harness.admission.watermarkMs).toBeGreaterThan(NOW_MS - 3_600_000);
    const eventTime = NOW_MS - 5 * 3_600_000;
    const { json } = await post(row({ id: 't-2', eventTime }), { path });
    expect(json).toMatchObject({
      ack: 'accepted',
      decision: { state: 'not-scored', recommendation: 'hold', rules: [] },
    });
    expect(json.detail).toMatch(/stored, not scored/);
  });

  it('answers a batch row by row, in order, and offers it in slices', async () => {
    await start();
    const rows = Array.from({ length: 220 }, (_, i) => row({ id: `b-${i}` }));
    const body = rows.map((r) => JSON.stringify(r));
    body[100] = '{"id":"b-100"}';
    body[101] = 'nope';
    const { status, json } = await post(body.join('\n'), ndjson);
    expect(status).toBe(207);
    expect(json).toHaveLength(220);
    expect(json.map((r: { id: string | null }) => r.id)).toEqual(
      rows.map((r, i) => (i === 101 ? null : r.id)),
    );
    expect(json.filter((r: { ack: string }) => r.ack === 'accepted')).toHaveLength(218);
    expect(json[100]).toMatchObject({ ack: 'rejected' });
    expect(lettersOf().map((l) => new TextDecoder().decode(l.raw))).toEqual([body[100], body[101]]);
  });

  it('takes FlatBuffers in an envelope, one or a batch, and refuses a damaged one', async () => {
    await start();
    const type = { type: 'application/octet-stream' };
    const one = wrapEnvelope(EnvelopeKind.transaction, encodeTransaction(transaction()));
    expect(await post(one, type)).toMatchObject({ status: 200, json: { ack: 'accepted' } });
    const batch = [transaction({ id: 'x' }), transaction({ id: 'y', amountMinor: 0 })];
    const many = wrapEnvelope(EnvelopeKind.transactionBatch, encodeTransactionBatch(batch));
    const { status, json } = await post(many, type);
    expect(status).toBe(207);
    expect(json).toMatchObject([
      { id: 'x', ack: 'accepted' },
      { id: 'y', ack: 'rejected', reason: 'bad_amount' },
    ]);
    const damaged = one.slice();
    damaged[damaged.length - 20] ^= 1;
    expect((await post(damaged, type)).json).toMatchObject({ reason: 'bad_checksum' });
    expect((await post(one.subarray(0, 30), type)).json).toMatchObject({ reason: 'bad_envelope' });
    expect(lettersOf().at(-2)?.raw).toEqual(damaged);
  });

  it('lets nobody in without the key, and no web page with it', async () => {
    await start();
    const none = await post(row(), { headers: { authorization: '' } });
    expect(none.status).toBe(401);
    expect((await post(row(), { headers: { authorization: `Bearer ${KEY}x` } })).status).toBe(401);
    const other = await post(row(), { headers: { authorization: '', 'x-weir-key': KEY } });
    expect(other.status).toBe(200);
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      expect((await post(row({ id: 'w' }), { type })).status).toBe(415);
    }
    expect((await post('{}', { path: '/v1/else' })).status).toBe(404);
    const admitted = harness.admitted.filter(({ record }) => controlOf(record) === undefined);
    expect(admitted).toHaveLength(1);
  });

  it('refuses what is too large with its reason, and goes on', async () => {
    await start({ messageBytesMax: 300, requestBytesMax: 5_000 });
    const long = row({ recordingReference: 'x'.repeat(400) });
    expect(await post(long)).toMatchObject({ status: 413, json: { reason: 'oversized' } });
    expect((await post('x'.repeat(6_000))).status).toBe(413);
    expect((await post(row())).status).toBe(200);
    expect(lettersOf().map((l) => [l.reason, l.raw.length > 0])).toEqual([
      ['oversized', true],
      ['oversized', false],
    ]);
  });

  it('says 429 with Retry-After when full, and takes the rest afterwards', async () => {
    await start({ pendingBytesMax: 4_000 }, true);
    const statuses: number[] = [];
    for (let i = 0; i < 30; i++) statuses.push((await post(row({ id: `f-${i}` }))).status);
    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(429);
    const full = await post(row({ id: 'f-29' }));
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(full.json).toMatchObject({ ack: 'not-taken', decision: { recommendation: 'hold' } });
    harness.admission.consumed(harness.admission.nextPosition);
    expect((await post(row({ id: 'f-29' }))).status).toBe(200);
  });

  it('marks history, ends it, and goes on counting origins after a restart', async () => {
    await start();
    const old = row({ id: 'h-1', eventTime: 86_400_000 });
    expect((await post(old)).json).toMatchObject({ reason: 'too_old' });
    const path = '/v1/transactions?history=import-1';
    expect((await post(old, { path })).json).toMatchObject({ ack: 'accepted' });
    expect((await post('', { path: '/v1/sources/import-1/end' })).status).toBe(200);
    await harness.admission.flush();
    const controls = harness.admitted.map(({ record }) => controlOf(record));
    expect(controls.at(-1)).toMatchObject({ type: 'history-end', asOfMs: NOW_MS });
    expect((await post(old, { path: '/v1/transactions?history=http' })).status).toBe(400);
    const before = harness.admission.sourceOffset('http', 0);
    await stop();
    await start();
    await post(row({ id: 'after' }));
    expect(harness.admission.sourceOffset('http', 0)).toBe(before + 1);
  });

  it('answers the end of a source once it is in the journal', async () => {
    await start();
    await post(row(), { path: '/v1/transactions?history=past' });
    const { status } = await post({}, { path: '/v1/sources/past/end' });
    expect(status).toBe(200);
    const stored = harness.journal.read(0, 100).map(({ bytes }) => controlOf(bytes)?.type);
    expect(stored).toContain('history-end');
  });

  it('refuses the name of a source too many, and goes on with those it knows', async () => {
    await start();
    for (let i = 0; harness.admission.canTake(`s-${i}`); i++) {
      const items = [{ offset: 0, index: 0, bytes: new Uint8Array(1) }];
      harness.admission.offer({ source: `s-${i}`, partition: 0, history: true, items });
    }
    const refused = await post(row(), { path: '/v1/transactions?history=one-more' });
    expect(refused.status).toBe(400);
    expect(refused.json).toMatchObject({ error: { code: 'too_many_sources' } });
    const known = await post(row(), { path: '/v1/transactions?history=s-1' });
    expect(known.json).toMatchObject({ ack: 'accepted' });
  });
});
