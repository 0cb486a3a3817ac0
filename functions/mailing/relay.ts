/** One SMTP server with its credentials, pace and limits: by URL, or by name from infra/relays.json. */
import type { SessionSettings } from '#smtp';
import schema from '../../infra/relays.schema.json' with { type: 'json' };
import { jsonFileReader } from './json-file.ts';
import { formatProblem } from './problem.ts';
import { RelayError } from './relay-error.ts';
import { AUTH, loginOf } from './relay-login.ts';
import { type ClientCertificateFiles, clientCertificateOf, WAY, type WrittenWay, wayOf } from './relay-way.ts';
import { type WarmUp, warmUpProblem } from './warm-up.ts';

export { RelayError } from './relay-error.ts';

export interface Relay {
  /** How it is called in messages: its name, or host and port. Never credentials. */
  readonly label: string;
  readonly session: Omit<SessionSettings, 'ca' | 'clientCertificate'>;
  /** PEM file with the certificate authorities to trust instead of the system's; relative paths are the caller's to resolve. */
  readonly caFile?: string;
  /** What the client shows where the relay asks for it; paths as with `caFile`. */
  readonly clientCertificate?: ClientCertificateFiles;
  /** Name of the secret that has its login, which `session` lacks then. */
  readonly secret?: string;
  /** Mails per second at the most. */
  readonly messagesPerSecond?: number;
  readonly connections?: number;
  /** Mails per day at the most, while nobody knows it yet. */
  readonly warmUp?: WarmUp;
}

const FORMS =
  'smtps://user:password@host:465 (TLS from the first octet), smtp://user:password@host:587 (STARTTLS) or smtp+insecure://127.0.0.1:25 (no TLS, loopback only)';
const SECURITY = { 'smtps:': 'implicit-tls', 'smtp:': 'starttls', 'smtp+insecure:': 'none' } as const;
const DEFAULT_PORT = { 'implicit-tls': 465, starttls: 587, none: 25 } as const;
/** What each parameter of a URL may be, and how that is said. */
const PARAMETERS = {
  ca: [/^[^\u0000-\u001f\u007f]+$/, 'a file'],
  ...WAY,
  servername: [/^[A-Za-z0-9.-]+$/, 'a name such as smtp.example.com'],
  name: [/^([A-Za-z0-9.-]+|\[[A-Za-z0-9.:-]+\])$/, 'a name such as mailer.example.com'],
  auth: AUTH,
  depth: [/^[1-9]\d{0,3}$/, 'a number from 1 to 9999'],
} as const;
type Parameter = keyof typeof PARAMETERS;
const HOST = /^[A-Za-z0-9._:-]+$/;

/**
 * Reads a relay URL. The parameters `ca`, `cert`, `key`, `passphrase`, `fingerprint`, `proxy`, `servername`, `name`, `auth` and
 * `depth` may follow.
 * @param clientName what EHLO says where the URL has no `name`
 * @throws RelayError that never quotes the password
 */
export function parseRelayUrl(text: string, clientName: string): Relay {
  // The URL parser would take them out and say nothing.
  if (/[\u0000-\u0020\u007f]/.test(text))
    throw new RelayError('the URL has a space or a control character; in user or password it is written as %XX');
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !(url.protocol in SECURITY)) throw new RelayError(`this is no relay URL, wanted ${FORMS}`);
  const security = SECURITY[url.protocol as keyof typeof SECURITY];
  const host = decode(url.hostname, 'host').replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw new RelayError(`the URL names no host, wanted ${FORMS}`);
  // A "?" in the password begins the parameters too soon, and its rest would be quoted below.
  if ((url.pathname !== '' && url.pathname !== '/') || url.hash !== '' || url.search.includes('@')) {
    throw new RelayError(
      'the URL goes on behind the port; a "/", "?", "#" or "@" in user, password or parameters is written %2F, %3F, %23, %40',
    );
  }
  if (!HOST.test(host))
    throw new RelayError(
      "the URL's host has a sign that is in no name; write its ASCII form, such as smtp.example.com",
    );
  const parameters = readParameters(url.search.slice(1));
  const user = decode(url.username, 'user');
  const password = decode(url.password, 'password');
  const hasLogin = user !== '' || password !== '' || parameters.auth !== undefined;
  if (security === 'none') refuseInsecure(host, hasLogin, false);
  const port = url.port === '' ? DEFAULT_PORT[security] : Number(url.port);
  if (port === 0) throw new RelayError("the URL's port is 0, wanted 1 to 65535");
  return {
    label: `${host}:${port}`,
    ...(parameters.ca === undefined ? {} : { caFile: parameters.ca }),
    ...clientCertificateOf(parameters),
    session: {
      host,
      port,
      security,
      clientName: parameters.name ?? clientName,
      ...(parameters.servername === undefined ? {} : { servername: parameters.servername }),
      ...(parameters.depth === undefined ? {} : { depth: Number(parameters.depth) }),
      ...wayOf(parameters, security),
      ...loginOf({ user, password, auth: parameters.auth }),
    },
  };
}

/** A relay as relays.json has it. */
export interface WrittenRelay extends Omit<WrittenWay, 'passphrase'> {
  host: string;
  port?: number;
  security: 'implicit-tls' | 'starttls' | 'none';
  name?: string;
  servername?: string;
  ca?: string;
  depth?: number;
  maxMessageOctets?: number;
  pace?: { messagesPerSecond?: number };
  connections?: number;
  secret?: string;
  allowInsecure?: boolean;
  dkim?: readonly WrittenDkimKey[];
  warmUp?: Pick<WarmUp, 'from' | 'perDay'> & Partial<Pick<WarmUp, 'timezone'>>;
}

/** A key as relays.json names it. */
export interface WrittenDkimKey {
  readonly domain: string;
  readonly selector: string;
  /** PEM file; relative paths are the caller's to resolve. */
  readonly key: string;
}

const readRelays = jsonFileReader<{ relays: Record<string, WrittenRelay> }>(schema);

/** The names in a relays file. @throws RelayError when the file is not in order */
export function relayNames(file: string, text: string): string[] {
  return Object.keys(readInOrder(file, text));
}

/** All relays of a file as they are written. @throws RelayError when the file is not in order */
export function writtenRelays(file: string, text: string): Readonly<Record<string, WrittenRelay>> {
  return readInOrder(file, text);
}

/**
 * The DKIM keys of a relay, also where its credentials are elsewhere.
 * @returns `null` where the file has no relay of that name
 * @throws RelayError when the file is not in order, or names a key twice
 */
export function findDkimKeys(name: string, file: string, text: string): readonly WrittenDkimKey[] | null {
  const relays = readInOrder(file, text);
  const relay = Object.hasOwn(relays, name) ? relays[name] : undefined;
  if (relay === undefined) return null;
  const seen = new Set<string>();
  for (const [index, { domain, selector }] of (relay.dkim ?? []).entries()) {
    const record = `${selector}._domainkey.${domain}`.toLowerCase();
    if (seen.has(record))
      throw new RelayError(`${file}: relays.${name}.dkim.${index}: ${record} is named twice, wanted once`);
    seen.add(record);
  }
  return relay.dkim ?? [];
}

/**
 * What a relay takes at the most, in octets of a whole mail, as its settings say; nobody is asked.
 * @throws RelayError when the file is not in order
 */
export function findMaxMessageOctets(name: string, file: string, text: string): number | undefined {
  const relays = readInOrder(file, text);
  return Object.hasOwn(relays, name) ? relays[name]?.maxMessageOctets : undefined;
}

/**
 * The warm-up of a relay, also where its credentials are elsewhere.
 * @throws RelayError when the file is not in order
 */
export function findWarmUp(name: string, file: string, text: string): WarmUp | undefined {
  const relays = readInOrder(file, text);
  const written = Object.hasOwn(relays, name) ? relays[name]?.warmUp : undefined;
  return written === undefined ? undefined : { relay: name, timezone: 'UTC', ...written };
}

/**
 * The relay of that name in a relays file.
 * @returns `null` where the file has none of that name
 * @throws RelayError when the file is not in order
 */
export function findRelay(name: string, file: string, text: string, clientName: string): Relay | null {
  const relays = readInOrder(file, text);
  const relay = Object.hasOwn(relays, name) ? relays[name] : undefined;
  if (relay === undefined) return null;
  if (relay.security === 'none') refuseInsecure(relay.host, relay.secret !== undefined, relay.allowInsecure ?? false);
  const port = relay.port ?? DEFAULT_PORT[relay.security];
  const warmUp = findWarmUp(name, file, text);
  return {
    label: `${name} (${relay.host}:${port})`,
    ...(relay.ca === undefined ? {} : { caFile: relay.ca }),
    ...(relay.secret === undefined ? {} : { secret: relay.secret }),
    ...(relay.pace?.messagesPerSecond === undefined ? {} : { messagesPerSecond: relay.pace.messagesPerSecond }),
    ...(relay.connections === undefined ? {} : { connections: relay.connections }),
    ...(warmUp === undefined ? {} : { warmUp }),
    ...clientCertificateOf(relay),
    session: {
      host: relay.host,
      port,
      security: relay.security,
      clientName: relay.name ?? clientName,
      ...(relay.servername === undefined ? {} : { servername: relay.servername }),
      ...(relay.depth === undefined ? {} : { depth: relay.depth }),
      ...wayOf(relay, relay.security),
    },
  };
}

function readInOrder(file: string, text: string): Readonly<Record<string, WrittenRelay>> {
  const { json, problems } = readRelays(file, text);
  if (json === null) throw new RelayError(problems.map(formatProblem).join('; '));
  for (const [name, { warmUp }] of Object.entries(json.relays)) {
    const problem = warmUp === undefined ? null : warmUpProblem(warmUp);
    if (problem !== null) throw new RelayError(`${file}: relays.${name}.warmUp.${problem}`);
  }
  return json.relays;
}

function refuseInsecure(host: string, hasCredentials: boolean, allowed: boolean): void {
  if (hasCredentials)
    throw new RelayError(
      'credentials are never sent without TLS; write smtp:// (STARTTLS) or smtps:// instead of smtp+insecure://',
    );
  if (!allowed && !isLoopback(host)) {
    throw new RelayError(
      `${JSON.stringify(host)} is not loopback, and mail goes there in clear only if infra/relays.json says "allowInsecure": true; write smtp:// or smtps://`,
    );
  }
}

/** RFC 1122 §3.2.1.3: all of 127/8. A longer form such as 127.0.0.1.example.com is a name, and so is 127.1. */
function isLoopback(host: string): boolean {
  return /^localhost$/i.test(host) || host === '::1' || /^127(\.(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])){3}$/.test(host);
}

/** As RFC 3986 has them: a "+" is a plus sign, and not a space as in a form. */
function readParameters(query: string): Partial<Record<Parameter, string>> {
  const parameters: Partial<Record<Parameter, string>> = {};
  for (const part of query === '' ? [] : query.split('&')) {
    const equals = part.includes('=') ? part.indexOf('=') : part.length;
    const written = decode(part.slice(0, equals), 'parameter');
    const key = (Object.keys(PARAMETERS) as Parameter[]).find((known) => known === written);
    if (key === undefined)
      throw new RelayError(
        `the URL's parameter ${JSON.stringify(written)} is unknown; known are ${Object.keys(PARAMETERS).join(', ')}`,
      );
    const value = decode(part.slice(equals + 1), `parameter "${key}"`);
    const [form, wanted] = PARAMETERS[key];
    if (key in parameters) throw new RelayError(`the URL gives the parameter "${key}" twice`);
    if (value === '') throw new RelayError(`the URL's parameter "${key}" is empty, wanted ${wanted}`);
    if (!form.test(value)) throw new RelayError(`the URL's parameter "${key}" is not ${wanted}`);
    parameters[key] = value;
  }
  return parameters;
}

function decode(text: string, field: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new RelayError(`the URL's ${field} has a "%" that begins no %XX; write it %25`, { cause });
  }
}
