/** The line that raises an alert of one's own, whole, to read before it is copied. */
import { useState } from 'preact/hooks';
import { demoControls } from '../state/demo.js';
import { announcement } from '../state/queue.js';
import { text } from '../text/index.js';
import { Modal } from './modal.js';

export function Curl({ shut }: { shut: () => void }) {
  const t = text.value;
  const [copied, setCopied] = useState(false);
  const curl = demoControls.value?.curl ?? '';
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(curl);
    } catch {
      return; // refused by the browser: the line can be marked
    }
    setCopied(true);
    announcement.value = t.drawer.copied;
  };
  return (
    <Modal titleId="curl-title" title={t.demo.curlTitle} onClose={shut}>
      <p class="muted">{t.demo.curlText}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: keys must be able to scroll it */}
      <pre class="code" tabIndex={0}>
        {curl}
      </pre>
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={shut}>
          {t.common.close}
        </button>
        <button type="button" class="button primary" onClick={() => void copy()}>
          {copied ? t.drawer.copied : t.demo.curlCopy}
        </button>
      </div>
    </Modal>
  );
}
