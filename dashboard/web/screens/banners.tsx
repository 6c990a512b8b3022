/**
 * What the officer must know about the list itself: disconnected, stale, reloaded, hints. Below
 * the table, so that no row moves when one comes.
 */
import { signal } from '@preact/signals';
import { CloseCode } from '../live/constants.js';
import { passwordHint } from '../state/preferences.js';
import { connection, nowMs, problem, reconnect, reloaded, stats } from '../state/queue.js';
import { session } from '../state/session.js';
import { fill, text } from '../text/index.js';
import { dialog } from './dialogs.js';

export function Banners() {
  return (
    <section class="banners" aria-label={text.value.common.notices}>
      <ConnectionBanner />
      <EngineBanner />
      <HistoryBanner />
      <Dismissible
        shown={reloaded.value}
        kind="reloaded"
        words={text.value.queue.reloaded}
        dismiss={() => {
          reloaded.value = false;
        }}
      />
      <Problem />
      <PasswordHint />
    </section>
  );
}

/** Of the pages beside the queue: what is not about its list. */
export function PageBanners() {
  return (
    <section class="banners" aria-label={text.value.common.notices}>
      <ConnectionBanner />
      <Problem />
    </section>
  );
}

function Problem() {
  return (
    <Dismissible
      shown={problem.value !== ''}
      kind="problem"
      words={problem.value}
      dismiss={() => {
        problem.value = '';
      }}
    />
  );
}

const STOPPED: Record<
  number,
  'badMessage' | 'forbidden' | 'tooManyConnections' | 'protocolVersion'
> = {
  [CloseCode.badMessage]: 'badMessage',
  [CloseCode.forbidden]: 'forbidden',
  [CloseCode.tooManyConnections]: 'tooManyConnections',
  [CloseCode.protocolVersion]: 'protocolVersion',
};

function ConnectionBanner() {
  const t = text.value.connection;
  const now = connection.value;
  if (now.state === 'stopped') {
    const reason = STOPPED[now.code];
    const again = now.code === CloseCode.tooManyConnections;
    return (
      <div class="banner bad" data-banner="stopped">
        <span class="banner-words">
          {fill(t.stoppedBar, { reason: reason === undefined ? now.code : t[reason] })}
        </span>
        <button
          type="button"
          class="button"
          onClick={() => (again ? reconnect() : location.reload())}
        >
          {again ? t.reconnect : t.reload}
        </button>
      </div>
    );
  }
  if (now.state === 'reconnecting') {
    return (
      <div class="banner warn" data-banner="offline">
        <span class="banner-words">{t.offlineBar}</span>
        <button type="button" class="button" onClick={reconnect}>
          {t.reconnect}
        </button>
      </div>
    );
  }
  if (now.state !== 'stale') return null;
  const seconds = Math.max(1, Math.round((nowMs.value - now.sinceMs) / 1000));
  return (
    <div class="banner warn" data-banner="stale">
      <span class="banner-words">{fill(t.staleBar, { n: seconds })}</span>
    </div>
  );
}

function EngineBanner() {
  const t = text.value.connection;
  const engine = stats.value.at(-1)?.engine ?? 'running';
  if (engine === 'running' || connection.value.state !== 'live') return null;
  return (
    <div class="banner warn" data-banner="engine">
      <span class="banner-words">{engine === 'away' ? t.engineAway : t.engineStarting}</span>
    </div>
  );
}

/** Dismissed for this page: it comes back with the next kind of trouble, or a reload. */
const historyDismissed = signal('');

function HistoryBanner() {
  const t = text.value.connection;
  const history = stats.value.at(-1)?.history;
  if (history === undefined || connection.value.state !== 'live') return null;
  const { state, detail } = history;
  const missing = state === 'away' || state === 'absent';
  return (
    <Dismissible
      shown={missing && historyDismissed.value !== state}
      kind="history"
      words={`${state === 'away' ? t.historyAway : t.historyAbsent} ${detail}`.trim()}
      dismiss={() => {
        historyDismissed.value = state;
      }}
    />
  );
}

interface DismissibleProps {
  shown: boolean;
  kind: string;
  words: string;
  dismiss: () => void;
}

function Dismissible({ shown, kind, words, dismiss }: DismissibleProps) {
  const t = text.value;
  if (!shown) return null;
  return (
    <div class={kind === 'problem' ? 'banner bad' : 'banner'} data-banner={kind}>
      <span class="banner-words">{words}</span>
      <button type="button" class="button plain" aria-label={t.common.close} onClick={dismiss}>
        <span aria-hidden="true">×</span>
      </button>
    </div>
  );
}

function PasswordHint() {
  const t = text.value;
  const current = session.value;
  const wanted = current.state === 'signed-in' && !current.passwordSet;
  if (!wanted || passwordHint.value === 'dismissed') return null;
  return (
    <div class="banner" data-banner="password">
      <span class="banner-words">
        <strong>{t.signIn.hintTitle}</strong> {t.signIn.hintText}
      </span>
      <button
        type="button"
        class="button"
        onClick={() => {
          dialog.value = 'password';
        }}
      >
        {t.signIn.hintSet}
      </button>
      <button
        type="button"
        class="button plain"
        onClick={() => {
          passwordHint.value = 'dismissed';
        }}
      >
        {t.signIn.hintLater}
      </button>
    </div>
  );
}
