/**
 * What stays while pages come and go: the socket, the keys, the router. The queue is part of the
 * first load; the other pages are fetched when somebody goes there.
 */
import type { ComponentChildren, FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { SessionUser } from '../../../schemas/protocol.js';
import { Forbidden } from '../screens/app.js';
import { PageBanners } from '../screens/banners.js';
import { Dialogs } from '../screens/dialogs.js';
import { Header } from '../screens/header.js';
import { Queue } from '../screens/queue.js';
import { flush, startQueue, stopQueue } from '../state/queue.js';
import { text } from '../text/index.js';
import { installPageKeys } from './keys.js';
import { places } from './places.js';
import { installRouter, pageTitle, route } from './router.js';

const LOADERS = {
  customers: () => import('./customer/search.js').then((m) => m.Customers),
  customer: () => import('./customer/customer.js').then((m) => m.Customer),
  system: () => import('./system/system.js').then((m) => m.System),
} satisfies Record<string, () => Promise<FunctionComponent>>;
type Lazy = keyof typeof LOADERS;
const loaded = new Map<Lazy, FunctionComponent>();

export function Shell({ user }: { user: SessionUser }) {
  useEffect(() => {
    const removals = [installRouter(), installPageKeys(user)];
    const reads = user.permissions.includes('alerts.read');
    if (reads) void startQueue();
    return () => {
      for (const remove of removals) remove();
      if (reads) stopQueue();
    };
  }, [user.name]);
  // The title follows at once, not with the next arrangement of the queue.
  useEffect(flush, [pageTitle.value]);
  const { page } = route.value;
  if (page === 'unknown') return frame(user, <Unknown />);
  const tab = page === 'customer' ? 'customers' : page;
  if (!places(user).some((each) => each.page === tab)) return <Forbidden />;
  if (page === 'live') return <Queue user={user} />;
  return frame(user, <LazyPage page={page} key={page} />);
}

function frame(user: SessionUser, children: ComponentChildren) {
  const t = text.value;
  return (
    <div class="page-frame">
      <button type="button" class="skip" onClick={() => document.querySelector('h1')?.focus()}>
        {t.pages.skip}
      </button>
      <Header user={user} />
      <main class="page-scroll" id="page-scroll">
        {children}
      </main>
      <PageBanners />
      <Dialogs />
    </div>
  );
}

function LazyPage({ page }: { page: Lazy }) {
  const t = text.value;
  const [, redraw] = useState(0);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    if (loaded.has(page)) return;
    LOADERS[page]().then(
      (component) => {
        loaded.set(page, component);
        redraw((n) => n + 1);
      },
      () => setFailed(true),
    );
  }, [page]);
  const Page = loaded.get(page);
  if (Page !== undefined) return <Page />;
  if (!failed) return <p class="page-note">{t.common.loading}</p>;
  return (
    <div class="page-note">
      <h1>{pageTitle.value}</h1>
      <p>{t.pages.chunkFailed}</p>
      <button type="button" class="button" onClick={() => location.reload()}>
        {t.connection.reload}
      </button>
    </div>
  );
}

function Unknown() {
  const t = text.value.pages;
  return (
    <div class="page-note">
      <h1>{t.unknownTitle}</h1>
      <p>{t.unknownText}</p>
      <a class="button" href="/">
        {t.live}
      </a>
    </div>
  );
}
