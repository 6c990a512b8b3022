/**
 * A part that cannot be drawn (a role of another version publishes otherwise) takes no other
 * along.
 */
import type { ComponentChildren } from 'preact';
import { useErrorBoundary } from 'preact/hooks';

interface Props {
  /** What stands in its place. */
  words: string;
  children: ComponentChildren;
}

export function Guard({ words, children }: Props) {
  const [failed] = useErrorBoundary();
  return failed === undefined ? children : <p class="panel-empty">{words}</p>;
}
