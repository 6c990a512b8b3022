/** The pages that this user can go to: what the header's tabs and the keys `g ...` offer. */
import type { SessionUser } from '../../../schemas/protocol.js';
import { writeAddress } from '../state/filter.js';
import { address } from '../state/queue.js';
import { pathOf } from './router.js';

export interface Place {
  page: 'live' | 'customers' | 'system';
  href: string;
  key: string;
}

export function places(user: SessionUser): Place[] {
  const all: Place[] = [];
  if (user.permissions.includes('alerts.read')) {
    // Back to the queue as it was left: its filters and open alert are in the fragment.
    all.push({ page: 'live', href: `/${writeAddress(address.value)}`, key: 'l' });
    all.push({ page: 'customers', href: pathOf({ page: 'customers' }), key: 'c' });
  }
  if (user.permissions.includes('system.read')) {
    all.push({ page: 'system', href: pathOf({ page: 'system' }), key: 's' });
  }
  return all;
}
