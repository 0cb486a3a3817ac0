/** A server on loopback that follows a script for one connection. Octets are characters U+0000 to U+00FF. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';
import type { Identity } from './certificates.ts';

export type Script = (client: Client) => Promise<void>;

export interface ScriptedServer extends AsyncDisposable {
  readonly port: number;
  /** The connection's other end, once it is there. */
  readonly client: Promise<Client>;
  /** Ends when the script has ended; fails as the script failed. */
  readonly done: Promise<void>;
}

export async function serve(script: Script): Promise<ScriptedServer> {
  const server = createServer();
  const client = once(server, 'connection').then(([socket]) => new Client(socket));
  const done = client.then(script);
  // Looked at by the test, maybe not before it has failed.
  done.catch(() => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dispose = async (): Promise<void> => {
    server.close();
    if (server.listening) await once(server, 'close');
  };
  return {
    port,
    client,
    done,
    [Symbol.asyncDispose]: async () => {
      // The client end first: close waits for its connections.
      await Promise.race([client.then((end) => end.cut()), Promise.resolve()]);
      await dispose();
    },
  };
}

/** A server's choice of TLS versions and strength. */
export type TlsOptions = Pick<TLSSocketOptions, 'minVersion' | 'maxVersion' | 'ciphers'>;

export class Client {
  /** Everything that the client has sent, TLS taken off. */
  heard = '';
  /** The name that the client asked for in TLS; `false` where it named none. */
  servername: string | false | null = null;
  #socket: Socket;
  readonly #plain: Socket;
  #unread = '';
  #isClosed = false;
  #changed: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#plain = socket;
    this.#listen(socket);
  }

  say(octets: string): void {
    this.#socket.write(Buffer.from(octets, 'latin1'));
  }

  /** Waits for exactly these octets, and no others. */
  async hear(expected: string): Promise<void> {
    while (this.#unread.length < expected.length && expected.startsWith(this.#unread) && !this.#isClosed)
      await this.#change();
    const heard = this.#unread.slice(0, expected.length);
    if (heard !== expected)
      throw new Error(`the client said ${JSON.stringify(this.#unread)}, not ${JSON.stringify(expected)}`);
    this.#unread = this.#unread.slice(expected.length);
  }

  /** Waits for any octet. */
  async hears(): Promise<void> {
    while (this.#unread === '' && !this.#isClosed) await this.#change();
  }

  /** The next octets, this many. */
  async take(octets: number): Promise<string> {
    while (this.#unread.length < octets && !this.#isClosed) await this.#change();
    const taken = this.#unread.slice(0, octets);
    this.#unread = this.#unread.slice(octets);
    return taken;
  }

  /** The next line, with its CRLF; what there is, where the client closes. */
  async line(): Promise<string> {
    while (!this.#unread.includes('\r\n') && !this.#isClosed) await this.#change();
    const end = this.#unread.indexOf('\r\n');
    return this.take(end === -1 ? this.#unread.length : end + 2);
  }

  /** Keying material of the TLS connection, as this end has it. */
  exported(octets: number, label: string): Buffer {
    if (!(this.#socket instanceof TLSSocket)) throw new Error('there is no TLS');
    return this.#socket.exportKeyingMaterial(octets, label, Buffer.alloc(0));
  }

  /** Takes whatever has come by now. */
  drain(): void {
    this.#unread = '';
  }

  /** Reads no more. */
  pause(): void {
    this.#socket.pause();
  }

  async closed(): Promise<void> {
    while (!this.#isClosed) await this.#change();
  }

  /** Waits until the client has closed; it may say nothing more. */
  async leaves(): Promise<void> {
    await this.closed();
    if (this.#unread !== '') throw new Error(`the client also said ${JSON.stringify(this.#unread)}`);
  }

  /** Takes TLS on, as the server's side. Fails when the client does not go along. */
  async secure(identity: Identity, options: TlsOptions = {}): Promise<void> {
    this.#socket.removeAllListeners('data');
    const secure = new TLSSocket(this.#socket, { isServer: true, ...identity, ...options });
    this.#socket = secure;
    this.#listen(secure);
    await new Promise<void>((resolve, reject) => {
      secure.once('secure', () => resolve());
      secure.once('error', reject);
      secure.once('close', () => reject(new Error('the client gave the handshake up')));
    });
    this.servername = secure.servername ?? false;
  }

  /** FIN, and over TLS a close_notify. */
  hangUp(): void {
    this.#socket.end();
  }

  /** FIN, and over TLS no close_notify before it. */
  truncate(): void {
    this.#plain.end();
  }

  reset(): void {
    this.#plain.resetAndDestroy();
  }

  cut(): void {
    this.#socket.destroy();
  }

  #listen(socket: Socket): void {
    socket.on('data', (octets: Buffer) => {
      this.heard += octets.toString('latin1');
      this.#unread += octets.toString('latin1');
      this.#changed();
    });
    for (const event of ['end', 'close', 'error']) {
      socket.on(event, () => {
        this.#isClosed = true;
        this.#changed();
      });
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#changed = resolve;
    });
  }
}
