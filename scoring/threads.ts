/** The narrow door of the scoring room, for its threads: no loader of catalogue files. */
export { ScoringOperator } from './operator.js';
export { H as RegionHeader } from './region.js';
