/** The engine as the rest of the program sees it. */
export { runEngine } from './engine.js';
export { FileFeed } from './file-feed.js';
export { type ReplayHit, type ReplayOptions, type ReplaySummary, replayFiles } from './replay.js';
export { VersionBook } from './versions.js';
