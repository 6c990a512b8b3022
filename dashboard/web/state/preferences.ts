/** What this browser remembers: language, theme, density, whether single keys act. */
import { effect, type Signal, signal } from '@preact/signals';

export type Language = 'zh' | 'en';
export type Theme = 'system' | 'light' | 'dark';
export type Density = 'dense' | 'comfortable';

export function remembered<T extends string>(
  name: string,
  choices: readonly T[],
  fallback: T,
): Signal<T> {
  const key = `weir.${name}`;
  let stored: string | null = null;
  try {
    stored = localStorage.getItem(key);
  } catch {
    stored = null; // storage may be forbidden: the choice then lasts as long as the page
  }
  const value = signal<T>(choices.includes(stored as T) ? (stored as T) : fallback);
  let first = true;
  effect(() => {
    const chosen = value.value;
    if (first) {
      first = false;
      return;
    }
    try {
      localStorage.setItem(key, chosen);
    } catch {
      // see above
    }
  });
  return value;
}

/** zh unless the browser asks for something else that is not Chinese and is English. */
function browserLanguage(): Language {
  const wanted = typeof navigator === 'undefined' ? [] : (navigator.languages ?? []);
  for (const tag of wanted) {
    if (tag.startsWith('zh')) return 'zh';
    if (tag.startsWith('en')) return 'en';
  }
  return 'zh';
}

export const language = remembered<Language>('language', ['zh', 'en'], browserLanguage());
export const theme = remembered<Theme>('theme', ['system', 'light', 'dark'], 'system');
export const density = remembered<Density>('density', ['dense', 'comfortable'], 'dense');
export const shortcuts = remembered<'on' | 'off'>('shortcuts', ['on', 'off'], 'on');
export const passwordHint = remembered<'open' | 'dismissed'>(
  'password-hint',
  ['open', 'dismissed'],
  'open',
);

export const demoBanner = remembered<'open' | 'hidden'>('demo-banner', ['open', 'hidden'], 'open');

/** What is drawn now; pictures on canvas follow it. */
export const appearance = signal<'light' | 'dark'>('light');

/** Keeps the root element's attributes in step; the styles read only those. */
export function applyPreferences(root: HTMLElement): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const systemDark = signal(dark.matches);
  dark.addEventListener('change', () => {
    systemDark.value = dark.matches;
  });
  effect(() => {
    root.lang = language.value === 'zh' ? 'zh-CN' : 'en';
    root.dataset['density'] = density.value;
    const isDark = theme.value === 'system' ? systemDark.value : theme.value === 'dark';
    root.dataset['theme'] = isDark ? 'dark' : 'light';
    appearance.value = isDark ? 'dark' : 'light';
  });
}
