/** The door of the scoring room. */
export { type Checked, checkCatalogue } from './catalogue/check.js';
export {
  type CatalogueFile,
  catalogueFromJson,
  catalogueText,
  loadCatalogue,
  type Problem,
} from './catalogue/load.js';
export { explainMoment } from './explain.js';
export {
  type OperatorOptions,
  type ReferenceFacts,
  type RingCommand,
  ScoringOperator,
} from './operator.js';
export type { RegionDescription } from './rebuild.js';
export { H as RegionHeader } from './region.js';
export type { ShardContext } from './shard.js';
