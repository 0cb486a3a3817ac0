/**
 * Links by which one subscriber leaves one list (RFC 8058): nobody else can make them, and they need no lookup to be read.
 *
 *     https://example.com/unsubscribe?token=v1.<key id>.<claims>.<signature>
 *
 * `claims` is base64url of the JSON `[purpose, list id, recipient key]`; `signature` is base64url of HMAC-SHA-256 over all
 * that stands before its dot. A key's secret is never in a campaign; its id says which one it was, so that a new key leaves
 * the links of older mails good.
 */
import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';

/** A secret that signs links. */
export interface LinkKey {
  /** Letters, digits, `-` and `_`. */
  readonly id: string;
  /** Epoch ms of its making. */
  readonly since: number;
  /** As an object: it signs in a fraction of the time that octets take, and shows itself in no log. */
  readonly secret: KeyObject;
}

/** What a link is good for: one made for one purpose does nothing else. */
export type LinkPurpose = 'unsubscribe';

export interface LinkClaims {
  readonly purpose: LinkPurpose;
  /** The list's id of RFC 2919. */
  readonly list: string;
  /** As `recipientKey` gives it. */
  readonly recipient: string;
}

/** Signs where no state has a key yet: a mail that is only looked at. No reader knows it, so it opens nothing. */
export const SPECIMEN_KEY: LinkKey = { id: 'specimen', since: 0, secret: createSecretKey(new Uint8Array(32)) };

const SPECIMEN_SIGNATURE = 'A'.repeat(43);

/** The key of a run: the newest one that was there when it began, so that every attempt has the same octets. */
export function keyOfRun(keys: readonly LinkKey[], startedAt: number): LinkKey {
  const byAge = keys.toSorted((one, other) => one.since - other.since);
  return byAge.findLast(({ since }) => since <= startedAt) ?? byAge[0] ?? SPECIMEN_KEY;
}

const VERSION = 'v1';

export function signedToken({ id, secret }: LinkKey, { purpose, list, recipient }: LinkClaims): string {
  const claims = Buffer.from(JSON.stringify([purpose, list, recipient])).toString('base64url');
  const signed = `${VERSION}.${id}.${claims}`;
  // A specimen's opens nothing whatever it is: a check of many rows need not wait for it.
  if (secret === SPECIMEN_KEY.secret) return `${signed}.${SPECIMEN_SIGNATURE}`;
  return `${signed}.${signatureOf(signed, secret).toString('base64url')}`;
}

const TOKEN = /^(v1\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,2048}))\.([A-Za-z0-9_-]{43})$/;

/** What a token says, where one of `keys` has signed it for this purpose; `null` for any other text. */
export function readToken(token: string, purpose: LinkPurpose, keys: readonly LinkKey[]): LinkClaims | null {
  const [, signed = '', id = '', claims = '', signature = ''] = TOKEN.exec(token) ?? [];
  const key = keys.find((each) => each.id === id);
  if (key === undefined) return null;
  const given = Buffer.from(signature, 'base64url');
  // One signature has one spelling: unused bits of the last character would give it three more.
  if (given.toString('base64url') !== signature || !timingSafeEqual(given, signatureOf(signed, key.secret)))
    return null;
  const [said, list, recipient] = JSON.parse(Buffer.from(claims, 'base64url').toString()) as [string, string, string];
  return said === purpose ? { purpose, list, recipient } : null;
}

/** The page's address with a token in its query. */
export function linkWith(page: string, token: string): string {
  return `${page}${page.includes('?') ? '&' : '?'}token=${token}`;
}

function signatureOf(signed: string, secret: KeyObject): Buffer {
  return createHmac('sha256', secret).update(signed).digest();
}
