/**
 * Loads catalogue and reference data again while everything runs: what has changed takes effect by
 * a control record, what is broken is refused with one line and the version in force stays.
 */
import type { Admission } from '../../ingest/index.js';
import type { PipelineLogger } from './pipeline-options.js';
import type { VersionFiles } from './version-files.js';

export class Reloader {
  readonly #files: VersionFiles;
  readonly #admission: Admission;
  readonly #logger: PipelineLogger;
  #running: Promise<void> | undefined;
  #again = false;

  constructor(files: VersionFiles, admission: Admission, logger: PipelineLogger) {
    this.#files = files;
    this.#admission = admission;
    this.#logger = logger;
  }

  /** One at a time; asked during one, the files are read once more behind it. */
  request(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      // Reference data first, as at a start: rules may name what it brings.
      await this.#part('reference data', () => this.#files.switchReference(this.#admission));
      await this.#part('catalogue', () => this.#files.switchCatalogue(this.#admission));
      // The next reload compares with what stands in the journal.
      await this.#admission.flush();
    }
  }

  async #part(what: string, switchFiles: () => Promise<boolean>): Promise<void> {
    try {
      const changed = await switchFiles();
      const position = this.#admission.nextPosition;
      this.#logger.info(
        { position },
        changed ? `reload: another ${what} is in force` : `reload: ${what} as before`,
      );
    } catch (error) {
      const why = (error as Error).message;
      this.#logger.error({ what }, `reload: ${what} refused, the version in force stays: ${why}`);
    }
  }
}
