/** One SMTP server with its credentials, pace and limits: by URL, or by name from infra/relays.json. */
import { Ajv } from 'ajv';
import type { SessionSettings } from '#smtp';
import schema from '../../infra/relays.schema.json' with { type: 'json' };
import { formatProblem, type Problem } from './problem.ts';

export interface Relay {
  /** How it is called in messages: its name, or host and port. Never credentials. */
  readonly label: string;
  readonly session: Omit<SessionSettings, 'ca'>;
  /** PEM file with the certificate authorities to trust instead of the system's; relative paths are the caller's to resolve. */
  readonly caFile?: string;
  /** Mails per second at the most. */
  readonly messagesPerSecond?: number;
  readonly connections?: number;
}

/** The relay's settings cannot be used. */
export class RelayError extends Error {
  readonly code = 'ERR_RELAY';
  constructor(problem: string, options?: ErrorOptions) {
    super(`Cannot use the relay: ${problem}`, options);
    this.name = 'RelayError';
  }
}

const FORMS =
  'smtps://user:password@host:465 (TLS from the first octet), smtp://user:password@host:587 (STARTTLS) or smtp+insecure://127.0.0.1:25 (no TLS, loopback only)';
const SECURITY = { 'smtps:': 'implicit-tls', 'smtp:': 'starttls', 'smtp+insecure:': 'none' } as const;
const DEFAULT_PORT = { 'implicit-tls': 465, starttls: 587, none: 25 } as const;
const PARAMETERS = ['ca', 'servername', 'name', 'auth', 'depth'];
const MECHANISMS = ['PLAIN', 'LOGIN'] as const;

/**
 * Reads a relay URL. The parameters `ca`, `servername`, `name`, `auth` and `depth` may follow.
 * @param clientName what EHLO says where the URL has no `name`
 * @throws RelayError that never quotes the password
 */
export function parseRelayUrl(text: string, clientName: string): Relay {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !(url.protocol in SECURITY)) throw new RelayError(`this is no relay URL, wanted ${FORMS}`);
  const security = SECURITY[url.protocol as keyof typeof SECURITY];
  const host = decode(url.hostname, 'host').replace(/^\[(.*)\]$/, '$1');
  if (host === '') throw new RelayError(`the URL names no host, wanted ${FORMS}`);
  if ((url.pathname !== '' && url.pathname !== '/') || url.hash !== '') {
    throw new RelayError(
      'the URL goes on behind the port; a "/", "?" or "#" in user or password is written %2F, %3F, %23',
    );
  }
  const parameters = readParameters(url.searchParams);
  const user = decode(url.username, 'user');
  const password = decode(url.password, 'password');
  if (security === 'none') refuseInsecure(host, user !== '' || password !== '', false);
  if ((user === '') !== (password === ''))
    throw new RelayError('the URL has only one of user and password, wanted both or none');
  const port = url.port === '' ? DEFAULT_PORT[security] : Number(url.port);
  return {
    label: `${host}:${port}`,
    ...(parameters.ca === undefined ? {} : { caFile: parameters.ca }),
    session: {
      host,
      port,
      security,
      clientName: parameters.name ?? clientName,
      ...(parameters.servername === undefined ? {} : { servername: parameters.servername }),
      ...(user === '' ? {} : { credentials: { user, password } }),
      ...(parameters.auth === undefined ? {} : { mechanism: mechanismOf(parameters.auth) }),
    },
  };
}

interface RelayJson {
  host: string;
  port?: number;
  security: 'implicit-tls' | 'starttls' | 'none';
  name?: string;
  servername?: string;
  ca?: string;
  pace?: { messagesPerSecond?: number };
  connections?: number;
  secret?: string;
  proxy?: string;
  allowInsecure?: boolean;
}

const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<{ relays: Record<string, RelayJson> }>(
  schema,
);

/**
 * The relay of that name in a relays file.
 * @returns `null` where the file has none of that name
 * @throws RelayError when the file is not in order
 */
export function findRelay(name: string, file: string, text: string, clientName: string): Relay | null {
  const json = parseJson(file, text);
  if (!validate(json)) {
    const problems = (validate.errors ?? []).map(
      (error): Problem => ({
        file,
        field: error.instancePath.slice(1).replaceAll('/', '.'),
        problem: `${error.message}`,
      }),
    );
    throw new RelayError(problems.map(formatProblem).join('; '));
  }
  const relay = Object.hasOwn(json.relays, name) ? json.relays[name] : undefined;
  if (relay === undefined) return null;
  if (relay.proxy !== undefined)
    throw new RelayError(`${file}: "${name}" wants a proxy, which this version does not have`);
  if (relay.secret !== undefined) {
    throw new RelayError(
      `${file}: "${name}" needs its credentials; on one machine set CARTERO_RELAY to the relay's URL, or give --relay`,
    );
  }
  if (relay.security === 'none') refuseInsecure(relay.host, false, relay.allowInsecure ?? false);
  const port = relay.port ?? DEFAULT_PORT[relay.security];
  return {
    label: `${name} (${relay.host}:${port})`,
    ...(relay.ca === undefined ? {} : { caFile: relay.ca }),
    ...(relay.pace?.messagesPerSecond === undefined ? {} : { messagesPerSecond: relay.pace.messagesPerSecond }),
    ...(relay.connections === undefined ? {} : { connections: relay.connections }),
    session: {
      host: relay.host,
      port,
      security: relay.security,
      clientName: relay.name ?? clientName,
      ...(relay.servername === undefined ? {} : { servername: relay.servername }),
    },
  };
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

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function readParameters(
  search: URLSearchParams,
): Partial<Record<'ca' | 'servername' | 'name' | 'auth' | 'depth', string>> {
  const parameters: Record<string, string> = Object.create(null);
  for (const [key, value] of search) {
    if (!PARAMETERS.includes(key))
      throw new RelayError(`the URL's parameter ${JSON.stringify(key)} is unknown; known are ${PARAMETERS.join(', ')}`);
    if (key in parameters) throw new RelayError(`the URL gives the parameter "${key}" twice`);
    if (value === '') throw new RelayError(`the URL's parameter "${key}" is empty`);
    parameters[key] = value;
  }
  if (parameters.depth !== undefined && !/^[1-9]\d{0,3}$/.test(parameters.depth))
    throw new RelayError('the URL\'s parameter "depth" is no number from 1 to 9999');
  return parameters;
}

function mechanismOf(name: string): (typeof MECHANISMS)[number] {
  const found = MECHANISMS.find((mechanism) => mechanism === name.toUpperCase());
  if (found === undefined)
    throw new RelayError(`the URL's "auth" is ${JSON.stringify(name)}, wanted ${MECHANISMS.join(' or ')}`);
  return found;
}

function decode(text: string, field: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new RelayError(`the URL's ${field} has a "%" that begins no %XX; write it %25`, { cause });
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RelayError(`${file} is not JSON`, { cause });
  }
}
