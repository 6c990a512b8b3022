/**
 * A log read beside its writer, usually from another process. It may be opened before the file
 * exists: until then it is empty, and it attaches at the first look after the file has appeared.
 * It ends where the writer has it on disk: what a reader has acted on can never be taken back.
 */
import type { AppendResult } from '../../schemas/ports.js';
import { LogWatcher } from './doorbell.js';
import { DurableEndReader } from './durable-end.js';
import { type Environment, openEnvironment } from './environment.js';
import { LogError } from './errors.js';
import type { LmdbLogOptions } from './lmdb-log.js';
import { DATABASES, LogBase, readState, stateNumber } from './log-base.js';

export class LogReader extends LogBase {
  #file: Environment | undefined;
  #identity = '';
  readonly #watcher: LogWatcher;
  readonly #durableEnd: DurableEndReader;

  constructor(path: string, options: LmdbLogOptions) {
    super(path, options);
    this.#durableEnd = new DurableEndReader(path);
    this.#watcher = new LogWatcher(path, this.listeners, () => this.end());
    this.file();
  }

  protected override file(): Environment | undefined {
    if (this.closed) throw this.closedError();
    if (this.#file !== undefined) return this.#file;
    const file = openEnvironment(this.path, {
      readOnly: true,
      mapBytes: 2 * this.mapBytes,
      names: DATABASES,
    });
    const state = file?.fresh(() => readState(this.name, file));
    if (file === undefined || state === undefined) {
      void file?.root.close();
      return undefined;
    }
    this.#identity = state.identity;
    this.#file = file;
    // Our predecessor may have been killed while it read: what it saw would be kept for ever.
    file.root.readerCheck();
    return file;
  }

  override get identity(): string {
    this.file();
    return this.#identity;
  }

  get nextPosition(): number {
    return this.end();
  }

  get durableEnd(): number {
    return this.end();
  }

  get pendingBytes(): number {
    return 0;
  }

  override first(): number {
    const file = this.file();
    return file?.fresh(() => this.firstNow(file)) ?? 0;
  }

  override end(): number {
    const file = this.file();
    return file?.fresh(() => this.endNow(file)) ?? 0;
  }

  override shownEnd(): number {
    const file = this.file();
    return file?.fresh(() => stateNumber(file, 'end') ?? 0) ?? 0;
  }

  protected override firstNow(file: Environment): number {
    return stateNumber(file, 'first') ?? 0;
  }

  protected override endNow(file: Environment): number {
    // Read first what is shown: what is on disk by now may lie behind it.
    const shown = stateNumber(file, 'end') ?? 0;
    return Math.min(shown, this.#durableEnd.read());
  }

  override onAppend(listener: () => void): () => void {
    const stop = super.onAppend(listener);
    this.#watcher.start();
    return stop;
  }

  override append(): Promise<AppendResult> {
    return Promise.reject(this.#readOnlyError());
  }

  override truncate(): Promise<void> {
    return Promise.reject(this.#readOnlyError());
  }

  protected override storeBlob(): Promise<void> {
    return Promise.reject(this.#readOnlyError());
  }

  override async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.#watcher.stop();
    this.listeners.clear();
    this.#durableEnd.close();
    await this.#file?.root.close();
  }

  #readOnlyError(): LogError {
    return new LogError('read_only', `log ${this.name}: it is open read-only here`);
  }
}
