/**
 * The same work as a peer: Weir's scoring and a Flink job, one after the other on the same core,
 * several times. A run whose alerts differ from what every program finds is no figure but an error.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { figure, median, whole } from '../figures.js';
import type { Bench, BenchAnswer, BenchOptions } from '../question.js';
import { EXPECTED } from './expected.js';
import type { JobResult } from './job.js';
import { VARIANTS } from './stream.js';

const RUNS = 3;
const TRANSACTIONS = 5_000_000;
const QUICK_TRANSACTIONS = 20_000;
/** Where the peers' sources lie, beside the project or wherever WEIR_PEERS says. */
const SOURCES = process.env['WEIR_PEERS'] ?? fromRoot('../shared/peers');
const BUILT = fromRoot('dist/peers');
const CORE = '1';
const OUTPUT_BYTES_MAX = 1024 * 1024;

/** From dist/bench/peers, where this runs. */
function fromRoot(path: string): string {
  return fileURLToPath(new URL(join('../../..', path), import.meta.url));
}

export const peersBench: Bench = { name: 'peers', run };

interface Rates {
  filling: number[];
  steady: number[];
  bytes: number[];
}

async function run({ quick, progress }: BenchOptions): Promise<BenchAnswer> {
  const flink = quick ? 'not in a smoke run' : buildFlink(progress);
  const transactions = quick ? QUICK_TRANSACTIONS : TRANSACTIONS;
  const rows: string[][] = [];
  for (const variant of Object.values(VARIANTS)) {
    const ours: Rates = { filling: [], steady: [], bytes: [] };
    const theirs: Rates = { filling: [], steady: [], bytes: [] };
    for (let i = 0; i < (quick ? 1 : RUNS); i++) {
      progress(`${variant.name}: Weir, run ${i + 1}`);
      take(ours, runWeir(variant.name, transactions));
      if (flink !== '') continue;
      progress(`${variant.name}: Flink, run ${i + 1}`);
      take(theirs, runFlink(variant.name, transactions));
    }
    rows.push(row('Weir', variant.name, ours), row('Flink', variant.name, theirs));
    rows.push(ratioRow(variant.name, ours, theirs));
  }
  return {
    question: 'How fast is the same work on Weir and on Flink, on one core each?',
    load:
      'the peers’ stream: uneven (Zipf 1.05 over 1 M accounts, the busiest with a tenth of the ' +
      'payments) and 100,000 accounts alike; five rules over 24 h, two of which fire on most ' +
      'payments; event time passes at 50 payments a second',
    n: `${quick ? 1 : RUNS} runs of ${whole(transactions)} payments each, Weir and Flink in turn`,
    method:
      'a process each, on one core (taskset), in memory. Weir: ring bytes to outcomes, one ' +
      'scoring thread, rules as catalogue entries (bench/peers/rules.yaml); counts and SHA-256 ' +
      'of all alerts compared with what Flink, plain Java and a brute force find. Filling: ' +
      'first half (Flink: from 1 M on); steady: second half, where each payment also drives one ' +
      'out. Medians.',
    columns: ['program', 'stream', 'filling /s', 'steady /s', 'B an account'],
    rows,
    ...(flink === '' ? {} : { notes: [`Flink: ${flink}.`] }),
  };
}

function take(into: Rates, result: { filling: number; steady: number; bytes: number }): void {
  into.filling.push(result.filling);
  into.steady.push(result.steady);
  into.bytes.push(result.bytes);
}

function row(program: string, stream: string, rates: Rates): string[] {
  const of = (values: number[]): string => figure(median(values));
  return [program, stream, of(rates.filling), of(rates.steady), of(rates.bytes)];
}

function ratioRow(stream: string, ours: Rates, theirs: Rates): string[] {
  const of = (a: number[], b: number[]): string => `${figure(median(a) / median(b))}x`;
  return [
    'Weir / Flink',
    stream,
    of(ours.filling, theirs.filling),
    of(ours.steady, theirs.steady),
    of(ours.bytes, theirs.bytes),
  ];
}

function runWeir(variant: string, transactions: number): ReturnType<typeof ratesOf> {
  const child = fromRoot('dist/bench/peers/run.js');
  const out = onOneCore([process.execPath, child, variant, String(transactions)], process.cwd());
  const result = JSON.parse(out) as JobResult;
  const expected = EXPECTED[variant]?.[transactions];
  if (expected !== undefined && expected.sha256 !== result.sha256) {
    const found = JSON.stringify(result.counts);
    throw new Error(`${variant}: alerts differ, ${found} against ${expected.counts.join()}`);
  }
  return ratesOf(result);
}

function ratesOf(result: JobResult): { filling: number; steady: number; bytes: number } {
  return {
    filling: result.fillingPerSecond,
    steady: result.steadyPerSecond,
    bytes: result.bytesPerAccount,
  };
}

const OPENED = ['java.util', 'java.lang', 'java.util.concurrent'].map(
  (name) => `--add-opens=java.base/${name}=ALL-UNNAMED`,
);
/** As the peers measured their best: 6 GB heap, 3 GB young, parallel collector, huge pages. */
const JVM = ['-Xms6g', '-Xmx6g', '-Xmn3g', '-XX:+UseParallelGC', '-XX:+AlwaysPreTouch'];
const JVM_MORE = ['-XX:+UseTransparentHugePages', '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn'];
const RESULT =
  /: (?<filling>\d+) tx\/s \| \d+\.\.\d+: (?<steady>\d+) tx\/s .* = (?<bytes>-?\d+) B\/account/;

function runFlink(variant: string, transactions: number): ReturnType<typeof ratesOf> {
  const words = ['par=1', `gen=${variant}`, 'ckpt=0', `n=${transactions}`];
  const classPath = ['-cp', 'target/classes:target/libs/*', 'peer.FlinkJob'];
  const warm = `warm=${transactions / 2}`;
  const java = ['java', ...JVM, ...JVM_MORE, ...OPENED, ...classPath, ...words, warm];
  const found = RESULT.exec(onOneCore(java, BUILT))?.groups;
  if (found === undefined) throw new Error(`${variant}: Flink printed no result`);
  const { filling, steady, bytes } = found;
  return { filling: Number(filling), steady: Number(steady), bytes: Number(bytes) };
}

function onOneCore(command: readonly string[], cwd: string): string {
  const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore'];
  const options = { cwd, encoding: 'utf8' as const, maxBuffer: OUTPUT_BYTES_MAX, stdio };
  return execFileSync('taskset', ['-c', CORE, ...command], options);
}

/** Compiles the peers' job; '' when it stands, else why there is none. */
function buildFlink(progress: BenchOptions['progress']): string {
  if (!existsSync(join(SOURCES, 'pom.xml'))) return 'its sources are not here; set WEIR_PEERS';
  if (existsSync(join(BUILT, 'target', 'libs'))) return '';
  progress('compiling the Flink job');
  try {
    mkdirSync(BUILT, { recursive: true });
    for (const part of ['pom.xml', 'src']) {
      cpSync(join(SOURCES, part), join(BUILT, part), { recursive: true });
    }
    execFileSync('mvn', ['-q', 'package'], { cwd: BUILT, stdio: 'ignore' });
    return '';
  } catch (error) {
    return `it could not be compiled (${(error as Error).message.split('\n')[0]})`;
  }
}
