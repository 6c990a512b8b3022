/** Durations and money as the catalogue writes them. */

/** `30m`, `24h`, `7d` in milliseconds. */
export function durationMs(text: string): number {
  const unit = { m: 60_000, h: 3_600_000, d: 86_400_000 }[text.slice(-1)];
  const count = Number(text.slice(0, -1));
  if (unit === undefined || !Number.isInteger(count)) throw new Error(`no duration: ${text}`);
  return count * unit;
}

/** Decimal major units with at most two decimals ("50000.00") in minor units, exactly. */
export function moneyMinor(text: string): number {
  const [whole, fraction = ''] = text.split('.');
  return Number(whole) * 100 + Number(fraction.padEnd(2, '0').slice(0, 2));
}
