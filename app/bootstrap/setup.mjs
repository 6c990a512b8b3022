/**
 * What every start script does first, with nothing but Node: check the tools, install the
 * packages when the lock file changed. Its one trick is a stamp inside node_modules, so that a
 * second start costs a hash instead of an install.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
const nodeMinimum = [20, 19];

/** One progress line; stderr, so that stdout stays the program's own. */
export function say(line) {
  process.stderr.write(`weir: ${line}\n`);
}

/** Ends with what is wrong and how to mend it. */
export function fail(line) {
  say(`error: ${line}`);
  process.exit(1);
}

export function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [needMajor, needMinor] = nodeMinimum;
  if (major > needMajor || (major === needMajor && minor >= needMinor)) return;
  fail(
    `Node ${process.versions.node} is too old, ${nodeMinimum.join('.')} or newer is needed. ` +
      'Mend: install Node 20 LTS from https://nodejs.org (or "nvm install 20") and start again.',
  );
}

/** Runs a command in the project's root with its output shown; ends the script when it fails. */
export function run(command, args, options = {}) {
  const { mend, ...spawnOptions } = options;
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...spawnOptions });
  if (result.error?.code === 'ENOENT') {
    fail(`"${command}" is not installed. Mend: ${mend ?? `install ${command}`}.`);
  }
  if (result.status !== 0) {
    fail(`"${[command, ...args].join(' ')}" failed (${result.signal ?? result.status}).`);
  }
}

/** Runs a JavaScript tool of node_modules with the running Node: no shell, no PATH. */
export function runTool(script, args, options = {}) {
  run(process.execPath, [join('node_modules', script), ...args], options);
}

/** Hash over names, sizes and times of all files below the given paths. */
export function fingerprint(paths, leaveOut = []) {
  const hash = createHash('sha256');
  const visit = (path) => {
    if (!existsSync(join(root, path)) || leaveOut.some((part) => path.includes(part))) return;
    const stat = statSync(join(root, path));
    if (stat.isDirectory()) {
      for (const name of readdirSync(join(root, path)).sort()) visit(join(path, name));
    } else hash.update(`${path}\0${stat.size}\0${stat.mtimeMs}\n`);
  };
  for (const path of paths) visit(path);
  return hash.digest('hex');
}

export function readStamp(path) {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
}

export function writeStamp(path, value) {
  writeFileSync(join(root, path), value);
}

/**
 * Native packages without a prebuilt binary build against Node's headers; npm would download
 * them, which fails offline, so it is told where they lie beside the running node.
 */
function npmEnvironment() {
  const prefix = resolve(dirname(process.execPath), '..');
  const known = process.env.npm_config_nodedir ?? '';
  if (known !== '' || !existsSync(join(prefix, 'include', 'node', 'node.h'))) return process.env;
  return { ...process.env, npm_config_nodedir: prefix };
}

/** Somebody ran npm already, and its own list of what it installed holds what we want. */
function installedMatches() {
  const hidden = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(hidden)) return false;
  const packagesOf = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;
  const installed = packagesOf(hidden);
  const wanted = packagesOf(join(root, 'package-lock.json'));
  const same = Object.entries(wanted).every(
    ([path, p]) => path === '' || (installed[path] ?? p).version === p.version,
  );
  // Packages of other platforms are optional and not installed.
  const complete = Object.entries(wanted).every(
    ([path, p]) => path === '' || p.optional === true || installed[path] !== undefined,
  );
  return same && complete;
}

/** Installs when node_modules is missing or was made from another lock file. */
export function ensureModules() {
  const stampPath = join('node_modules', '.weir-lock-sha256');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (readStamp(stampPath) === lock) return;
  if (installedMatches()) {
    writeStamp(stampPath, lock);
    return;
  }
  const from = performance.now();
  say('installing packages (npm ci --ignore-scripts) ...');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    env: npmEnvironment(),
    mend: 'install Node with npm from https://nodejs.org',
  });
  writeStamp(stampPath, lock);
  say(`packages installed in ${seconds(from)}`);
}

export function setUp() {
  requireNode();
  ensureModules();
}
