/**
 * Live cursors: opaque to the page, they say up to where it has seen which logs. Valid on every
 * dashboard that reads the same logs, and after any restart.
 */
export interface LiveCursor {
  hitsIdentity: string;
  hitsPosition: number;
  workIdentity: string;
  workPosition: number;
}

const VERSION = '1';
const LENGTH_MAX = 256;

export function encodeCursor(cursor: LiveCursor): string {
  const text = [
    VERSION,
    cursor.hitsIdentity,
    cursor.hitsPosition,
    cursor.workIdentity,
    cursor.workPosition,
  ].join('.');
  return Buffer.from(text).toString('base64url');
}

/** null = none of ours; the page then reloads its first screen. */
export function decodeCursor(text: string): LiveCursor | null {
  if (text.length > LENGTH_MAX) return null;
  const parts = Buffer.from(text, 'base64url').toString('utf8').split('.');
  if (parts.length !== 5 || parts[0] !== VERSION) return null;
  const hitsPosition = Number(parts[2]);
  const workPosition = Number(parts[4]);
  if (!Number.isSafeInteger(hitsPosition) || !Number.isSafeInteger(workPosition)) return null;
  if (hitsPosition < 0 || workPosition < 0) return null;
  return { hitsIdentity: parts[1]!, hitsPosition, workIdentity: parts[3]!, workPosition };
}
