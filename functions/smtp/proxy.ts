/**
 * The way to a server through a proxy: SOCKS5 (RFC 1928, 1929), or HTTP CONNECT (RFC 9110 §9.3.6). The proxy is told the
 * server's name and looks it up itself; what is said through the tunnel is between client and server, TLS included. What
 * a proxy answers is shown, and what it was told to let this client in is not.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { PasswordCredentials } from './credentials.ts';
import { SettingsError } from './errors.ts';
import { printable, quoted } from './printable.ts';
import { Secrets } from './secrets.ts';

export interface ProxyServer {
  readonly kind: 'socks5' | 'http';
  readonly host: string;
  readonly port: number;
  readonly login: PasswordCredentials | null;
  /** How it is called in messages, without credentials: `socks5://proxy.example.com:1080`. */
  readonly label: string;
}

const WANTED = 'socks5://user:password@host:1080 or http://user:password@host:3128 is wanted';
const KINDS = { 'socks5:': 'socks5', 'http:': 'http' } as const;
/** RFC 1928 §1; of `http` the URL's own. */
const DEFAULT_PORT = { socks5: 1080, http: 80 } as const;
/** Names are ASCII here, and addresses stand without brackets. */
const HOST = /^[A-Za-z0-9._:-]{1,255}$/;
/** RFC 1929 §2: a length of one octet, and 0 is none. */
const MAX_SOCKS_OCTETS = 255;
/** The dialogue's own deadline comes first; this one only lets go what the library holds. */
const LIBRARY_TIMEOUT_MS = 600_000;

/** RFC 1928 §6. */
const SOCKS_REPLIES: Readonly<Record<string, string>> = {
  Failure: 'general SOCKS server failure',
  NotAllowed: 'connection not allowed by ruleset',
  NetworkUnreachable: 'network unreachable',
  HostUnreachable: 'host unreachable',
  ConnectionRefused: 'connection refused',
  TTLExpired: 'TTL expired',
  CommandNotSupported: 'command not supported',
  AddressNotSupported: 'address type not supported',
};

/** Reads a proxy's URL. @throws SettingsError that never quotes it: there are credentials in it */
export function parseProxy(text: string): ProxyServer {
  // The URL parser would take them out and say nothing.
  if (/[\u0000-\u0020\u007f]/.test(text)) throw refusal('has a space or a control character');
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !Object.hasOwn(KINDS, url.protocol)) throw refusal(`is no proxy's URL, ${WANTED}`);
  const kind = KINDS[url.protocol as keyof typeof KINDS];
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (!HOST.test(host)) throw refusal(`names no host, ${WANTED}`);
  if ((url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '')
    throw refusal('goes on behind the port; a "/", "?" or "#" in user or password is written %2F, %3F, %23');
  const port = url.port === '' ? DEFAULT_PORT[kind] : Number(url.port);
  if (port === 0) throw refusal('has the port 0, 1 to 65535 is wanted');
  const label = `${kind}://${authorityOf({ host, port })}`;
  return { kind, host, port, label, login: loginOf(url, kind) };
}

/**
 * Asks the proxy, to which the socket is connected, for a tunnel. Once there is one, the socket is paused.
 * @returns what the server has said already, in one segment with the proxy's last answer or right behind it
 * @throws Error that says what the proxy answered
 */
export async function openTunnel(
  socket: Socket,
  proxy: ProxyServer,
  server: { readonly host: string; readonly port: number },
): Promise<Uint8Array> {
  const early = await (proxy.kind === 'socks5' ? askSocks(socket, proxy, server) : askHttp(socket, proxy, server));
  socket.pause();
  return early;
}

/** A proxy may say its login again, and in clear also for the server. */
export function learnProxyLogin(secrets: Secrets, { login }: ProxyServer): void {
  if (login === null) return;
  secrets.learn(login.password);
  secrets.learnResponse(basicOf(login));
}

/** What a proxy has to do with a failure, as errors say it. */
export function proxyError(proxy: ProxyServer, problem: string, cause?: Error): Error {
  return new Error(`the proxy ${proxy.label} ${problem}`, cause === undefined ? undefined : { cause });
}

async function askSocks(
  socket: Socket,
  proxy: ProxyServer,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Uint8Array> {
  const { SocksClient } = await import('socks');
  if (socket.destroyed) throw proxyError(proxy, 'closed the connection');
  const { user, password } = proxy.login ?? {};
  try {
    await SocksClient.createConnection({
      command: 'connect',
      destination: { host, port },
      proxy: {
        type: 5,
        host: proxy.host,
        port: proxy.port,
        ...(user === undefined || password === undefined ? {} : { userId: user, password }),
      },
      existing_socket: socket,
      timeout: LIBRARY_TIMEOUT_MS,
    });
  } catch (error) {
    // The library's error carries the proxy's credentials, so it is nobody's cause.
    throw proxyError(proxy, socksProblem(error instanceof Error ? error.message : ''));
  }
  return earlyOctets(socket);
}

/** The library tells what came behind the proxy's last reply in an event of its own, one turn later. */
async function earlyOctets(socket: Socket): Promise<Uint8Array> {
  const early: Buffer[] = [];
  const keep = (octets: Buffer): void => void early.push(octets);
  socket.on('data', keep);
  await new Promise((resolve) => setImmediate(resolve));
  socket.off('data', keep);
  return Buffer.concat(early);
}

function socksProblem(message: string): string {
  const reply = /rejected connection - (\w+)/.exec(message)?.[1];
  if (reply !== undefined) return `answered "${SOCKS_REPLIES[reply] ?? 'a reply that RFC 1928 does not know'}"`;
  if (/no accepted authentication/.test(message)) return 'takes none of the logins that it was offered';
  if (/Authentication failed/.test(message)) return 'refused the user and password';
  if (/Socket closed/.test(message)) return 'closed the connection';
  return `answered no SOCKS5 that can be read: ${printable(message)}`;
}

async function askHttp(
  socket: Socket,
  proxy: ProxyServer,
  server: { readonly host: string; readonly port: number },
): Promise<Uint8Array> {
  const { request } = await import('node:http');
  if (socket.destroyed) throw proxyError(proxy, 'closed the connection');
  const authority = authorityOf(server);
  const { answer, head } = await new Promise<{ answer: IncomingMessage; head: Buffer }>((resolve, reject) => {
    const asked = request({
      method: 'CONNECT',
      path: authority,
      setHost: false,
      headers: { Host: authority, Connection: 'keep-alive', ...authorizationOf(proxy) },
      createConnection: () => socket,
    });
    asked.once('connect', (answer, _socket, head) => resolve({ answer, head }));
    // Its evidence is the proxy's own octets, which may say the credentials again.
    asked.on('error', (error) => reject(proxyError(proxy, httpProblem(error))));
    asked.end();
  });
  const { statusCode = 0, statusMessage = '' } = answer;
  if (statusCode >= 200 && statusCode < 300) return head;
  const secrets = new Secrets();
  learnProxyLogin(secrets, proxy);
  const said = secrets.hide(`${statusCode} ${statusMessage}`);
  throw proxyError(proxy, `answered ${quoted(said)}`);
}

function httpProblem(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ECONNRESET') return 'closed the connection';
  return typeof code === 'string' && code.startsWith('HPE_')
    ? `answered no HTTP that can be read: ${printable(error.message)}`
    : `failed: ${printable(error.message)}`;
}

/** RFC 7617 §2. */
function authorizationOf({ login }: ProxyServer): Record<string, string> {
  return login === null ? {} : { 'Proxy-Authorization': `Basic ${basicOf(login)}` };
}

function basicOf({ user, password }: PasswordCredentials): string {
  return Buffer.from(`${user}:${password}`, 'utf8').toString('base64');
}

function authorityOf({ host, port }: { readonly host: string; readonly port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function loginOf(url: URL, kind: ProxyServer['kind']): PasswordCredentials | null {
  if (url.username === '' && url.password === '') return null;
  const user = decode(url.username);
  const password = decode(url.password);
  if (kind === 'http') {
    if (user.includes(':')) throw refusal('has a ":" in its user, which HTTP cannot say (RFC 7617)');
    return { user, password };
  }
  for (const value of [user, password]) {
    const octets = Buffer.byteLength(value, 'utf8');
    if (octets < 1 || octets > MAX_SOCKS_OCTETS)
      throw refusal(`has a user or password of ${octets} octets, SOCKS5 takes 1 to ${MAX_SOCKS_OCTETS} (RFC 1929)`);
  }
  return { user, password };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusal('has a "%" that begins no %XX; write it %25');
  }
}

function refusal(problem: string): SettingsError {
  return new SettingsError('proxy', problem);
}
