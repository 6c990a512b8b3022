/** Which screen: sign-in, forbidden, or the pages. */
import { Shell } from '../pages/shell.js';
import { signOut } from '../state/actions.js';
import { announcement } from '../state/queue.js';
import { session } from '../state/session.js';
import { fill, text } from '../text/index.js';
import { SignIn } from './sign-in.js';

export function App() {
  const current = session.value;
  return (
    <>
      <Screen />
      <p class="hidden-text" role="status" aria-live="polite" id="live-region">
        {current.state === 'signed-in' ? announcement.value : ''}
      </p>
    </>
  );
}

function Screen() {
  const current = session.value;
  if (current.state !== 'signed-in') return <SignIn />;
  return <Shell user={current.user} />;
}

export function Forbidden() {
  const t = text.value;
  const current = session.value;
  const user = current.state === 'signed-in' ? current.user : null;
  return (
    <main class="centre">
      <div class="card">
        <h1>{t.signIn.forbiddenTitle}</h1>
        <p>
          {fill(t.signIn.forbiddenText, {
            user: user?.name ?? '',
            role: user === null ? '' : t.domain.role[user.role],
          })}
        </p>
        <button type="button" class="button" onClick={() => void signOut()}>
          {t.common.signOut}
        </button>
      </div>
    </main>
  );
}
