/** The menu's switches for sound and desktop notices. */
import { desktop, noticeProblem, sound, switchDesktop, switchSound } from '../state/notices.js';
import { text } from '../text/index.js';

export function NoticeChoices() {
  const t = text.value.notices;
  const problem = noticeProblem.value;
  return (
    <fieldset class="switches">
      <legend class="hidden-text">{t.label}</legend>
      <label>
        <input
          type="checkbox"
          name="sound"
          checked={sound.value === 'on'}
          onChange={(event) => switchSound(event.currentTarget.checked)}
        />
        <span>{t.sound}</span>
      </label>
      <label>
        <input
          type="checkbox"
          name="desktop"
          checked={desktop.value === 'on'}
          onChange={(event) => {
            const box = event.currentTarget;
            // The box shows what is, not what was wished: the browser may refuse.
            void switchDesktop(box.checked).then(() => {
              box.checked = desktop.value === 'on';
            });
          }}
        />
        <span>{t.desktop}</span>
      </label>
      {problem === '' ? null : (
        <p class="warning small" role="status">
          {t[problem]}
        </p>
      )}
    </fieldset>
  );
}
