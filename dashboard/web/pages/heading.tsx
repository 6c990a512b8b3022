/** A page's heading: takes the focus when somebody has come here by a link, a key or "back". */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { takeFocusWish } from './router.js';

export function Heading({ children }: { children: ComponentChildren }) {
  const element = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takeFocusWish()) element.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 class="page-heading" tabIndex={-1} ref={element}>
      {children}
    </h1>
  );
}
