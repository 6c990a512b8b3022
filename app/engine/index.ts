/** The engine as the rest of the program sees it. */
export { runEngine } from './engine.js';
export { type ReplayHit, type ReplayOptions, type ReplaySummary, replayFiles } from './replay.js';
