/** Texts of the customer pages; apart from the first load. */
import { computed } from '@preact/signals';
import { language } from '../../state/preferences.js';
import en from '../../text/en/customer.json';
import zh from '../../text/zh/customer.json';

export type CustomerTexts = typeof zh;
const both: Record<'zh' | 'en', CustomerTexts> = { zh, en };
export const customerText = computed(() => both[language.value]);
