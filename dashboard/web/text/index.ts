/** The page's texts. zh is the original: its JSON gives the type that en must fill completely. */
import { computed } from '@preact/signals';
import { language } from '../state/preferences.js';
import enChart from './en/chart.json';
import enCommon from './en/common.json';
import enConnection from './en/connection.json';
import enDemo from './en/demo.json';
import enDialogs from './en/dialogs.json';
import enDomain from './en/domain.json';
import enDrawer from './en/drawer.json';
import enMissing from './en/missing.json';
import enNotices from './en/notices.json';
import enOlder from './en/older.json';
import enPages from './en/pages.json';
import enQueue from './en/queue.json';
import enSignIn from './en/sign-in.json';
import zhChart from './zh/chart.json';
import zhCommon from './zh/common.json';
import zhConnection from './zh/connection.json';
import zhDemo from './zh/demo.json';
import zhDialogs from './zh/dialogs.json';
import zhDomain from './zh/domain.json';
import zhDrawer from './zh/drawer.json';
import zhMissing from './zh/missing.json';
import zhNotices from './zh/notices.json';
import zhOlder from './zh/older.json';
import zhPages from './zh/pages.json';
import zhQueue from './zh/queue.json';
import zhSignIn from './zh/sign-in.json';

const zh = {
  chart: zhChart,
  common: zhCommon,
  connection: zhConnection,
  dialogs: zhDialogs,
  domain: zhDomain,
  demo: zhDemo,
  drawer: zhDrawer,
  pages: zhPages,
  missing: zhMissing,
  notices: zhNotices,
  older: zhOlder,
  queue: zhQueue,
  signIn: zhSignIn,
};
export type Texts = typeof zh;
const en: Texts = {
  chart: enChart,
  common: enCommon,
  connection: enConnection,
  dialogs: enDialogs,
  domain: enDomain,
  demo: enDemo,
  drawer: enDrawer,
  pages: enPages,
  missing: enMissing,
  notices: enNotices,
  older: enOlder,
  queue: enQueue,
  signIn: enSignIn,
};

export const texts = { zh, en };
/** Texts of the chosen language; reading it in a component or effect subscribes to a change. */
export const text = computed<Texts>(() => texts[language.value]);

/** Puts values into `{name}` places; `{name:day|days}` is the first word for 1, else the second. */
export function fill(template: string, values: Record<string, string | number>): string {
  return template.replace(
    /\{(\w+)(?::([^|{}]*)\|([^|{}]*))?\}/g,
    (whole, name: string, one?: string, many?: string) => {
      const value = values[name];
      if (value === undefined) return whole;
      return one === undefined ? String(value) : ((String(value) === '1' ? one : many) ?? whole);
    },
  );
}

/** A text by a key that comes from data: the key itself when the page does not know it. */
export function word(group: Record<string, string>, key: string): string {
  return Object.hasOwn(group, key) ? (group[key] as string) : key;
}
