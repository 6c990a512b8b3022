/**
 * Why each rule did or did not hit one subject at a moment: what scoring says of a rule, the whole
 * answer, and the port behind which the page asks. Times are epoch ms, money minor units.
 */
import type { ClassName } from './classes.js';
import type { GateEvidence, Hit, Unit } from './hit.js';

/** Why a value is not there. */
export type Missing =
  | 'no-leg'
  | 'no-balance'
  | 'no-history'
  | 'no-legs'
  | 'too-few-legs'
  | 'no-limit'
  | 'not-exceeded'
  | 'no-rate'
  | 'nothing-to-compare';

export interface ExplainedValue {
  feature: string;
  unit: Unit;
  /** null = not available, for the reason `missing`. */
  value: number | null;
  missing?: Missing;
}

export interface ExplainedGate extends ExplainedValue {
  op: GateEvidence['op'];
  threshold: number;
  held: boolean;
}

export interface ExplainedBand {
  outcome: string;
  threshold: number;
  /** The value must be above, not equal. */
  strict: boolean;
}

/** What a rule's trigger asks and the moment does not have. */
export interface Unmet {
  missing: ClassName[];
  excluded: ClassName[];
  amount?: 'too-small' | 'too-large';
  /** Channel or type. */
  other?: true;
  /** The rule speaks at the other kind of moment: legs, or closes of days. */
  moment?: true;
}

export type Verdict =
  | 'hit'
  | 'silenced'
  | 'below-bands'
  | 'gate'
  | 'not-available'
  | 'no-trigger'
  | 'out-of-scope';

export interface Explained {
  id: string;
  kind: 'rule' | 'typology';
  version: number;
  shadow: boolean;
  verdict: Verdict;
  /** Of whom the rule speaks; of these the subject is none. */
  scope?: { kinds: string[]; watch: string[]; lists: string[] };
  unmet?: Unmet;
  gates?: ExplainedGate[];
  observed?: ExplainedValue;
  /** Band reached by the observed value, whatever the gates. */
  band?: ExplainedBand;
  /** The next one up, and how far it is: in the unit of the observed value. */
  next?: ExplainedBand & { missing: number };
  score?: { value: number; by?: ExplainedValue };
  /** Event time of the hit that keeps this one silent. */
  silencedSinceMs?: number;
  /** Until then the rule's windows do not hold all legs: values are lower bounds. */
  warmingUntilMs?: number;
  /** Of a typology: what each member brings, highest first. */
  parts?: NonNullable<Hit['parts']>;
}

export interface ExplainRequest {
  /** Customer, or account where the bank's reference data names no customer. */
  subject: string;
  atMs: number;
  /** Its newest leg of this side; missing = of either. */
  side?: 'debit' | 'credit';
}

/** Why there is none. */
export type ExplainFailure =
  /** No record kept names the subject. */
  | { reason: 'unknown-subject' }
  | { reason: 'before-first-leg'; firstMs: number }
  /** All of its legs came below the watermark, or undid others: no rule was asked. */
  | { reason: 'never-scored' }
  /** The time budget is spent; so much of the journal was read. */
  | { reason: 'out-of-time'; done: number; total: number };

/** The leg that rules on legs speak of: the subject's newest at or before the time asked for. */
export interface ExplainedLeg {
  transactionId: string;
  account: string;
  side: 'debit' | 'credit';
  eventMs: number;
  amountBaseMinor: number;
  /** Journal position. */
  position: number;
}

export interface Explanation {
  subject: string;
  atMs: number;
  /** First 12 digits of the catalogue's SHA-256. */
  catalogueVersion: string;
  leg?: ExplainedLeg;
  /** End of the last bank day that had closed for the subject. */
  dayCloseMs?: number;
  /** Rules and typologies in the catalogue's order; the paused and drafts are named apart. */
  rules: readonly Explained[];
  notScored: readonly { id: string; state: string }[];
  /** Legs before were not kept: windows that reach back behind it are lower bounds. */
  keptSince?: { position: number };
  /** So many legs of the subject were read. */
  legs: number;
}

export type ExplainResult =
  | { ok: true; explanation: Explanation }
  | ({ ok: false } & ExplainFailure);

/** Of the port: besides, so many wait already; it took too long; it could not be asked. */
export type ExplainRefusal = ExplainFailure['reason'] | 'busy' | 'failed';

/** Beside whatever else runs, one question at a time. Never throws. */
export interface Explainer {
  explain(
    request: ExplainRequest,
  ): Promise<{ ok: true; explanation: Explanation } | { ok: false; reason: ExplainRefusal }>;
  close(): Promise<void>;
}
