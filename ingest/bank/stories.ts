/**
 * What launderers, victims and borderline customers do, one function a story: steps by their place
 * in it, for days of history and for a case of seconds alike. Figures stay on the side of each line
 * that the story needs (values in scoring/catalogue/rules).
 */
import type { PartyFields, TransactionFields } from '../../schemas/transaction-codec.js';
import type { Dice } from './dice.js';
import { CASH_DESK } from './life.js';
import { type Cast, type Customer, elsewhere } from './people.js';

export interface Step {
  /** Place in the story, [0, 1). */
  at: number;
  fields: Omit<TransactionFields, 'id' | 'eventTimeMs'>;
}

export interface Scene {
  dice: Dice;
  subject: Customer;
  cast: Cast;
  /** What lies on the subject's account. */
  balanceMinor: number;
}
export type Story = (scene: Scene) => Step[];

const yuan = (amount: number): number => Math.round(amount) * 100;

function pay(
  at: number,
  debtor: PartyFields,
  creditor: PartyFields,
  amountMinor: number,
  more: Partial<TransactionFields> = {},
): Step {
  const fields = { debtor, creditor, amountMinor, currency: 'CNY' };
  return { at, fields: { ...fields, type: 'transfer', channel: 'mobile', ...more } };
}

/** `count` customers that nobody watches, all different and none the subject. */
function members({ dice, cast, subject }: Scene, count: number): Customer[] {
  const found = new Set<Customer>();
  for (let i = 0; found.size < count && i < count * 20; i++) {
    const member = dice.pick(cast.persons);
    if (member !== subject) found.add(member);
  }
  return [...found];
}

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** Remittances abroad, each above 50,000, together above 200,000. */
export const remittances: Story = ({ dice, subject }) => {
  const country = dice.pick(['US', 'SG', 'AU', 'CA', 'GB']);
  const count = dice.between(3, 4);
  return times(count, (i) =>
    pay(i / count, subject.account, elsewhere(dice, country), yuan(dice.between(66_700, 98_000))),
  );
};

/** The same of a company: each above 500,000, together far above its usual day. */
export const companyRemittances: Story = ({ dice, subject, balanceMinor }) => {
  const each = Math.max(yuan(720_000), Math.round(balanceMinor * 0.12));
  return times(3, (i) =>
    pay(i / 3, subject.account, elsewhere(dice, dice.pick(['HK', 'SG', 'VN'])), each + i * 1_700, {
      channel: 'online',
    }),
  );
};

const cashUnderLine =
  (kind: 'cash-in' | 'cash-out', from: number, to: number): Story =>
  ({ dice, subject }) => {
    const count = dice.between(from, to);
    return times(count, (i) => {
      const [debtor, creditor] =
        kind === 'cash-in' ? [CASH_DESK, subject.account] : [subject.account, CASH_DESK];
      const channel = dice.pick(['counter', 'atm'] as const);
      const amount = yuan(dice.between(440, 498) * 100);
      return pay(i / count, debtor, creditor, amount, { type: kind, channel });
    });
  };
/** Cash just under the line of 50,000: within a day, or over a week. */
export const structuring = cashUnderLine('cash-in', 3, 4);
export const structuringOut = cashUnderLine('cash-out', 3, 3);
export const structuringSlow = cashUnderLine('cash-in', 5, 6);

/** Two payments within the single limit of 5,000, then one a cent above it. */
export const overLimit: Story = ({ dice, subject }) =>
  [yuan(dice.between(1_500, 2_500)), yuan(dice.between(2_600, 3_900)), 500_001].map((amount, i) =>
    pay(i / 3, subject.account, elsewhere(dice), amount, { channel: 'online' }),
  );

/** Four payments, each allowed, that use most of the day's limit of 20,000. */
export const nearLimit: Story = ({ dice, subject }) =>
  times(4, (i) => pay(i / 4, subject.account, elsewhere(dice), yuan(dice.between(4_100, 4_700))));

/** A large part of the balance to a new payee, and never less than 55,000. */
const outflowOf =
  (from: number, to: number): Story =>
  ({ dice, subject, balanceMinor }) => {
    const before = Math.max(balanceMinor, yuan(140_000));
    // Of two draws the lower: most take a third or a half, few nearly all.
    const share = Math.min(dice.between(from, to), dice.between(from, to));
    const amount = Math.round((before * share) / 100);
    const more = { channel: 'online' as const, debtorBalanceAfterMinor: before - amount };
    return [pay(0, subject.account, elsewhere(dice), amount, more)];
  };
export const outflow = outflowOf(40, 92);
export const careOutflow = outflowOf(40, 70);

/** The first movement after a long silence. */
export const awakening: Story = ({ dice, subject }) => {
  const amount = yuan(dice.between(600, 1_800) * 100);
  return [pay(0, subject.account, elsewhere(dice), amount, { channel: 'counter' })];
};

export const fanIn: Story = (scene) => {
  const { dice, subject } = scene;
  const payers = members(scene, dice.between(6, 10));
  return payers.map((p, i) =>
    pay(i / payers.length, p.account, subject.account, yuan(dice.between(30, 95) * 100)),
  );
};

export const fanOut: Story = (scene) => {
  const { dice, subject } = scene;
  const payees = members(scene, dice.between(6, 10));
  return payees.map((p, i) =>
    pay(i / payees.length, subject.account, p.account, yuan(dice.between(30, 95) * 100)),
  );
};

/** In from one, out to another, less a commission. */
export const passThrough: Story = ({ dice, subject }) => {
  const amount = yuan(dice.between(300, 1_500) * 100);
  const rest = Math.round(amount * (1 - dice.between(1, 6) / 100));
  return [
    pay(0, elsewhere(dice), subject.account, amount),
    pay(0.5, subject.account, elsewhere(dice), rest),
  ];
};

export const cycle: Story = (scene) => {
  const { dice, subject } = scene;
  const ring = [subject, ...members(scene, dice.between(3, 5))];
  let amount = yuan(dice.between(200, 900) * 100);
  return ring.map((member, i) => {
    amount = Math.round(amount * (1 - dice.between(0, 4) / 100));
    const next = ring[(i + 1) % ring.length] as Customer;
    return pay(i / ring.length, member.account, next.account, amount);
  });
};

/** One pays several, who pay one. */
export const scatterGather: Story = (scene) => {
  const { dice, subject } = scene;
  const [sink, ...mules] = members(scene, dice.between(5, 7)) as [Customer, ...Customer[]];
  const each = yuan(dice.between(80, 240) * 100);
  const count = mules.length * 2;
  return mules.flatMap((mule, i) => [
    pay(i / count, subject.account, mule.account, each + dice.between(0, 90_000)),
    pay((mules.length + i) / count, mule.account, sink.account, each - dice.between(0, 90_000)),
  ]);
};

/** Several pay one, who pays several. */
export const gatherScatter: Story = (scene) => {
  const { dice, subject } = scene;
  const others = members(scene, 2 * dice.between(3, 5));
  const half = others.length / 2;
  return others.map((other, i) => {
    const amount = yuan(dice.between(80, 240) * 100);
    return i < half
      ? pay(i / others.length, other.account, subject.account, amount)
      : pay(i / others.length, subject.account, other.account, amount);
  });
};

/** Layers in which everybody pays everybody of the next. */
const layered =
  (...sizes: number[]): Story =>
  (scene) => {
    const { dice, subject } = scene;
    const all = [subject, ...members(scene, sizes.reduce((a, b) => a + b, 0) - 1)];
    const layers = sizes.map((size) => all.splice(0, size));
    const steps = layers
      .slice(1)
      .flatMap((next, layer) =>
        (layers[layer] as Customer[]).flatMap((from) =>
          next.map((to) => ({ from: from.account, to: to.account })),
        ),
      );
    return steps.map(({ from, to }, i) =>
      pay(i / steps.length, from, to, yuan(dice.between(40, 160) * 100)),
    );
  };
export const bipartite = layered(3, 3);
export const stack = layered(2, 3, 3);

/** A student's parents: fees, rent and living abroad at the start of a term. Nothing is wrong. */
export const tuition: Story = ({ dice, subject }) => {
  const school = elsewhere(dice, dice.pick(['GB', 'US', 'AU', 'CA']));
  const steps = [dice.between(68, 95), dice.between(66, 90), dice.between(66, 80)];
  return steps.map((hundreds, i) =>
    pay(i / 3, subject.account, school, yuan(hundreds * 1_000), { purpose: 'EDUC' }),
  );
};
