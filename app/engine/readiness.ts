/** What the engine must have to be ready, and what it says when it has not. */
import type { Health } from '../../platform/index.js';
import type { HitsWriter } from './hits-writer.js';
import type { Pipeline } from './pipeline.js';
import { Count } from './shared-words.js';

/** Above this share of a region the sources pause: a shard must never run out of memory. */
const STATE_FILL_MAX = 0.95;

export function isStateFull(pipeline: Pipeline): boolean {
  const fills = pipeline.threads.map((t) => t.words.counts[Count.regionFillMax]);
  return pipeline.stateFull || Math.max(...fills) > STATE_FILL_MAX;
}

export function readyWhen(health: Health, pipeline: Pipeline, writer: HitsWriter): void {
  health.condition(
    'threads',
    () => pipeline.threads.every((t) => t.state === 'live') || 'a scoring thread is starting',
  );
  health.condition(
    'state',
    () => !isStateFull(pipeline) || 'state is full: raise stateBytesMax and restart',
  );
  health.condition('hits', () => !writer.isFull || 'the hits log is full: see which reader lags');
}
