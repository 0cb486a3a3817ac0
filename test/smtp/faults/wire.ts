/**
 * A wire in memory to a relay that does one thing wrong. What either side says travels for a few turns of the event loop,
 * so that commands and replies meet on the way as they do on a network; only the deadlines need virtual time.
 */
import type { Connect, Wire, WireEvents } from '#smtp';
import { type Octets, PEER } from '../memory-wire.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Deed, Ending } from './deeds.ts';
import { type Line, type Plan, Relay } from './relay.ts';

/** Turns of the event loop that words are under way. */
const TRAVEL_TURNS = 4;

/** What a socket brings at a time, at the most. */
const SEGMENT_OCTETS = 64 * 1024;

const SECOND = 1000;

export interface WireOptions {
  readonly time: VirtualTime;
  readonly isTlsFirst: boolean;
  readonly offers: readonly string[];
  /** Whether replies that are under way at the same time come as one segment. */
  readonly isJoined: boolean;
  /** Whether what is under way has arrived, and the client was too busy to read it. */
  readonly isUnread?: boolean;
}

type Tiding = { readonly octets: Octets; readonly isDeed: boolean } | { readonly ended: Error | null };

export class FaultyWire implements Line {
  readonly relay: Relay;
  readonly connect: Connect;
  /** How the client let go; `null` while it holds on. */
  closed: 'ended' | 'destroyed' | null = null;
  /** Virtual time at which it did. */
  closedAt: number | null = null;
  /** Virtual time of the deed. */
  doneAt: number | null = null;
  /** How much the client had said when the deed reached it, or when it began to reach nobody. */
  heardUntilDeed: number | null = null;
  /** Octets written by the client after the wire had ended, or after it had let go. */
  lateOctets = 0;
  readonly #plan: Plan | null;
  readonly #options: WireOptions;
  #events: WireEvents | null = null;
  readonly #underWay: Tiding[] = [];
  #isCarrying = false;
  /** To be told in the same turn as what is under way. */
  #atOnce: Octets | null = null;
  #isOver = false;
  #isStalled = false;
  #isDripping = false;
  #stopDripping: () => void = () => {};

  constructor(plan: Plan | null, options: WireOptions) {
    this.#plan = plan;
    this.#options = options;
    this.relay = new Relay(plan, this, options.offers);
    this.connect = (_target, events): Wire => {
      this.#events = events;
      setImmediate(() => this.#begin());
      return {
        startTls: () => this.#startTls(),
        write: (pieces, flushed) => this.#write(pieces, flushed),
        heard: (done) => setImmediate(() => this.#hear(done)),
        channelBinding: () => null,
        end: () => this.#close('ended'),
        destroy: () => this.#close('destroyed'),
      };
    };
  }

  /** Whether something is still on its way to the client. */
  get isBusy(): boolean {
    return this.#isCarrying;
  }

  get isDripping(): boolean {
    return this.#isDripping && !this.#isOver;
  }

  say(octets: Octets): void {
    for (let from = 0; from < octets.length; from += SEGMENT_OCTETS)
      this.#send({ octets: octets.slice(from, from + SEGMENT_OCTETS), isDeed: false });
  }

  sayAtOnce(octets: Octets): void {
    // What was said before may be under way: then it is told in the same turn, as a segment of its own.
    this.#atOnce = octets;
    if (!this.#isCarrying) this.#tellAtOnce();
  }

  act(deed: Deed, { reply, isInContent }: { reply: Octets; isInContent: boolean }): void {
    this.doneAt ??= this.#options.time.now();
    if (deed.ending === 'silence') this.#mark();
    this.#isStalled = isInContent && (deed.ending === 'silence' || deed.ending === 'drip');
    for (let from = 0; from < deed.said.length; from += SEGMENT_OCTETS)
      this.#send({ octets: deed.said.slice(from, from + SEGMENT_OCTETS), isDeed: true });
    if (deed.ending === 'drip') this.#drip(`${reply.slice(0, 3)}-${'x'.repeat(70)}\r\n`);
    else if (deed.ending !== 'on' && deed.ending !== 'silence') this.#send({ ended: causeOf(deed.ending) });
  }

  /** The client has heard of the deed, or could have. */
  #mark(): void {
    this.heardUntilDeed ??= this.relay.heard.length;
  }

  #begin(): void {
    if (this.#isOver) return;
    const { cell, at } = this.#plan ?? {};
    if (at === 'name' || at === 'connection') {
      this.doneAt = this.#options.time.now();
      this.#mark();
      if (cell?.fault !== 'silence') this.#end(noConnection(at, cell?.fault));
      return;
    }
    this.#events?.connected();
    this.relay.connected(this.#options.isTlsFirst);
  }

  #startTls(): void {
    if (!this.relay.handshake()) return;
    setImmediate(() => {
      if (this.#isOver) return;
      this.#events?.secured(PEER);
      this.relay.secured(this.#options.isTlsFirst);
    });
  }

  #write(pieces: readonly Uint8Array[], flushed?: () => void): void {
    const octets = Buffer.concat(pieces);
    if (this.#isOver || this.closed !== null) this.lateOctets += octets.length;
    this.relay.hears(octets);
    if (flushed !== undefined) this.#flush(flushed);
  }

  /** A server that speaks before it has read all is heard first; one that reads no more takes nothing. */
  #flush(flushed: () => void): void {
    setImmediate(() => {
      if (this.#isOver || this.#isStalled) return;
      if (this.#isCarrying) this.#flush(flushed);
      else flushed();
    });
  }

  #send(tiding: Tiding): void {
    this.#underWay.push(tiding);
    if (this.#isCarrying) return;
    this.#isCarrying = true;
    this.#after(TRAVEL_TURNS, () => this.#carry());
  }

  #after(turns: number, then: () => void): void {
    if (turns === 0) then();
    else setImmediate(() => this.#after(turns - 1, then));
  }

  #carry(): void {
    if (this.#underWay.length === 0 || this.#isOver) {
      this.#isCarrying = false;
      return;
    }
    this.#tellNext();
    setImmediate(() => this.#carry());
  }

  #tellNext(): void {
    const tiding = this.#underWay.shift();
    if (tiding === undefined) return;
    if ('ended' in tiding) this.#end(tiding.ended);
    else this.#tell(this.#options.isJoined ? this.#joined(tiding) : tiding);
    this.#tellAtOnce();
  }

  #hear(done: () => void): void {
    while (this.#options.isUnread === true && this.#underWay.length > 0 && !this.#isOver) this.#tellNext();
    done();
  }

  #joined(first: { octets: Octets; isDeed: boolean }): { octets: Octets; isDeed: boolean } {
    let { octets, isDeed } = first;
    for (let next = this.#underWay[0]; next !== undefined && 'octets' in next; next = this.#underWay[0]) {
      if (octets.length + next.octets.length > SEGMENT_OCTETS) break;
      octets += next.octets;
      isDeed ||= next.isDeed;
      this.#underWay.shift();
    }
    return { octets, isDeed };
  }

  #tell({ octets, isDeed }: { octets: Octets; isDeed: boolean }): void {
    if (this.#isOver) return;
    if (isDeed) this.#mark();
    this.#events?.received(Buffer.from(octets, 'latin1'));
  }

  #tellAtOnce(): void {
    const octets = this.#atOnce;
    this.#atOnce = null;
    if (octets !== null) this.#tell({ octets, isDeed: true });
  }

  /** An octet a second, of a reply that has no end. */
  #drip(line: Octets): void {
    this.#isDripping = true;
    this.#mark();
    let at = 0;
    const next = (): void => {
      this.#stopDripping = this.#options.time.after(SECOND, () => {
        next();
        this.#tell({ octets: line.charAt(at % line.length), isDeed: true });
        at += 1;
      });
    };
    next();
  }

  #end(cause: Error | null): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#mark();
    this.#stopDripping();
    this.#events?.ended(cause);
  }

  #close(how: 'ended' | 'destroyed'): void {
    this.closed ??= how;
    this.closedAt ??= this.#options.time.now();
    this.#isOver = true;
    this.#stopDripping();
  }
}

function causeOf(ending: Exclude<Ending, 'on' | 'silence' | 'drip'>): Error | null {
  if (ending === 'RST') return systemError('read ECONNRESET', 'ECONNRESET');
  if (ending === 'alert') {
    return systemError('ssl3_read_bytes:tlsv1 alert internal error', 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR');
  }
  return null;
}

function noConnection(at: string, fault: string | undefined): Error {
  if (at === 'connection') return systemError('connect ECONNREFUSED 192.0.2.1:25', 'ECONNREFUSED');
  const code = fault === '4yz' ? 'EAI_AGAIN' : 'ENOTFOUND';
  return systemError(`getaddrinfo ${code} mail.example.com`, code);
}

function systemError(message: string, code: string): Error {
  return Object.assign(new Error(message), { code });
}
