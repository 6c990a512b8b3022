/**
 * System packages that some suites need. As root on Debian they are installed; elsewhere what is
 * there is used, and `missing` says which suites are left out and why.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { run, say } from './setup.mjs';

const packages = [
  {
    name: 'chromium',
    suites: 'browser',
    why: 'there is no Chromium (set WEIR_CHROMIUM to one, or install the package "chromium")',
    present: () => chromiumPath() !== undefined,
  },
  {
    name: 'fonts-noto-cjk',
    suites: '',
    why: 'no CJK font was found, so Chinese text shows as boxes in screenshots',
    present: () => {
      const found = spawnSync('fc-list', [':lang=zh-cn', 'family'], { encoding: 'utf8' });
      return found.status === 0 && found.stdout.trim() !== '';
    },
  },
];

export function chromiumPath() {
  const places = [
    process.env.WEIR_CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ];
  return places.find((path) => path !== undefined && path !== '' && existsSync(path));
}

/** Installs what is missing where that is possible; returns what still is. */
export function ensureSystemPackages() {
  const missing = () => packages.filter((p) => !p.present());
  const wanted = missing();
  if (wanted.length === 0) return [];
  const isRoot = process.getuid?.() === 0;
  if (isRoot && existsSync('/etc/debian_version')) {
    const names = wanted.map((p) => p.name);
    say(`installing system packages: ${names.join(', ')} ...`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    run('apt-get', ['update', '-qq'], { env });
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
  return missing();
}
