/** A block that its source cannot fill now: which source, why, and the mend where one is known. */
import type { Block } from '../../../schemas/protocol.js';
import { fill, text, word } from '../text/index.js';

export function Missing({ block }: { block: Extract<Block<unknown>, { state: 'missing' }> }) {
  const t = text.value.missing;
  return (
    <p class="missing" data-missing={block.why}>
      {fill(word(t.source, block.source), { why: word(t.why, block.why) })}
      {block.detail === '' ? null : <span class="muted"> {block.detail}</span>}
    </p>
  );
}
