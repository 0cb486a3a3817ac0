/**
 * Which SASL mechanism a login uses: the best that the server offers, that the credentials are for, and that the session
 * has the means for; or the one that the settings name, and no other. Each family lives in a file below `sasl/`.
 */
import type { ChannelBinding } from './channel-binding.ts';
import { type Credentials, checkCredentials, type PasswordCredentials } from './credentials.ts';
import { SettingsError } from './errors.ts';
import { cramMd5 } from './sasl/cram-md5.ts';
import { external } from './sasl/external.ts';
import { login } from './sasl/login.ts';
import { MECHANISM_NAMES, type Mechanism, type MechanismName } from './sasl/mechanism.ts';
import { oauthBearer, xoauth2 } from './sasl/oauth.ts';
import { plain } from './sasl/plain.ts';
import { type ScramOptions, scram } from './sasl/scram.ts';
import { saslprep } from './saslprep.ts';

/** Octets that nobody can foresee, this many. */
export type Random = (octets: number) => Uint8Array;

/** What a session has to log in with. */
export interface Means {
  readonly credentials: Credentials;
  /** The mechanism that the settings name. Default: the best. */
  readonly named?: MechanismName;
  /** In the server's EHLO reply, in capital letters. */
  readonly offered: readonly string[];
  /** `null` where the connection has none: no -PLUS mechanism then. */
  readonly binding: ChannelBinding | null;
  /** Absent: no SCRAM. */
  readonly random?: Random;
}

/** RFC 5802 §5.1 leaves it open; 18 octets are 24 characters of base64. */
const NONCE_OCTETS = 18;

/** @returns `null` where there is none that both know */
export function chooseMechanism(means: Means): MechanismName | null {
  const { named, offered } = means;
  return usableMechanisms(means).find((name) => (named ?? name) === name && offered.includes(name)) ?? null;
}

/**
 * @param token for credentials that have a token source: what it gave
 * @throws SettingsError where user or password are not for this mechanism
 */
export function createMechanism(
  name: MechanismName,
  means: Means,
  server: { readonly host: string; readonly port: number; readonly token: string },
): Mechanism {
  const { credentials } = means;
  if ('external' in credentials) return external(credentials);
  if ('token' in credentials) {
    const bearer = { user: credentials.user, token: server.token };
    return name === 'XOAUTH2' ? xoauth2(bearer) : oauthBearer(bearer, server);
  }
  if (name === 'PLAIN') return plain(credentials);
  if (name === 'LOGIN') return login(credentials);
  return name === 'CRAM-MD5' ? cramMd5(credentials) : scram(scramOptions(name, credentials, means));
}

/**
 * Looks at credentials, and at whether the named mechanism is for them, before anything is sent.
 * @throws SettingsError
 */
export function checkLogin(credentials: Credentials, named?: MechanismName): void {
  checkCredentials(credentials);
  if (named === undefined) return;
  if (!isFor(named, credentials)) throw new SettingsError('mechanism', `${named} is not for ${kindOf(credentials)}`);
  if (isScram(named) && 'password' in credentials) {
    saslprep('user', credentials.user);
    saslprep('password', credentials.password);
  }
}

/** What the credentials are, in words. */
export function kindOf(credentials: Credentials): string {
  if ('external' in credentials) return 'a client certificate';
  return 'token' in credentials ? 'a user and token' : 'a user and password';
}

/** The mechanisms that a session can use, if the server offers them, best first. */
export function usableMechanisms(means: Means): readonly MechanismName[] {
  return MECHANISM_NAMES.filter((name) => isFor(name, means.credentials) && hasMeans(name, means));
}

function isFor(name: MechanismName, credentials: Credentials): boolean {
  if (name === 'EXTERNAL') return 'external' in credentials;
  if (name === 'OAUTHBEARER' || name === 'XOAUTH2') return 'token' in credentials;
  return 'password' in credentials;
}

function hasMeans(name: MechanismName, { binding, random }: Means): boolean {
  return (!isScram(name) || random !== undefined) && (!name.endsWith('-PLUS') || binding !== null);
}

function isScram(name: MechanismName): boolean {
  return name.startsWith('SCRAM-');
}

function scramOptions(name: MechanismName, credentials: PasswordCredentials, means: Means): ScramOptions {
  const { binding, offered, random } = means;
  const family = name.startsWith('SCRAM-SHA-256') ? 'SCRAM-SHA-256' : 'SCRAM-SHA-1';
  const octets = random?.(NONCE_OCTETS) ?? new Uint8Array(0);
  if (octets.length !== NONCE_OCTETS) throw new Error(`Cannot make a nonce: ${NONCE_OCTETS} random octets are wanted`);
  const nonce = Buffer.from(octets).toString('base64');
  if (name.endsWith('-PLUS') && binding !== null) return { family, credentials, nonce, binding };
  // RFC 5802 §6: who can bind and sees no -PLUS says so. Who sees it and was told to do without does not bind at all.
  const isUnoffered = binding !== null && !offered.includes(`${family}-PLUS`);
  return { family, credentials, nonce, binding: isUnoffered ? 'unoffered' : 'unused' };
}
