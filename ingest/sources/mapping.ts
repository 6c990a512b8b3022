/**
 * Mapping files: how the rows of somebody's export become transactions. Strict: an unknown field,
 * a column that the file does not have, or a value outside a closed set is refused before the
 * first row. What a row cannot give is that row's own failure.
 */
import { z } from 'zod';
import { CHANNELS, PARTY_KINDS, TRANSACTION_TYPES } from '../../schemas/json-transaction.js';
import { FileError, readYaml } from '../yaml-file.js';

export const FIELDS = [
  'id',
  'eventTime',
  'debtor.account',
  'debtor.party',
  'debtor.bank',
  'debtor.country',
  'debtor.kind',
  'creditor.account',
  'creditor.party',
  'creditor.bank',
  'creditor.country',
  'creditor.kind',
  'amount',
  'currency',
  'channel',
  'type',
  'purpose',
  'debtorBalanceAfter',
  'creditorBalanceAfter',
  'productRiskClass',
  'loanId',
  'reversedTransaction',
  'recordingReference',
] as const;
export type Field = (typeof FIELDS)[number];

const field = z.enum(FIELDS);
const values = z.partialRecord(field, z.string().min(1));
/** All named columns must have (one of) the values; '' is an empty or missing cell. */
const when = z.record(z.string(), z.union([z.string(), z.array(z.string()).min(1)]));

export const mappingSchema = z.strictObject({
  format: z.enum(['csv', 'ndjson']).default('csv'),
  delimiter: z.string().length(1).default(','),
  /** Column (or dotted path of a JSON row) -> field. */
  columns: z.record(z.string(), field),
  constants: values.default({}),
  /** Cell value -> value of a field, for the closed sets: type, channel, kinds. */
  translate: z.partialRecord(field, z.record(z.string(), z.string())).default({}),
  /** Rows that are no transactions. */
  skip: z.array(when).default([]),
  /** In order; a later one overrides an earlier one. */
  conditions: z.array(z.strictObject({ when, set: values })).default([]),
  /** Banks that are ours: a party at another one is external. Empty = no such test. */
  ourBanks: z.array(z.string()).default([]),
  time: z
    .strictObject({
      /** `iso` (with offset), `epoch-ms`, `epoch-s`, or a pattern of yyyy yy MM dd HH mm ss SSS. */
      format: z.string().default('iso'),
      /** IANA zone of patterns without an offset; the bank's own when absent. */
      zone: z.string().optional(),
      /** Rows have only a date: they are spread over the day in file order. */
      spread: z.boolean().default(false),
    })
    .prefault({}),
  amount: z
    .strictObject({
      decimal: z.enum(['.', ',']).default('.'),
      thousands: z.enum(['', ',', '.', ' ', "'"]).default(''),
    })
    .prefault({}),
  /** Of the bank whose data this is, where there is no other reference data. */
  bank: z
    .strictObject({
      baseCurrency: z.string().length(3).optional(),
      homeCountry: z.string().length(2).optional(),
      zone: z.string().optional(),
    })
    .prefault({}),
});
export type Mapping = z.output<typeof mappingSchema>;
export type When = z.output<typeof when>;

const CLOSED: Partial<Record<Field, readonly string[]>> = {
  type: TRANSACTION_TYPES,
  channel: CHANNELS,
  'debtor.kind': PARTY_KINDS,
  'creditor.kind': PARTY_KINDS,
};
const REQUIRED: readonly Field[] = [
  'id',
  'eventTime',
  'debtor.account',
  'creditor.account',
  'amount',
  'currency',
];

/** Throws FileError with `path:line: what; mend`. */
export function loadMapping(path: string): Mapping {
  const mapping = readYaml(path, mappingSchema);
  const problems = checkMapping(mapping).map((problem) => `${path}:1: ${problem}`);
  if (problems.length > 0) throw new FileError(problems);
  return mapping;
}

function checkMapping(mapping: Mapping): string[] {
  const problems: string[] = [];
  const given = new Set<Field>([
    ...Object.values(mapping.columns),
    ...(Object.keys(mapping.constants) as Field[]),
    ...mapping.conditions.flatMap((c) => Object.keys(c.set) as Field[]),
  ]);
  for (const name of REQUIRED) {
    if (!given.has(name)) {
      problems.push(`no column or constant gives ${name}; add one under columns or constants`);
    }
  }
  const closed = (name: Field, value: string) => {
    const allowed = CLOSED[name];
    if (allowed !== undefined && !allowed.includes(value)) {
      problems.push(`${name} cannot be "${value}"; take one of ${allowed.join(', ')}`);
    }
  };
  const sets = [mapping.constants, ...mapping.conditions.map((c) => c.set)];
  for (const set of sets) {
    for (const [name, value] of Object.entries(set)) closed(name as Field, value);
  }
  for (const [name, table] of Object.entries(mapping.translate)) {
    for (const value of Object.values(table)) closed(name as Field, value);
  }
  const { format, spread } = mapping.time;
  if (
    !/^(iso|epoch-ms|epoch-s)$/.test(format) &&
    !/yy.*MM.*dd|dd.*MM.*yy|MM.*dd.*yy/.test(format)
  ) {
    problems.push(`time.format "${format}" names no year, month and day; use yyyy, MM and dd`);
  }
  if (spread && /HH|iso|epoch/.test(format)) {
    problems.push('time.spread is for rows with only a date; take it out or drop the time of day');
  }
  return problems;
}
