/**
 * Secret keys in a file of a state:
 *
 *     { "keys": [{ "id": "kS3…", "since": "2026-12-01T09:00:00.000Z", "secret": "base64url of 32 octets" }] }
 *
 * The first is made when one is needed. A key is added by hand, at the end: the newest is used for what is made from then on,
 * and the others go on to tell what was made before.
 */
import { createHash, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { type RefuseKeys, STORED_SECRET_OCTETS, type StoredKey, storedKeysIn } from '#mailing';
import { syncFolder } from './durable-folder.ts';

const ID_CHARACTERS = 8;

/** The keys in the file; none where there is no file. */
export function readKeys(file: string, refuse: RefuseKeys): readonly StoredKey[] {
  try {
    return storedKeysIn(readFileSync(file, 'utf8'), refuse);
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
  const secret = randomBytes(STORED_SECRET_OCTETS);
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

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
