/**
 * The narrow door of the platform, for scoring threads: they load neither transport nor metrics,
 * and start in a fraction of the time.
 */
export { openSnapshotStore } from './logs/snapshot-files.js';
export { RingReader, RingWriter } from './ring.js';
