/** The page's door: preferences first, then the session, then the screen that fits. */
import { render } from 'preact';
import './styles/tokens.css';
import './styles/base.css';
import './styles/screens.css';
import './styles/panels.css';
import './styles/table.css';
import './styles/drawer.css';
import './styles/chart.css';
import './styles/shell.css';
import { App } from './screens/app.js';
import { applyPreferences } from './state/preferences.js';
import { openSession } from './state/session.js';

applyPreferences(document.documentElement);
void openSession();
// A link pressed while the page is open changes only the fragment.
addEventListener('hashchange', () => {
  if (location.hash.startsWith('#token=')) void openSession();
});
render(<App />, document.getElementById('page') as HTMLElement);
