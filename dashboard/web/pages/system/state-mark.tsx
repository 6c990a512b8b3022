/** The state of a part: a shape of its own beside the word, so that colour is never alone. */
import type { StationState } from './stations.js';
import { systemText } from './text.js';

const PATHS: Record<StationState, string> = {
  good: 'M6 1.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9z',
  quiet: 'M6 2.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7z',
  busy: 'M6 1.2L11.2 10.5H0.8z',
  bad: 'M6 0.5L11.5 6L6 11.5L0.5 6z',
  off: 'M2 6H10',
};

export function StateMark({ state, words }: { state: StationState; words?: string }) {
  return (
    <span class="state-mark" data-state={state}>
      <svg viewBox="0 0 12 12" aria-hidden="true">
        <path d={PATHS[state]} />
      </svg>
      {words ?? systemText.value.state[state]}
    </span>
  );
}
