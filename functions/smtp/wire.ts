/**
 * The only owner of a socket. It moves octets and knows no SMTP: connect, take TLS on, write pieces, end. What it hears
 * goes to its `WireEvents`; a wire in memory that does the same can take its place.
 */
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect as connectSecure,
  type PeerCertificate as NodeCertificate,
  type TLSSocket,
} from 'node:tls';
import { describeCertificate, type PeerCertificate } from './certificate.ts';
import { type ChannelBinding, channelBindingOf } from './channel-binding.ts';

export interface WireTarget {
  /** Host name or address. */
  readonly host: string;
  readonly port: number;
  /** The name that the certificate must be good for. Default: `host`. */
  readonly servername?: string;
  /** PEM: the roots to trust instead of the system's. */
  readonly ca?: string;
}

/** What a wire tells. After `ended`, or after its owner has called `destroy` or `end`, nothing more is told. */
export interface WireEvents {
  /** The connection stands, in clear. */
  connected(): void;
  /** TLS stands, and the certificate is the server's own. */
  secured(peer: PeerCertificate): void;
  received(octets: Uint8Array): void;
  /** Told once. `cause` is `null` where the server closed the connection in order. */
  ended(cause: Error | null): void;
}

export interface Wire {
  /** Takes TLS on; no write until `secured` is told. Ends the wire where clear text is left over. */
  startTls(): void;
  /** Writes all pieces in one go. `flushed` is called once the operating system has taken them, unless the wire ends before. */
  write(pieces: readonly Uint8Array[], flushed?: () => void): void;
  /** Calls `done`, at a later time, once all that has arrived by now has been told; also where the wire has ended. */
  heard(done: () => void): void;
  /** What both ends of the TLS connection know and nobody in between; `null` without TLS, or where there is none to be had. */
  channelBinding(): ChannelBinding | null;
  /** Closes in order (TLS close_notify, FIN), without waiting for what is still to be written. */
  end(): void;
  /** Cuts the connection now. Harmless when it has ended. */
  destroy(): void;
}

/** Begins to connect and returns at once. */
export type Connect = (target: WireTarget, events: WireEvents) => Wire;

/** TCP, and TLS 1.2 or later on it, always verified. */
export const connectTcp: Connect = (target, events) => new SocketWire(target, events);

class SocketWire implements Wire {
  readonly #target: WireTarget;
  readonly #events: WireEvents;
  readonly #plain: Socket;
  #socket: Socket;
  /** Once TLS stands and is verified. */
  #secured: TLSSocket | null = null;
  #over = false;

  constructor(target: WireTarget, events: WireEvents) {
    this.#target = target;
    this.#events = events;
    // Commands are small and each waits for its reply: Nagle's algorithm would only hold them back.
    this.#plain = connectSocket({ host: target.host, port: target.port, noDelay: true });
    this.#socket = this.#plain;
    this.#plain.once('connect', () => {
      if (!this.#over) this.#events.connected();
    });
    this.#listen(this.#plain);
  }

  startTls(): void {
    this.#plain.off('data', this.#received);
    this.#plain.off('end', this.#endedInOrder);
    // RFC 3207 §6: what came in clear after the 220 was not said by whom TLS will prove.
    if (this.#plain.readableLength > 0) {
      this.#finish(new Error('clear text is left over from before TLS'));
      return;
    }
    const secure = this.#secureSocket();
    this.#socket = secure;
    secure.once('secureConnect', () => this.#verify(secure));
    secure.on('error', this.#failed);
    secure.on('close', this.#closed);
  }

  write(pieces: readonly Uint8Array[], flushed?: () => void): void {
    const last = pieces.at(-1);
    if (this.#over || last === undefined) return;
    // Corked, the pieces leave in one writev; shared ones are never copied together here.
    this.#socket.cork();
    for (const piece of pieces.slice(0, -1)) this.#socket.write(piece);
    this.#socket.write(last, (error) => {
      if (!error && !this.#over) flushed?.();
    });
    this.#socket.uncork();
  }

  heard(done: () => void): void {
    // Sockets are read in the event loop's poll phase. One immediate may come before the next: this may be called within a
    // poll phase whose sockets are read already. Between the first immediate and the second there lies a whole one.
    setImmediate(() => setImmediate(done));
  }

  channelBinding(): ChannelBinding | null {
    return this.#secured === null || this.#over ? null : channelBindingOf(this.#secured);
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    // What a server does not read would hold the socket for ever.
    if (this.#socket.writableLength > 0) this.#cut();
    else this.#socket.end(() => this.#cut());
  }

  destroy(): void {
    this.#over = true;
    this.#cut();
  }

  #secureSocket(): TLSSocket {
    const { host, ca } = this.#target;
    const name = (this.#target.servername ?? host).replace(/\.$/, '');
    return connectSecure({
      socket: this.#plain,
      host,
      // RFC 6066 §3: names only, no addresses.
      servername: isIP(name) === 0 ? name : '',
      ...(ca === undefined ? {} : { ca }),
      minVersion: 'TLSv1.2', // RFC 8997
      // Said aloud, for the environment's NODE_TLS_REJECT_UNAUTHORIZED=0 is this option's default.
      rejectUnauthorized: true,
      checkServerIdentity: (_host, certificate) => checkName(name, certificate),
    });
  }

  #verify(secure: TLSSocket): void {
    if (this.#over) return;
    const certificate = secure.getPeerX509Certificate();
    // Node has refused already what is not authorized; nothing is sent before this is seen once more.
    if (!secure.authorized || certificate === undefined) {
      this.#finish(secure.authorizationError ?? new Error('the certificate is not verified'));
      return;
    }
    secure.disableRenegotiation();
    this.#secured = secure;
    secure.on('data', this.#received);
    secure.on('end', this.#endedInOrder);
    const connection = { protocol: secure.getProtocol() ?? '', cipher: secure.getCipher().name };
    this.#events.secured(describeCertificate(certificate, connection));
  }

  #listen(socket: Socket): void {
    socket.on('data', this.#received);
    socket.on('end', this.#endedInOrder);
    socket.on('error', this.#failed);
    socket.on('close', this.#closed);
  }

  readonly #received = (octets: Buffer): void => {
    if (!this.#over) this.#events.received(octets);
  };

  readonly #endedInOrder = (): void => this.#finish(null);
  readonly #failed = (error: Error): void => this.#finish(error);
  readonly #closed = (): void => this.#finish(null);

  #finish(cause: Error | null): void {
    if (this.#over) return;
    this.#over = true;
    this.#cut();
    this.#events.ended(cause);
  }

  #cut(): void {
    this.#socket.destroy();
    this.#plain.destroy();
  }
}

/** RFC 9525 §6: the name stands among the subject's alternative names; the common name does not count. */
function checkName(name: string, certificate: NodeCertificate): Error | undefined {
  if (certificate.subjectaltname === undefined) {
    return new Error(`the certificate names no host, ${JSON.stringify(name)} is wanted`);
  }
  return checkServerIdentity(name, certificate);
}
