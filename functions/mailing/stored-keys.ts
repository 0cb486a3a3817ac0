/**
 * Secret keys as they are kept, in a file of a state or in a secret of an account:
 *
 *     { "keys": [{ "id": "kS3…", "since": "2026-12-01T09:00:00.000Z", "secret": "base64url of 32 octets" }] }
 *
 * A key is added at the end: the newest is used for what is made from then on, and the others go on to tell what was made before.
 * The first may stand alone, without the list around it: so it is made where Cartero is deployed.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';

export interface StoredKey {
  readonly id: string;
  /** Epoch ms. */
  readonly since: number;
  readonly secret: KeyObject;
}

/** Makes the error of keys that are none. */
export type RefuseKeys = (problem: string) => Error;

/** RFC 2104 §3: as long as the hash. */
export const STORED_SECRET_OCTETS = 32;

/** One key at least. What is thrown quotes nothing: not even the words of the JSON parser, which quote the text. */
export function storedKeysIn(text: string, refuse: RefuseKeys): StoredKey[] {
  const wanted = 'wanted { "keys": [{ "id", "since", "secret" }] }';
  const whole = Object(jsonIn(text, () => refuse(`it is not JSON, ${wanted}`))) as { keys?: unknown; secret?: unknown };
  const keys = whole.secret === undefined ? whole.keys : [whole];
  if (!Array.isArray(keys) || keys.length === 0) throw refuse(`it has no keys, ${wanted}`);
  return keys.map((key, index) => {
    const { id, since, secret } = Object(key) as Record<string, unknown>;
    const octets = typeof secret === 'string' ? Buffer.from(secret, 'base64url') : Buffer.alloc(0);
    const made = typeof since === 'string' ? Date.parse(since) : Number.NaN;
    if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(id))
      throw refuse(`keys.${index}.id is not made of letters, digits, "-" and "_"`);
    if (Number.isNaN(made)) throw refuse(`keys.${index}.since is no moment such as 2026-12-01T09:00Z`);
    if (octets.length < STORED_SECRET_OCTETS)
      throw refuse(`keys.${index}.secret has ${octets.length} octets, ${STORED_SECRET_OCTETS} in base64url are wanted`);
    return { id, since: made, secret: createSecretKey(octets) };
  });
}

function jsonIn(text: string, refusal: () => Error): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw refusal();
  }
}
