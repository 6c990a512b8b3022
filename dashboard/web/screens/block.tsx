/** A titled part of the drawer; a folded one opens by a press. */
import type { ComponentChildren } from 'preact';

interface Props {
  title: string;
  aside?: string;
  folded?: boolean;
  children: ComponentChildren;
}

export function Block({ title, aside, folded, children }: Props) {
  if (folded === true) {
    return (
      <details class="block fold-block">
        <summary>
          <h3>{title}</h3>
        </summary>
        {children}
      </details>
    );
  }
  return (
    <section class="block">
      <h3>
        {title}
        {aside === undefined ? null : <span class="muted aside">{aside}</span>}
      </h3>
      {children}
    </section>
  );
}
