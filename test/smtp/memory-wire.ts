/** A wire in memory: what the client writes is kept, what the server says is given in segments of the test's choice. */
import type { ChannelBinding, Connect, PeerCertificate, Wire, WireEvents } from '#smtp';

/** Octets as characters U+0000 to U+00FF. */
export type Octets = string;

export const PEER: PeerCertificate = {
  subject: 'CN=mail.example.com',
  issuer: 'CN=Test CA',
  names: 'DNS:mail.example.com',
  validFrom: 'Nov 24 12:00:00 2026 GMT',
  validTo: 'Nov 24 12:00:00 2027 GMT',
  fingerprint: 'AB:CD',
  protocol: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  isResumed: false,
};

/** What the server does on hearing something: segments to say, or its end. */
export type Reaction = readonly Octets[] | 'close' | 'reset' | 'nothing';

export interface MemoryServer {
  /** On a new connection; where TLS comes first, once it stands. */
  readonly greeting: Reaction;
  readonly tlsFirst?: boolean;
  /** Default: none. */
  readonly channelBinding?: ChannelBinding;
  /** @param heard what one write of the client brought */
  hears(heard: Octets): Reaction;
}

export class MemoryWire {
  /** All that the client wrote; `<TLS>` where it took TLS on. */
  heard: Octets = '';
  /** How the client let go: `null` while it holds on. */
  closed: 'ended' | 'destroyed' | null = null;
  readonly connect: Connect;
  #events: WireEvents | null = null;
  readonly #unflushed: (() => void)[] = [];
  #over = false;

  constructor(server: MemoryServer, options: { flush?: boolean } = {}) {
    this.connect = (_target, events): Wire => {
      this.#events = events;
      setImmediate(() => {
        if (this.#over) return;
        events.connected();
        if (server.tlsFirst !== true) this.#react(server.greeting);
      });
      return {
        startTls: () => {
          this.heard += '<TLS>';
          setImmediate(() => this.#tell(() => this.#secure(server)));
        },
        write: (pieces, flushed) => {
          const octets = Buffer.concat(pieces).toString('latin1');
          this.heard += octets;
          if (options.flush === false) this.#unflushed.push(() => flushed?.());
          else setImmediate(() => this.#tell(() => flushed?.()));
          this.#react(server.hears(octets));
        },
        heard: (done) => setImmediate(done),
        channelBinding: () => server.channelBinding ?? null,
        end: () => this.#close('ended'),
        destroy: () => this.#close('destroyed'),
      };
    };
  }

  /** The operating system takes what was written so far; by itself it does unless `flush` is `false`. */
  flush(): void {
    for (const flushed of this.#unflushed.splice(0)) this.#tell(flushed);
  }

  /** The server says something unasked, in one segment. */
  say(octets: Octets): void {
    this.#tell(() => this.#events?.received(Buffer.from(octets, 'latin1')));
  }

  /** The server closes (`null`) or the connection breaks. */
  cut(cause: Error | null = null): void {
    this.#tell(() => this.#end(cause));
  }

  #secure(server: MemoryServer): void {
    this.#events?.secured(PEER);
    if (server.tlsFirst === true) this.#react(server.greeting);
  }

  #react(reaction: Reaction): void {
    if (reaction === 'nothing') return;
    if (reaction === 'close') setImmediate(() => this.cut());
    else if (reaction === 'reset') setImmediate(() => this.cut(new Error('read ECONNRESET')));
    else this.#sayAll(reaction);
  }

  #sayAll([segment, ...rest]: readonly Octets[]): void {
    if (segment === undefined) return;
    setImmediate(() => {
      this.say(segment);
      this.#sayAll(rest);
    });
  }

  #tell(fn: () => void): void {
    if (!this.#over) fn();
  }

  #end(cause: Error | null): void {
    this.#over = true;
    this.#events?.ended(cause);
  }

  #close(how: 'ended' | 'destroyed'): void {
    this.closed ??= how;
    this.#over = true;
  }
}

/** Lets everything happen that is under way and waits for no timer. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
