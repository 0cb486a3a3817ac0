/**
 * A relay's login as its secret says it, by infra/relay-secret.schema.json:
 *
 *     { "user", "password" }    { "user", "accessToken" }    { "certificate", "key" }    and "mechanism" where one is meant
 *
 * A certificate can stand beside each of the first two; alone it logs in by `"mechanism": "EXTERNAL"`, or is only shown.
 * What is wrong is told by the keys that are known here: a value, or a key that nobody knows, may be the secret itself.
 */
import {
  type Credentials,
  checkSettings,
  type MechanismName,
  type SessionSettings,
  SettingsError,
  type TokenSource,
} from '#smtp';
import schema from '../../infra/relay-secret.schema.json' with { type: 'json' };
import { CredentialsError, type Secret } from './credential-store.ts';
import { isNear } from './near-name.ts';
import { isCertainlyAs } from './schema-holds.ts';

export type RelayLogin = Pick<SessionSettings, 'credentials' | 'mechanism' | 'clientCertificate'>;

type Key = keyof typeof schema.properties;
type Written = Partial<Record<Exclude<Key, 'mechanism'>, string>> & { readonly mechanism?: MechanismName };

const KEYS = Object.keys(schema.properties) as Key[];

/**
 * @param tokens asked at each login by access token; by default the secret's own is all there is
 * @throws CredentialsError
 */
export function relayLoginOf(secret: Secret, tokens?: TokenSource): RelayLogin {
  const { user, password, accessToken, certificate, key, passphrase, mechanism } = writtenIn(secret);
  const credentials = credentialsOf({ user, password, accessToken, mechanism }, tokens);
  const login: RelayLogin = {
    ...(credentials === undefined ? {} : { credentials }),
    ...(mechanism === undefined ? {} : { mechanism }),
    ...(certificate === undefined || key === undefined
      ? {}
      : { clientCertificate: { certificate, key, ...(passphrase === undefined ? {} : { passphrase }) } }),
  };
  checkLogin(secret, login);
  return login;
}

/** The access token, `null` where the login is by something else. @throws CredentialsError */
export function accessTokenOf(secret: Secret): string | null {
  return writtenIn(secret).accessToken ?? null;
}

function credentialsOf(
  { user, password, accessToken, mechanism }: { [key in keyof Written]: Written[key] | undefined },
  tokens?: TokenSource,
): Credentials | undefined {
  if (user !== undefined && password !== undefined) return { user, password };
  if (user !== undefined && accessToken !== undefined) return { user, token: tokens ?? (async () => accessToken) };
  return mechanism === 'EXTERNAL' ? { external: true, ...(user === undefined ? {} : { user }) } : undefined;
}

/** As the engine looks at it: whether key and certificate are a pair, whether the mechanism is for such credentials. */
function checkLogin(secret: Secret, login: RelayLogin): void {
  try {
    checkSettings({
      host: 'relay.invalid',
      port: 465,
      security: 'implicit-tls',
      clientName: 'client.invalid',
      ...login,
    });
  } catch (error) {
    // What OpenSSL says of a key stays here: its words are not ours to know.
    if (error instanceof SettingsError) throw new CredentialsError(secret.name, `its ${error.field} ${error.problem}`);
    throw error;
  }
}

function writtenIn(secret: Secret): Written {
  const value = jsonIn(secret);
  if (isCertainlyAs(value, schema)) return value as Written;
  throw new CredentialsError(secret.name, problemOf(value));
}

function jsonIn(secret: Secret): unknown {
  try {
    return JSON.parse(secret.reveal());
  } catch {
    // The parser's own words quote the text.
    throw new CredentialsError(secret.name, `it is not JSON, wanted ${WANTED}`);
  }
}

const WANTED =
  '{ "user", "password" }, { "user", "accessToken" } or { "certificate", "key" } (infra/relay-secret.schema.json)';

function problemOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return `it is JSON, but no object, wanted ${WANTED}`;
  const held = value as Readonly<Record<string, unknown>>;
  return (
    unknownKeyProblem(Object.keys(held)) ??
    KEYS.flatMap((key) => (Object.hasOwn(held, key) ? (valueProblem(key, held[key]) ?? []) : []))[0] ??
    missingKeyProblem((key) => Object.hasOwn(held, key), held.mechanism) ??
    `it is not as wanted: ${WANTED}`
  );
}

function unknownKeyProblem(keys: readonly string[]): string | null {
  const unknown = keys.filter((key) => !KEYS.some((known) => known === key));
  if (unknown.length === 0) return null;
  const meant = KEYS.find((known) => unknown.some((key) => isNear(known, key)));
  const found = unknown.length === 1 ? 'a key that is unknown' : `${unknown.length} keys that are unknown`;
  return `it has ${found}${meant === undefined ? '' : `, did you mean "${meant}"?`}; known are ${KEYS.join(', ')}`;
}

function valueProblem(key: Key, value: unknown): string | null {
  if (typeof value !== 'string') return `"${key}" is no text, a text is wanted`;
  if (value === '') return `"${key}" is empty`;
  if (isCertainlyAs(value, schema.properties[key])) return null;
  return `"${key}" ${FORMS[key]}`;
}

const NO_CONTROL = 'has a control character, such as a line end, and wants none';
const FORMS: Readonly<Record<Key, string>> = {
  user: NO_CONTROL,
  password: NO_CONTROL,
  passphrase: NO_CONTROL,
  accessToken: 'is no bearer token (RFC 6750 §2.1)',
  certificate: 'is no certificate in PEM (-----BEGIN CERTIFICATE-----)',
  key: 'is no private key in PEM (-----BEGIN PRIVATE KEY-----)',
  mechanism: `is no mechanism that is known; known are ${schema.properties.mechanism.enum.join(', ')}`,
};

function missingKeyProblem(has: (key: Key) => boolean, mechanism: unknown): string | null {
  const missing = (key: Key, beside: Key) => `the key "${key}" is missing beside "${beside}"`;
  if (has('password') && has('accessToken')) return 'it has both "password" and "accessToken", wanted is one of them';
  if (has('password') && !has('user')) return missing('user', 'password');
  if (has('accessToken') && !has('user')) return missing('user', 'accessToken');
  if (has('key') && !has('certificate')) return missing('certificate', 'key');
  if (has('certificate') && !has('key')) return missing('key', 'certificate');
  if (has('passphrase') && !has('key')) return missing('key', 'passphrase');
  if (mechanism === 'EXTERNAL' && !has('certificate')) return missing('certificate', 'mechanism');
  if (has('user')) return `${missing('password', 'user')} (or "accessToken")`;
  if (has('mechanism')) return missing('user', 'mechanism');
  return 'the keys "user" and "password" are missing';
}
