/** The severity's shape for Preact screens; the same drawing as in the table. */
import { useEffect, useRef } from 'preact/hooks';
import { severityShape } from '../table/shapes.js';

export function Shape({ severity }: { severity: string }) {
  const host = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    host.current?.replaceChildren(severityShape(severity));
  }, [severity]);
  return <span class="shape" ref={host} />;
}
