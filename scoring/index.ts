/** The door of the scoring room. */
export {
  catalogueFromJson,
  catalogueText,
  loadCatalogue,
} from './catalogue/load.js';
export { type OperatorOptions, type RingCommand, ScoringOperator } from './operator.js';
export type { RegionDescription } from './rebuild.js';
export { H as RegionHeader } from './region.js';
