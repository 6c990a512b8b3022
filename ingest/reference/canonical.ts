/**
 * The one text of a version of reference data: keys in the schema's order, rows sorted by their
 * keys, so that the same content has the same SHA-256 however its files are ordered.
 */
import { createHash } from 'node:crypto';
import { type ReferenceData, referenceSchema } from '../../schemas/reference.js';

/** Canonical JSON: what is stored as a blob and named by the control record. */
export function referenceJson(data: ReferenceData): string {
  const by =
    <T>(...keys: (keyof T)[]) =>
    (a: T, b: T) => {
      for (const key of keys) {
        if (a[key] !== b[key]) return a[key] < b[key] ? -1 : 1;
      }
      return 0;
    };
  const rates = Object.entries(data.fx.rates).sort(([a], [b]) => (a < b ? -1 : 1));
  const ordered: ReferenceData = {
    ...data,
    ourBanks: [...data.ourBanks].sort(),
    holidays: [...data.holidays].sort(),
    workdays: [...data.workdays].sort(),
    highRiskCountries: [...data.highRiskCountries].sort(),
    fx: { version: data.fx.version, rates: Object.fromEntries(rates) },
    parties: [...data.parties].sort(by('party')),
    accounts: [...data.accounts].sort(by('account')),
    lists: [...data.lists].sort(by('key', 'list')),
  };
  // The schema gives every object its keys in one order and refuses what it does not know.
  return JSON.stringify(referenceSchema.parse(ordered));
}

export function referenceSha256(data: ReferenceData): string {
  return createHash('sha256').update(referenceJson(data)).digest('hex');
}

/** Reference data from a blob; throws when it is not what `referenceJson` wrote. */
export function parseReference(bytes: Uint8Array): ReferenceData {
  return referenceSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}

/** True when both say the same, whatever their version numbers. */
export function sameContent(a: ReferenceData, b: ReferenceData): boolean {
  return contentText(a) === contentText(b);
}

function contentText(data: ReferenceData): string {
  return referenceJson({ ...data, version: 1, fx: { ...data.fx, version: 1 } });
}
