/**
 * A block of the customer page: loads, fails, ages and refreshes on its own. While the pointer or
 * the focus is in its body nothing in it changes, so that nothing moves that is being read; the
 * age beside the title is that of what is shown.
 */
import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Block } from '../../../../schemas/protocol.js';
import { bothClocks } from '../../format.js';
import { failure } from '../../state/api.js';
import { nowMs, stats } from '../../state/queue.js';
import { bank } from '../../state/session.js';
import { fill, text } from '../../text/index.js';
import { ago, secondClock } from '../format.js';
import type { Polled } from '../poll.js';
import { customerText } from './text.js';

export interface PanelProps<T> {
  id: string;
  title: string;
  aside?: string;
  /** What the block came with: tells loading from failed, and tries again. */
  polled: Polled<unknown>;
  block: Block<T> | null;
  /** Another key shows the newest at once, even while somebody reads. */
  holdKey?: string;
  /** Why there is nothing, when the value is empty; null when it is not. */
  empty: (value: T) => string | null;
  /** Lines of the skeleton: about as tall as the block will be. */
  lines: number;
  actions?: ComponentChildren;
  children: (value: T) => ComponentChildren;
}

/** The value while nobody reads; then the one that is read. What is missing is not read. */
function useHeld<T>(value: Block<T> | null, holdKey: string) {
  const [pointer, setPointer] = useState(false);
  const [focus, setFocus] = useState(false);
  const held = useRef<{ value: Block<T> | null; key: string } | null>(null);
  const reads =
    (pointer || focus) && held.current?.key === holdKey && held.current.value?.state === 'ok';
  if (!reads) held.current = { value, key: holdKey };
  const watch = {
    onPointerEnter: (event: PointerEvent) => setPointer(event.pointerType === 'mouse'),
    onPointerLeave: () => setPointer(false),
    onFocusIn: () => setFocus(true),
    onFocusOut: () => setFocus(false),
  };
  return { shown: held.current?.value ?? null, watch };
}

export function Panel<T>(props: PanelProps<T>) {
  const t = text.value;
  const c = customerText.value;
  const { polled, id } = props;
  const { shown, watch } = useHeld(props.block, props.holdKey ?? '');
  const refused = polled.refusal;
  return (
    <section class="panel" id={id} aria-labelledby={`${id}-title`} aria-busy={shown === null}>
      <div class="panel-top">
        <h2 id={`${id}-title`}>{props.title}</h2>
        {props.aside === undefined ? null : <span class="muted">{props.aside}</span>}
        {props.actions}
        <p class="panel-source">{shown === null ? '' : <Source block={shown} />}</p>
      </div>
      {refused === null || shown === null ? null : (
        <p class="panel-note warning">
          {fill(c.notRefreshed, { reason: failure(refused, t) })} <Retry polled={polled} />
        </p>
      )}
      <div class="panel-body" {...watch}>
        <Body {...props} shown={shown} />
      </div>
    </section>
  );
}

function Body<T>(props: PanelProps<T> & { shown: Block<T> | null }) {
  const t = text.value;
  const c = customerText.value;
  const { polled, shown, lines } = props;
  if (shown === null && polled.refusal === null) return <Skeleton lines={lines} />;
  if (shown === null && polled.refusal !== null) {
    return (
      <div class="panel-empty">
        <p>{fill(c.notRead, { reason: failure(polled.refusal, t) })}</p>
        <Retry polled={polled} />
      </div>
    );
  }
  if (shown === null) return null;
  if (shown.state === 'missing') return <Missing block={shown} polled={polled} />;
  const why = props.empty(shown.value);
  if (why === null) return props.children(shown.value);
  const filling = shown.source === 'history' && stats.value.at(-1)?.demo?.phase === 'history';
  return (
    <p class="panel-empty">
      {why} {filling ? c.filling : ''}
    </p>
  );
}

export function missingWords(block: Extract<Block<unknown>, { state: 'missing' }>): string {
  const c = customerText.value;
  return block.why === 'no-data' && block.source === 'reference'
    ? c.whyReference
    : c.why[block.why];
}

function Missing({
  block,
  polled,
}: {
  block: Extract<Block<unknown>, { state: 'missing' }>;
  polled: Polled<unknown>;
}) {
  const c = customerText.value;
  return (
    <div class="panel-empty" data-why={block.why}>
      <p>
        <strong>{missingWords(block)}</strong>
        {block.source === 'history' && block.why !== 'no-data' ? ` ${c.stillLive}` : ''}
      </p>
      {block.detail === '' ? null : (
        <p class="mend" lang="en">
          {block.detail}
        </p>
      )}
      {block.why === 'no-data' ? null : <Retry polled={polled} />}
    </div>
  );
}

export function Source({ block }: { block: Block<unknown> }) {
  const c = customerText.value;
  if (block.state === 'missing') return null;
  const words = fill(c.source[block.source], {
    time: secondClock(block.asOfMs, nowMs.value, bank.value),
    ago: ago(block.asOfMs, nowMs.value, text.value),
  });
  return (
    <span title={bothClocks(block.asOfMs, bank.value, text.value)}>
      {words}
      {block.truncated ? ` · ${c.truncated}` : ''}
    </span>
  );
}

function Retry({ polled }: { polled: Polled<unknown> }) {
  return (
    <button type="button" class="button" onClick={polled.again}>
      {text.value.common.retry}
    </button>
  );
}

export function Skeleton({ lines }: { lines: number }) {
  return (
    <div class="skeleton">
      <span class="hidden-text">{text.value.common.loading}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span class="skeleton-line" key={line} aria-hidden="true" />
      ))}
    </div>
  );
}
