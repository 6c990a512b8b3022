/**
 * The demo's own customers, for the families that the labelled sample lacks. Fixed by number, so
 * that reference data and planted transactions agree without a file between them.
 */

import { personName } from '../../ingest/index.js';
import type { ListKind, SubjectKind, Tier, WatchClass } from '../../schemas/classes.js';
import { companyName } from './names.js';
import { seededRandom } from './random.js';

export const DEMO_BANK = 'weir_demo_bank';

export type Part = 'remitter' | 'cash' | 'listed' | 'dormant' | 'care' | 'key' | 'fading';

export interface DemoPerson {
  party: string;
  account: string;
  name: string;
  kind: SubjectKind;
  tier: Tier;
  riskClass: number;
  watch: WatchClass[];
  list: ListKind | undefined;
  part: Part;
}

interface Cast {
  part: Part;
  count: number;
  kind: SubjectKind;
  tier: Tier;
  riskClass: number;
  watch: WatchClass[];
}

const casts: readonly Cast[] = [
  { part: 'remitter', count: 16, kind: 'person', tier: 'growth', riskClass: 3, watch: [] },
  { part: 'cash', count: 12, kind: 'person', tier: 'base', riskClass: 2, watch: [] },
  { part: 'listed', count: 6, kind: 'person', tier: 'base', riskClass: 5, watch: [] },
  { part: 'dormant', count: 8, kind: 'person', tier: 'base', riskClass: 2, watch: [] },
  {
    part: 'care',
    count: 5,
    kind: 'person',
    tier: 'growth',
    riskClass: 1,
    watch: ['critically-ill'],
  },
  {
    part: 'key',
    count: 5,
    kind: 'company',
    tier: 'strategic',
    riskClass: 2,
    watch: ['key-corporate'],
  },
  {
    part: 'fading',
    count: 4,
    kind: 'person',
    tier: 'strategic',
    riskClass: 1,
    watch: ['retention'],
  },
];

const PEOPLE_SEED = 20_260;
const lists: readonly ListKind[] = ['fraud', 'gambling', 'fraud'];

function cast(): DemoPerson[] {
  const random = seededRandom(PEOPLE_SEED);
  const people: DemoPerson[] = [];
  for (const { part, count, kind, tier, riskClass, watch } of casts) {
    for (let i = 0; i < count; i++) {
      const number = String(people.length + 1).padStart(4, '0');
      const name = kind === 'company' ? companyName(random) : personName(random);
      const list = part === 'listed' ? lists[i % lists.length] : undefined;
      const account = `622202100000${number}`;
      people.push({ party: `D${number}`, account, name, kind, tier, riskClass, watch, list, part });
    }
  }
  return people;
}

export const demoPeople: readonly DemoPerson[] = cast();

export function peopleOf(part: Part): readonly DemoPerson[] {
  return demoPeople.filter((p) => p.part === part);
}
