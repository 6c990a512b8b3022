/**
 * What the dashboard knows of the bank: rules by catalogue version, names of customers, the
 * calendar. Read from the journal's control records and blobs, so that a hit is always explained
 * by the very catalogue that found it.
 */
import type { LmdbLog } from '../../platform/index.js';
import type { Rule, Typology } from '../../schemas/catalogue.js';
import type { Configuration } from '../../schemas/configuration.js';
import { type ControlRecord, controlSchema } from '../../schemas/control.js';
import type { Hit } from '../../schemas/hit.js';
import type { ReferenceData } from '../../schemas/reference.js';
import { renderSentence } from '../../schemas/sentence.js';
import { buildCalendar, buildZoneTable, type WorkingCalendar } from '../../schemas/time.js';
import { CustomerBook } from './customers.js';

/** As in the scenarios, until reference data says otherwise. */
const CLOSE_OF_BUSINESS_MINUTES = 17 * 60 + 30;
const ZONE_YEARS = { from: 1990, to: 2045 };
/** Hits name a catalogue by its first 12 hex digits. */
const VERSION_DIGITS = 12;
/** Catalogue versions kept parsed; an older one is read again when a hit asks for it. */
const CATALOGUES_MAX = 16;
const CONTROL_READ_LIMIT = 1_000;

/** What may have hit. */
export type AnyRule = Rule | Typology;

export interface BankDirectory {
  rule(catalogueVersion: string, ruleId: string): AnyRule | undefined;
  subjectName(subject: string): string;
  /** Undefined before the first reference data. */
  customers(): CustomerBook | undefined;
  /** Rules and typologies of the newest catalogue. */
  rulesInForce(): readonly AnyRule[];
  calendar(): WorkingCalendar;
  readonly bank: { zone: string; baseCurrency: string };
  sentence(hit: Hit): { zh: string; en: string };
  /** Looks for new control records; true when names may have changed. */
  refresh(): boolean;
}

export class JournalDirectory implements BankDirectory {
  private readonly journal: LmdbLog;
  private readonly catalogues = new Map<string, Map<string, AnyRule>>();
  /** Every version that the journal names: short form -> whole hash. */
  private readonly hashes = new Map<string, string>();
  private readonly warn: (message: string) => void;
  private readonly nowMs: () => number;
  private nextControl = 0;
  private book: CustomerBook | undefined;
  private newestCatalogue = '';
  private workingCalendar: WorkingCalendar;
  private zone: string;
  private baseCurrency: string;

  constructor(
    journal: LmdbLog,
    configuration: Configuration,
    warn: (message: string) => void,
    nowMs: () => number,
  ) {
    this.journal = journal;
    this.nowMs = nowMs;
    this.warn = warn;
    this.zone = configuration.zone;
    this.baseCurrency = configuration.baseCurrency;
    this.workingCalendar = defaultCalendar(configuration.zone);
    this.refresh();
  }

  get bank(): { zone: string; baseCurrency: string } {
    return { zone: this.zone, baseCurrency: this.baseCurrency };
  }

  calendar(): WorkingCalendar {
    return this.workingCalendar;
  }

  subjectName(subject: string): string {
    return this.book?.name(subject) ?? subject;
  }

  customers(): CustomerBook | undefined {
    return this.book;
  }

  rulesInForce(): readonly AnyRule[] {
    // Asks for any rule, so that the catalogue is read if it is not yet.
    this.rule(this.newestCatalogue, '');
    return [...(this.catalogues.get(this.newestCatalogue)?.values() ?? [])];
  }

  rule(catalogueVersion: string, ruleId: string): AnyRule | undefined {
    let rules = this.catalogues.get(catalogueVersion);
    if (rules === undefined) {
      if (!this.hashes.has(catalogueVersion)) this.refresh();
      rules = this.load(catalogueVersion);
    }
    return rules?.get(ruleId);
  }

  sentence(hit: Hit): { zh: string; en: string } {
    const rule = this.rule(hit.catalogueVersion, hit.rule);
    const band = rule?.bands.find((b) => b.outcome === hit.band);
    if (band === undefined) return { zh: hit.rule, en: hit.rule };
    const name = this.subjectName(hit.subject);
    return {
      zh: renderSentence(band.sentence.zh, hit, 'zh', this.baseCurrency, name),
      en: renderSentence(band.sentence.en, hit, 'en', this.baseCurrency, name),
    };
  }

  refresh(): boolean {
    if (!this.journal.attached) return false;
    let reference: string | undefined;
    for (;;) {
      const table = this.journal.table('control');
      const found = table.range({ from: this.nextControl, limit: CONTROL_READ_LIMIT });
      for (const { key, value } of found) {
        this.nextControl = Number(key) + 1;
        const record = parseControl(value);
        if (record?.type === 'catalogue') {
          this.newestCatalogue = record.sha256.slice(0, VERSION_DIGITS);
          this.hashes.set(this.newestCatalogue, record.sha256);
        } else if (record?.type === 'reference') {
          reference = record.sha256;
        } else if (record?.type === 'created') {
          this.zone = record.zone;
          this.baseCurrency = record.baseCurrency;
          this.workingCalendar = defaultCalendar(record.zone);
        }
      }
      if (found.length < CONTROL_READ_LIMIT) break;
    }
    if (reference === undefined) return false;
    this.takeReference(reference);
    return true;
  }

  private load(version: string): Map<string, AnyRule> | undefined {
    const sha256 = this.hashes.get(version);
    if (sha256 === undefined) return undefined;
    const bytes = this.blob(sha256);
    if (bytes === undefined) return undefined;
    const parsed = JSON.parse(Buffer.from(bytes).toString('utf8')) as
      | Rule[]
      | { rules: Rule[]; typologies: Typology[] };
    const list = Array.isArray(parsed) ? parsed : [...parsed.rules, ...parsed.typologies];
    const rules = new Map(list.map((rule) => [rule.id, rule]));
    if (this.catalogues.size >= CATALOGUES_MAX) {
      this.catalogues.delete(this.catalogues.keys().next().value as string);
    }
    this.catalogues.set(version, rules);
    return rules;
  }

  private takeReference(sha256: string): void {
    const bytes = this.blob(sha256);
    if (bytes === undefined) return;
    const data = JSON.parse(Buffer.from(bytes).toString('utf8')) as ReferenceData;
    this.book = new CustomerBook(data, this.nowMs());
    this.workingCalendar = buildCalendar(data);
    this.zone = data.zone;
    this.baseCurrency = data.baseCurrency;
  }

  private blob(sha256: string): Uint8Array | undefined {
    try {
      return this.journal.blobs.get(sha256);
    } catch {
      // Names and sentences go without; the queue itself must stay usable.
      this.warn(`journal: blob ${sha256.slice(0, VERSION_DIGITS)} cannot be read`);
      return undefined;
    }
  }
}

function parseControl(value: Uint8Array): ControlRecord | undefined {
  try {
    return controlSchema.parse(JSON.parse(Buffer.from(value).toString('utf8')));
  } catch {
    return undefined; // a newer engine's record: nothing that this version could use
  }
}

export function defaultCalendar(zone: string): WorkingCalendar {
  return buildCalendar({
    holidays: [],
    workdays: [],
    closeOfBusinessMinutes: CLOSE_OF_BUSINESS_MINUTES,
    zoneTable: buildZoneTable(zone, ZONE_YEARS.from, ZONE_YEARS.to),
  });
}
