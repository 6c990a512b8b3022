/**
 * Catalogue and reference-data versions of a journal: which was in force where, and their blobs.
 */

import { ReferenceTables, readControls } from '../../ingest/index.js';
import type { Catalogue, Rule, Typology } from '../../schemas/catalogue.js';
import type { BlobStore, SideTable } from '../../schemas/ports.js';
import type { ReferenceData } from '../../schemas/reference.js';
import { catalogueFromJson } from '../../scoring/index.js';
import type { Versions } from './pipeline-options.js';
import { catalogueMark } from './shared-words.js';

export interface VersionedJournal {
  /** First position that is kept. */
  first(): number;
  table(name: string): SideTable;
  readonly blobs: BlobStore;
}

/** Versions kept in memory; older ones are read again when somebody asks. */
const VERSIONS_MAX = 3;

function keep<T>(cache: Map<string, T>, sha256: string, value: T): void {
  cache.set(sha256, value);
  for (const oldest of cache.keys()) {
    if (cache.size <= VERSIONS_MAX) return;
    cache.delete(oldest);
  }
}

/** Rules and typologies that are scored, in the order of their counters. */
export function runningRules({ rules, typologies }: Catalogue): (Rule | Typology)[] {
  return [...rules, ...typologies].filter((r) => r.state === 'active' || r.state === 'shadow');
}

export class VersionBook implements Versions {
  readonly #catalogues = new Map<string, Catalogue>();
  /** Every rule and typology that ran since the start, in shadow or not. */
  readonly ruleIds: string[] = [];
  readonly #rules = new Map<number, string[]>();
  readonly #shadow = new Map<number, ReadonlySet<string>>();
  readonly #references = new Map<string, ReferenceTables>();

  constructor(readonly journal: VersionedJournal) {}

  catalogue(sha256: string): Catalogue {
    let catalogue = this.#catalogues.get(sha256);
    if (catalogue === undefined) {
      catalogue = catalogueFromJson(Buffer.from(this.journal.blobs.get(sha256)).toString('utf8'));
      this.rememberCatalogue(catalogue);
    }
    return catalogue;
  }

  /** Checked a moment ago: need not be read and checked again from its blob. */
  rememberCatalogue(catalogue: Catalogue): void {
    keep(this.#catalogues, catalogue.sha256, catalogue);
    this.#noteRules(catalogue);
  }

  #noteRules(catalogue: Catalogue): void {
    const running = runningRules(catalogue).map((r) => r.id);
    this.#rules.set(catalogueMark(catalogue.sha256), running);
    const shadow = runningRules(catalogue).filter((r) => r.state === 'shadow');
    this.#shadow.set(catalogueMark(catalogue.sha256), new Set(shadow.map((r) => r.id)));
    for (const id of running) if (!this.ruleIds.includes(id)) this.ruleIds.push(id);
  }

  /** What ran of a catalogue used since the start, in the order of its counters. */
  rulesOf(mark: number): readonly string[] {
    return this.#rules.get(mark) ?? [];
  }

  isShadow(mark: number, rule: string): boolean {
    return this.#shadow.get(mark)?.has(rule) === true;
  }

  reference(sha256: string): ReferenceTables {
    let tables = this.#references.get(sha256);
    if (tables === undefined) {
      const json = Buffer.from(this.journal.blobs.get(sha256)).toString('utf8');
      tables = new ReferenceTables(JSON.parse(json) as ReferenceData);
      this.remember(sha256, tables);
    }
    return tables;
  }

  /** Made a moment ago: need not be read from its blob. */
  remember(sha256: string, tables: ReferenceTables): void {
    keep(this.#references, sha256, tables);
  }

  /** SHA-256 of the newest versions below a position; undefined where there is none yet. */
  shaAt(position: number): { catalogue?: string; reference?: string; breakerHits?: number } {
    const found: { catalogue?: string; reference?: string; breakerHits?: number } = {};
    for (const { position: at, record } of readControls(this.journal)) {
      if (at >= position) break;
      if (record.type === 'catalogue') {
        found.catalogue = record.sha256;
        if (record.breakerHits !== undefined) found.breakerHits = record.breakerHits;
      }
      if (record.type === 'reference') found.reference = record.sha256;
    }
    return found;
  }

  /**
   * Removes reference data that no position kept needs: named at none, nor in force at the first.
   * Catalogues stay, for hits name them, and they are small. The caller must not be about to name
   * one that it has found to be there.
   */
  async dropOldReferences(): Promise<void> {
    const first = this.journal.first();
    const inForce = this.shaAt(first).reference;
    const kept = new Set<string>();
    const old = new Set<string>();
    for (const { position, record } of readControls(this.journal)) {
      if (record.type !== 'reference') continue;
      (position >= first || record.sha256 === inForce ? kept : old).add(record.sha256);
    }
    for (const sha256 of old) if (!kept.has(sha256)) await this.journal.blobs.remove(sha256);
  }

  /** The first versions of a journal stand at its beginning and hold before themselves too. */
  at(position: number): ReturnType<Versions['at']> {
    const first = this.#first();
    const { breakerHits, ...at } = this.shaAt(position);
    return {
      ...(breakerHits !== undefined && { breakerHits }),
      catalogue: this.catalogue(at.catalogue ?? first.catalogue),
      reference: this.reference(at.reference ?? first.reference),
    };
  }

  #first(): { catalogue: string; reference: string } {
    let catalogue: string | undefined;
    let reference: string | undefined;
    for (const { record } of readControls(this.journal)) {
      if (record.type === 'catalogue') catalogue ??= record.sha256;
      if (record.type === 'reference') reference ??= record.sha256;
      if (catalogue !== undefined && reference !== undefined) return { catalogue, reference };
    }
    throw new Error('the journal names no catalogue or no reference data');
  }
}
