/** Name, tabs, connection badge, throughput, and the menu with what this browser remembers. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { SessionUser } from '../../../schemas/protocol.js';
import { plain } from '../format.js';
import { Tabs } from '../pages/tabs.js';
import { signOut } from '../state/actions.js';
import { density, language, shortcuts, theme } from '../state/preferences.js';
import { connection, nowMs, stats } from '../state/queue.js';
import { session } from '../state/session.js';
import { fill, text } from '../text/index.js';
import { type Choice, Choices } from './choices.js';
import { dialog } from './dialogs.js';
import { Mark } from './mark.js';
import { NoticeChoices } from './notice-choices.js';

export function Header({ user }: { user: SessionUser }) {
  const t = text.value;
  const latest = stats.value.at(-1);
  return (
    <header class="header">
      <div class="brand">
        <Mark />
        <span class="brand-name">{t.common.product}</span>
      </div>
      <Tabs user={user} />
      <div class="header-right">
        <Badge />
        {latest === undefined ? null : (
          <span class="throughput">
            {fill(t.queue.perSecond, { n: plain(latest.transactionsPerSecond) })}
          </span>
        )}
        <button
          type="button"
          class="button plain"
          aria-label={t.common.help}
          title={t.common.help}
          onClick={() => {
            dialog.value = 'help';
          }}
        >
          <kbd>?</kbd>
        </button>
        <Menu user={user} />
      </div>
    </header>
  );
}

function badgeText(): string {
  const t = text.value.connection;
  const now = connection.value;
  switch (now.state) {
    case 'connecting':
      return t.connecting;
    case 'live': {
      const ms = stats.value.at(-1)?.latencyP50Ms ?? null;
      return ms === null ? t.live : fill(t.liveLatency, { ms: plain(ms, ms < 10 ? 1 : 0) });
    }
    case 'reconnecting': {
      const left = Math.ceil((now.retryAtMs - nowMs.value) / 1000);
      return left > 1 ? fill(t.reconnectingIn, { n: left }) : t.reconnecting;
    }
    case 'stale':
      return fill(t.stale, { n: Math.max(1, Math.round((nowMs.value - now.sinceMs) / 1000)) });
    case 'stopped':
      return t.stopped;
  }
}

function Badge() {
  const t = text.value.connection;
  return (
    <span class="badge" data-connection={connection.value.state} title={t.latencyHint}>
      <span class="dot" aria-hidden="true" />
      <span class="hidden-text">{t.label} </span>
      {badgeText()}
    </span>
  );
}

function Menu({ user }: { user: SessionUser }) {
  const t = text.value;
  const [open, setOpen] = useState(false);
  const root = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    const onEscape = (event: KeyboardEvent) => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      setOpen(false);
      root.current?.querySelector('button')?.focus();
    };
    document.addEventListener('pointerdown', outside);
    document.addEventListener('keydown', onEscape, true);
    return () => {
      document.removeEventListener('pointerdown', outside);
      document.removeEventListener('keydown', onEscape, true);
    };
  }, [open]);
  return (
    <div class="menu" ref={root}>
      <button
        type="button"
        class="button plain"
        aria-expanded={open}
        aria-controls="settings"
        aria-label={fill(t.common.menu, { user: user.name })}
        onClick={() => setOpen(!open)}
      >
        {user.name} <span aria-hidden="true">▾</span>
      </button>
      {open ? <Settings user={user} done={() => setOpen(false)} /> : null}
    </div>
  );
}

function Settings({ user, done }: { user: SessionUser; done: () => void }) {
  const t = text.value;
  const passwordSet = session.value.state === 'signed-in' && session.value.passwordSet;
  const languages: Choice<'zh' | 'en'>[] = [
    ['zh', '中文'],
    ['en', 'English'],
  ];
  const themes: Choice<'system' | 'light' | 'dark'>[] = [
    ['system', t.common.themeSystem],
    ['light', t.common.themeLight],
    ['dark', t.common.themeDark],
  ];
  const densities: Choice<'dense' | 'comfortable'>[] = [
    ['dense', t.common.dense],
    ['comfortable', t.common.comfortable],
  ];
  const onOff: Choice<'on' | 'off'>[] = [
    ['on', t.common.on],
    ['off', t.common.off],
  ];
  return (
    <div class="settings" id="settings">
      <p class="muted">
        {user.name} · {t.domain.role[user.role]}
      </p>
      <Choices name="language" label={t.common.language} value={language} choices={languages} />
      <Choices name="theme" label={t.common.theme} value={theme} choices={themes} />
      <Choices name="density" label={t.common.density} value={density} choices={densities} />
      <Choices name="shortcuts" label={t.common.shortcuts} value={shortcuts} choices={onOff} />
      <NoticeChoices />
      <div class="settings-buttons">
        {passwordSet ? null : (
          <button
            type="button"
            class="button"
            onClick={() => {
              done();
              dialog.value = 'password';
            }}
          >
            {t.common.setPassword}
          </button>
        )}
        <button type="button" class="button" onClick={() => void signOut()}>
          {t.common.signOut}
        </button>
      </div>
    </div>
  );
}
