/**
 * The only owner of a socket. It moves octets and knows no SMTP: connect, take TLS on, write pieces, end. What it hears
 * goes to its `WireEvents`; a wire in memory that does the same can take its place.
 */
import type { X509Certificate } from 'node:crypto';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect as connectSecure,
  createSecureContext,
  DEFAULT_CIPHERS,
  type PeerCertificate as NodeCertificate,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';
import { whyOf } from './cause.ts';
import { describeCertificate, type PeerCertificate } from './certificate.ts';
import { type ChannelBinding, channelBindingOf } from './channel-binding.ts';
import type { ClientCertificate } from './client-certificate.ts';
import { openTunnel, type ProxyServer, proxyError } from './proxy.ts';
import type { TlsSessions } from './tls-sessions.ts';

/** A peer that is gone without a word is found out while the connection is idle, and not by the next mail. */
const KEEP_ALIVE_AFTER_MS = 30_000;

export interface WireTarget {
  /** Host name or address. */
  readonly host: string;
  readonly port: number;
  /** The name that the certificate must be good for. Default: `host`. */
  readonly servername?: string;
  /** PEM: the roots to trust instead of the system's. */
  readonly ca?: string;
  /** Default: none is shown. */
  readonly clientCertificate?: ClientCertificate;
  /** The only certificate that will do, `AB:CD:…`, beside chain and name. */
  readonly fingerprint?: string;
  /** On the way to the server. */
  readonly proxy?: ProxyServer;
  /** Where TLS sessions are kept for the next connection. Default: none is resumed. */
  readonly tlsSessions?: TlsSessions;
}

/** What a wire tells; behind a proxy what the server says, and nothing of the proxy's own. After `ended`, or after its owner has called `destroy` or `end`, nothing more is told. */
export interface WireEvents {
  /** The connection to the server stands, in clear. */
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
  /** The server's, once it is verified. */
  #certificate: X509Certificate | undefined;
  /** The one that was verified when the session that is resumed now was made. */
  #resumed: X509Certificate | undefined;
  /** Those of a connection whose certificate is not verified yet. */
  #newSessions: Buffer[] = [];
  /** What the server said before it could be told, behind a proxy. */
  #early: Uint8Array | null = null;
  #over = false;

  constructor(target: WireTarget, events: WireEvents) {
    this.#target = target;
    this.#events = events;
    const { host, port } = target.proxy ?? target;
    this.#plain = connectSocket({
      host,
      port,
      // Commands are small and each waits for its reply: Nagle's algorithm would only hold them back.
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_AFTER_MS,
    });
    this.#socket = this.#plain;
    if (target.proxy === undefined) this.#connectDirectly();
    else this.#connectThrough(target.proxy);
  }

  startTls(): void {
    this.#plain.off('data', this.#received);
    this.#plain.off('end', this.#endedInOrder);
    // RFC 3207 §6: what came in clear after the 220 was not said by whom TLS will prove.
    const isSpoken = this.#plain.readableLength > 0 || (this.#early?.length ?? 0) > 0;
    if (isSpoken || hasEnded(this.#plain)) {
      this.#finish(isSpoken ? new Error('clear text is left over from before TLS') : null);
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
    if (this.#secured === null || this.#certificate === undefined || this.#over) return null;
    return channelBindingOf(this.#secured, this.#certificate.raw);
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

  #connectDirectly(): void {
    this.#plain.once('connect', () => {
      if (!this.#over) this.#events.connected();
    });
    this.#listen(this.#plain);
  }

  #connectThrough(proxy: ProxyServer): void {
    const lost = (error: Error): void => this.#finish(proxyError(proxy, `failed: ${whyOf(error)}`, error));
    const opened = (early: Uint8Array): void => {
      this.#plain.off('error', lost);
      if (this.#over) return;
      this.#plain.on('error', this.#failed);
      this.#early = early;
      this.#events.connected();
      // Whoever wants TLS from the first octet has begun it by then, and was refused if the server has spoken before.
      setImmediate(() => this.#readOn());
    };
    this.#plain.on('error', lost);
    this.#plain.once('connect', () => openTunnel(this.#plain, proxy, this.#target).then(opened, this.#failed));
  }

  /** In clear, behind a proxy: what came early comes first, and the end, which may have come with it, a turn later. */
  #readOn(): void {
    if (this.#over || this.#socket !== this.#plain) return;
    const early = this.#early;
    this.#early = null;
    if (early !== null && early.length > 0) {
      setImmediate(() => this.#readOn());
      this.#events.received(early);
    } else if (hasEnded(this.#plain)) {
      this.#endedInOrder();
    } else {
      this.#plain.off('error', this.#failed);
      this.#listen(this.#plain);
      this.#plain.resume();
    }
  }

  #secureSocket(): TLSSocket {
    const { host, tlsSessions } = this.#target;
    const name = nameOf(this.#target);
    const kept = tlsSessions?.take();
    this.#resumed = kept?.certificate;
    const secure = connectSecure({
      socket: this.#plain,
      host,
      // RFC 6066 §3: names only, no addresses.
      servername: isIP(name) === 0 ? name : '',
      secureContext: contextOf(this.#target),
      ...(kept === undefined ? {} : { session: kept.session }),
      // Said aloud, for the environment's NODE_TLS_REJECT_UNAUTHORIZED=0 is this option's default.
      rejectUnauthorized: true,
      checkServerIdentity: (_host, certificate) => checkName(name, certificate),
    });
    // TLS 1.3 brings them after the handshake, 1.2 within it, before the certificate is verified.
    secure.on('session', (later: Buffer) => {
      this.#newSessions.push(later);
      this.#keepSessions();
    });
    return secure;
  }

  /** Node has refused already what is not authorized; nothing is sent before all of it is seen once more. */
  #verify(secure: TLSSocket): void {
    if (this.#over) return;
    const certificate = secure.getPeerX509Certificate() ?? (secure.isSessionReused() ? this.#resumed : undefined);
    const problem = certificate === undefined ? notVerified() : this.#problemOf(secure, certificate);
    if (certificate === undefined || problem !== undefined) {
      this.#finish(problem ?? notVerified());
      return;
    }
    secure.disableRenegotiation();
    this.#secured = secure;
    this.#certificate = certificate;
    this.#keepSessions();
    secure.on('data', this.#received);
    secure.on('end', this.#endedInOrder);
    const connection = {
      protocol: secure.getProtocol() ?? '',
      cipher: secure.getCipher().name,
      isResumed: secure.isSessionReused(),
    };
    this.#events.secured(describeCertificate(certificate, connection));
  }

  #problemOf(secure: TLSSocket, certificate: X509Certificate): Error | undefined {
    if (!secure.authorized) return secure.authorizationError ?? notVerified();
    const { fingerprint } = this.#target;
    if (fingerprint !== undefined && fingerprint !== certificate.fingerprint256) {
      const found = `the certificate has the SHA-256 fingerprint ${certificate.fingerprint256}`;
      return new Error(`${found}, ${fingerprint} is wanted by the settings`);
    }
    // Node looks at no name where a session is resumed.
    return checkName(nameOf(this.#target), certificate.toLegacyObject());
  }

  #keepSessions(): void {
    const certificate = this.#certificate;
    if (this.#secured === null || certificate === undefined) return;
    const protocol = this.#secured.getProtocol();
    for (const session of this.#newSessions) this.#target.tlsSessions?.keep(session, certificate, protocol);
    this.#newSessions = [];
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
    if (this.#socket !== this.#plain && this.#secured === null) this.#target.tlsSessions?.forget();
    this.#cut();
    this.#events.ended(cause);
  }

  #cut(): void {
    this.#socket.destroy();
    this.#plain.destroy();
  }
}

const CONTEXTS = new WeakMap<WireTarget, SecureContext>();

/** Made once for a target: roots and keys are read again for each connection otherwise. */
function contextOf(target: WireTarget): SecureContext {
  const { ca, clientCertificate } = target;
  const known = CONTEXTS.get(target);
  if (known !== undefined) return known;
  const context = createSecureContext({
    ...(ca === undefined ? {} : { ca }),
    ...(clientCertificate === undefined ? {} : identityOf(clientCertificate)),
    minVersion: 'TLSv1.2', // RFC 8997
    // RFC 9325 §4.5: no keys of less than 112 bits, no SHA-1, whatever Node was started with.
    ciphers: `${DEFAULT_CIPHERS}:@SECLEVEL=2`,
  });
  CONTEXTS.set(target, context);
  return context;
}

function identityOf({ certificate, key, passphrase }: ClientCertificate): SecureContextOptions {
  return { cert: certificate, key, ...(passphrase === undefined ? {} : { passphrase }) };
}

function nameOf({ servername, host }: WireTarget): string {
  return (servername ?? host).replace(/\.$/, '');
}

function hasEnded(socket: Socket): boolean {
  return socket.readableEnded || socket.destroyed;
}

function notVerified(): Error {
  return new Error('the certificate is not verified');
}

/**
 * RFC 9525 §6: the name stands among the subject's alternative names; the common name does not count, which Node looks at
 * where the alternative names hold none of hosts.
 */
function checkName(name: string, certificate: NodeCertificate): Error | undefined {
  if (!/(?:^|, )(?:DNS|IP Address):/.test(certificate.subjectaltname ?? ''))
    return new Error(`the certificate names no host, ${JSON.stringify(name)} is wanted`);
  return checkServerIdentity(name, { ...certificate, subject: { ...certificate.subject, CN: '' } });
}
