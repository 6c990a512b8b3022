/** The demo's door: play the labelled sample into any source host. */
export { DEMO_SOURCES, type Demo, type DemoOptions, startDemo } from './player.js';
export { demoReferenceDir } from './reference.js';
