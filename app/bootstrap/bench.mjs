/** `npm run bench [-- names]`: set up, build, then bench/index.js asks its questions one by one. */
import { build } from './build.mjs';
import { run, setUp } from './setup.mjs';

setUp();
build();
run(process.execPath, ['dist/bench/index.js', ...process.argv.slice(2)]);
