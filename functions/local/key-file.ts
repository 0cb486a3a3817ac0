/**
 * Secret keys in a file of a state:
 *
 *     { "keys": [{ "id": "kS3…", "since": "2026-12-01T09:00:00.000Z", "secret": "base64url of 32 octets" }] }
 *
 * The first is made when one is needed. A key is added by hand, at the end: the newest is used for what is made from then on,
 * and the others go on to tell what was made before.
 */
import { createHash, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncFolder } from './durable-folder.ts';

export interface StoredKey {
  readonly id: string;
  /** Epoch ms. */
  readonly since: number;
  readonly secret: KeyObject;
}

/** Makes the error of a file that is there and holds no keys. */
export type RefuseKeys = (problem: string, options?: ErrorOptions) => Error;

/** RFC 2104 §3: as long as the hash. */
const SECRET_OCTETS = 32;
const ID_CHARACTERS = 8;

/** The keys in the file; none where there is no file. */
export function readKeys(file: string, refuse: RefuseKeys): readonly StoredKey[] {
  try {
    return keysIn(readFileSync(file, 'utf8'), refuse);
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return [];
    throw error;
  }
}

/** The same, with a first key where there was none. @param now epoch ms */
export function openKeys(file: string, now: number, refuse: RefuseKeys): readonly StoredKey[] {
  const keys = readKeys(file, refuse);
  if (keys.length > 0) return keys;
  makeFirstKey(file, now);
  return readKeys(file, refuse);
}

/** The file appears whole, and once: of two processes that make it, both read the same. */
function makeFirstKey(file: string, now: number): void {
  const secret = randomBytes(SECRET_OCTETS);
  const id = createHash('sha256').update(secret).digest('base64url').slice(0, ID_CHARACTERS);
  const key = { id, since: new Date(now).toISOString(), secret: secret.toString('base64url') };
  const draft = `${file}.${id}`;
  writeFileSync(draft, `${JSON.stringify({ keys: [key] }, null, 2)}\n`, { mode: 0o600, flush: true, flag: 'wx' });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    unlinkSync(draft);
  }
  syncFolder(dirname(file));
}

function keysIn(text: string, refuse: RefuseKeys): StoredKey[] {
  const wanted = 'wanted { "keys": [{ "id", "since", "secret" }] }';
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw refuse(`it is not JSON, ${wanted}`, { cause });
  }
  const { keys } = Object(json) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length === 0) throw refuse(`it has no keys, ${wanted}`);
  return keys.map((key, index) => {
    const { id, since, secret } = Object(key) as Record<string, unknown>;
    const octets = typeof secret === 'string' ? Buffer.from(secret, 'base64url') : Buffer.alloc(0);
    const made = typeof since === 'string' ? Date.parse(since) : Number.NaN;
    if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(id))
      throw refuse(`keys.${index}.id is not made of letters, digits, "-" and "_"`);
    if (Number.isNaN(made)) throw refuse(`keys.${index}.since is no moment such as 2026-12-01T09:00Z`);
    if (octets.length < SECRET_OCTETS)
      throw refuse(`keys.${index}.secret has ${octets.length} octets, 32 in base64url are wanted`);
    return { id, since: made, secret: createSecretKey(octets) };
  });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
