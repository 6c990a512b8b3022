/**
 * The highest origin admitted of each source partition. A shard takes nothing at or below the
 * origin that it has seen, so admission must not accept it either: what was acknowledged is scored.
 */
export interface OriginMark {
  /** Source and partition. */
  key: number;
  offset: number;
  index: number;
}

export class OriginMarks {
  readonly #marks = new Map<number, OriginMark>();
  #last: OriginMark = { key: -1, offset: -1, index: -1 };

  /** True when something at or behind this origin was admitted before. */
  passed(source: number, partition: number, offset: number, index: number): boolean {
    const { offset: at, index: within } = this.#mark(source, partition);
    return offset < at || (offset === at && index <= within);
  }

  note(source: number, partition: number, offset: number, index: number): void {
    const mark = this.#mark(source, partition);
    if (offset < mark.offset || (offset === mark.offset && index < mark.index)) return;
    mark.offset = offset;
    mark.index = index;
  }

  /** First offset behind everything admitted; 0 when nothing was. */
  nextOffset(source: number, partition: number): number {
    return this.#mark(source, partition).offset + 1;
  }

  all(): OriginMark[] {
    return [...this.#marks.values()].map((mark) => ({ ...mark }));
  }

  /** Takes over what `all` gave; nothing was noted before. */
  restore(marks: readonly OriginMark[]): void {
    for (const mark of marks) this.#marks.set(mark.key, { ...mark });
  }

  #mark(source: number, partition: number): OriginMark {
    const key = source * 65_536 + partition;
    if (this.#last.key === key) return this.#last;
    let mark = this.#marks.get(key);
    if (mark === undefined) {
      mark = { key, offset: -1, index: -1 };
      this.#marks.set(key, mark);
    }
    this.#last = mark;
    return mark;
  }
}
