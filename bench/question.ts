/** What a bench is: a question, how it is answered, and the table that answers it. */

export interface BenchOptions {
  /** A smoke run: seconds instead of minutes; its figures mean nothing. */
  quick: boolean;
  /** What is under way, for whoever waits. */
  progress(text: string): void;
}

export interface BenchAnswer {
  question: string;
  /** What was put on the system. */
  load: string;
  /** How many measurements stand behind the figures. */
  n: string;
  method: string;
  columns: readonly string[];
  rows: readonly (readonly string[])[];
  /** What else a reader must know to use the figures. */
  notes?: readonly string[];
}

export interface Bench {
  name: string;
  run(options: BenchOptions): Promise<BenchAnswer>;
}
