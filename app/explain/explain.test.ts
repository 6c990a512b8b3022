/**
 * Explanations from a real journal, beside its writer: they say what the engine said, and why it
 * said nothing.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRouter, ReferenceTables } from '../../ingest/index.js';
import { type Harness, startAdmission, temporaryFolder } from '../../ingest/testing.js';
import { type LmdbLog, openLmdbLog } from '../../platform/index.js';
import { configurationSchema } from '../../schemas/configuration.js';
import type { ExplainResult, Explanation } from '../../schemas/explanation.js';
import type { Hit } from '../../schemas/hit.js';
import type { TransactionFields } from '../../schemas/transaction-codec.js';
import { catalogueText, loadCatalogue, ScoringOperator } from '../../scoring/index.js';
import { readCatalogueFiles } from '../catalogue-files.js';
import { referenceFacts } from '../engine/ring-records.js';
import { VersionFiles } from '../engine/version-files.js';
import { VersionBook } from '../engine/versions.js';
import { explainSubject } from './explain.js';
import { explainFromJournal } from './journal.js';
import { SubjectRecords } from './subject-records.js';
import { explanationText } from './text.js';

const at = (local: string): number => Date.parse(`${local}+08:00`);
const START_MS = at('2026-03-02T08:00:00');
const RULE = 'cross-border-remittances-person';
/** A few rules are read faster than all. */
const FILES = /activity-drop|cross-border|dormant|structuring-cash/;
const catalogue = loadCatalogue(readCatalogueFiles().filter((f) => FILES.test(f.path)));

let folder: ReturnType<typeof temporaryFolder>;
let bank: Harness;
beforeEach(async () => {
  folder = temporaryFolder();
  bank = await startAdmission(folder.path, { nowMs: START_MS });
  const configuration = configurationSchema.parse({});
  const files = new VersionFiles(new VersionBook(log()), log().blobs, {
    configuration,
    cataloguePath: undefined,
    referenceDir: undefined,
  });
  await files.switchReference(bank.admission);
  const sha256 = await log().blobs.put(Buffer.from(catalogueText(catalogue)));
  bank.admission.appendControl({ type: 'catalogue', sha256 });
});
afterEach(async () => {
  await bank.stop();
  folder.remove();
});

/** The harness opens a real one, and shows less of it. */
const log = (): LmdbLog => bank.journal as LmdbLog;

/** A remittance of G abroad; amounts in yuan. */
function remittance(local: string, yuan: number, id: string): TransactionFields {
  return {
    id,
    eventTimeMs: at(local),
    debtor: { account: 'G', kind: 'person' },
    creditor: { account: `US-${id}`, country: 'US', kind: 'external' },
    amountMinor: yuan * 100,
    currency: 'CNY',
    type: 'transfer',
  };
}

async function send(...transactions: TransactionFields[]): Promise<void> {
  for (const t of transactions) {
    bank.clock.set(Math.max(bank.clock.nowMs(), t.eventTimeMs ?? 0));
    const result = bank.offer([t]);
    if (result.full) throw new Error('not taken');
    await result.flushed;
  }
}

async function ask(
  local: string,
  more: { subject?: string; budgetMs?: number; side?: 'debit' | 'credit' } = {},
): Promise<ExplainResult> {
  const path = `${folder.path}/journal.mdb`;
  const journal = openLmdbLog(path, { name: 'journal', readOnly: true });
  const request = { subject: 'G', budgetMs: 60_000, ...more };
  try {
    return await explainFromJournal({ journal, atMs: at(local), ...request });
  } finally {
    await journal.close();
  }
}

async function explained(local: string, side?: 'debit' | 'credit'): Promise<Explanation> {
  const result = await ask(local, side === undefined ? {} : { side });
  if (!result.ok) throw new Error(result.reason);
  return result.explanation;
}

const ruleOf = (e: Explanation, id = RULE) => e.rules.find((r) => r.id === id);

/** Scenario A1, and noise of another customer between. */
async function a1(): Promise<void> {
  const other = { debtor: { account: 'H' }, creditor: { account: 'I' } };
  await send(
    remittance('2026-03-02T09:10:00', 60_000, 't1'),
    { ...remittance('2026-03-02T10:00:00', 70_000, 'n1'), ...other },
    remittance('2026-03-02T13:40:00', 70_000, 't2'),
    remittance('2026-03-02T20:05:00', 80_000, 't3'),
  );
}

describe('an explanation', () => {
  it('of a hit: gates, value, band, and how far the next is', async () => {
    await a1();
    const e = await explained('2026-03-02T20:05:00');
    expect(e).toMatchObject({ subject: 'G', legs: 3, leg: { transactionId: 't3', side: 'debit' } });
    const rule = ruleOf(e);
    expect(rule).toMatchObject({
      verdict: 'hit',
      observed: { feature: 'sum', unit: 'money', value: 210_000_00 },
      band: { outcome: 'large', threshold: 200_000_00, strict: false },
      next: { outcome: 'very-large', threshold: 1_000_000_00, missing: 790_000_00 },
    });
    expect(rule?.gates).toContainEqual({
      feature: 'remittances',
      unit: 'count',
      value: 3,
      op: 'atLeast',
      threshold: 3,
      held: true,
    });
  });

  it('of none: the gate that does not hold, and rules that were never asked', async () => {
    await a1();
    const e = await explained('2026-03-02T20:04:59.999');
    expect(e.leg?.transactionId).toBe('t2');
    expect(ruleOf(e)).toMatchObject({ verdict: 'gate', observed: { value: 130_000_00 } });
    expect(ruleOf(e)?.gates?.[0]).toMatchObject({ feature: 'remittances', value: 2, held: false });
    expect(ruleOf(e, 'structuring-cash-deposits')).toMatchObject({
      verdict: 'no-trigger',
      unmet: { missing: ['credit', 'cash'], excluded: [], amount: 'too-large' },
    });
    expect(ruleOf(e, 'cross-border-remittances-company')).toMatchObject({
      verdict: 'out-of-scope',
      scope: { kinds: ['company', 'government', 'rural-firm', 'rural-cooperative'] },
    });
    expect(ruleOf(e, 'activity-drop')).toMatchObject({ unmet: { moment: true } });
  });

  it('says what is not available, and why', async () => {
    await send(remittance('2026-03-02T09:10:00', 60_000, 't1'));
    const rule = ruleOf(await explained('2026-03-02T10:00:00'), 'dormant-reactivation');
    expect(rule).toMatchObject({
      verdict: 'not-available',
      observed: { feature: 'silence', value: null, missing: 'no-history' },
    });
    expect(rule).not.toHaveProperty('next');
  });

  it('of a late leg asks as of when it came', async () => {
    await a1();
    await send(remittance('2026-03-02T20:00:00', 90_000, 'late'));
    const e = await explained('2026-03-02T20:01:00');
    expect(e.leg?.transactionId).toBe('late');
    expect(ruleOf(e)?.observed?.value).toBe(220_000_00);
  });

  it('of a day: rules that speak at its close', async () => {
    await a1();
    bank.clock.set(at('2026-03-03T03:00:00'));
    await send(remittance('2026-03-03T03:00:00', 10, 't4'));
    bank.admission.idle('http');
    await send({ ...remittance('2026-03-03T03:00:01', 10, 'n9'), debtor: { account: 'H' } });
    const e = await explained('2026-03-03T04:00:00');
    expect(e.dayCloseMs).toBe(at('2026-03-03T00:00:00'));
    expect(ruleOf(e, 'activity-drop')?.unmet).toBeUndefined();
    expect(e.leg?.transactionId).toBe('t4');
  });

  it('of the newest leg of one side', async () => {
    await a1();
    const back: TransactionFields = {
      ...remittance('2026-03-02T21:00:00', 50, 'in'),
      debtor: { account: 'X', kind: 'external' },
      creditor: { account: 'G', kind: 'person' },
    };
    await send(back);
    expect((await explained('2026-03-02T22:00:00')).leg?.transactionId).toBe('in');
    expect((await explained('2026-03-02T22:00:00', 'debit')).leg?.transactionId).toBe('t3');
  });

  it('of more legs than are kept says since when they are', async () => {
    await a1();
    const records = new SubjectRecords('G', 1);
    for (const { position, record } of bank.admitted) records.take(position, record);
    const versions = new VersionBook(log());
    const request = { subject: 'G', atMs: at('2026-03-02T20:05:00') };
    const result = explainSubject({ ...request, records, versions, first: 0 });
    if (!result.ok) throw new Error(result.reason);
    const { explanation } = result;
    expect(explanation.keptSince).toEqual({ position: explanation.leg?.position });
    expect(ruleOf(explanation)?.gates?.[0]).toMatchObject({ feature: 'remittances', value: 1 });
  });

  it('that there cannot be says why', async () => {
    await a1();
    expect(await ask('2026-03-02T20:05:00', { subject: 'nobody' })).toEqual({
      ok: false,
      reason: 'unknown-subject',
    });
    expect(await ask('2026-03-02T09:09:59.999')).toEqual({
      ok: false,
      reason: 'before-first-leg',
      firstMs: at('2026-03-02T09:10:00'),
    });
    expect(await ask('2026-03-02T20:05:00', { budgetMs: -1 })).toMatchObject({
      ok: false,
      reason: 'out-of-time',
      done: 0,
    });
  });

  it('agrees with what was scored when the leg came, for every rule and leg', async () => {
    await a1();
    await send(
      remittance('2026-03-02T21:00:00', 900_000, 't4'),
      remittance('2026-03-02T21:00:01', 49_999, 't5'),
      { ...remittance('2026-03-02T21:00:02', 45_000, 't6'), type: 'cash-out' },
      { ...remittance('2026-03-02T21:10:02', 45_000, 't7'), type: 'cash-out' },
      { ...remittance('2026-03-02T21:20:02', 45_000, 't8'), type: 'cash-out' },
    );
    const hits = scoredHits();
    expect(new Set(hits.map((h) => h.rule)).size).toBeGreaterThan(1);
    for (const id of ['t1', 't2', 't3', 't4', 't5', 't6', 't7', 't8']) {
      const eventMs = hits.find((h) => h.transactionId === id)?.eventTime;
      if (eventMs === undefined) continue;
      const e = await explained(new Date(eventMs + 8 * 3_600_000).toISOString().slice(0, 23));
      const said = e.rules
        .filter((r) => r.verdict === 'hit')
        .map((r) => [r.id, r.observed?.value, r.band?.outcome, r.score?.value]);
      const of = hits.filter((h) => h.transactionId === id);
      expect(said.map(String).sort()).toEqual(
        of.map((h) => String([h.rule, h.observed.value, h.band, h.score])).sort(),
      );
    }
  });
});

/** What the operator says to the journal's records, all subjects in one shard. */
function scoredHits(): Hit[] {
  const hits: Hit[] = [];
  const tables = new ReferenceTables(new VersionBook(log()).at(1e9).reference.data);
  const operator = new ScoringOperator({
    buffer: new SharedArrayBuffer(16 << 20),
    regionBytes: 16 << 20,
    shards: [0],
    catalogue,
    ...referenceFacts(tables.data),
    latenessMs: configurationSchema.parse({}).latenessMs,
    evidenceMax: 100,
    emit: (hit) => hits.push(hit),
  });
  const router = createRouter({ shards: 1 });
  router.setReference(tables);
  for (const { position, record } of bank.admitted) {
    router.route(position, record, (_, leg) => {
      operator.apply(leg, new DataView(leg.buffer, leg.byteOffset), 0);
    });
  }
  return hits.filter((h) => h.subject === 'G');
}

describe('the text', () => {
  it('says all of it in either language', async () => {
    await a1();
    const e = await explained('2026-03-02T20:05:00');
    const zoneTable = [{ fromMs: 0, offsetMs: 8 * 3_600_000 }];
    const text = (lang: 'zh' | 'en') =>
      explanationText(e, { lang, currency: 'CNY', zoneTable, nameOf: () => 'Name' });
    const en = text('en');
    expect(en).toMatch(/leg +t3, debit ¥80,000, 2026-03-02 20:05:00 \+08:00, log position \d+\n/);
    expect(en).toMatch(/cross-border-remittances-person: HIT {2}Name\n/);
    expect(en).toMatch(/remittances +3 +>= 3 +holds\n/);
    expect(en).toMatch(
      /sum +¥210,000 +band large >= ¥200,000 +next very-large >= ¥1,000,000 \(¥790,000 more\)/,
    );
    expect(en).toMatch(
      /structuring-cash-deposits +not triggered +not credit, not cash, amount too/,
    );
    const zh = text('zh');
    expect(zh).toMatch(/cross-border-remittances-person: 命中/);
    expect(zh).toMatch(/下一区间 very-large >= 100 万元 \(还差 79 万元\)/);
  });
});
