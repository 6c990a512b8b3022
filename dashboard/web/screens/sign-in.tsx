/** Sign-in: by one-time link (no form needed), or by user and password. */
import { useState } from 'preact/hooks';
import { language } from '../state/preferences.js';
import { type SignInProblem, session, signIn } from '../state/session.js';
import { fill, text } from '../text/index.js';
import { Mark } from './mark.js';

export function SignIn() {
  const t = text.value;
  const current = session.value;
  if (current.state === 'unknown') {
    return (
      <main class="centre">
        <p class="muted" role="status">
          {current.exchanging ? t.signIn.exchanging : t.common.loading}
        </p>
      </main>
    );
  }
  const problem: SignInProblem = current.state === 'signed-out' ? current.problem : 'none';
  const detail = current.state === 'signed-out' ? current.detail : '';
  return (
    <main class="centre">
      <div class="card sign-in">
        <div class="sign-in-brand">
          <Mark />
          <div>
            <h1>{t.signIn.title}</h1>
            <p class="muted">{t.signIn.lead}</p>
          </div>
        </div>
        <Problem problem={problem} detail={detail} />
        <SignInForm />
        <p class="muted small">{t.signIn.firstStart}</p>
        <LanguageSwitch />
      </div>
    </main>
  );
}

function Problem({ problem, detail }: { problem: SignInProblem; detail: string }) {
  const t = text.value;
  if (problem === 'none') return null;
  const calm = problem === 'signedOut' || problem === 'expired';
  const reason = detail === '' ? t.common.network : detail;
  return (
    <p class={calm ? 'notice' : 'notice bad'} role="alert" data-problem={problem}>
      {fill(t.signIn[problem], { reason })}
    </p>
  );
}

function SignInForm() {
  const t = text.value;
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [working, setWorking] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (working) return;
    setWorking(true);
    await signIn(user.trim(), password);
    setWorking(false);
  };
  return (
    <form class="form" onSubmit={(event) => void submit(event)}>
      <label class="field">
        <span>{t.signIn.user}</span>
        <input
          name="user"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          value={user}
          onInput={(event) => setUser(event.currentTarget.value)}
        />
      </label>
      <label class="field">
        <span>{t.signIn.password}</span>
        <input
          name="password"
          type="password"
          autocomplete="current-password"
          required
          value={password}
          onInput={(event) => setPassword(event.currentTarget.value)}
        />
      </label>
      <button type="submit" class="button primary" aria-disabled={working}>
        {working ? t.signIn.working : t.signIn.submit}
      </button>
    </form>
  );
}

function LanguageSwitch() {
  const other = language.value === 'zh' ? 'en' : 'zh';
  return (
    <button
      type="button"
      class="button plain small"
      lang={other === 'zh' ? 'zh-CN' : 'en'}
      onClick={() => {
        language.value = other;
      }}
    >
      {other === 'zh' ? '中文' : 'English'}
    </button>
  );
}
