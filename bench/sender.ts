/**
 * The sender's process: posts at the intended times, open loop, and measures the acknowledgements.
 * A process of its own, so that neither the program nor the receiving side waits for it.
 */
import { Connections } from './connections.js';
import { latencyHistogram, type Percentiles, percentilesOf, recordMs } from './figures.js';
import { bodyMaker, type Load } from './load.js';
import { type Beats, beat, beatMs, nowMs } from './metronome.js';

/** What the bench asks for, over IPC: the key must not stand in a list of processes. */
export interface SendTask {
  url: string;
  key: string;
  load: Load;
  beats: Beats;
  /** Posts at the beginning that are not measured. */
  warmPosts: number;
  runId: string;
}

export interface SendReport {
  acknowledged: Percentiles;
  posts: number;
  /** Sent more than LATE_MS after the intended time, of those measured. */
  late: number;
  lateMsMax: number;
  connections: number;
  /** First failure, if there was any. */
  failed: number;
  failure: string;
}

export const LATE_MS = 1;
const CONNECTIONS_AT_START = 16;
const ANSWERS_WAIT_MS_MAX = 15_000;

async function send(task: SendTask): Promise<SendReport> {
  const { load, beats, warmPosts } = task;
  const connections = new Connections(task.url, {
    authorization: `Bearer ${task.key}`,
    'content-type': load.perPost === 1 ? 'application/json' : 'application/x-ndjson',
  });
  await connections.open(CONNECTIONS_AT_START);
  const body = bodyMaker(load, task.runId);
  const histogram = latencyHistogram();
  const report: SendReport = {
    acknowledged: percentilesOf(histogram),
    posts: 0,
    late: 0,
    lateMsMax: 0,
    connections: 0,
    failed: 0,
    failure: '',
  };
  let answered = 0;
  await beat(beats, (index) => {
    const intendedMs = beatMs(beats, index);
    const measured = index >= warmPosts;
    connections.post(
      body(index * load.perPost, Date.now()),
      () => {
        const lateMs = nowMs() - intendedMs;
        if (!measured) return;
        report.posts++;
        if (lateMs > LATE_MS) report.late++;
        report.lateMsMax = Math.max(report.lateMsMax, lateMs);
      },
      (answer) => {
        answered++;
        if (measured) recordMs(histogram, nowMs() - intendedMs);
        const failure = failureOf(answer);
        if (failure === undefined) return;
        report.failed++;
        report.failure ||= failure;
      },
    );
  });
  for (let waited = 0; answered < beats.count && waited < ANSWERS_WAIT_MS_MAX; waited += 10) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (answered < beats.count) {
    report.failed += beats.count - answered;
    report.failure ||= `${beats.count - answered} posts without an answer`;
  }
  connections.close();
  report.connections = connections.opened;
  report.acknowledged = percentilesOf(histogram);
  return report;
}

function failureOf(answer: { status: number; body: string } | Error): string | undefined {
  if (answer instanceof Error) return answer.message;
  const taken = answer.status === 200 || answer.status === 207;
  if (taken && !/"ack":"(rejected|not-taken|duplicate)"/.test(answer.body)) return undefined;
  return `${answer.status} ${answer.body.slice(0, 200)}`;
}

if (process.send !== undefined) {
  process.once('message', (task: SendTask) => {
    send(task).then(
      (report) => process.send?.(report, () => process.disconnect()),
      (error: unknown) => {
        process.stderr.write(`bench sender: ${String(error)}\n`);
        process.exit(1);
      },
    );
  });
  process.on('disconnect', () => process.exit());
}
