/**
 * The independent verifier of the kill test. It trusts nothing that Weir says about itself: it
 * reads hits.mdb and work.mdb, decodes them with the few offsets written here by hand, and compares
 * them with what a sender noted down. Only the framing of the logs is shared with the program.
 */
import { join } from 'node:path';
import { openLmdbLog } from '../../platform/index.js';

export interface StoredRecord {
  position: number;
  bytes: Uint8Array;
}

/** What was sent under a transaction id. */
export interface SentTransaction {
  account: string;
  amountMinor: number;
}

export interface Expected {
  /** Rules of which each finds every debit leg once. */
  rules: readonly string[];
  sent: ReadonlyMap<string, SentTransaction>;
  acknowledged: ReadonlySet<string>;
  /** Ids of commands (take, close ...) that were answered with success, and those only sent. */
  commandsDone: ReadonlySet<string>;
  commandsSent: ReadonlySet<string>;
}

export interface AlertTruth {
  hitCount: number;
  state: 'open' | 'taken' | 'closed';
}

export interface Verdict {
  /** Empty = everything that must hold holds. */
  problems: string[];
  hits: number;
  /** Hits of transactions that were sent and never acknowledged: allowed, once. */
  hitsUnacknowledged: number;
  alerts: ReadonlyMap<string, AlertTruth>;
}

interface SeenHit {
  id: string;
  rule: string;
  subject: string;
  history: boolean;
}

/** Lines of one kind that are written out; the rest is counted. */
const LINES_MAX = 5;
const READ_RECORDS = 5_000;

export async function verifyFolder(dir: string, expected: Expected): Promise<Verdict> {
  const hits = await readLog(join(dir, 'hits.mdb'), 'hits');
  const work = await readLog(join(dir, 'work.mdb'), 'work');
  return verify(hits, work, expected);
}

/** All records of a log, beside its writer or after its death. */
export async function readLog(path: string, name: string): Promise<StoredRecord[]> {
  const log = openLmdbLog(path, { name, readOnly: true });
  const records: StoredRecord[] = [];
  try {
    const end = log.end();
    for (let next = log.first(); next < end; ) {
      const read = log.read(next, READ_RECORDS);
      if (read.length === 0) break;
      for (const { position, bytes } of read) records.push({ position, bytes: bytes.slice() });
      next = (read.at(-1)?.position ?? end) + 1;
    }
  } finally {
    await log.close();
  }
  return records;
}

export function verify(
  hitRecords: readonly StoredRecord[],
  workRecords: readonly StoredRecord[],
  expected: Expected,
): Verdict {
  const problems = new Problems();
  checkPositions('hits', hitRecords, problems);
  checkPositions('work', workRecords, problems);
  const found = checkHits(hitRecords, expected, problems);
  const alerts = checkWork(workRecords, found.byPosition, expected, problems);
  return {
    problems: problems.lines(),
    hits: found.byPosition.size,
    hitsUnacknowledged: found.unacknowledged,
    alerts,
  };
}

class Problems {
  readonly #byKind = new Map<string, string[]>();

  add(kind: string, what: string): void {
    const lines = this.#byKind.get(kind);
    if (lines === undefined) this.#byKind.set(kind, [what]);
    else lines.push(what);
  }

  lines(): string[] {
    return [...this.#byKind].flatMap(([kind, all]) => [
      ...all.slice(0, LINES_MAX).map((what) => `${kind}: ${what}`),
      ...(all.length > LINES_MAX ? [`${kind}: ${all.length} in all`] : []),
    ]);
  }
}

function checkPositions(log: string, records: readonly StoredRecord[], problems: Problems): void {
  let next = records[0]?.position ?? 0;
  if (next !== 0) problems.add('positions', `${log} begins at ${next}`);
  for (const { position } of records) {
    if (position !== next) problems.add('positions', `${log} has ${position} where ${next} is due`);
    next = position + 1;
  }
}

function checkHits(
  records: readonly StoredRecord[],
  expected: Expected,
  problems: Problems,
): { byPosition: Map<number, SeenHit>; unacknowledged: number } {
  const byPosition = new Map<number, SeenHit>();
  const ids = new Set<string>();
  const found = new Map<string, number>();
  const journalPositions = new Map<number, number>();
  for (const { position, bytes } of records) {
    const hit = decode(position, bytes, problems);
    if (hit === undefined) continue;
    byPosition.set(position, hit);
    if (ids.has(hit.id)) problems.add('hit twice', `${hit.id} again at ${position}`);
    ids.add(hit.id);
    // A shard lives in one thread, which goes through the journal in order.
    const before = journalPositions.get(hit.shard) ?? -1;
    if (hit.journalPosition < before) {
      problems.add('order', `shard ${hit.shard}: ${hit.journalPosition} behind ${before}`);
    }
    journalPositions.set(hit.shard, hit.journalPosition);
    const key = `${hit.rule} ${hit.transactionId}`;
    found.set(key, (found.get(key) ?? 0) + 1);
    checkAgainstSent(hit, expected, problems);
  }
  let unacknowledged = 0;
  for (const rule of expected.rules) {
    for (const id of expected.sent.keys()) {
      const count = found.get(`${rule} ${id}`) ?? 0;
      const acknowledged = expected.acknowledged.has(id);
      if (count > 1) problems.add('transaction hit twice', `${id}: ${count} hits of ${rule}`);
      if (count === 0 && acknowledged) problems.add('lost', `${id} was acknowledged, has no hit`);
      if (count > 0 && !acknowledged) unacknowledged++;
    }
  }
  return { byPosition, unacknowledged };
}

function checkAgainstSent(hit: DecodedHit, expected: Expected, problems: Problems): void {
  const sent = expected.sent.get(hit.transactionId);
  if (sent === undefined) {
    problems.add('never sent', `hit ${hit.id} of transaction ${hit.transactionId}`);
    return;
  }
  if (!expected.rules.includes(hit.rule)) problems.add('unknown rule', `${hit.rule} (${hit.id})`);
  if (hit.side !== 'debit' || hit.subject !== sent.account) {
    problems.add('other subject', `${hit.transactionId}: ${hit.side} leg of ${hit.subject}`);
  }
  if (hit.value !== sent.amountMinor) {
    problems.add('other amount', `${hit.transactionId}: ${hit.value}, sent ${sent.amountMinor}`);
  }
}

interface DecodedHit extends SeenHit {
  transactionId: string;
  side: string;
  value: number;
  shard: number;
  journalPosition: number;
}

/** Offsets as on the disk: a change of the layout that breaks old files is found here. */
function decode(position: number, bytes: Uint8Array, problems: Problems): DecodedHit | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = bytes.byteLength < 64 ? -1 : view.getUint32(0, true);
  if (length !== bytes.byteLength || view.getUint8(4) !== 1) {
    problems.add('unreadable hit', `at ${position}: ${bytes.byteLength} bytes`);
    return undefined;
  }
  const words = [40, 44, 48, 52].map((at) => view.getUint32(at, true));
  const id = words.map((word) => word.toString(16).padStart(8, '0')).join('');
  let body: Record<string, unknown>;
  try {
    const text = Buffer.from(bytes.subarray(64, 64 + view.getUint32(32, true))).toString('utf8');
    body = JSON.parse(text) as Record<string, unknown>;
  } catch {
    problems.add('unreadable hit', `at ${position}: its body is no JSON`);
    return undefined;
  }
  if (body['id'] !== id) problems.add('two ids', `at ${position}: ${id} and ${body['id']}`);
  return {
    id,
    rule: String(body['rule']),
    subject: String(body['subject']),
    history: (view.getUint16(6, true) & 1) === 1,
    transactionId: String(body['transactionId']),
    side: String(body['side']),
    value: Number((body['observed'] as { value?: unknown } | undefined)?.value),
    shard: view.getUint16(36, true),
    journalPosition: view.getFloat64(8, true),
  };
}

interface Alert extends AlertTruth {
  pair: string;
}

/** Every live hit in exactly one alert, alerts of one pair one after another, commands once. */
function checkWork(
  records: readonly StoredRecord[],
  hits: ReadonlyMap<number, SeenHit>,
  expected: Expected,
  problems: Problems,
): Map<string, AlertTruth> {
  const alerts = new Map<string, Alert>();
  const openOfPair = new Map<string, string>();
  const grouped = new Set<number>();
  const commands = new Map<string, number>();
  let lastHit = -1;
  for (const { position, bytes } of records) {
    const record = JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown>;
    const alertId = String(record['alertId']);
    if (record['type'] !== 'open' && record['type'] !== 'append') {
      act(alerts, openOfPair, record, problems);
      const command = String(record['command']);
      commands.set(command, (commands.get(command) ?? 0) + 1);
      continue;
    }
    const at = Number(record['hitPosition']);
    const hit = hits.get(at);
    if (at <= lastHit) problems.add('work order', `hit ${at} at ${position} behind ${lastHit}`);
    if (grouped.has(at)) problems.add('grouped twice', `hit ${at} again at ${position}`);
    grouped.add(at);
    lastHit = Math.max(lastHit, at);
    if (hit === undefined || hit.history) {
      problems.add('no such hit', `work record ${position} names hit ${at}`);
      continue;
    }
    const pair = `${hit.rule}\0${hit.subject}`;
    if (record['type'] === 'open') {
      if (alertId !== hit.id) problems.add('wrong alert', `${alertId} opened by hit ${hit.id}`);
      if (alerts.has(alertId)) problems.add('opened twice', alertId);
      if (openOfPair.has(pair)) problems.add('two open', `${alertId} beside an open alert`);
      alerts.set(alertId, { hitCount: 1, state: 'open', pair });
      openOfPair.set(pair, alertId);
    } else {
      const alert = alerts.get(alertId);
      if (alert === undefined || openOfPair.get(pair) !== alertId || record['hitId'] !== hit.id) {
        problems.add('wrong alert', `hit ${hit.id} appended to ${alertId}`);
      } else alert.hitCount++;
    }
  }
  for (const [position, hit] of hits) {
    if (!hit.history && !grouped.has(position)) problems.add('in no alert', `hit ${hit.id}`);
  }
  checkCommands(commands, expected, problems);
  return alerts;
}

function act(
  alerts: Map<string, Alert>,
  openOfPair: Map<string, string>,
  record: Record<string, unknown>,
  problems: Problems,
): void {
  const alert = alerts.get(String(record['alertId']));
  if (alert === undefined || alert.state === 'closed') {
    problems.add('act on no open alert', `${record['type']} of ${record['alertId']}`);
    return;
  }
  if (record['type'] === 'take') alert.state = 'taken';
  else if (record['type'] === 'release') alert.state = 'open';
  else if (record['type'] === 'close') {
    alert.state = 'closed';
    openOfPair.delete(alert.pair);
  } else problems.add('unknown record', String(record['type']));
}

function checkCommands(
  commands: ReadonlyMap<string, number>,
  expected: Expected,
  problems: Problems,
): void {
  for (const [command, count] of commands) {
    if (count > 1) problems.add('command twice', `${command}: ${count} records`);
    if (!expected.commandsSent.has(command)) problems.add('command never sent', command);
  }
  for (const command of expected.commandsDone) {
    if (!commands.has(command)) problems.add('command lost', command);
  }
}
