/**
 * The built page, read into memory at start: a request can only name what was there then, so no
 * path can lead outside. Hashed assets are immutable; everything else is asked for again by tag.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Exchange } from '../../platform/index.js';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};
const COMPRESSED = ['.html', '.js', '.css', '.json', '.svg'];
/** Addresses of the page; any other path that no file has is simply not there. */
const PAGES = /^\/(?:(?:customers|alerts)(?:\/[^/]*)?|system)?$/;
const BYTES_MAX = 64 * 1024 * 1024;
const FOREVER = 'public, max-age=31536000, immutable';

export const SECURITY_HEADERS: Record<string, string> = {
  'content-security-policy': [
    "default-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

interface StaticFile {
  plain: Buffer;
  gzip: Buffer | undefined;
  headers: Record<string, string>;
  tag: string;
}

export class StaticFiles {
  private readonly files = new Map<string, StaticFile>();

  /** An empty or missing folder serves a page that says how to build it. */
  constructor(folder: string) {
    let bytes = 0;
    for (const name of listFiles(folder)) {
      if (extname(name) === '.map') continue;
      const plain = readFileSync(join(folder, name));
      bytes += plain.length;
      if (bytes > BYTES_MAX) throw new Error(`${folder}: more than ${BYTES_MAX} bytes of page`);
      this.files.set(`/${name}`, staticFile(name, plain));
    }
    if (!this.files.has('/index.html')) {
      const text = '<!doctype html><title>Weir</title><p>The page is not built: npm run build</p>';
      this.files.set('/index.html', staticFile('index.html', Buffer.from(text)));
    }
  }

  serve(exchange: Exchange): void {
    const { path } = exchange;
    const name = PAGES.test(path) ? '/index.html' : path;
    const file = this.files.get(name);
    if (file === undefined) {
      exchange.reply(404, { ...SECURITY_HEADERS, 'content-type': TYPES['.txt']! }, 'not found\n');
      return;
    }
    if (exchange.header('if-none-match') === file.tag) {
      exchange.reply(304, file.headers);
      return;
    }
    const accepts = exchange.header('accept-encoding') ?? '';
    if (file.gzip !== undefined && /\bgzip\b/.test(accepts)) {
      exchange.reply(200, { ...file.headers, 'content-encoding': 'gzip' }, file.gzip);
    } else {
      exchange.reply(200, file.headers, file.plain);
    }
  }
}

function staticFile(name: string, plain: Buffer): StaticFile {
  const extension = extname(name);
  const tag = `"${createHash('sha256').update(plain).digest('hex').slice(0, 16)}"`;
  return {
    plain,
    gzip: COMPRESSED.includes(extension) ? gzipSync(plain) : undefined,
    tag,
    headers: {
      ...SECURITY_HEADERS,
      'content-type': TYPES[extension] ?? 'application/octet-stream',
      'cache-control': name.startsWith('assets/') ? FOREVER : 'no-cache',
      etag: tag,
      vary: 'accept-encoding',
    },
  };
}

/** Paths below the folder, with forward slashes. */
function listFiles(folder: string, below = ''): string[] {
  let names: string[];
  try {
    names = readdirSync(join(folder, below));
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const path = below === '' ? name : `${below}/${name}`;
    return statSync(join(folder, path)).isDirectory() ? listFiles(folder, path) : [path];
  });
}
