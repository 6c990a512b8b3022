/**
 * The log whose first half a shard of format 1 had seen when `region-format-1.json.gz` was written
 * from it. It must stay what it is: the second half is fed to what is read from that file.
 */
import { ClassBit } from '../../schemas/classes.js';
import type { OracleRecord, OracleSide } from '../oracle/types.js';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2025, 0, 1);
const DAYS = 160;
const SUBJECTS = 10;
const B = ClassBit;
const PAYMENT = B.transfer | B.customerMade | B.counterpartyExternal;
/** Class bits of the customer's leg and amounts, about the lines of the rules of then. */
const KINDS: readonly [bits: number, credit: boolean, amounts: readonly number[]][] = [
  [B.debit | PAYMENT, false, [150_000, 500_001, 5_000_000, 6_200_000]],
  [B.debit | PAYMENT | B.crossBorder, false, [5_000_000, 6_600_000, 70_000_000]],
  [B.credit | B.cash | B.customerMade | B.counterpartyExternal, true, [4_000_000, 4_999_999]],
  [B.debit | B.cash | B.customerMade | B.counterpartyExternal, false, [4_500_000]],
  [B.credit | B.bankMade | B.counterpartyExternal, true, [1_234]],
];

/** Park and Miller's generator: whole numbers in [0, below). */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

export function formerLog(): OracleRecord[] {
  const roll = dice(20_250_101);
  const records: OracleRecord[] = [];
  for (let day = 0; day < DAYS; day++) {
    for (let minute = 0; minute < 1_440; minute += 40) {
      const subject = roll(SUBJECTS);
      // Some fall silent, so that days close on a drop.
      if (roll(3) > 0 || (subject > 5 && day > 90)) continue;
      const [bits, credit, amounts] = KINDS[subject === 3 ? 2 : roll(KINDS.length)];
      const amount = amounts[roll(amounts.length)];
      const late = roll(9) === 0 ? roll(500_000) : 0;
      const eventMs = START_MS + day * DAY_MS + minute * 60_000 - late;
      const mine: OracleSide = {
        subject: `S${subject}`,
        account: `S${subject}-${roll(2)}`,
        classBits: bits,
        profile: 1,
        balanceAfterMinor: roll(2) === 0 ? roll(5) * amount : Number.NaN,
        external: false,
      };
      // Now and then one that nobody has paid before.
      const name = roll(12) === 0 ? `N${records.length}` : `X${roll(6)}`;
      const theirs: OracleSide = {
        subject: name,
        account: name,
        classBits: 0,
        profile: 0,
        balanceAfterMinor: Number.NaN,
        external: true,
      };
      records.push({
        kind: 'transaction',
        position: records.length,
        eventMs,
        ingestMs: eventMs + late,
        id: `t${records.length}`,
        amountBaseMinor: amount,
        debtor: credit ? theirs : mine,
        creditor: credit ? mine : theirs,
        reversedId: '',
        history: false,
      });
    }
    const watermarkMs = START_MS + (day + 1) * DAY_MS - 600_000;
    records.push({ kind: 'watermark', position: records.length, watermarkMs });
  }
  return records;
}
