/** A counterparty: by name, with the way to its page, where it is a customer of ours. */
import type { Parties } from '../../../schemas/protocol.js';
import { text } from '../text/index.js';

export function Party({ account, parties }: { account: string; parties: Parties }) {
  const known = Object.hasOwn(parties, account) ? parties[account] : undefined;
  if (known === undefined) return <span class="mono">{account || text.value.queue.noValue}</span>;
  return (
    <span class="party">
      <a class="customer-link" href={`/customers/${encodeURIComponent(known.subject)}`}>
        {known.name}
      </a>
      <span class="mono muted">{account}</span>
    </span>
  );
}
