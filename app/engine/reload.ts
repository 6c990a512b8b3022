/**
 * Loads catalogue and reference data again while everything runs: what has changed takes effect by
 * a control record, what is broken is refused with one line and the version in force stays. A
 * catalogue may also come by a request with a time (`weir rules apply`): then the record is
 * appended when that time has come, and until then the files of the rules do not count.
 */
import type { Admission } from '../../ingest/index.js';
import { catalogueFromJson } from '../../scoring/index.js';
import {
  answerRequest,
  hasRequest,
  type RulesAnswer,
  type RulesRequest,
  readAnswer,
  readRequest,
} from '../rules-request.js';
import type { PipelineLogger } from './pipeline-options.js';
import type { VersionFiles } from './version-files.js';

export interface ReloaderOptions {
  /** Data folder, where requests stand. */
  dir: string;
  files: VersionFiles;
  admission: Admission;
  logger: PipelineLogger;
  nowMs: () => number;
}

export class Reloader {
  readonly #options: ReloaderOptions;
  #running: Promise<void> | undefined;
  #again = false;
  /** A broken request is told once. */
  #told = '';

  constructor(options: ReloaderOptions) {
    this.#options = options;
  }

  /** One at a time; asked during one, the files are read once more behind it. */
  request(): Promise<void> {
    this.#again = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Once a second: whether a request's time has come. */
  look(): void {
    if (this.#running !== undefined || !hasRequest(this.#options.dir)) return;
    const { nowMs } = this.#options;
    const request = this.#read();
    if (request === undefined || request.atMs > nowMs()) return;
    this.#running = this.#take(request).finally(() => {
      this.#running = undefined;
      if (this.#again) void this.request();
    });
  }

  async #run(): Promise<void> {
    const { files, admission } = this.#options;
    while (this.#again) {
      this.#again = false;
      // Reference data first, as at a start: rules may name what it brings.
      await this.#part('reference data', () => files.switchReference(admission));
      await this.#part('catalogue', () => this.#catalogueOfFiles());
      // The next reload compares with what stands in the journal.
      await admission.flush();
    }
  }

  async #catalogueOfFiles(): Promise<boolean> {
    const { dir, files, admission, logger } = this.#options;
    const waiting = this.#read();
    if (waiting !== undefined) {
      const at = new Date(waiting.atMs).toISOString();
      logger.warn({}, `rules: a change waits for ${at}; until then their files do not count`);
      return false;
    }
    return files.switchCatalogue(admission, readAnswer(dir)?.filesSha256);
  }

  async #take(request: RulesRequest): Promise<void> {
    const { dir, files, admission, logger, nowMs } = this.#options;
    const { sha256, requestedMs } = request;
    const said = { format: 1, sha256, requestedMs } as const;
    let answer: RulesAnswer;
    try {
      const catalogue = catalogueFromJson(request.catalogue);
      if (catalogue.sha256 !== sha256) throw new Error('the catalogue is not the one checked');
      const position = await files.takeCatalogue(admission, catalogue);
      await admission.flush();
      const outcome = position === undefined ? 'unchanged' : 'applied';
      answer = { ...said, doneMs: nowMs(), outcome, ...(position !== undefined && { position }) };
      const own = files.filesSha256();
      if (own !== undefined) answer.filesSha256 = own;
      logger.info({ position, catalogue: sha256.slice(0, 12) }, `rules: request ${outcome}`);
    } catch (error) {
      const why = (error as Error).message;
      answer = { ...said, doneMs: nowMs(), outcome: 'refused', why };
      logger.error({}, `rules: request refused, the version in force stays: ${why}`);
    }
    await answerRequest(dir, answer).catch((error: unknown) => {
      // It is asked again in a second, and finds the catalogue in force.
      logger.error({ err: error }, 'rules: the answer cannot be written');
    });
  }

  #read(): RulesRequest | undefined {
    const { dir, logger } = this.#options;
    try {
      return readRequest(dir);
    } catch (error) {
      const why = (error as Error).message;
      if (why !== this.#told) logger.error({}, `rules: the request cannot be read: ${why}`);
      this.#told = why;
      return undefined;
    }
  }

  async #part(what: string, switchFiles: () => Promise<boolean>): Promise<void> {
    const { admission, logger } = this.#options;
    try {
      const changed = await switchFiles();
      const position = admission.nextPosition;
      logger.info(
        { position },
        changed ? `reload: another ${what} is in force` : `reload: ${what} as before`,
      );
    } catch (error) {
      const why = (error as Error).message;
      logger.error({ what }, `reload: ${what} refused, the version in force stays: ${why}`);
    }
  }
}
