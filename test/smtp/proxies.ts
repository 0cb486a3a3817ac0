/** A proxy's part of a conversation, told as a script's beginning, and proxies that open a second connection. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Client } from './scripted-server.ts';

export type ProxyKind = 'socks5' | 'http';

export interface ProxyLogin {
  readonly user: string;
  readonly password: string;
}

export interface Hop {
  readonly host: string;
  readonly port: number;
}

/** What the client says to a proxy, and what the proxy answers when all is well: turn by turn. */
export function turnsOf(kind: ProxyKind, { host, port }: Hop, login?: ProxyLogin): [client: string, proxy: string][] {
  return kind === 'socks5' ? socksTurns(host, port, login) : httpTurns(`${host}:${port}`, login);
}

/** Plays a proxy that lets the client through; `early` comes in one segment with its last answer. */
export async function letThrough(
  client: Client,
  kind: ProxyKind,
  hop: Hop,
  { login, early = '' }: { login?: ProxyLogin; early?: string } = {},
): Promise<void> {
  const turns = turnsOf(kind, hop, login);
  for (const [index, [heard, said]] of turns.entries()) {
    await client.hear(heard);
    client.say(index === turns.length - 1 ? said + early : said);
  }
}

/** RFC 1928 §3, §4, §6; RFC 1929 §2. */
function socksTurns(host: string, port: number, login?: ProxyLogin): [string, string][] {
  const address = /^[\d.]+$/.test(host)
    ? `\x01${String.fromCharCode(...host.split('.').map(Number))}`
    : `\x03${counted(host)}`;
  const request: [string, string] = [
    `\x05\x01\x00${address}${String.fromCharCode(port >> 8, port & 255)}`,
    '\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x19',
  ];
  if (login === undefined) return [['\x05\x01\x00', '\x05\x00'], request];
  return [
    ['\x05\x02\x00\x02', '\x05\x02'],
    [`\x01${counted(login.user)}${counted(login.password)}`, '\x01\x00'],
    request,
  ];
}

function httpTurns(authority: string, login?: ProxyLogin): [string, string][] {
  const basic = login && Buffer.from(`${login.user}:${login.password}`).toString('base64');
  const authorization = basic === undefined ? '' : `Proxy-Authorization: Basic ${basic}\r\n`;
  const request = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nConnection: keep-alive\r\n${authorization}\r\n`;
  return [[request, 'HTTP/1.1 200 Connection established\r\n\r\n']];
}

function counted(text: string): string {
  return `${String.fromCharCode(text.length)}${text}`;
}

export interface TunnellingProxy extends AsyncDisposable {
  readonly port: number;
  /** Whom the clients asked for. */
  readonly asked: readonly string[];
}

/** A proxy that connects to `127.0.0.1` whatever name it is asked for, on the port asked for. */
export async function startProxy(kind: ProxyKind): Promise<TunnellingProxy> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => socket.destroy()).once('close', () => sockets.delete(socket));
  };
  const server = createServer((socket) => {
    const read = readerOf(track(socket));
    const hop = kind === 'socks5' ? takeSocks(socket, read) : takeHttp(socket, read);
    hop.then(
      ({ host, port }) => {
        asked.push(`${host}:${port}`);
        const onward = track(connect(port, '127.0.0.1'));
        onward.once('connect', () => {
          const [, answer] = turnsOf(kind, { host, port }).at(-1) ?? ['', ''];
          socket.write(Buffer.from(answer, 'latin1'));
          socket.pipe(onward).pipe(socket);
        });
      },
      () => socket.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Read = (isEnough: (so: string) => boolean) => Promise<string>;

/** What was read is taken; the client says nothing more before it is answered. */
function readerOf(socket: Socket): Read {
  return async (isEnough) => {
    let heard = '';
    while (!isEnough(heard)) {
      const octets: Buffer | null = socket.read();
      if (octets === null) await once(socket, 'readable');
      else heard += octets.toString('latin1');
      if (socket.destroyed) throw new Error('the client left');
    }
    socket.removeAllListeners('readable');
    return heard;
  };
}

async function takeSocks(socket: Socket, read: Read): Promise<Hop> {
  await read((so) => so.length >= 3);
  socket.write(Buffer.from([5, 0]));
  const request = await read((so) => so.length >= 5 && so.length >= 7 + so.charCodeAt(4));
  const host = request.slice(5, -2);
  return { host, port: (request.charCodeAt(request.length - 2) << 8) | request.charCodeAt(request.length - 1) };
}

async function takeHttp(_socket: Socket, read: Read): Promise<Hop> {
  const request = await read((so) => so.endsWith('\r\n\r\n'));
  const [, host = '', port = ''] = /^CONNECT ([^:]+):(\d+) /.exec(request) ?? [];
  return { host, port: Number(port) };
}
