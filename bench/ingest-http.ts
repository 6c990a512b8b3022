/**
 * What the ingest door takes when senders never pause: closed loop with autocannon (in this
 * process, so its cost is part of the figure), posts of 100 transactions, each with ids of its own.
 */
import { rmSync } from 'node:fs';
import autocannon from 'autocannon';
import { catalogueFolder } from './end-to-end.js';
import { bodyMaker } from './load.js';
import { type RunningProgram, startProgram } from './program.js';
import type { Bench } from './question.js';

const PER_POST = 100;
const CONNECTIONS = 8;
const load = { postsPerSecond: 0, perPost: PER_POST, alertEvery: 1000 };

interface Run {
  transactionsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  refused: number;
}

export const ingestHttpBench: Bench = {
  name: 'ingest-http',
  async run({ quick, progress }) {
    const runs = quick ? 1 : 3;
    const seconds = quick ? 2 : 20;
    const done: Run[] = [];
    for (let i = 0; i < runs; i++) {
      progress(`run ${i + 1} of ${runs}`);
      const catalogue = catalogueFolder();
      const program = await startProgram(catalogue);
      try {
        await fire(program, Math.ceil(seconds / 4), `warm-${i}`);
        done.push(await fire(program, seconds, `run-${i}`));
      } finally {
        await program.stop();
        rmSync(catalogue, { recursive: true, force: true });
      }
    }
    done.sort((a, b) => a.transactionsPerSecond - b.transactionsPerSecond);
    return {
      question: 'How many transactions a second does the HTTP door admit, flushed and scored?',
      load: `NDJSON posts of ${PER_POST}, ${CONNECTIONS} connections that post when answered`,
      n: `${runs} runs of ${seconds} s after ${Math.ceil(seconds / 4)} s of warm-up; median last`,
      method: 'autocannon against `weir run`; a post is answered once the journal is flushed',
      columns: ['run', 'transactions/s', 'post p50 ms', 'post p99 ms', 'posts refused'],
      rows: [...done.entries(), ['median', done[Math.floor(done.length / 2)]] as const].map(
        ([name, run]) => [
          String(name),
          Math.round(run?.transactionsPerSecond ?? 0).toLocaleString('en'),
          String(run?.p50Ms ?? ''),
          String(run?.p99Ms ?? ''),
          String(run?.refused ?? ''),
        ],
      ),
      notes: [
        'JSON costs more than FlatBuffers on both sides; sender and program share the cores.',
      ],
    };
  },
};

async function fire(program: RunningProgram, seconds: number, runId: string): Promise<Run> {
  const body = bodyMaker(load, runId);
  let next = 0;
  const result = await autocannon({
    url: program.ingestUrl,
    connections: CONNECTIONS,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        path: '/v1/transactions',
        headers: {
          authorization: `Bearer ${program.ingestKey}`,
          'content-type': 'application/x-ndjson',
        },
        setupRequest: (request: autocannon.Request): autocannon.Request => {
          const first = next;
          next += PER_POST;
          return { ...request, body: body(first, Date.now()) };
        },
      },
    ],
  });
  return {
    transactionsPerSecond: (result['2xx'] * PER_POST) / result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
    refused: result.non2xx + result.errors,
  };
}
