/** A TLS server for many connections: says yes to everything, and knows what each of them was. */
import { once } from 'node:events';
import { type AddressInfo, createServer as createPlainServer, type Socket } from 'node:net';
import { createServer, type TLSSocket, type TlsOptions } from 'node:tls';
import { yes } from './sessions.ts';

export interface Seen {
  readonly isReused: boolean;
  readonly protocol: string;
  readonly servername: string | false;
  /** Common name of the client's certificate; `null` where it showed none. */
  readonly client: string | null;
  /** What the client said over TLS. */
  heard: string;
}

export interface TlsServer extends AsyncDisposable {
  readonly port: number;
  readonly seen: readonly Seen[];
}

/** @param how `startTls`: begins in clear; `port`: where another one was before */
export async function startTlsServer(options: TlsOptions, { startTls = false, port = 0 } = {}): Promise<TlsServer> {
  const seen: Seen[] = [];
  const sockets = new Set<Socket>();
  const secure = createServer(options, (socket) => {
    sockets.add(socket.on('error', () => {}));
    const one = describe(socket);
    seen.push(one);
    if (!startTls) socket.write('220 mail.example.com\r\n');
    socket.on('data', (octets) => {
      one.heard += octets.toString('latin1');
      answer(socket, octets.toString('latin1'));
    });
  });
  const server = startTls ? createPlainServer((socket) => beginInClear(socket, sockets, secure)) : secure;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function beginInClear(socket: Socket, sockets: Set<Socket>, secure: ReturnType<typeof createServer>): void {
  sockets.add(socket.on('error', () => {}));
  socket.write('220 mail.example.com\r\n');
  const listen = (octets: Buffer): void => {
    if (octets.toString('latin1') !== 'STARTTLS\r\n') {
      socket.write('250-mail.example.com\r\n250 STARTTLS\r\n');
      return;
    }
    socket.off('data', listen);
    socket.write('220 go\r\n');
    secure.emit('connection', socket);
  };
  socket.on('data', listen);
}

function answer(socket: Socket, heard: string): void {
  const reaction = yes(heard);
  if (typeof reaction !== 'string') for (const segment of reaction) socket.write(segment);
  if (heard === 'QUIT\r\n') socket.end();
}

function describe(socket: TLSSocket): Seen {
  const { subject } = socket.getPeerCertificate();
  return {
    isReused: socket.isSessionReused(),
    protocol: socket.getProtocol() ?? '',
    servername: socket.servername ?? false,
    client: subject === undefined ? null : String(subject.CN),
    heard: '',
  };
}
