/**
 * Follows the commands that people give on the page (log `demo.mdb`, written by the dashboard). The
 * cursor stands in the demonstration's state and is written with what the command changes, before
 * anything is done: each command is taken once, whatever dies in between.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type LmdbLog, openLmdbLog } from '../../platform/index.js';
import { type DemoRecord, demoRecordSchema } from '../../schemas/demo.js';
import type { BankState } from './bank-state.js';

const LOG = 'demo';
const READ_MAX = 100;
const decoder = new TextDecoder();

export class CommandFollower {
  #log: LmdbLog | undefined;
  readonly #dir: string;
  readonly #state: BankState;
  readonly #onCommand: (record: DemoRecord) => void;
  readonly #onFailed: (error: unknown) => void;

  constructor(
    dir: string,
    state: BankState,
    onCommand: (record: DemoRecord) => void,
    onFailed: (error: unknown) => void,
  ) {
    this.#dir = dir;
    this.#state = state;
    this.#onCommand = onCommand;
    this.#onFailed = onFailed;
  }

  /** Called now and then: the dashboard may make the log at any time. */
  look(): void {
    try {
      this.#open();
      this.#read();
    } catch (error) {
      this.#onFailed(error);
    }
  }

  #open(): void {
    if (this.#log !== undefined) return;
    const path = join(this.#dir, `${LOG}.mdb`);
    if (!existsSync(path)) return;
    this.#log = openLmdbLog(path, { name: LOG, readOnly: true });
    this.#log.onAppend(() => this.look());
  }

  async close(): Promise<void> {
    await this.#log?.close();
    this.#log = undefined;
  }

  #read(): void {
    const log = this.#log;
    if (log === undefined || log.identity === '') return;
    const { commands } = this.#state;
    if (commands.identity !== log.identity) {
      commands.identity = log.identity;
      commands.position = log.first();
    }
    const from = Math.max(commands.position, log.first());
    if (from >= log.end()) return;
    for (const { position, bytes } of log.read(from, READ_MAX)) {
      commands.position = position + 1;
      const record = demoRecordSchema.safeParse(parse(bytes));
      if (!record.success) continue;
      commands.taken++;
      this.#onCommand(record.data);
    }
  }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}
