/** The demonstration bank, as far as this user may steer it. Null: none runs here. */
import { computed, signal } from '@preact/signals';
import type { CaseKind, DemoCommand } from '../../../schemas/demo.js';
import type { AlertRow, DemoReply } from '../../../schemas/protocol.js';
import type { DemoStats } from '../../../schemas/stats.js';
import { text } from '../text/index.js';
import { api, failure } from './api.js';
import { stats, store, tableVersion } from './queue.js';
import { session } from './session.js';

/** What is steered, and how: asked once, when the page learns that there is a demonstration. */
export const demoControls = signal<DemoReply | null>(null);
export const demoProblem = signal('');
/** What was last asked to be planted here. */
const asked = signal<{ kind: CaseKind; known: number } | null>(null);

/**
 * As pushed, or as first read. Who plays it lives with the engine: while that is away or starts,
 * what was last known stands, or a banner that goes would move every row.
 */
export const demo = computed<DemoStats | null>(() => {
  const pushed = stats.value.at(-1);
  const first = demoControls.value?.demo ?? null;
  if (pushed === undefined) return first;
  if (pushed.demo !== null || pushed.engine === 'running') return pushed.demo;
  return stats.value.findLast((each) => each.demo !== null)?.demo ?? first;
});

export async function readDemo(): Promise<void> {
  const reply = await api.demo();
  demoControls.value = reply.ok ? reply.value : null;
}

export function maySteer(): boolean {
  const who = session.value;
  return who.state === 'signed-in' && who.user.role === 'administrator';
}

let sent = 0;
/** Of the commands sent, the newest that was refused. */
let refused = 0;

export async function steer(command: DemoCommand): Promise<void> {
  sent += 1;
  const own = sent;
  if (command.type === 'plant') {
    // Planted ones newer than what is known now answer this wish.
    asked.value = { kind: command.kind, known: demo.peek()?.planted[0]?.atMs ?? 0 };
  }
  const reply = await api.demoCommand(command);
  if (reply.ok) {
    // Answers overtake one another: an earlier command's success says nothing of a later refusal.
    if (own > refused) demoProblem.value = '';
    return;
  }
  refused = Math.max(refused, own);
  const { tooMany } = text.value.demo;
  demoProblem.value = reply.code === 'too-many-commands' ? tooMany : failure(reply, text.value);
  if (command.type === 'plant') asked.value = null;
}

export interface Planted {
  kind: string;
  /** Null until the bank says who it is. */
  subject: string | null;
  /** Null until its alert is here. */
  alert: AlertRow | null;
}

/** What became of the case that was asked for. */
export const planted = computed<Planted | null>(() => {
  const wish = asked.value;
  if (wish === null) return null;
  const { kind, known } = wish;
  const done = demo.value?.planted.find((each) => each.kind === kind && each.atMs > known);
  if (done === undefined) return { kind, subject: null, alert: null };
  tableVersion.value;
  let alert: AlertRow | null = null;
  for (const row of store.rows.values()) {
    if (row.subject !== done.subject || row.state === 'closed') continue;
    if (alert === null || row.openedMs > alert.openedMs) alert = row;
  }
  return { kind, subject: done.subject, alert };
});
