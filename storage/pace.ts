/** The times that storage lives by. Tests take shorter ones, and nothing else differs in them. */
export interface Pace {
  /** Between the starts of two rounds of the writer: about one insert a second and table. */
  roundMs: number;
  /** After which a request to ClickHouse is over, whatever the other side does. */
  requestMsMax: number;
  /** The embedded child runs behind everything else, so it may well be slow to answer. */
  hungAfterMs: number;
  /** Before the first comparison with the logs: not in the minute in which all have most to do. */
  compareFirstMs: number;
  /** Longest wait between two tries, of the writer and of the child's starts. */
  backOffMsMax: number;
}

export const PACE: Pace = {
  roundMs: 1_000,
  requestMsMax: 20_000,
  hungAfterMs: 30_000,
  compareFirstMs: 120_000,
  backOffMsMax: 10_000,
};
