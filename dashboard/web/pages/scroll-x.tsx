/** A wide table in a narrow window: moves sideways by itself, by keys too. */
import type { ComponentChildren } from 'preact';

export function ScrollX({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    // biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll it
    <div class="scroll-x" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
