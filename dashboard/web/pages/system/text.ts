/** Texts of the system page; apart from the first load. */
import { computed } from '@preact/signals';
import type { AlarmCode } from '../../../../schemas/alarms.js';
import { language } from '../../state/preferences.js';
import en from '../../text/en/system.json';
import zh from '../../text/zh/system.json';

export type SystemTexts = typeof zh;
/** Every alarm of the server has a text in both languages, or this does not compile. */
type Complete = SystemTexts & { alarm: Record<AlarmCode, string> };
export const texts: Record<'zh' | 'en', Complete> = { zh, en };
export const systemText = computed(() => texts[language.value]);
