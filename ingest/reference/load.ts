/**
 * Reference data from the files of one folder. Strict: what is broken, contradicts itself, or has
 * suspiciously shrunk against the version in force is refused with file, line and the mend, and the
 * version in force stays.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { currencyExponent, packCountry, parseAmount } from '../../schemas/money.js';
import type { ReferenceData } from '../../schemas/reference.js';
import { parseDay } from '../../schemas/time.js';
import { FileError, readYaml } from '../yaml-file.js';
import { sameContent } from './canonical.js';
import { CLOSE_OF_BUSINESS_MINUTES, zoneTableOf } from './defaults.js';
import { Problems, type Row, readTable, TABLES, type TableName } from './table-files.js';

/** Settings may stand in one file or be split; no setting twice. */
const SETTING_FILES = ['reference.yaml', 'bank.yaml', 'calendar.yaml'] as const;
/** Fewer rows than this part of the version in force is refused. */
const SHRINK_RATIO = 0.5;

const country = z.string().refine((code) => packCountry(code) !== 0, 'not two capital letters');
const currency = z
  .string()
  .refine((code) => currencyExponent(code) !== undefined, 'not an ISO 4217 code');
const date = z.string().refine((text) => parseDay(text) !== null, 'not a date such as 2026-10-01');
const rates = z.record(currency, z.number().positive());

const settingsSchema = z.strictObject({
  ourBanks: z.array(z.string().min(1)).optional(),
  homeCountry: country.optional(),
  baseCurrency: currency.optional(),
  zone: z.string().optional(),
  /** `17:30`, local time. */
  closeOfBusiness: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "not a time such as '17:30'")
    .optional(),
  holidays: z.array(date).optional(),
  workdays: z.array(date).optional(),
  highRiskCountries: z.array(country).optional(),
  /** Units of the base currency for one unit of another. */
  fx: z.union([z.strictObject({ rates }), rates]).optional(),
  /**
   * "Yes, it shrinks": the version that this one may shrink from. Ends by itself, for the next
   * version in force is another.
   */
  shrinksFrom: z.number().int().optional(),
});
type Settings = z.output<typeof settingsSchema>;

const DEFAULTS = { homeCountry: 'CN', baseCurrency: 'CNY', zone: 'Asia/Shanghai' };

/**
 * Throws FileError. The version is one above the previous; the same content gives the previous
 * version again, so that nothing is switched.
 */
export function loadReference(folder: string, previous?: ReferenceData): ReferenceData {
  const problems = new Problems();
  checkNames(folder, problems);
  const settings = readSettings(folder, problems);
  const parties = readTable(folder, 'parties', problems);
  const accounts = readTable(folder, 'accounts', problems);
  const lists = readTable(folder, 'lists', problems);
  const known = new Set(parties.map((row) => row.value.party));
  for (const { file, line, value } of accounts) {
    if (known.has(value.party)) continue;
    problems.add(file, line, 'party: not in the table of parties; add it there');
  }
  const baseCurrency = settings.baseCurrency ?? DEFAULTS.baseCurrency;
  checkLimits(lists, baseCurrency, problems);
  const zone = settings.zone ?? DEFAULTS.zone;
  const zoneTable = zoneTableAt(zone, folder, problems);
  problems.throwIfAny();

  const data: ReferenceData = {
    version: (previous?.version ?? 0) + 1,
    ourBanks: settings.ourBanks ?? [],
    homeCountry: settings.homeCountry ?? DEFAULTS.homeCountry,
    baseCurrency,
    zone,
    zoneTable,
    closeOfBusinessMinutes: minutesOf(settings.closeOfBusiness),
    holidays: settings.holidays ?? [],
    workdays: settings.workdays ?? [],
    highRiskCountries: settings.highRiskCountries ?? [],
    fx: { version: 1, rates: minorRates(settings.fx, baseCurrency) },
    parties: parties.map((row) => row.value),
    accounts: accounts.map((row) => row.value),
    lists: lists.map((row) => row.value),
  };
  if (previous === undefined) return data;
  data.fx.version = previous.fx.version + (sameRates(data, previous) ? 0 : 1);
  if (sameContent(data, previous)) return previous;
  if (settings.shrinksFrom !== previous.version) checkShrink(folder, data, previous);
  return data;
}

function checkNames(folder: string, problems: Problems): void {
  const known: string[] = [...SETTING_FILES];
  for (const name of Object.keys(TABLES)) known.push(`${name}.csv`, `${name}.yaml`);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new FileError([`${folder}: cannot be read (${code}); check the path and its rights`]);
  }
  const files = names.filter((name) => /\.(csv|ya?ml)$/.test(name));
  for (const name of files) {
    if (known.includes(name)) continue;
    problems.add(join(folder, name), 1, `not a file of reference data; these are ${known}`);
  }
  if (files.length === 0) {
    throw new FileError([`${folder}: holds no reference data; it needs some of ${known}`]);
  }
}

function readSettings(folder: string, problems: Problems): Settings {
  const settings: Settings = {};
  const places = new Map<string, string>();
  const names = readdirSync(folder);
  for (const name of SETTING_FILES) {
    if (!names.includes(name)) continue;
    const path = join(folder, name);
    const found = readYaml(path, settingsSchema);
    for (const key of Object.keys(found)) {
      const before = places.get(key);
      if (before !== undefined) problems.add(path, 1, `${key}: given in ${before} too; keep one`);
      places.set(key, name);
    }
    Object.assign(settings, found);
  }
  return settings;
}

function zoneTableAt(zone: string, folder: string, problems: Problems) {
  try {
    return zoneTableOf(zone);
  } catch {
    problems.add(folder, 1, `zone: "${zone}" is not an IANA time zone; write Asia/Shanghai or so`);
    return [];
  }
}

function checkLimits(
  lists: readonly Row<{
    single?: string | undefined;
    day?: string | undefined;
    month?: string | undefined;
  }>[],
  baseCurrency: string,
  problems: Problems,
): void {
  const exponent = currencyExponent(baseCurrency) ?? 0;
  for (const { file, line, value } of lists) {
    for (const name of ['single', 'day', 'month'] as const) {
      const text = value[name];
      if (text === undefined || parseAmount(text, exponent) !== null) continue;
      problems.add(file, line, `${name}: not an amount of ${baseCurrency}; write 5000.00 or so`);
    }
  }
}

function minutesOf(time: string | undefined): number {
  if (time === undefined) return CLOSE_OF_BUSINESS_MINUTES;
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

/** People write units for one unit; sums are kept in minor units. */
function minorRates(fx: Settings['fx'], baseCurrency: string): Record<string, number> {
  const given = fx === undefined ? {} : isRatesObject(fx) ? fx.rates : fx;
  const base = currencyExponent(baseCurrency) ?? 0;
  const minor: Record<string, number> = {};
  for (const [code, rate] of Object.entries(given)) {
    const shift = base - (currencyExponent(code) ?? 0);
    minor[code] = shift >= 0 ? rate * 10 ** shift : rate / 10 ** -shift;
  }
  return minor;
}

function isRatesObject(fx: NonNullable<Settings['fx']>): fx is { rates: Record<string, number> } {
  return typeof fx['rates'] === 'object';
}

function sameRates(a: ReferenceData, b: ReferenceData): boolean {
  const text = (data: ReferenceData) => JSON.stringify(Object.entries(data.fx.rates).sort());
  return a.baseCurrency === b.baseCurrency && text(a) === text(b);
}

function checkShrink(folder: string, data: ReferenceData, previous: ReferenceData): void {
  const shrunk = (Object.keys(TABLES) as TableName[]).filter(
    (name) => data[name].length < previous[name].length * SHRINK_RATIO,
  );
  if (shrunk.length === 0) return;
  throw new FileError(
    shrunk.map(
      (name) =>
        `${join(folder, name)}: ${data[name].length} rows, the version in force has ` +
        `${previous[name].length}; complete the file, or if that is right write ` +
        `"shrinksFrom: ${previous.version}" in reference.yaml`,
    ),
  );
}
