/**
 * Sound and desktop notices: both off until somebody switches them on in this browser. A tone for
 * critical alerts alone, and a notice that names severity and family but no customer, since it may
 * lie on a locked screen; each at most once in `QUIET_MS`.
 */
import { signal } from '@preact/signals';
import type { AlertRow } from '../../../schemas/protocol.js';
import { fill, text, word } from '../text/index.js';
import { remembered } from './preferences.js';

const QUIET_MS = 5_000;
const TONE_HZ = [880, 660] as const;
const TONE_S = 0.14;
const TONE_GAIN = 0.12;

export const sound = remembered<'on' | 'off'>('sound', ['on', 'off'], 'off');
export const desktop = remembered<'on' | 'off'>('desktop', ['on', 'off'], 'off');
/** Why a notice cannot be had; '' when it can. */
export const noticeProblem = signal<'' | 'refused' | 'unsupported'>('');

let soundedMs = Number.NEGATIVE_INFINITY;
let noticedMs = Number.NEGATIVE_INFINITY;
let audio: AudioContext | null = null;

/** New alerts as they come from the socket. */
export function noticeFresh(fresh: readonly AlertRow[]): void {
  const critical = fresh.filter((row) => row.severity === 'critical');
  const worst = critical[0] ?? fresh[0];
  if (worst === undefined) return;
  const now = performance.now();
  if (sound.value === 'on' && critical.length > 0 && now - soundedMs >= QUIET_MS) {
    soundedMs = now;
    void playTone();
  }
  const wanted = desktop.value === 'on' && document.hidden && critical.length > 0;
  if (wanted && now - noticedMs >= QUIET_MS) {
    noticedMs = now;
    showNotice(worst);
  }
}

/** Two short notes. A browser that has heard no click yet keeps silent. */
export async function playTone(): Promise<void> {
  audio ??= new AudioContext();
  if (audio.state === 'suspended') await audio.resume();
  const start = audio.currentTime;
  TONE_HZ.forEach((hz, at) => {
    const context = audio as AudioContext;
    const note = context.createOscillator();
    const volume = context.createGain();
    const from = start + at * TONE_S;
    note.frequency.value = hz;
    volume.gain.setValueAtTime(0, from);
    volume.gain.linearRampToValueAtTime(TONE_GAIN, from + 0.01);
    volume.gain.exponentialRampToValueAtTime(0.001, from + TONE_S);
    note.connect(volume).connect(context.destination);
    note.start(from);
    note.stop(from + TONE_S);
  });
}

function showNotice(row: AlertRow): void {
  const t = text.value;
  const body = fill(t.notices.body, {
    severity: word(t.domain.severity, row.severity),
    family: word(t.domain.family, row.family),
  });
  try {
    const notice = new Notification(t.notices.title, { body, tag: 'weir', icon: '/icon.svg' });
    notice.onclick = () => {
      window.focus();
      notice.close();
    };
  } catch {
    desktop.value = 'off'; // some browsers allow notices to service workers alone
    noticeProblem.value = 'unsupported';
  }
}

/** The permission is asked for here and nowhere else: somebody has just switched it on. */
export async function switchDesktop(on: boolean): Promise<void> {
  noticeProblem.value = '';
  if (!on) {
    desktop.value = 'off';
    return;
  }
  if (!('Notification' in window)) {
    noticeProblem.value = 'unsupported';
    return;
  }
  const answer = await Notification.requestPermission();
  desktop.value = answer === 'granted' ? 'on' : 'off';
  if (answer !== 'granted') noticeProblem.value = 'refused';
}

/** Played once when switched on, so that everybody knows what it sounds like. */
export function switchSound(on: boolean): void {
  sound.value = on ? 'on' : 'off';
  if (on) void playTone();
}
