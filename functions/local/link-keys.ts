/**
 * The keys that sign links in mails, in a file of the state:
 *
 *     { "keys": [{ "id": "kS3…", "since": "2026-12-01T09:00:00.000Z", "secret": "base64url of 32 octets" }] }
 *
 * A state makes its first key when a run needs one. A key is added by hand, at the end; from the next run on the newest signs,
 * and the others go on to open the links of mails that were sent.
 */
import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LinkKey } from '#mailing';
import { syncFolder } from './durable-folder.ts';

export const LINK_KEYS_FILE = 'link-keys.json';

/** RFC 2104 §3: as long as the hash. */
const SECRET_OCTETS = 32;
const ID_CHARACTERS = 8;

/** The file is there and holds no keys. */
export class LinkKeysError extends Error {
  readonly code = 'ERR_LINK_KEYS';
  constructor(file: string, problem: string, options?: ErrorOptions) {
    super(`Cannot read the keys of links in ${JSON.stringify(file)}: ${problem}`, options);
    this.name = 'LinkKeysError';
  }
}

/** The keys of a state folder; none where it has none. @throws LinkKeysError */
export function readLinkKeys(folder: string): readonly LinkKey[] {
  const file = join(folder, LINK_KEYS_FILE);
  try {
    return keysIn(file, readFileSync(file, 'utf8'));
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return [];
    throw error;
  }
}

/** The same, with a first key where there was none. @param now epoch ms @throws LinkKeysError */
export function openLinkKeys(folder: string, now: number): readonly LinkKey[] {
  const keys = readLinkKeys(folder);
  if (keys.length > 0) return keys;
  makeFirstKey(join(folder, LINK_KEYS_FILE), now);
  return readLinkKeys(folder);
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

function keysIn(file: string, text: string): LinkKey[] {
  const wanted = 'wanted { "keys": [{ "id", "since", "secret" }] }';
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new LinkKeysError(file, `it is not JSON, ${wanted}`, { cause });
  }
  const { keys } = Object(json) as { keys?: unknown };
  if (!Array.isArray(keys) || keys.length === 0) throw new LinkKeysError(file, `it has no keys, ${wanted}`);
  return keys.map((key, index) => {
    const { id, since, secret } = Object(key) as Record<string, unknown>;
    const octets = typeof secret === 'string' ? Buffer.from(secret, 'base64url') : Buffer.alloc(0);
    const made = typeof since === 'string' ? Date.parse(since) : Number.NaN;
    if (typeof id !== 'string' || !/^[A-Za-z0-9_-]{1,64}$/.test(id))
      throw new LinkKeysError(file, `keys.${index}.id is not made of letters, digits, "-" and "_"`);
    if (Number.isNaN(made)) throw new LinkKeysError(file, `keys.${index}.since is no moment such as 2026-12-01T09:00Z`);
    if (octets.length < SECRET_OCTETS)
      throw new LinkKeysError(file, `keys.${index}.secret has ${octets.length} octets, 32 in base64url are wanted`);
    return { id, since: made, secret: createSecretKey(octets) };
  });
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
