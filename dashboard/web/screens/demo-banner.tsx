/** Says that nothing here is real, and lets an administrator play with it. */
import { useEffect, useState } from 'preact/hooks';
import type { CaseKind } from '../../../schemas/demo.js';
import type { DemoStats } from '../../../schemas/stats.js';
import { plain } from '../format.js';
import {
  demo,
  demoControls,
  demoProblem,
  maySteer,
  planted,
  readDemo,
  steer,
} from '../state/demo.js';
import { demoBanner } from '../state/preferences.js';
import { openAlert } from '../state/queue.js';
import { fill, text, word } from '../text/index.js';
import { dialog } from './dialogs.js';

const RATES = [1, 10, 50, 200, 500, 1_000, 2_000, 5_000];

export function DemoBanner() {
  const t = text.value.demo;
  const now = demo.value;
  const running = now !== null;
  // At once, beside the list: a banner that comes with the first push would move the rows. Again
  // when a demonstration begins later.
  useEffect(() => void readDemo(), [running]);
  if (now === null || demoBanner.value === 'hidden') return null;
  return (
    <section class="demo" aria-label={t.label} data-phase={now.phase}>
      <strong>{t.title}</strong>
      <Status now={now} />
      {maySteer() && demoControls.value !== null && now.phase !== 'stopped' ? (
        <Controls now={now} />
      ) : null}
      <button
        type="button"
        class="button plain demo-hide"
        onClick={() => {
          demoBanner.value = 'hidden';
        }}
      >
        {t.hide}
      </button>
    </section>
  );
}

/** In the line below while the banner is hidden, so that nobody takes the bank for a real one. */
export function DemoChip() {
  const t = text.value.demo;
  if (demo.value === null || demoBanner.value === 'open') return null;
  return (
    <button
      type="button"
      class="button demo-chip"
      title={t.title}
      onClick={() => {
        demoBanner.value = 'open';
      }}
    >
      {t.label}
    </button>
  );
}

/** One place for what happens, of one line: a banner that grows would move the rows. */
function Status({ now }: { now: DemoStats }) {
  const t = text.value.demo;
  if (demoProblem.value !== '' || planted.value !== null) return <Outcome />;
  if (now.phase === 'history') {
    const words = fill(t.reading, { percent: plain(Math.floor(now.historyRatio * 100)) });
    return (
      <span class="demo-status">
        <progress value={now.historyRatio} max={1} aria-label={words} />
        <span class="demo-words">{words}</span>
      </span>
    );
  }
  const about = now.what === 'bank' ? t.about : t.aboutSample;
  const words = now.phase === 'live' ? about : now.phase === 'paused' ? t.pausedNow : t.stopped;
  return (
    <span class="demo-status muted">
      <span class="demo-words">{words}</span>
    </span>
  );
}

function Controls({ now }: { now: DemoStats }) {
  const t = text.value.demo;
  const controls = demoControls.value;
  const [kind, setKind] = useState<CaseKind | ''>('');
  if (controls === null) return null;
  const chosen = kind === '' ? (controls.kinds[0] as CaseKind) : kind;
  const stands = now.phase === 'paused';
  const rates = RATES.filter((rate) => rate <= controls.rateMax);
  if (!rates.includes(now.ratePerSecond)) rates.push(now.ratePerSecond);
  return (
    <div class="demo-controls">
      <button
        type="button"
        class="button"
        onClick={() => void steer({ type: stands ? 'resume' : 'pause' })}
      >
        {stands ? t.resume : t.pause}
      </button>
      <select
        class="input"
        aria-label={t.rate}
        value={now.ratePerSecond}
        onChange={(event) =>
          void steer({ type: 'rate', ratePerSecond: Number(event.currentTarget.value) })
        }
      >
        {rates
          .sort((a, b) => a - b)
          .map((rate) => (
            <option value={rate} key={rate}>
              {fill(t.perSecond, { n: plain(rate) })}
            </option>
          ))}
      </select>
      <span class="joined">
        <select
          class="input"
          aria-label={t.kind}
          value={chosen}
          onChange={(event) => setKind(event.currentTarget.value as CaseKind)}
        >
          {controls.kinds.map((each) => (
            <option value={each} key={each}>
              {word(t.kinds, each)}
            </option>
          ))}
        </select>
        <button
          type="button"
          class="button"
          onClick={() => void steer({ type: 'plant', kind: chosen })}
        >
          {t.plant}
        </button>
      </span>
      {controls.curl === null ? null : (
        <button
          type="button"
          class="button"
          onClick={() => {
            dialog.value = 'curl';
          }}
        >
          {t.curl}
        </button>
      )}
    </div>
  );
}

/** What became of the last wish. */
function Outcome() {
  const t = text.value.demo;
  const wish = planted.value;
  if (demoProblem.value !== '') {
    return (
      <span class="demo-status danger" role="status">
        {fill(t.failed, { reason: demoProblem.value })}
      </span>
    );
  }
  if (wish === null) return null;
  const kind = word(t.kinds, wish.kind);
  const { subject, alert } = wish;
  const words = subject === null ? fill(t.planting, { kind }) : fill(t.planted, { kind, subject });
  return (
    <span class="demo-status" role="status" title={words}>
      {alert === null ? null : (
        <button type="button" class="link" onClick={() => openAlert(alert.id)}>
          {t.showPlanted}
        </button>
      )}
      <span class="demo-words">{words}</span>
    </span>
  );
}
