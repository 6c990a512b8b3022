/** The class bits that scoring sets when a leg comes in, from what stands earlier in the log. */
import { ClassBit } from '../../schemas/classes.js';
import { earlierWith, hasPair } from './features.js';
import { is, type KnownLeg, type Subject } from './legs.js';

const TRUSTED_AFTER_DAYS = 90;
const TRUSTED_PAYMENTS_MIN = 3;
const CHANNEL_DAYS = 180;
const CHANNEL_PAYMENTS_MIN = 10;

/** `leg` does not stand among the subject's legs yet. */
export function scoredBits(subject: Subject, leg: KnownLeg): number {
  if (!hasPair(leg)) return 0;
  let bits = 0;
  const earlier = earlierWith(subject, leg);
  if (earlier.length === 0) bits |= ClassBit.firstPayment;
  else if (earlier.length >= TRUSTED_PAYMENTS_MIN) {
    const firstDay = Math.min(...earlier.map((l) => l.bankDay));
    if (firstDay <= leg.bankDay - TRUSTED_AFTER_DAYS) bits |= ClassBit.trustedPair;
  }
  if (isNewChannel(subject, leg)) bits |= ClassBit.newChannel;
  return bits;
}

function isNewChannel(subject: Subject, leg: KnownLeg): boolean {
  const isPayment = (l: KnownLeg): boolean => l.side === 'debit' && is(l, 'customerMade');
  if (!isPayment(leg) || leg.channel === 'unknown') return false;
  const payments = subject.legs.filter(isPayment);
  if (payments.length < CHANNEL_PAYMENTS_MIN) return false;
  return !payments.some(
    (l) => l.channel === leg.channel && l.bankDay >= leg.bankDay - CHANNEL_DAYS,
  );
}
