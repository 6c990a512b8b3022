/**
 * Catalogue and reference data as their files stand now, against the versions in force: what has
 * changed is stored as a blob first and then named by a control record, so that it takes effect at
 * a position of the journal, at a start and while everything runs alike.
 */
import {
  type Admission,
  defaultReference,
  loadReference,
  ReferenceTables,
  referenceJson,
} from '../../ingest/index.js';
import type { Catalogue } from '../../schemas/catalogue.js';
import type { Configuration } from '../../schemas/configuration.js';
import type { BlobStore } from '../../schemas/ports.js';
import type { ReferenceData } from '../../schemas/reference.js';
import { catalogueText } from '../../scoring/index.js';
import { loadCatalogueFrom } from '../catalogue-files.js';
import { UsageError } from '../exit-codes.js';
import { encodeCommand } from './ring-records.js';
import { RULES_MAX } from './shared-words.js';
import { runningRules, type VersionBook } from './versions.js';

/** Of records that do not say. */
const BREAKER_HITS = 1_000;

export interface FileLocations {
  configuration: Configuration;
  /** Absent: the shipped rules. */
  cataloguePath: string | undefined;
  /** Absent: what is in force stays. */
  referenceDir: string | undefined;
}

type Controls = Pick<Admission, 'nextPosition' | 'appendControl' | 'switchReference'>;

export class VersionFiles {
  readonly #versions: VersionBook;
  readonly #blobs: BlobStore;
  readonly #from: FileLocations;

  constructor(versions: VersionBook, blobs: BlobStore, from: FileLocations) {
    this.#versions = versions;
    this.#blobs = blobs;
    this.#from = from;
  }

  /** What admission goes on with: the version in force, before there is one the default. */
  referenceInForce(position: number): ReferenceTables {
    const sha = this.#versions.shaAt(position).reference;
    if (sha !== undefined) return this.#versions.reference(sha);
    return new ReferenceTables(defaultReference(this.#from.configuration));
  }

  /** At a start; throws when a file is broken or has suspiciously shrunk. */
  async switchAll(admission: Controls): Promise<void> {
    await this.switchReference(admission);
    await this.switchCatalogue(admission);
  }

  /** True when another version is in force from now on; throws like `switchAll`. */
  async switchReference(admission: Controls): Promise<boolean> {
    const inForce = this.#versions.shaAt(admission.nextPosition).reference;
    const data = this.#referenceData(inForce);
    if (data === undefined) return false;
    // Here, where nobody else is storing one: it could be the one that is about to go.
    await this.#versions.dropOldReferences();
    const sha = await this.#blobs.put(Buffer.from(referenceJson(data)));
    if (sha === inForce) return false;
    const tables = new ReferenceTables(data);
    this.#versions.remember(sha, tables);
    admission.switchReference(tables, sha);
    return true;
  }

  /** `leave`: files that still say this do not count, for something else was asked for since. */
  async switchCatalogue(admission: Controls, leave?: string): Promise<boolean> {
    const catalogue = loadCatalogueFrom(this.#from.cataloguePath);
    return catalogue.sha256 === leave
      ? false
      : (await this.takeCatalogue(admission, catalogue)) !== undefined;
  }

  /** Position of the control record; undefined when the catalogue is in force already. */
  async takeCatalogue(admission: Controls, catalogue: Catalogue): Promise<number | undefined> {
    const { ringBytes, breakerHits } = this.#from.configuration;
    const inForce = this.#versions.shaAt(admission.nextPosition);
    const isSame = catalogue.sha256 === inForce.catalogue;
    if (isSame) this.#versions.rememberCatalogue(catalogue);
    if (isSame && breakerHits === (inForce.breakerHits ?? BREAKER_HITS)) return undefined;
    checkFits(catalogue, ringBytes);
    const sha256 = isSame
      ? catalogue.sha256
      : await this.#blobs.put(Buffer.from(catalogueText(catalogue)));
    this.#versions.rememberCatalogue(catalogue);
    return admission.appendControl({ type: 'catalogue', sha256, breakerHits });
  }

  /** What the engine's own files say; undefined where they cannot be read. */
  filesSha256(): string | undefined {
    try {
      return loadCatalogueFrom(this.#from.cataloguePath).sha256;
    } catch {
      return undefined;
    }
  }

  /** What the files say now; undefined = leave what is in force. */
  #referenceData(inForce: string | undefined): ReferenceData | undefined {
    const { referenceDir, configuration } = this.#from;
    if (referenceDir === undefined) {
      return inForce === undefined ? defaultReference(configuration) : undefined;
    }
    const before = inForce === undefined ? undefined : this.#versions.reference(inForce).data;
    return loadReference(referenceDir, before);
  }
}

/** A catalogue reaches the threads as one ring record; one that does not fit must not come in. */
function checkFits(catalogue: Catalogue, ringBytes: number): void {
  if (runningRules(catalogue).length > RULES_MAX) {
    throw new UsageError(`catalogue: more than ${RULES_MAX} rules that run; pause some`);
  }
  const { byteLength } = encodeCommand({ type: 'catalogue', position: 0, catalogue });
  if (byteLength <= ringBytes / 2) return;
  throw new UsageError(
    `catalogue: ${byteLength} bytes are more than half of ringBytes (${ringBytes}); raise it`,
  );
}
