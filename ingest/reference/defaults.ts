/** Reference data before anybody has loaded any: every account not marked external is ours. */
import type { Configuration } from '../../schemas/configuration.js';
import type { ReferenceData } from '../../schemas/reference.js';
import { buildZoneTable, type ZoneOffset } from '../../schemas/time.js';

/** Years that a zone table covers; its last entry also stands for everything after. */
const ZONE_FROM_YEAR = 1990;
const ZONE_TO_YEAR = 2060;
export const CLOSE_OF_BUSINESS_MINUTES = 17 * 60 + 30;

const zoneTables = new Map<string, ZoneOffset[]>();

/** Throws RangeError for a zone that the platform does not know. */
export function zoneTableOf(zone: string): ZoneOffset[] {
  let table = zoneTables.get(zone);
  if (table === undefined) {
    table = buildZoneTable(zone, ZONE_FROM_YEAR, ZONE_TO_YEAR);
    zoneTables.set(zone, table);
  }
  return table;
}

export function defaultReference(
  configuration: Pick<Configuration, 'baseCurrency' | 'zone' | 'homeCountry'>,
): ReferenceData {
  return {
    version: 1,
    ourBanks: [],
    homeCountry: configuration.homeCountry,
    baseCurrency: configuration.baseCurrency,
    zone: configuration.zone,
    zoneTable: zoneTableOf(configuration.zone),
    closeOfBusinessMinutes: CLOSE_OF_BUSINESS_MINUTES,
    holidays: [],
    workdays: [],
    highRiskCountries: [],
    fx: { version: 1, rates: {} },
    parties: [],
    accounts: [],
    lists: [],
  };
}
