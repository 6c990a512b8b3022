/** Passwords: scrypt with its parameters beside the hash, so that they can grow later. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

export const PASSWORD_CHARACTERS_MIN = 12;
export const PASSWORD_CHARACTERS_MAX = 256;
/** 64 MiB and about 0.1 s a try. */
const COST = { N: 2 ** 16, r: 8, p: 1 };
const HASH_BYTES = 32;
/** At most this many tries at once: each takes its memory. */
const TRIES_AT_ONCE_MAX = 2;
let tries = 0;

export function isStrongEnough(password: string): boolean {
  const { length } = [...password];
  return length >= PASSWORD_CHARACTERS_MIN && length <= PASSWORD_CHARACTERS_MAX;
}

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('hex'), hash.toString('hex')].join('$');
}

/** 'busy' when too many are being checked; a missing hash costs the same time as a wrong one. */
export async function checkPassword(
  password: string,
  stored: string | undefined,
): Promise<boolean | 'busy'> {
  if (tries >= TRIES_AT_ONCE_MAX) return 'busy';
  tries++;
  try {
    const [, n, r, p, salt, hash] = (stored ?? '').split('$');
    if (hash === undefined) {
      await derive(password, randomBytes(16), COST);
      return false;
    }
    const cost = { N: Number(n), r: Number(r), p: Number(p) };
    const expected = Buffer.from(hash, 'hex');
    return timingSafeEqual(await derive(password, Buffer.from(salt!, 'hex'), cost), expected);
  } finally {
    tries--;
  }
}

function derive(password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  const options = { ...cost, maxmem: 256 * cost.N * cost.r };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, HASH_BYTES, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}
