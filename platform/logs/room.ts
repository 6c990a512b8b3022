/**
 * The size limit of a log. Counting pages costs some tens of microseconds, so between counts the
 * bytes appended since the last one stand in for it; before refusing it counts again.
 */
import type { Environment } from './environment.js';
import { LogError } from './errors.js';

const RECOUNT_BYTES = 4 * 1024 * 1024;
/** Pages round each value up; a chunk above half a page has pages of its own. */
const OVERHEAD_BYTES = 4096;

export class Room {
  readonly #log: string;
  readonly #file: Environment;
  readonly #bytesMax: number;
  readonly #pendingBytes: () => number;
  #counted = 0;
  #since = 0;
  #fileBytes = 0;

  constructor(log: string, file: Environment, bytesMax: number, pendingBytes: () => number) {
    this.#log = log;
    this.#file = file;
    this.#bytesMax = bytesMax;
    this.#pendingBytes = pendingBytes;
    this.refresh();
  }

  refresh(): void {
    const { usedBytes, fileBytes } = this.#file.size();
    this.#counted = usedBytes;
    this.#fileBytes = fileBytes;
    this.#since = this.#pendingBytes(); // not in the file's pages yet
  }

  /** Counts `bytes` in, or throws `log_full`. */
  take(bytes: number): void {
    const need = bytes + OVERHEAD_BYTES;
    if (this.#since > RECOUNT_BYTES || !this.#fits(need)) this.refresh();
    if (!this.#fits(need)) {
      const pinned = this.#fileBytes > 2 * this.#bytesMax;
      throw new LogError(
        'log_full',
        `${this.#log} full: its limit is ${this.#bytesMax} bytes; ` +
          (pinned
            ? 'a reader keeps old pages alive: restart the readers'
            : 'it is truncated when its readers and snapshots have moved on'),
      );
    }
    this.#since += need;
  }

  #fits(need: number): boolean {
    const used = this.#counted + this.#since + need;
    return used <= this.#bytesMax && this.#fileBytes <= 2 * this.#bytesMax;
  }
}
