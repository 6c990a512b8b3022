/** The page's windows: native modal dialogs, in which the browser keeps the focus. */
import { signal } from '@preact/signals';
import { useState } from 'preact/hooks';
import { CLOSE_REASONS, type CloseReason } from '../../../schemas/close-reasons.js';
import { customerName } from '../format.js';
import { close, closing } from '../state/actions.js';
import { api } from '../state/api.js';
import { language, shortcuts } from '../state/preferences.js';
import { announcement, store } from '../state/queue.js';
import { passwordWasSet } from '../state/session.js';
import { fill, text } from '../text/index.js';
import { Curl } from './curl.js';
import { Key } from './key.js';
import { Modal } from './modal.js';
import { Older } from './older.js';

export const dialog = signal<'none' | 'help' | 'password' | 'older' | 'curl'>('none');

const PASSWORD_LENGTH_MIN = 12;
const NOTE_LENGTH_MAX = 4_000;
export function Dialogs() {
  return (
    <>
      {dialog.value === 'help' ? <Help /> : null}
      {dialog.value === 'password' ? <Password /> : null}
      {dialog.value === 'older' ? <Older shut={shut} /> : null}
      {dialog.value === 'curl' ? <Curl shut={shut} /> : null}
      {closing.value === null ? null : <CloseAlert id={closing.value} />}
    </>
  );
}

const shut = (): void => {
  dialog.value = 'none';
};

interface ReasonsProps {
  chosen: CloseReason | null;
  choose: (reason: CloseReason) => void;
}

function Reasons({ chosen, choose }: ReasonsProps) {
  const t = text.value;
  return (
    <fieldset class="reasons">
      <legend>{t.dialogs.reason}</legend>
      {CLOSE_REASONS.map((each, at) => (
        <label key={each}>
          <input
            class="choice"
            type="radio"
            name="reason"
            value={each}
            checked={chosen === each}
            onChange={() => choose(each)}
          />
          <span class="choice-words">{t.domain.reason[each]}</span>
          <Key name={at + 1} />
        </label>
      ))}
    </fieldset>
  );
}

function CloseAlert({ id }: { id: string }) {
  const t = text.value;
  const [reason, setReason] = useState<CloseReason | null>(null);
  const [note, setNote] = useState('');
  const [missing, setMissing] = useState(false);
  const row = store.row(id);
  const cancel = () => {
    closing.value = null;
  };
  const submit = (event: Event) => {
    event.preventDefault();
    if (reason === null) setMissing(true);
    else close(id, reason, note.trim());
  };
  /** Digits choose, Enter with Ctrl sends. */
  const onKey = (event: KeyboardEvent) => {
    const inNote = event.target instanceof HTMLTextAreaElement;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
    const chosen = inNote ? undefined : CLOSE_REASONS[Number.parseInt(event.key, 10) - 1];
    if (chosen !== undefined) setReason(chosen);
  };
  return (
    <Modal titleId="close-title" title={t.dialogs.closeTitle} onClose={cancel}>
      <form class="form" onSubmit={submit} onKeyDown={onKey}>
        {row === undefined ? null : (
          <p class="muted">
            {fill(t.dialogs.closeLead, {
              customer: customerName(row, t),
              rule: row.ruleName[language.value],
            })}
          </p>
        )}
        <Reasons chosen={reason} choose={setReason} />
        {missing && reason === null ? (
          <p class="danger" role="alert">
            {t.dialogs.chooseReason}
          </p>
        ) : null}
        <label class="field">
          <span>{t.dialogs.note}</span>
          <textarea
            rows={3}
            maxLength={NOTE_LENGTH_MAX}
            placeholder={t.dialogs.noteHint}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </label>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={cancel}>
            {t.common.cancel}
          </button>
          <button type="submit" class="button primary">
            {t.dialogs.confirm}
          </button>
        </div>
      </form>
    </Modal>
  );
}

function Password() {
  const t = text.value;
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [message, setMessage] = useState('');
  const submit = async (event: Event) => {
    event.preventDefault();
    const missing = PASSWORD_LENGTH_MIN - [...password].length;
    if (missing > 0) return setMessage(fill(t.signIn.passwordShort, { n: missing }));
    if (password !== again) return setMessage(t.signIn.passwordDiffers);
    const reply = await api.setPassword(password);
    if (!reply.ok) {
      const weak = reply.code === 'weak-password';
      const reason = reply.message === '' ? reply.code : reply.message;
      return setMessage(weak ? t.signIn.passwordWeak : fill(t.common.failed, { reason }));
    }
    passwordWasSet();
    announcement.value = t.signIn.passwordSaved;
    shut();
  };
  return (
    <Modal titleId="password-title" title={t.signIn.passwordTitle} onClose={shut}>
      <form class="form" onSubmit={(event) => void submit(event)}>
        <p class="muted">{t.signIn.passwordLead}</p>
        <label class="field">
          <span>{t.signIn.passwordNew}</span>
          <input
            type="password"
            name="new-password"
            autocomplete="new-password"
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          <span>{t.signIn.passwordRepeat}</span>
          <input
            type="password"
            name="repeat-password"
            autocomplete="new-password"
            value={again}
            onInput={(event) => setAgain(event.currentTarget.value)}
          />
        </label>
        {message === '' ? null : (
          <p class="danger" role="alert">
            {message}
          </p>
        )}
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={shut}>
            {t.common.cancel}
          </button>
          <button type="submit" class="button primary">
            {t.common.save}
          </button>
        </div>
      </form>
    </Modal>
  );
}

function Help() {
  const t = text.value.dialogs;
  const lines: [string[], string][] = [
    [['j', 'k', '↓', '↑'], t.helpMove],
    [['Home', 'End'], t.helpEnds],
    [['Enter'], t.helpOpen],
    [['Esc'], t.helpBack],
    [['1'], t.helpTake],
    [['3'], t.helpClose],
    [['U'], t.helpUndo],
    [['X'], t.helpOthers],
    [['N'], t.helpNext],
    [['R'], t.helpShowNew],
    [['Space'], t.helpPause],
    [['S'], t.helpSort],
    [['/'], t.helpSearch],
    [['g l', 'g c', 'g s'], t.helpPages],
    [['?'], t.helpHelp],
  ];
  return (
    <Modal titleId="help-title" title={t.helpTitle} onClose={shut}>
      <dl class="keys">
        {lines.map(([keys, words]) => (
          <div key={words}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
      <p class="muted">{shortcuts.value === 'off' ? t.helpOff : t.helpNote}</p>
      <div class="dialog-buttons">
        <button type="button" class="button primary" onClick={shut}>
          {text.value.common.close}
        </button>
      </div>
    </Modal>
  );
}
