/**
 * Routes of both transports, matched here so that they cannot differ: segments, `:name`
 * parameters, a trailing wildcard; 404, and 405 with Allow.
 */
import type { ReplyHeaders } from './types.js';

interface Route<T> {
  method: string;
  segments: string[];
  wildcard: boolean;
  target: T;
}

export type RouteMatch<T> =
  | { found: true; target: T; params: Record<string, string> }
  | { found: false; status: 400 | 404 | 405; allow: string };

export class Router<T> {
  private readonly routes: Route<T>[] = [];

  add(method: string, pattern: string, target: T): void {
    if (!pattern.startsWith('/')) throw new Error(`route ${pattern}: must start with /`);
    const segments = pattern.slice(1).split('/');
    const wildcard = segments.at(-1) === '*';
    if (wildcard) segments.pop();
    this.routes.push({ method, segments, wildcard, target });
  }

  match(method: string, path: string): RouteMatch<T> {
    const parts = path.slice(1).split('/');
    const allowed = new Set<string>();
    for (const route of this.routes) {
      const params = matchSegments(route, parts);
      if (params === undefined) continue;
      if (params === 'bad') return { found: false, status: 400, allow: '' };
      const asked = method === 'HEAD' && route.method === 'GET' ? 'GET' : method;
      if (route.method === '*' || route.method === asked) {
        return { found: true, target: route.target, params };
      }
      allowed.add(route.method);
    }
    if (allowed.size === 0) return { found: false, status: 404, allow: '' };
    return { found: false, status: 405, allow: [...allowed].join(', ') };
  }
}

/** Parameters, undefined when the route is another, 'bad' when a segment cannot be decoded. */
function matchSegments<T>(
  route: Route<T>,
  parts: string[],
): Record<string, string> | 'bad' | undefined {
  const { segments, wildcard } = route;
  if (wildcard ? parts.length <= segments.length : parts.length !== segments.length) {
    return undefined;
  }
  // No prototype: a parameter may be called anything.
  const params: Record<string, string> = Object.create(null);
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i]!;
    const part = parts[i]!;
    if (!segment.startsWith(':')) {
      if (segment !== part) return undefined;
      continue;
    }
    try {
      params[segment.slice(1)] = decodeURIComponent(part);
    } catch {
      return 'bad';
    }
  }
  if (wildcard) params['*'] = parts.slice(segments.length).join('/');
  return params;
}

/** The reply for a path that no route takes. */
export function missReply(miss: { status: number; allow: string }): {
  status: number;
  headers: ReplyHeaders;
  body: string;
} {
  const codes: Record<number, string> = {
    400: 'bad_path',
    404: 'not_found',
    405: 'method_not_allowed',
  };
  const code = codes[miss.status] ?? 'not_found';
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (miss.allow !== '') headers['allow'] = miss.allow;
  const body = JSON.stringify({ error: { code, message: code.replaceAll('_', ' ') } });
  return { status: miss.status, headers, body };
}

/** A header with a line break would write a header of its own; only uWebSockets.js lets it. */
export function checkHeaders(headers: ReplyHeaders): void {
  for (const [name, value] of Object.entries(headers)) {
    const values = typeof value === 'string' ? [value] : value;
    for (const v of values) {
      if (/[\r\n\0]/.test(v) || !/^[a-z0-9-]+$/i.test(name)) {
        throw new Error(`reply header ${JSON.stringify(name)} has forbidden characters`);
      }
    }
  }
}

export function offeredProtocols(header: string | undefined): string[] {
  if (header === undefined || header === '') return [];
  return header.split(',').map((p) => p.trim());
}
