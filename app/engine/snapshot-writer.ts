/** Writes snapshots in a thread of its own: checksums and fsync cost milliseconds. */
import { openSnapshotStore } from '../../platform/threads.js';
import { encodeSnapshot, type SnapshotContent } from './snapshot-file.js';

export interface SnapshotTask {
  dir: string;
  generation: number;
  keep: number;
  content: SnapshotContent;
}

export default function writeSnapshot(task: SnapshotTask): void {
  const store = openSnapshotStore(task.dir);
  const { shard } = task.content;
  store.write(shard, task.generation, encodeSnapshot(task.content));
  store.prune(shard, task.keep);
}
