/**
 * `npm start`: set up, build, play the demonstration bank. The program runs in this very process,
 * so that a signal reaches the supervisor without a process in between.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from './build.mjs';
import { root, setUp } from './setup.mjs';

setUp();
build();
const main = join(root, 'dist', 'app', 'main.js');
const given = process.argv.slice(2);
const demo = given.some((a) => a === '--demo' || a.startsWith('--demo=')) ? [] : ['--demo', 'bank'];
process.argv = [process.execPath, main, 'run', ...demo, ...given];
await import(pathToFileURL(main).href);
