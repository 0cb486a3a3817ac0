/** Who the client is: one of three kinds, and what in them no mechanism could carry. */
import { SettingsError } from './errors.ts';

/** For SCRAM, PLAIN, LOGIN and CRAM-MD5. */
export interface PasswordCredentials {
  readonly user: string;
  readonly password: string;
}

/** For OAUTHBEARER and XOAUTH2. */
export interface TokenCredentials {
  readonly user: string;
  readonly token: TokenSource;
}

/**
 * Gives an OAuth 2.0 access token. Asked at each login, and once more with `refresh: true` where the server has refused the
 * one it gave; a source that has no newer one then rejects, or gives the same.
 */
export type TokenSource = (request: { readonly refresh: boolean }) => Promise<string>;

/** For EXTERNAL: the client certificate says who it is. */
export interface ExternalCredentials {
  readonly external: true;
  /** Whom the client acts for. Default: whom the certificate names. */
  readonly user?: string;
}

export type Credentials = PasswordCredentials | TokenCredentials | ExternalCredentials;

/** RFC 6750 §2.1: `b64token`. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

/** Values come from JSON and from other people's code. @throws SettingsError */
export function checkCredentials(credentials: Credentials): void {
  if ('external' in credentials) {
    if (credentials.user !== undefined) checkText('user', credentials.user);
    return;
  }
  checkText('user', credentials.user);
  if ('token' in credentials) {
    // XOAUTH2 and OAUTHBEARER separate by U+0001.
    if (/[\u0000-\u001f\u007f]/.test(credentials.user)) throw new SettingsError('user', 'holds a control character');
    if (typeof credentials.token !== 'function') throw new SettingsError('token', 'is no function that gives one');
  } else checkText('password', credentials.password);
}

/** @throws SettingsError */
export function checkToken(token: unknown): string {
  if (typeof token !== 'string' || !TOKEN.test(token))
    throw new SettingsError('token', 'is no bearer token (RFC 6750)');
  return token;
}

function checkText(field: string, value: unknown): void {
  if (typeof value !== 'string' || value === '') throw new SettingsError(field, 'is empty');
  // RFC 4616 §2: NUL separates the two.
  if (value.includes('\0')) throw new SettingsError(field, 'holds a NUL');
  if (!value.isWellFormed()) throw new SettingsError(field, 'is no well-formed Unicode text');
}
