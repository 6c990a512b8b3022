import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ClassBit } from '../../schemas/classes.js';
import { configurationSchema } from '../../schemas/configuration.js';
import { LEG_CLASS_BITS } from '../../schemas/generated/records.js';
import type { OfferResult, SourceBatch, SourceHost } from '../../schemas/ports.js';
import { decodeTransaction, type TransactionFields } from '../../schemas/transaction-codec.js';
import { createAdmission } from '../admission/admission.js';
import { createNullJournal } from '../admission/journal.js';
import { defaultReference } from '../reference/defaults.js';
import { ReferenceTables } from '../reference/tables.js';
import { createRouter } from '../router.js';
import { temporaryFolder } from '../testing.js';
import { createFileSource, type FileProgress, type FileSourceOptions } from './file.js';
import { loadMapping } from './mapping.js';
import { shippedMappingPath } from './shipped.js';

// Data for development lies beside the project; without it the last suite is left out.
const SAMPLE = resolve('../shared/data/labelled-aml/transactions.csv.gz');

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

function write(name: string, content: string | Uint8Array): string {
  const path = join(folder.path, name);
  writeFileSync(path, content);
  return path;
}

/** Takes everything; refuses the first `fullTimes` offers. */
class Host implements SourceHost {
  readonly batches: SourceBatch[] = [];
  readonly events: string[] = [];
  fullTimes = 0;
  room: () => void = () => undefined;
  offer(batch: SourceBatch): OfferResult {
    if (this.fullTimes-- > 0) {
      setTimeout(() => this.room(), 1);
      return { full: true, retryAfterMs: 1 };
    }
    this.batches.push(batch);
    return { full: false, outcomes: [], flushed: Promise.resolve() };
  }
  onRoom(listener: () => void): void {
    this.room = listener;
  }
  idle(source: string): void {
    this.events.push(`idle ${source}`);
  }
  ended(source: string): void {
    this.events.push(`ended ${source}`);
  }
  get items() {
    return this.batches.flatMap((b) => b.items);
  }
  get transactions(): TransactionFields[] {
    return this.items.filter((i) => i.reject === undefined).map((i) => decodeTransaction(i.bytes));
  }
}

async function play(options: Partial<FileSourceOptions> & { path: string }, host = new Host()) {
  const source = createFileSource({ history: true, zone: 'Asia/Shanghai', name: 'f', ...options });
  await source.run(host);
  return host;
}

const MAPPING = `
columns: {no: id, day: eventTime, from: debtor.account, to: creditor.account, sum: amount,
  bal: debtorBalanceAfter, to_bank: creditor.bank}
constants: {currency: CNY}
ourBanks: [OURS]
skip: [{kind: [OPEN, NOTE]}]
conditions:
  - when: {kind: CASH}
    set: {type: cash-out, creditor.kind: technical}
time: {format: dd.MM.yyyy, spread: true}
amount: {decimal: ',', thousands: '.'}
`;
const CSV = `no,day,from,to,sum,bal,to_bank,kind
1,01.03.2026,A,B,"1.234,56","-5,00",OURS,PAY
2,01.03.2026,A,B,"1,00",,OURS,OPEN
3,01.03.2026,A,"C ""x""
y","2,00",,THEIRS,PAY
4,02.03.2026,A,D,"3,00",,,CASH
5,02.03.2026,A,D,oops,,,PAY
6,32.03.2026,A,D,"3,00",,,PAY
7,02.03.2026,A
8,02.03.2026,A,D,"4,00",,,PAY
`;

describe('file source', () => {
  it('maps columns, constants, conditions, decimals and banks; refuses rows by line', async () => {
    const path = write('a.csv', CSV);
    const mapping = loadMapping(write('m.yaml', MAPPING));
    const host = await play({ path, mapping });
    expect(host.transactions).toMatchObject([
      { id: '1', amountMinor: 123_456, debtorBalanceAfterMinor: -500, currency: 'CNY' },
      { id: '3', creditor: { bank: 'THEIRS', kind: 'external', account: 'C "x"\ny' } },
      { id: '4', type: 'cash-out', creditor: { kind: 'technical' } },
      { id: '8', amountMinor: 400 },
    ]);
    const refused = host.items.filter((i) => i.reject !== undefined);
    expect(refused.map((i) => i.reject)).toEqual([
      { reason: 'bad_amount', detail: 'line 7: amount: not an amount of this currency' },
      { reason: 'bad_event_time', detail: 'line 8: eventTime: not in the given format' },
      { reason: 'malformed', detail: 'line 9: 3 columns, the header has 8' },
    ]);
    expect(new TextDecoder().decode(refused[2].bytes)).toBe('7,02.03.2026,A');
    expect(host.events).toEqual(['ended f']);
  });

  it('spreads the rows of a day over it in file order, and ends when asked to', async () => {
    const path = write('a.csv', CSV);
    const mapping = loadMapping(write('m.yaml', MAPPING));
    const host = await play({ path, mapping });
    const hour = 3_600_000;
    const day = Date.parse('2026-03-01T00:00:00+08:00');
    const times = host.transactions.map((t) => t.eventTimeMs);
    // Two rows on the first day (one is skipped), three or four on the second.
    expect(times[0]).toBe(day + 6 * hour);
    expect(times[1]).toBe(day + 18 * hour);
    expect(times).toEqual([...times].sort((a, b) => Number(a) - Number(b)));

    const endAtMs = Date.parse('2026-11-05T09:00:00+08:00');
    const shifted = await play({ path, mapping, endAtMs });
    const last = Math.max(...shifted.transactions.map((t) => t.eventTimeMs ?? 0));
    expect(last).toBeLessThanOrEqual(endAtMs);
    expect(last).toBeGreaterThan(endAtMs - 2 * 24 * hour);
    expect((last - Math.max(...times.map(Number))) % (24 * hour)).toBe(0);
  });

  it('reads gzip and plain, CRLF and no last line end, alike', async () => {
    const mapping = loadMapping(write('m.yaml', MAPPING));
    const plain = await play({ path: write('a.csv', CSV), mapping });
    const crlf = CSV.trimEnd().replaceAll('\n', '\r\n').replace('x""\r\n', 'x""\n');
    for (const content of [gzipSync(CSV), `\uFEFF${crlf}`]) {
      const other = await play({ path: write('b', content), mapping });
      expect(other.transactions).toEqual(plain.transactions);
    }
  });

  it('reads NDJSON in its own form and by a mapping', async () => {
    const row = {
      id: 'n1',
      eventTime: '2026-03-01T08:00:00+08:00',
      debtor: { account: 'A' },
      creditor: { account: 'B' },
      amount: '12.50',
      currency: 'CNY',
    };
    const own = await play({ path: write('o.ndjson', `${JSON.stringify(row)}\n{"id":1}\nnope\n`) });
    expect(own.transactions).toMatchObject([{ id: 'n1', amountMinor: 1250 }]);
    expect(own.items.slice(1).map((i) => i.reject?.detail)).toEqual([
      expect.stringMatching(/^line 2: /),
      'line 3: not JSON',
    ]);
    const mapping = loadMapping(
      write(
        'm.yaml',
        'format: ndjson\ncolumns: {k: id, t: eventTime, a.from: debtor.account, ' +
          'a.to: creditor.account, v: amount}\n' +
          'constants: {currency: CNY}\ntime: {format: epoch-s}\n',
      ),
    );
    const line = JSON.stringify({ k: 7, t: 1_772_000_000, a: { from: 'A', to: 'B' }, v: 3.5 });
    const mapped = await play({ path: write('p.ndjson', line), mapping });
    expect(mapped.transactions).toMatchObject([
      { id: '7', eventTimeMs: 1_772_000_000_000, amountMinor: 350, debtor: { account: 'A' } },
    ]);
  });

  it('waits while admission is full, loses nothing, and reports its progress', async () => {
    const rows = Array.from({ length: 1000 }, (_, i) => `${i},01.03.2026,A,B,"1,00",,,PAY`);
    const header = CSV.split('\n')[0];
    const path = write('a.csv', [header, ...rows].join('\n'));
    const mapping = loadMapping(write('m.yaml', MAPPING));
    const host = new Host();
    host.fullTimes = 3;
    let progress: FileProgress | undefined;
    await play({ path, mapping, onProgress: (p) => (progress = p) }, host);
    expect(host.items.map((i) => i.offset)).toEqual(rows.map((_, i) => i));
    expect(host.batches.at(-1)?.nextOffset).toBe(1000);
    expect(progress).toMatchObject({ rows: 1000 });
    expect(progress?.bytesRead).toBe(progress?.bytesTotal);
    const rest = await play({ path, mapping, fromOffset: 990 });
    expect(rest.items.map((i) => i.offset)).toEqual(rows.slice(990).map((_, i) => 990 + i));
  });

  it('says what is wrong with a file or a mapping, and where', async () => {
    const mapping = loadMapping(write('m.yaml', MAPPING));
    await expect(play({ path: join(folder.path, 'none.csv') })).rejects.toThrow(/cannot be read/);
    await expect(play({ path: write('h.csv', 'no,day\n'), mapping })).rejects.toThrow(
      /:1: no column from, to, sum/,
    );
    const cut = gzipSync(CSV.repeat(100)).subarray(0, 100);
    await expect(play({ path: write('c.gz', cut), mapping })).rejects.toThrow(/cut or damaged/);
    const bad = (text: string) => () => loadMapping(write('bad.yaml', text));
    expect(bad(MAPPING.replace('no: id', 'no: idd'))).toThrow(/bad\.yaml:2: columns\.no/);
    expect(bad(`${MAPPING}\ncolour: red`)).toThrow(/bad\.yaml:\d+: Unrecognized key: "colour"/);
    expect(bad(MAPPING.replace('cash-out', 'cash'))).toThrow(/type cannot be "cash"/);
    expect(bad(MAPPING.replace('constants: {currency: CNY}', ''))).toThrow(/gives currency/);
  });
});

describe.runIf(existsSync(SAMPLE))('the labelled sample', () => {
  it('is admitted whole, with salaries, card payments and transfers told apart', async () => {
    const mapping = loadMapping(shippedMappingPath('labelled-sample') as string);
    const configuration = configurationSchema.parse({ ...mapping.bank, dedupeIdsMax: 200_000 });
    const tables = new ReferenceTables(defaultReference(configuration));
    const router = createRouter({ shards: 1 });
    router.setReference(tables);
    const counts = { salary: 0, card: 0, cash: 0, transfer: 0, customerMade: 0, legs: 0 };
    const admission = await createAdmission({
      journal: createNullJournal(),
      configuration,
      clock: { nowMs: () => Date.parse('2024-04-30T00:00:00Z') },
      reference: tables,
      onAdmitted: (position, record) => {
        router.route(position, record, (_, leg) => {
          const bits = leg[LEG_CLASS_BITS] | (leg[LEG_CLASS_BITS + 1] << 8);
          counts.legs++;
          for (const name of ['salary', 'card', 'cash', 'transfer', 'customerMade'] as const) {
            if (bits & ClassBit[name]) counts[name]++;
          }
        });
        admission?.consumed(position + 1);
      },
      onFailed: (error) => {
        throw error;
      },
    });
    await createFileSource({ path: SAMPLE, mapping, history: true, zone: 'UTC' }).run(admission);
    await admission.close();
    // By the sample's own columns: 155,513 rows less 2,000 opening balances.
    expect(admission.counters.accepted).toBe(153_513);
    expect(Object.values(admission.counters.rejected).every((n) => n === 0)).toBe(true);
    expect(counts).toEqual({
      salary: 8000,
      card: 126_238,
      cash: 134,
      transfer: 2 * 19_141,
      customerMade: 126_238 + 134 + 19_141,
      legs: 126_238 + 134 + 8000 + 2 * 19_141,
    });
  });
});
