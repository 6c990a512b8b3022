/** A titled part of the system page. */
import type { ComponentChildren } from 'preact';

interface Props {
  id: string;
  title: string;
  aside?: string;
  /** Over the whole width. */
  wide?: boolean;
  children: ComponentChildren;
}

export function Section({ id, title, aside, wide, children }: Props) {
  return (
    <section class={wide ? 'panel wide' : 'panel'} id={id} aria-labelledby={`${id}-title`}>
      <div class="panel-top">
        <h2 id={`${id}-title`}>{title}</h2>
        {aside === undefined ? null : <span class="muted">{aside}</span>}
      </div>
      <div class="panel-body">{children}</div>
    </section>
  );
}
