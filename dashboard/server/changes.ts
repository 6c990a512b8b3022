/**
 * The newest changes of the work log, so that pushing to many clients reads no disk. Every work
 * record is one change, so positions are indexes.
 */
export interface Change {
  position: number;
  alertId: string;
  /** The record opened the alert; else it changed one. */
  opened: boolean;
  /** Of the hit behind it, for the latency; null for people's commands. */
  ingestMs: number | null;
}

const CHANGES_KEPT = 16_384;

export class ChangeRing {
  private first = 0;
  private kept: Change[] = [];

  /** Nothing below `position` is kept. */
  start(position: number): void {
    this.first = position;
    this.kept = [];
  }

  add(changes: readonly Change[]): void {
    for (const change of changes) this.kept.push(change);
    // Twice the size before cutting: cutting moves everything.
    if (this.kept.length < 2 * CHANGES_KEPT) return;
    const surplus = this.kept.length - CHANGES_KEPT;
    this.kept = this.kept.slice(surplus);
    this.first += surplus;
  }

  /** Undefined when `from` is too old. */
  read(from: number, to: number): Change[] | undefined {
    if (from < this.first) return undefined;
    return this.kept.slice(from - this.first, to - this.first);
  }
}
