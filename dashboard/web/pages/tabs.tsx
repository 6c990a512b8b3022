/** Tabs of the header: links to the pages that this user can open. */
import type { SessionUser } from '../../../schemas/protocol.js';
import { plain } from '../format.js';
import { unread } from '../state/queue.js';
import { fill, text } from '../text/index.js';
import { places } from './places.js';
import { route } from './router.js';

export function Tabs({ user }: { user: SessionUser }) {
  const t = text.value.pages;
  const here = route.value.page === 'customer' ? 'customers' : route.value.page;
  return (
    <nav class="places" aria-label={t.pages}>
      {places(user).map(({ page, href, key }) => {
        const current = page === here;
        return (
          <a
            key={page}
            href={href}
            {...(current ? { 'aria-current': 'page' as const } : {})}
            aria-keyshortcuts={`g ${key}`}
            title={fill(t.shortcut, { key: `g ${key}` })}
          >
            {t[page]}
            {page === 'live' && !current && unread.value > 0 ? (
              <span class="count"> {fill(t.unread, { n: plain(unread.value) })}</span>
            ) : null}
          </a>
        );
      })}
    </nav>
  );
}
