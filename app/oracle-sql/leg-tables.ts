/**
 * What is known of each leg when it comes in, by SQL over the log alone: whether it is below the
 * watermark, what undoes it, the bits that scoring sets, balances; and what is evaluated when.
 * `ord` is the place in the log: position, then debit before credit.
 */
import { ClassBit } from '../../schemas/classes.js';
import { has, NEVER } from './log-tables.js';

const DAY_MS = 86_400_000;
const PAIR_DAYS = 400;
const TRUSTED_DAYS = 90;
const TRUSTED_TIMES = 3;
const CHANNEL_DAYS = 180;
const CHANNEL_PAYMENTS = 10;
const FOLLOWED_ACCOUNTS = 4;
const REEVALUATED_MAX = 64;
const ACTIVE_DAYS = 119;
const HISTORY_DAYS = 7;
const HISTORY_DAYS_OF_HISTORY = 1;

/** A leg below the watermark changes nothing; of history it fills the state and is not scored. */
const ARRIVED = `CREATE TABLE weir.arrived ENGINE = Memory AS
  SELECT l.* EXCEPT (k), m.mark AS mark, l.event >= m.mark AS scored, d.day AS day, d.start AS
    day_start,
    d.month AS month_start, ${has('l', 'reversal')} OR undoes != 0 AS reversal,
    NOT reversal AND NOT ${has('l', 'merchantReceipt')} AS met,
    ${has('l', 'customerMade')} AND NOT reversal AS made,
    if(l.side = 0, -l.amount, l.amount) AS signed,
    max(l.event) OVER (PARTITION BY l.subject ORDER BY l.ord) AS newest, newest > l.event AS late
  FROM (SELECT *, toUInt8(0) AS k FROM weir.incoming) AS l
  ASOF LEFT JOIN (SELECT position AS told_at, mark, k AS one FROM weir.marks) AS m
    ON l.k = m.one AND l.position >= m.told_at
  ASOF LEFT JOIN (SELECT day, start, month, k AS one FROM weir.days) AS d
    ON l.k = d.one AND l.event >= d.start
  WHERE l.event >= m.mark OR l.history`;

const MARKS = `CREATE TABLE weir.marks ENGINE = Memory AS
  SELECT position, max(mark) OVER (ORDER BY position) AS mark, ingest, k FROM weir.told`;

/** What stands earlier between the two; forgotten where they paid nothing for 400 bank days. */
const PAIRS = `CREATE TABLE weir.pairs ENGINE = Memory AS
  WITH touched AS (SELECT ord, subject, counterparty, day,
      max(day) OVER (PARTITION BY subject, counterparty ORDER BY ord
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS last,
      row_number() OVER (PARTITION BY subject, counterparty ORDER BY ord) AS place
    FROM weir.arrived WHERE met AND subject != counterparty),
  ages AS (SELECT *, place = 1 OR day - last > ${PAIR_DAYS} AS anew,
      sum(anew) OVER (PARTITION BY subject, counterparty ORDER BY ord) AS age FROM touched)
  SELECT ord AS leg, count() OVER w - 1 AS times, day - min(day) OVER w AS first_days
  FROM ages WINDOW w AS (PARTITION BY subject, counterparty, age ORDER BY ord)`;

const CHANNELS = `CREATE TABLE weir.channels ENGINE = Memory AS
  SELECT l.ord AS leg, count() AS payments,
    countIf(p.channel = l.channel AND l.day - p.day <= ${CHANNEL_DAYS}) AS by_this
  FROM (SELECT * FROM weir.arrived WHERE made AND side = 0) AS l
  JOIN (SELECT * FROM weir.arrived WHERE made AND side = 0) AS p ON l.subject = p.subject
  WHERE p.ord < l.ord
  GROUP BY l.ord`;

/**
 * Four accounts are followed; each is moved in log order from what was last reported. What history
 * fills up below the watermark moves nothing.
 */
const BALANCES = `CREATE TABLE weir.balances ENGINE = Memory AS
  WITH firsts AS (SELECT subject, account,
      row_number() OVER (PARTITION BY subject ORDER BY min(ord)) AS place
    FROM weir.arrived GROUP BY subject, account),
  moved AS (SELECT a.ord AS ord, a.subject AS subject, a.account AS account, a.event AS event,
      a.scored AS scored,
      a.moves AS signed, f.place BETWEEN 1 AND ${FOLLOWED_ACCOUNTS} AS followed,
      a.told AS reported,
      last_value(a.reported - sums) IGNORE NULLS OVER w AS anchor,
      if(followed, sums + anchor, a.reported) AS after
    FROM (SELECT *, if(scored, reported, NULL) AS told, if(scored, signed, 0) AS moves,
        sum(if(scored, signed, 0)) OVER (PARTITION BY subject, account ORDER BY ord) AS sums
      FROM weir.arrived) AS a
    LEFT JOIN firsts AS f ON a.subject = f.subject AND a.account = f.account
    WINDOW w AS (PARTITION BY a.subject, a.account ORDER BY a.ord))
  SELECT ord, subject, event, scored, followed, after, after - signed AS before,
    sum(followed AND isNotNull(after)) OVER s > 0 AS any_known,
    if(any_known, sum(if(followed, ifNull(after - ifNull(was, 0), 0), 0)) OVER s, NULL) AS total,
    max(event) OVER s AS newest
  FROM (SELECT *, any(after) OVER (PARTITION BY subject, account ORDER BY ord
      ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS was FROM moved)
  WINDOW s AS (PARTITION BY subject ORDER BY ord)`;

const bit = (name: keyof typeof ClassBit, condition: string) =>
  `if(${condition}, toUInt32(${ClassBit[name] >>> 0}), toUInt32(0))`;

/** Bits that scoring sets, by the words of schemas/classes.ts. */
const KNOWN = `CREATE TABLE weir.known ENGINE = Memory AS
  SELECT a.* EXCEPT (bits),
    a.subject != a.counterparty AND a.met AS between_two,
    toUInt8(between_two AND p.times = 0) AS new_counterparty,
    bitOr(bitOr(a.bits, ${bit('firstPayment', 'between_two AND p.times = 0')}),
      bitOr(${bit(
        'trustedPair',
        `between_two AND p.times >= ${TRUSTED_TIMES} AND p.first_days >=
        ${TRUSTED_DAYS}`,
      )},
        ${bit(
          'newChannel',
          `between_two AND a.made AND a.side = 0 AND a.channel != 0 AND
          c.payments >= ${CHANNEL_PAYMENTS} AND c.by_this = 0`,
        )})) AS bits,
    b.before AS balance_before, b.after AS balance_after, b.followed AS followed
  FROM weir.arrived AS a
  LEFT JOIN weir.pairs AS p ON a.ord = p.leg
  LEFT JOIN weir.channels AS c ON a.ord = c.leg
  LEFT JOIN (SELECT ord AS leg, before, after, followed FROM weir.balances) AS b ON a.ord = b.leg`;

/** The first reversal behind it in the log takes a leg out, as long as that is kept. */
const undone = (keptMs: string) => `CREATE TABLE weir.undone ENGINE = Memory AS
  SELECT l.ord AS leg, min(r.ord) AS gone_at
  FROM weir.known AS l
  JOIN (SELECT * FROM weir.known WHERE undoes != 0) AS r
    ON l.subject = r.subject AND l.id = r.undoes
  WHERE r.ord > l.ord AND NOT l.reversal AND l.event > r.newest - ${keptMs}
  GROUP BY l.ord`;

const LEGS = `CREATE TABLE weir.legs ENGINE = Memory AS
  SELECT l.*, if(u.gone_at = 0, ${NEVER}, u.gone_at) AS gone_at
  FROM weir.known AS l LEFT JOIN weir.undone AS u ON l.ord = u.leg`;

/** The time for which a total stood, cut into panes of five bank days. */
const HELD = `CREATE TABLE weir.held ENGINE = Memory AS
  WITH spans AS (SELECT ord, subject, from_ms, newest AS to_ms, stood FROM (
      SELECT ord, subject, newest, scored,
        any(newest) OVER before AS from_ms, any(total) OVER before AS stood,
        row_number() OVER (PARTITION BY subject ORDER BY ord) AS place
      FROM weir.balances
      WINDOW before AS (PARTITION BY subject ORDER BY ord ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING))
    WHERE scored AND place > 1 AND isNotNull(stood) AND newest > from_ms),
  panes AS (SELECT intDiv(day, 5) AS pane, min(start) AS start, max(end) AS end
    FROM weir.days GROUP BY pane)
  SELECT s.ord AS ord, s.subject AS subject, p.pane AS pane, s.stood AS stood,
    least(s.to_ms, p.end) - greatest(s.from_ms, p.start) AS span_ms
  FROM spans AS s JOIN panes AS p ON 1 = 1
  WHERE p.start < s.to_ms AND p.end > s.from_ms`;

/**
 * (leg, own place) for every leg that is scored, and (kept leg behind a late one, the late one's
 * place), the newest 64.
 */
const legPairs = (keptMs: string) => `
  SELECT ord, ord AS at FROM weir.legs WHERE scored AND NOT reversal
  UNION ALL
  SELECT b.ord AS ord, l.ord AS at
  FROM (SELECT * FROM weir.legs WHERE late AND scored) AS l
  JOIN (SELECT * FROM weir.legs WHERE scored AND NOT reversal) AS b
    ON l.subject = b.subject
  WHERE b.ord < l.ord AND (b.event, b.ord) > (l.event, l.ord) AND b.gone_at > l.ord
    AND b.event > l.newest - ${keptMs}
  ORDER BY b.event DESC, b.ord DESC
  LIMIT ${REEVALUATED_MAX} BY l.ord`;

const legEvaluations = (keptMs: string) => `CREATE TABLE weir.leg_evaluations ENGINE = Memory AS
  SELECT l.subject AS subject, l.side AS side, toInt64(l.ord) AS ord,
    l.position AS position, p.at AS at,
    l.event AS event, l.event AS until, l.day AS today, l.day - 1 AS closed,
    l.day AS window_day, l.day_start AS day_start,
    l.month_start AS month_start, l.amount AS amount, if(l.followed, l.account, 0) AS account,
    l.counterparty AS counterparty, l.channel AS channel, l.type AS type, l.bits AS bits,
    l.new_counterparty AS new_counterparty, toNullable(l.balance_before) AS balance_before,
    l.balance_after AS balance_after, p.at != p.ord AS again, l.history AS history
  FROM (${legPairs(keptMs)}) AS p JOIN weir.legs AS l ON p.ord = l.ord`;

/**
 * A day closes at the first watermark behind its end and the subject's spread, for those who made
 * something that day, or in the 120 days up to it that still stood when the day before closed.
 * Windows end with the day's last millisecond, "today" is the
 * next day.
 */
const DAY_EVALUATIONS = `CREATE TABLE weir.day_evaluations ENGINE = Memory AS
  WITH closes AS (SELECT s.subject AS subject, d.day AS day, d.end AS end, d.end + s.spread AS due,
      toUInt8(0) AS k
    FROM weir.subjects AS s JOIN weir.days AS d ON 1 = 1),
  timed AS (SELECT c.*, m.position AS position, m.ingest AS ingest,
      any(m.position) OVER (PARTITION BY c.subject ORDER BY c.day
        ROWS BETWEEN 1 PRECEDING AND 1 PRECEDING) AS was
    FROM closes AS c
    ASOF JOIN (SELECT min(m.position) AS position, mark,
      argMin(m.ingest, m.position) AS ingest, toUInt8(0) AS one
      FROM weir.marks AS m GROUP BY mark) AS m ON c.k = m.one AND c.due <= m.mark),
  active AS (SELECT t.subject AS subject, t.day AS day, any(t.end) AS end,
      any(t.position) AS position, any(t.ingest) AS ingest,
      argMax(l.history, l.ord) AS from_history
    FROM timed AS t JOIN weir.legs AS l ON t.subject = l.subject
    WHERE l.position < t.position
    GROUP BY t.subject, t.day
    HAVING countIf(l.made AND l.day <= t.day AND l.day >= t.day - ${ACTIVE_DAYS} AND
      (l.day = t.day OR l.gone_at > t.was * 2)) > 0)
  SELECT c.subject AS subject, toInt8(2) AS side, toInt64(${NEVER}) AS ord,
    toUInt32(0) AS position, toUInt32(c.position * 2) AS at, c.end AS event, c.end - 1 AS until,
    c.day + 1 AS today, c.day AS closed, c.day AS window_day, d.start AS day_start,
    d.month AS month_start, toInt64(0) AS amount, toUInt32(0) AS account,
    toUInt32(0) AS counterparty, toUInt8(0) AS channel, toUInt8(0) AS type, toUInt32(0) AS bits,
    toUInt8(0) AS new_counterparty, CAST(NULL AS Nullable(Float64)) AS balance_before,
    CAST(NULL AS Nullable(Float64)) AS balance_after, toUInt8(0) AS again,
    toUInt8(c.ingest - c.end >
      if(c.from_history, ${HISTORY_DAYS_OF_HISTORY}, ${HISTORY_DAYS}) * ${DAY_MS}) AS history
  FROM active AS c JOIN weir.days AS d ON d.day = c.day`;

/** Both, with what the log knows of the subject at the place of the evaluation. */
const evaluations = (businessWindows: readonly number[]) => {
  const starts = businessWindows.map((n) => `, d${n}.start AS business_${n}`).join('');
  const joins = businessWindows
    .map(
      (n) => `LEFT JOIN (SELECT start, toInt64(businesses) AS no FROM weir.days WHERE business)
        AS d${n} ON d${n}.no = d.no - ${n} + 1`,
    )
    .join('\n');
  return `CREATE TABLE weir.evaluations ENGINE = Memory AS
  SELECT row_number() OVER (ORDER BY e.at, e.ord, e.subject) AS eid, e.*,
    n.profile AS profile, n.newest_day AS newest_day, n.newest AS newest, n.first_event AS
      first_event,
    if(n.has_limits, n.limit_single, NULL) AS limit_single,
    if(n.has_limits, n.limit_day, NULL) AS limit_day,
    if(n.has_limits, n.limit_month, NULL) AS limit_month, n.total AS total${starts}
  FROM (SELECT * FROM weir.leg_evaluations UNION ALL SELECT * FROM weir.day_evaluations) AS e
  ASOF JOIN (SELECT l.subject AS who, l.ord AS seen, profile, has_limits, limit_single,
      limit_day, limit_month, b.total AS total,
      max(day) OVER w AS newest_day, max(l.event) OVER w AS newest, min(l.event) OVER w AS
        first_event
    FROM weir.legs AS l JOIN weir.balances AS b ON l.ord = b.ord
    WINDOW w AS (PARTITION BY l.subject ORDER BY l.ord)) AS n
    ON e.subject = n.who AND e.at >= n.seen
  JOIN (SELECT day, toInt64(businesses) AS no FROM weir.days) AS d ON d.day = e.window_day
  ${joins}`;
};

export interface LegTables {
  /** SQL: for how long the leg `alias` is kept behind the subject's newest, in ms. */
  keptMs: (alias: string) => string;
  businessWindows: readonly number[];
}

/** Statements in order; the last makes `weir.evaluations`. */
export function legStatements({ keptMs, businessWindows }: LegTables): string[] {
  return [
    MARKS,
    ARRIVED,
    PAIRS,
    CHANNELS,
    BALANCES,
    KNOWN,
    undone(keptMs('l')),
    LEGS,
    HELD,
    legEvaluations(keptMs('b')),
    DAY_EVALUATIONS,
    evaluations(businessWindows),
  ];
}
