/**
 * `weir rules apply --at`: the change takes effect at one position of the journal, holds over
 * kill -9 and a restart with the old files, and gives the same bytes for 1, 2 and 4 threads.
 */
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readControls } from '../ingest/index.js';
import { openLmdbLog, openStatsBoard } from '../platform/index.js';
import * as R from '../schemas/generated/records.js';
import type { Hit } from '../schemas/hit.js';
import { packageRoot } from './package.js';
import { payment, writeReference } from './testing/bank.js';
import { Sender } from './testing/clients.js';
import {
  childPid,
  cleanUp,
  freePorts,
  type Ports,
  type Program,
  startRun,
  startWeir,
  status,
  temporaryFolder,
  until,
  untilReady,
} from './testing/program.js';

const EVERY = join(packageRoot(), 'app', 'testing', 'every-transaction.yaml');
const CLOCK = '2026-03-02T11:00:00+08:00';
const PAID_EVERY_MS = 500;
/** Later ones would be of the future. */
const PAID_MAX = 230;

let dir = '';
let ports: Ports;
let weir: Program;
let sender: Sender;
const copies: string[] = [];
beforeEach(async () => {
  dir = temporaryFolder();
  ports = await freePorts();
  sender = new Sender(dir, ports.ingest);
  writeReference(join(dir, 'reference'));
  copyFileSync(EVERY, join(dir, 'rules.yaml'));
});
afterEach(() => {
  for (const copy of copies.splice(0)) rmSync(copy, { recursive: true, force: true });
  return cleanUp(dir);
});

const files = (): string[] => [
  ...['--reference', join(dir, 'reference'), '--catalogue', join(dir, 'rules.yaml')],
  ...['--clock-start', CLOCK, '--set', 'decisionTimeoutMs=60000'],
];

/** Paid by H at a minute of its own; what was recommended, and by which rules. */
let paid = 0;
async function pay(): Promise<string> {
  const at = 7 * 60 + paid++;
  const two = (n: number): string => String(Math.floor(n)).padStart(2, '0');
  const time = `2026-03-02T${two(at / 60)}:${two(at % 60)}:00`;
  const reply = await sender.post(payment(time, '6000.00', { from: 'H1' }));
  const { decision } = reply;
  expect(decision.state, JSON.stringify(reply)).toBe('scored');
  return `${decision.recommendation} ${decision.rules.join()}`.trim();
}

async function rules(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const { ended, out, err } = startWeir(['rules', ...args, '--dir', dir]);
  return { code: await ended, out: out(), err: err() };
}

const engineStats = () => openStatsBoard(dir, { nowMs: Date.now }).read('engine');
const clockMs = (): number => engineStats()?.atMs ?? 0;

async function catalogueRecords(): Promise<{ position: number; sha256: string }[]> {
  const journal = openLmdbLog(join(dir, 'journal.mdb'), { name: 'journal', readOnly: true });
  const found = [...readControls(journal)].flatMap(({ position, record }) =>
    record.type === 'catalogue' ? [{ position, sha256: record.sha256 }] : [],
  );
  await journal.close();
  return found;
}

async function readHits(of: string): Promise<{ position: number; flags: number; body: string }[]> {
  const log = openLmdbLog(join(of, 'hits.mdb'), { name: 'hits', readOnly: true });
  const hits = log.end() === 0 ? [] : log.read(log.first(), 10_000);
  await log.close();
  return hits.map(({ bytes }) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const length = view.getUint32(R.HIT_HEADER_BODY_LENGTH, true);
    const body = bytes.subarray(R.HIT_HEADER_BYTES, R.HIT_HEADER_BYTES + length);
    return {
      position: view.getFloat64(R.HIT_HEADER_POSITION, true),
      flags: view.getUint16(R.HIT_HEADER_FLAGS, true),
      body: Buffer.from(body).toString('utf8'),
    };
  });
}

const shaOf = (hits: { body: string }[]): string =>
  createHash('sha256')
    .update(
      hits
        .map((hit) => hit.body)
        .sort()
        .join('\n'),
    )
    .digest('hex');

/** The journal scored anew by a number of threads: without hits and snapshots. */
async function rescored(threads: number, expected: number): Promise<string> {
  const copy = temporaryFolder();
  copies.push(copy);
  const again = /(?:hits|work)\.mdb|snapshots|stats|\.lock/;
  cpSync(dir, copy, { recursive: true, filter: (from) => !again.test(from.slice(dir.length)) });
  const { ingest, engineOperations } = await freePorts();
  const engine = startWeir([
    ...['engine', '--dir', copy, '--threads', String(threads), ...files()],
    ...['--ingest-port', String(ingest), '--engine-operations-port', String(engineOperations)],
  ]);
  await until(
    async () => existsSync(join(copy, 'hits.mdb')) && (await readHits(copy)).length >= expected,
    () => engine.err(),
  );
  engine.process.kill('SIGTERM');
  await engine.ended;
  return shaOf(await readHits(copy));
}

function writeNext(): string {
  const text = readFileSync(join(dir, 'rules.yaml'), 'utf8');
  const next = join(dir, 'next.yaml');
  const shadow = text
    .replace('id: every-transaction', 'id: in-shadow')
    .replace('state: active', 'state: shadow')
    .replace('outcome: paid', 'outcome: paid\n    decision: hold');
  writeFileSync(next, `${text.replace('version: 1', 'version: 2')}---\n${shadow}`);
  return next;
}

it('takes effect at its time and place, whatever is killed and however many threads', async () => {
  weir = startRun(dir, ports, files());
  await untilReady(weir);
  expect(await pay()).toBe('none every-transaction');
  await until(() => clockMs() > 0);
  const broken = join(dir, 'broken.yaml');
  writeFileSync(broken, readFileSync(EVERY, 'utf8').replace('observed: amount', 'observed: it'));
  const refused = await rules('apply', '--catalogue', broken);
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.err).toMatch(/broken\.yaml:\d+: /);
  expect((await rules('pending')).out).toMatch(/^nothing waits\n/);
  const next = writeNext();
  const later = new Date(clockMs() + 86_400_000).toISOString();
  expect((await rules('apply', '--catalogue', next, '--at', later)).out).toContain(later);
  expect((await rules('pending')).out).toContain(`2 rules: at ${later}`);
  expect((await rules('cancel')).out).toContain('taken back');

  const at = new Date(clockMs() + 4_000).toISOString();
  expect((await rules('apply', '--catalogue', next, '--at', at)).code).toBe(0);
  const request = join(dir, 'rules-request.json');
  // Payments come in until the time has come and the change with it.
  for (let nextMs = 0; existsSync(request); ) {
    await until(() => !existsSync(request) || performance.now() >= nextMs);
    await pay();
    nextMs = performance.now() + PAID_EVERY_MS;
    expect(paid).toBeLessThan(PAID_MAX);
  }
  // In shadow it is scored and says nothing to the sender.
  expect(await pay()).toBe('none every-transaction');
  const engine = childPid(weir.pid, 'engine') as number;
  process.kill(engine, 'SIGKILL');
  await until(() => ![undefined, engine].includes(childPid(weir.pid, 'engine')));
  await until(async () => {
    return (await status(`http://127.0.0.1:${ports.engineOperations}/readyz`)) === 200;
  });
  expect(await pay()).toBe('none every-transaction');
  // The board is written once a second.
  const stands = (): string => JSON.stringify(engineStats()?.value ?? '');
  await until(() => stands().includes('"state":"shadow"'), stands);
  const said = JSON.parse((await rules('pending', '--json')).out) as {
    last: { outcome: string; position: number; sha256: string };
    rules: { rule: string; state: string; hits: number }[];
  };
  weir.process.kill('SIGTERM');
  expect(await weir.ended).toBe(0);

  // The old files were there at the restart: they have not changed since, so they do not count.
  const records = await catalogueRecords();
  expect(records).toHaveLength(2);
  const [, change] = records;
  expect(said.last).toMatchObject({ outcome: 'applied', ...change });
  expect(said.rules).toContainEqual(
    expect.objectContaining({ rule: 'in-shadow', state: 'shadow' }),
  );
  const hits = await readHits(dir);
  const every = hits.map((hit) => ({ ...hit, hit: JSON.parse(hit.body) as Hit }));
  const active = every.filter(({ hit }) => hit.rule === 'every-transaction');
  expect(active).toHaveLength(paid);
  for (const { position, flags, hit } of active) {
    const isAfter = position > (change?.position ?? 0);
    expect([hit.ruleVersion, flags]).toEqual([isAfter ? 2 : 1, 0]);
    expect((change?.sha256.startsWith(hit.catalogueVersion) ?? false) === isAfter).toBe(true);
  }
  const shadows = every.filter(({ hit }) => hit.rule === 'in-shadow');
  expect(shadows.map(({ position }) => position)).toEqual(
    active.filter(({ hit }) => hit.ruleVersion === 2).map(({ position }) => position),
  );
  for (const { flags, hit } of shadows) expect([flags, hit.shadow]).toEqual([2, true]);
  expect(shadows.length).toBeGreaterThan(1);

  for (const threads of [1, 2, 4]) {
    expect(await rescored(threads, hits.length), `${threads} threads`).toBe(shaOf(hits));
  }
});
