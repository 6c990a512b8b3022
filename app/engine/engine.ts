/**
 * The engine role: ingest and scoring in one process. Order of its start: logs, versions,
 * admission (reads the journal's tail), threads (snapshots, then the journal behind them), and only
 * then the sources, so that nothing comes in before everything that came before is scored again.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Admission,
  createAdmission,
  createHttpSource,
  JOURNAL_TABLES,
  readControls,
} from '../../ingest/index.js';
import {
  createHealth,
  createMetrics,
  createTransport,
  Durations,
  ensureSecrets,
  type LmdbLog,
  openLmdbLog,
  openSnapshotStore,
} from '../../platform/index.js';
import * as R from '../../schemas/generated/records.js';
import { FAMILIES, SEVERITIES } from '../../schemas/hit.js';
import { DEMO_SOURCES, type Demo, startDemo } from '../demo/index.js';
import { packageVersion } from '../package.js';
import type { EngineRoleOptions, RunningRole } from '../role-contract.js';
import { openOperations } from '../role-operations.js';
import { tellSupervisor } from '../role-process.js';
import { Decisions } from './decisions.js';
import { registerEngineMetrics } from './engine-metrics.js';
import { EngineStatistics } from './engine-stats.js';
import { HIT_IDS_TABLE, HITS_RESERVE_BYTES, HitsWriter } from './hits-writer.js';
import { APPEND_BOUNDS, measuredJournal } from './measured-journal.js';
import { Pipeline } from './pipeline.js';
import { DiskRoom, isStateFull, readyWhen } from './readiness.js';
import { Reloader } from './reload.js';
import { Retention } from './retention.js';
import { Snapshotter } from './snapshotter.js';
import { Totals } from './totals.js';
import { VersionFiles } from './version-files.js';
import { VersionBook } from './versions.js';

const EVIDENCE_MAX = 100;
const READ_RECORDS = 2_000;
const STATS_MS = 1_000;
/** Fewer are read from the journal's tail as fast. */
const CHECKPOINT_IDS_MIN = 200_000;
/** A demonstration repeats nothing old, and shares its machine: 7 hours at 200 a second. */
const DEMO_IDS_MAX = 5_000_000;

export async function runEngine(options: EngineRoleOptions): Promise<RunningRole> {
  const engine = new Engine(options);
  await engine.start();
  return engine;
}

class Engine implements RunningRole {
  readonly #options: EngineRoleOptions;
  readonly #health = createHealth();
  readonly #metrics = createMetrics('engine', { version: packageVersion() });
  readonly #journal: LmdbLog;
  readonly #hits: LmdbLog;
  readonly #versions: VersionBook;
  readonly #files: VersionFiles;
  readonly #writer: HitsWriter;
  readonly #snapshotter: Snapshotter;
  readonly #statistics: EngineStatistics;
  readonly #journalAppend = new Durations(APPEND_BOUNDS);
  readonly #retention: Retention;
  readonly #disk: DiskRoom;
  #pipeline!: Pipeline;
  #decisions!: Decisions;
  #admission!: Admission;
  #accepting = false;
  #hitsTotal: ReturnType<typeof registerEngineMetrics> | undefined;
  #demo: Demo | undefined;
  #reloader!: Reloader;
  #closers: (() => Promise<void>)[] = [];
  #closeOperations: () => Promise<void> = async () => undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(options: EngineRoleOptions) {
    this.#options = options;
    const { dir, configuration, logger } = options;
    mkdirSync(dir, { recursive: true });
    const { clock } = options;
    this.#disk = new DiskRoom(dir, logger);
    this.#statistics = new EngineStatistics({ dir, clock, logger, health: this.#health });
    this.#journal = openLmdbLog(join(dir, 'journal.mdb'), {
      name: 'journal',
      tables: JOURNAL_TABLES,
      mapBytesMax: configuration.journalBytesMax,
    });
    this.#hits = openLmdbLog(join(dir, 'hits.mdb'), {
      name: 'hits',
      tables: [HIT_IDS_TABLE],
      mapBytesMax: configuration.hitsBytesMax + HITS_RESERVE_BYTES,
    });
    this.#versions = new VersionBook(this.#journal);
    this.#files = new VersionFiles(this.#versions, this.#journal.blobs, {
      configuration,
      cataloguePath: options.cataloguePath,
      referenceDir: options.referenceDir,
    });
    this.#writer = new HitsWriter({
      log: this.#hits,
      hitsBytesMax: configuration.hitsBytesMax,
      durablePosition: () => this.#journal.durableEnd,
      onFlushed: () => {
        this.#snapshotter.publish();
        for (const t of this.#pipeline.threads) if (t.state !== 'dead') t.drain();
      },
      onFailed: (error) => this.#fail(error, 'the hits log cannot be written'),
    });
    this.#snapshotter = new Snapshotter({
      dir: this.#snapshotDir,
      store: openSnapshotStore(this.#snapshotDir),
      shards: this.#shards,
      roundMs: configuration.snapshotRoundMs,
      generations: configuration.snapshotGenerations,
      logger,
      hitsMark: () => this.#writer.mark,
      hitsDone: (mark) => this.#writer.isDone(mark),
      routed: () => this.#pipeline.routed,
      isDurable: (end) => this.#journal.durableEnd >= end,
    });
    this.#retention = this.#newRetention();
  }

  #newRetention(): Retention {
    const { journalBytesMax, hitsBytesMax, inTheFutureMs } = this.#options.configuration;
    return new Retention({
      dir: this.#options.dir,
      journal: this.#journal,
      hits: this.#hits,
      journalBytesMax,
      hitsBytesMax,
      inTheFutureMs,
      passed: () => this.#snapshotter.passed,
      watermarkMs: () => this.#admission.watermarkMs,
      onFailed: (error) => this.#fail(error, 'a log cannot be truncated'),
    });
  }

  get #snapshotDir(): string {
    return join(this.#options.dir, 'snapshots');
  }

  /** Fixed when the journal is made. */
  get #shards(): number {
    const created = this.#journal.getMeta('shards');
    return typeof created === 'number' ? created : this.#options.configuration.shards;
  }

  async start(): Promise<void> {
    const { logger, configuration } = this.#options;
    const operationsUrl = await this.#openOperations();
    this.#timers.push(setInterval(() => void this.#statistics.publish(), STATS_MS));
    this.#begin('reads the journal');
    await this.#prepareJournal();
    await this.#startAdmission();
    this.#begin('scoring threads take their state from snapshots and the journal');
    this.#pipeline = this.#newPipeline();
    this.#decisions = new Decisions(this.#pipeline.threads, (position) =>
      this.#pipeline.isWritten(position),
    );
    await this.#takeVersions();
    for (const { record } of readControls(this.#journal)) {
      if (record.type === 'quarantine') this.#pipeline.quarantined.add(record.position);
    }
    const started = performance.now();
    const restored = await this.#pipeline.start(() => this.#admission.nextPosition);
    this.#accepting = true;
    for (const refused of restored.flatMap((r) => r.refused)) {
      logger.error({ snapshot: refused }, 'snapshot refused; the one before it was taken');
    }
    const seconds = Math.round(performance.now() - started) / 1000;
    logger.info({ seconds, position: this.#pipeline.routed }, 'state stands');
    this.#snapshotter.start(this.#pipeline);
    await this.#openIngest(operationsUrl);
    this.#timers.push(setInterval(() => this.#everySecond(), STATS_MS));
    this.#health.set('running');
    void this.#statistics.publish();
    logger.info({ threads: configuration.threads, shards: this.#shards }, 'engine runs');
    this.#startDemo();
  }

  #begin(what: string): void {
    this.#health.set('starting', what);
    void this.#statistics.publish();
  }

  /** First records of a new journal, and the number of shards where every start finds it. */
  async #prepareJournal(): Promise<void> {
    if (this.#journal.nextPosition > 0) return;
    await this.#journal.append([], { meta: { shards: this.#options.configuration.shards } });
  }

  #appendCreated(): void {
    const { latenessMs, baseCurrency, zone } = this.#options.configuration;
    const { identity } = this.#journal;
    const shards = this.#shards;
    const created = { identity, shards, zone, baseCurrency, latenessMs };
    this.#admission.appendControl({ type: 'created', ...created });
  }

  async #startAdmission(): Promise<void> {
    const { clock, dir, demo } = this.#options;
    const { dedupeIdsMax } = this.#options.configuration;
    const configuration = {
      ...this.#options.configuration,
      dedupeIdsMax: demo.what === 'none' ? dedupeIdsMax : Math.min(dedupeIdsMax, DEMO_IDS_MAX),
    };
    const reference = this.#files.referenceInForce(this.#journal.nextPosition);
    this.#admission = await createAdmission({
      journal: measuredJournal(this.#journal, this.#journalAppend, () => {
        // Hits are let go as soon as the record below them is on disk.
        this.#writer.flush();
        this.#snapshotter.publish();
      }),
      configuration,
      clock,
      reference,
      ...(configuration.dedupeIdsMax >= CHECKPOINT_IDS_MIN && {
        checkpoint: { dir: join(dir, 'dedupe'), identity: this.#journal.identity },
      }),
      onAdmitted: (position, record) => {
        if (this.#accepting) this.#pipeline.accept(position, record);
      },
      onFailed: (error) => this.#fail(error, 'the journal cannot be written'),
      diskHasRoom: () => this.#disk.has(),
    });
  }

  #newPipeline(): Pipeline {
    const { configuration, clock, logger } = this.#options;
    const shards = this.#shards;
    return new Pipeline({
      threads: configuration.threads,
      thread: {
        ringBytes: configuration.ringBytes,
        regionBytes: Math.floor(configuration.stateBytesMax / shards / 4096) * 4096,
        shardsTotal: shards,
        latenessMs: configuration.latenessMs,
        evidenceMax: EVIDENCE_MAX,
        clockOffsetMs: clock.nowMs() - Date.now(),
        snapshotDir: this.#snapshotDir,
      },
      versions: this.#versions,
      logger,
      threadSilentMs: configuration.threadSilentMs,
      onConsumed: (position) => this.#admission.consumed(position),
      onHit: (record) => this.#onHit(record),
      onSnapshot: (report, copy) => this.#snapshotter.copied(report, copy),
      onBell: () => {
        this.#writer.flush();
        this.#decisions?.settle();
      },
      readJournal: (from) => this.#journal.read(from, READ_RECORDS),
      onQuarantine: (position) => this.#admission.quarantine(position),
      onHopeless: (error) => this.#fail(error, 'scoring cannot go on'),
    });
  }

  #onHit(record: Uint8Array): boolean {
    if (!this.#writer.offer(record)) return false;
    this.#decisions.note(record);
    this.#hitsTotal?.inc({
      family: FAMILIES[record[R.HIT_HEADER_FAMILY]],
      severity: SEVERITIES[record[R.HIT_HEADER_SEVERITY]],
    });
    return true;
  }

  /** Open from the first moment: who asks is told what the start is doing. Returns its URL. */
  async #openOperations(): Promise<string> {
    const role = { metrics: this.#metrics, health: this.#health };
    const operations = await openOperations(this.#options, role, 'engineOperationsPort');
    this.#closeOperations = () => operations.close(500);
    return operations.url;
  }

  /** Everything stands: it is measured, and transactions may come. */
  async #openIngest(operationsUrl: string): Promise<void> {
    const { configuration, dir, logger } = this.#options;
    const source = createHttpSource({
      transport: await createTransport({ logger }),
      key: ensureSecrets(dir).ingestKey,
      configuration,
      decisions: this.#decisions,
    });
    this.#measure([source.name, ...DEMO_SOURCES]);
    const ingest = await source.listen(this.#admission);
    this.#closers.push(() => source.stop());
    tellSupervisor({
      type: 'ready',
      ingestUrl: `http://${configuration.ingestHost}:${ingest.port}`,
      operationsUrl,
    });
  }

  #measure(sourceNames: readonly string[]): void {
    const versions = this.#versions;
    const parts = {
      configuration: this.#options.configuration,
      admission: this.#admission,
      pipeline: this.#pipeline,
      writer: this.#writer,
      snapshotter: this.#snapshotter,
      journal: this.#journal,
      hits: this.#hits,
      totals: new Totals(
        this.#pipeline.threads,
        (mark) => versions.rulesOf(mark),
        (mark, rule) => versions.isShadow(mark, rule),
      ),
      journalAppend: this.#journalAppend,
      ruleIds: versions.ruleIds,
    };
    this.#statistics.stands(parts);
    this.#hitsTotal = registerEngineMetrics({ ...parts, metrics: this.#metrics, sourceNames });
    readyWhen(this.#health, this.#disk, this.#pipeline, this.#writer);
  }

  #startDemo(): void {
    const { demo, dir, clock, logger } = this.#options;
    this.#demo = startDemo(this.#admission, demo, { dir, clock, logger });
  }

  /**
   * Versions as the files say. A first start must be able to read them; a later one goes on with
   * what is in force, loudly, because a crash at night must not end in a broken file.
   */
  async #takeVersions(): Promise<void> {
    const { dir, logger, clock } = this.#options;
    this.#reloader = new Reloader({
      dir,
      files: this.#files,
      admission: this.#admission,
      logger,
      nowMs: () => clock.nowMs(),
    });
    if (this.#versions.shaAt(this.#admission.nextPosition).catalogue !== undefined) {
      await this.#reloader.request();
      return;
    }
    if (this.#admission.nextPosition === 0) this.#appendCreated();
    await this.#files.switchAll(this.#admission);
    await this.#admission.flush();
  }

  #everySecond(): void {
    const full = isStateFull(this.#pipeline);
    if (full && !this.#pipeline.held) {
      this.#options.logger.error({}, 'state is full, sources pause: raise stateBytesMax, restart');
    }
    this.#pipeline.held = full;
    this.#retention.tick();
    this.#reloader.look();
  }

  #fail(error: unknown, what: string): void {
    this.#health.set('failed');
    this.#options.logger.fatal({ err: error }, `${what}; leaving to be restarted`);
    // The frame of the process ends it: the logs must settle first.
    setImmediate(() => {
      throw error;
    });
  }

  /** Catalogue and reference data as their files stand now. */
  reload(): Promise<void> {
    return this.#reloader.request();
  }

  async stop(): Promise<void> {
    this.#health.set('draining');
    for (const t of this.#timers) clearInterval(t);
    void this.#statistics.publish();
    await this.#demo?.stop();
    for (const close of this.#closers) await close();
    await this.#admission.close();
    await this.#snapshotter.stop();
    await this.#pipeline.stop(this.#options.configuration.stopDeadlineMs / 2);
    this.#writer.flush();
    // What finds no room is found again at the next start.
    while (this.#writer.queuedHits > 0 && !this.#writer.isFull)
      await new Promise((resolve) => setTimeout(resolve, 5));
    await this.#retention.settled();
    await this.#hits.close();
    await this.#journal.close();
    this.#health.set('stopped');
    await this.#statistics.stopped();
    await this.#closeOperations();
  }
}
