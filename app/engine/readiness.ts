/** What the engine must have to be ready, and what it says when it has not. */
import { statfsSync } from 'node:fs';
import type { Health } from '../../platform/index.js';
import type { HitsWriter } from './hits-writer.js';
import type { Pipeline } from './pipeline.js';
import type { PipelineLogger } from './pipeline-options.js';
import { Count } from './shared-words.js';

/** Above this share of a region the sources pause: a shard must never run out of memory. */
const STATE_FILL_MAX = 0.95;

/**
 * Below this the sources pause: what is under way still finds room, and no log is written to a full
 * disk, which the library below may not survive.
 */
const FREE_DISK_BYTES_MIN = 48 * 1024 * 1024;

/** Looks at the disk; says so once, each time that room ends or comes back. */
export class DiskRoom {
  #had = true;

  constructor(
    private readonly dir: string,
    private readonly logger: PipelineLogger,
  ) {}

  has(): boolean {
    const { bavail, bsize } = statfsSync(this.dir);
    const has = bavail * bsize >= FREE_DISK_BYTES_MIN;
    if (this.#had && !has) this.logger.error({}, 'the disk is nearly full, sources wait');
    if (!this.#had && has) this.logger.info({}, 'the disk has room again, sources go on');
    this.#had = has;
    return has;
  }
}

export function isStateFull(pipeline: Pipeline): boolean {
  const fills = pipeline.threads.map((t) => t.words.counts[Count.regionFillMax]);
  return pipeline.stateFull || Math.max(...fills) > STATE_FILL_MAX;
}

export function readyWhen(
  health: Health,
  disk: DiskRoom,
  pipeline: Pipeline,
  writer: HitsWriter,
): void {
  health.condition(
    'threads',
    () => pipeline.threads.every((t) => t.state === 'live') || 'a scoring thread is starting',
  );
  health.condition(
    'state',
    () => !isStateFull(pipeline) || 'state is full: raise stateBytesMax and restart',
  );
  health.condition('disk', () => disk.has() || 'the disk is nearly full, sources wait');
  health.condition('hits', () => !writer.isFull || 'the hits log is full: see which reader lags');
}
