/**
 * Bugs that a kernel like this one could have, each as a change of its own source: the words `from`
 * stand in the file once. Where the kernel is rewritten, its bug is planted anew.
 */

export interface PlantedBug {
  /** What is wrong with it. */
  what: string;
  /** In scoring/, without `.ts`. */
  file: string;
  from: string;
  to: string;
  /** Why the comparison does not show it. */
  survives?: string;
}

const bug = (what: string, file: string, from: string, to: string): PlantedBug => {
  return { what, file, from, to };
};

export const PLANTED_BUGS: readonly PlantedBug[] = [
  bug('window closed at both ends', 'windows', '- window.ms;\n  if', '- window.ms - 1;\n  if'),
  bug('window closed at its start when scanned', 'scan', 'if (ms <= cutoff)', 'if (ms < cutoff)'),
  bug('nothing leaves a window', 'windows', 'while (inside > 0 && f64[leg] <=', 'while (0 >'),
  bug('bank day from its second ms', 'windows', 'dayOf(atMs)) - 1;', 'dayOf(atMs));'),
  bug('bank month from its second ms', 'windows', 'monthStartMs(atMs) - 1;', 'monthStartMs(atMs);'),
  bug('a business day too few', 'windows', 'atMs, window.days)', 'atMs, window.days - 1)'),
  bug('other direction', 'shard', 'm.side = leg.side;', 'm.side = 1 - leg.side;'),
  bug('reversal leaves sums', 'keep', 'reverseLeg(region, row, layout, plan, list, i);', ''),
  bug('reversed leg is still scanned', 'windows', '|= PACKED.reversed;', '|= 0;'),
  bug(
    'reversal leaves counts',
    'keep',
    'if ((sides & (1 << side)) === 0) uncount',
    'if (!1) uncount',
  ),
  bug('pane of today', 'panes', '- before / PANE_DAYS;', '- before / PANE_DAYS + 1;'),
  bug('a pane too many', 'baselines', 'today - days / PANE_DAYS', 'today - 1 - days / PANE_DAYS'),
  bug('today counts as its own past', 'evaluate', 'm.day - 1 - spec.before', 'm.day - spec.before'),
  bug(
    'balances held from now on',
    'panes',
    'total * (endMs - startMs)',
    'total * (endMs - fromMs)',
  ),
  bug(
    'count instead of distinct',
    'scan',
    '  return seen.size;\n}\n\n/**',
    '  return pickedCount;\n}\n\n/**',
  ),
  bug('own leg in its own mean', 'scan', 'if (!isOwn(region, picked[i], m)) ', ''),
  bug('cooldown ignored', 'evaluate', 'if (this.isQuiet(region, rule, band, m)) return true;', ''),
  bug('higher band is kept silent', 'evaluate', 'return band <= lastHit.band && m', 'return m'),
  bug('no late evaluation', 'shard', 'this.#judgeLater(row, leg);', ''),
  bug('too late is scored', 'shard', 'if (muted && !history) {', 'if (!1) {'),
  bug('balance not moved', 'balances', 'region.f64[at] = after;', ''),
  bug('first payment forgotten', 'tables', 'bits = ClassBit.firstPayment;\n    f64', 'f64'),
  bug('trusted a payment late', 'tables', 'TRUSTED_PAYMENTS = 3', 'TRUSTED_PAYMENTS = 4'),
  bug('channel new every day', 'channels', 'last + DAYS_UNUSED < day', 'last < day'),
  bug(
    'day closes a day late',
    'shard',
    'dayStartMs(day + 1) + (hash',
    'dayStartMs(day + 2) + (hash',
  ),
  bug('profile not applied', 'evaluate', 'if (!inScope(rule, m.profile)) return -1;', ''),
  bug(
    'silence of the first is 0',
    'silence',
    'active === NONE ? Number.NaN :',
    'active === NONE ? 0 :',
  ),
  bug('age from the newest leg', 'evaluate', 'ROW.firstMs])', 'ROW.lastMs])'),
  bug('newest payment is the largest', 'baselines', 'Math.max(f64[at], amount)', 'amount'),
  {
    ...bug(
      'limit reached is exceeded',
      'evaluate',
      'm.amount > m.limitSingle',
      'm.amount >= m.limitSingle',
    ),
    survives: 'no payment of the logs is exactly a single limit',
  },
  bug('line not turned by the rate', 'combine', 'Math.round(line * rate)', 'line'),
  bug('no prior', 'combine', '(input(1) + spec.prior)', 'input(1)'),
  bug(
    'typology for twice its window',
    'typologies',
    'atMs - windowMs ||',
    'atMs - 2 * windowMs ||',
  ),
  bug('typology without weights', 'typologies', 'score += weight *', 'score +='),
  bug('score of the next point', 'outcomes', '+ share * (', '+ ('),
  bug('breaker never closes', 'breaker', 'bucket > count.bucket', 'bucket < count.bucket'),
];
