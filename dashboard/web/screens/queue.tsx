/** The first screen: header, filters, table, drawer and the line below. */
import { useEffect } from 'preact/hooks';
import type { SessionUser } from '../../../schemas/protocol.js';
import { takeFocusWish } from '../pages/router.js';
import { address, enterQueue, loading } from '../state/queue.js';
import { text } from '../text/index.js';
import { Forbidden } from './app.js';
import { Banners } from './banners.js';
import { BottomLine } from './bottom-line.js';
import { DemoBanner } from './demo-banner.js';
import { Dialogs } from './dialogs.js';
import { Drawer } from './drawer.js';
import { Header } from './header.js';
import { installKeys } from './keys.js';
import { TableHost } from './table-host.js';
import { Toolbar } from './toolbar.js';

export function Queue({ user }: { user: SessionUser }) {
  const t = text.value;
  useEffect(() => {
    enterQueue();
    // Back from another page: on in the list, where the arrow keys act.
    if (takeFocusWish()) skip();
    return installKeys();
  }, []);
  if (loading.value === 'forbidden') return <Forbidden />;
  const open = address.value.alert;
  return (
    <div class={open === null ? 'queue' : 'queue with-drawer'}>
      <button type="button" class="skip" onClick={skip}>
        {t.common.skip}
      </button>
      <Header user={user} />
      <DemoBanner />
      <Toolbar />
      <main class="middle">
        <h1 class="hidden-text">{t.queue.title}</h1>
        <TableHost />
      </main>
      {open === null ? null : <Drawer id={open} key={open} />}
      <Banners />
      <BottomLine />
      <Dialogs />
    </div>
  );
}

/** A button, since the fragment of a link belongs to the filters. */
function skip(): void {
  document.getElementById('alerts')?.focus();
}
