/**
 * Connections between processes and the relay: octets arrive late, in pieces, in order; or not at all. What a process has
 * written may arrive after its death, as it does where the operating system still has it.
 */
import type { Connect, Wire, WireEvents } from '#smtp';
import type { SimulatedProcess } from './process.ts';
import type { World } from './world.ts';

/** The relay's end of a connection. */
export interface Server {
  /** @param written the tick at which the client wrote each octet of the segment */
  receive(segment: string, written: number): void;
  /** The client is gone. */
  closed(): void;
}

export interface Listener {
  readonly isDown: boolean;
  /** @param client the owner's name of the process */
  accept(line: Line, client: string): Server;
}

/** What connects a process to the relay. */
export function connectOver(world: World, process: SimulatedProcess, relay: Listener, networkMs: number): Connect {
  return (_target, events) => new Line({ world, process, relay, networkMs }, events).wire;
}

interface Ends {
  readonly world: World;
  readonly process: SimulatedProcess;
  readonly relay: Listener;
  readonly networkMs: number;
}

export class Line {
  readonly wire: Wire;
  readonly #ends: Ends;
  readonly #events: WireEvents;
  #server: Server | null = null;
  /** The client hears nothing more. */
  #isClientGone = false;
  /** Nothing more arrives at the relay. */
  #isCut = false;
  /** Nothing that is said arrives at the client any more. */
  #isBroken = false;
  #lastUp = 0;
  #lastDown = 0;

  constructor(ends: Ends, events: WireEvents) {
    this.#ends = ends;
    this.#events = events;
    ends.process.keeps(this);
    this.wire = {
      startTls: () => {
        throw new Error('Cannot take TLS on: a simulated connection has none');
      },
      write: (pieces, flushed) => this.#write(pieces, flushed),
      // What has arrived at this moment is before it in the row of events.
      heard: (done) => void ends.process.after(0, done),
      channelBinding: () => null,
      end: () => this.#leave(false),
      destroy: () => this.#leave(ends.world.oneIn(2)),
    };
    this.#up(() => this.#connect());
  }

  /** The relay says something. @param lateMs by how much later than at once */
  say(text: string, lateMs = 0): void {
    const { world } = this.#ends;
    const cut = world.oneIn(4) ? world.between(0, text.length) : 0;
    for (const segment of [text.slice(0, cut), text.slice(cut)])
      if (segment !== '') this.#down(() => this.#events.received(Buffer.from(segment, 'latin1')), lateMs);
  }

  /** The relay closes in order, behind what it has said. */
  close(): void {
    this.#isCut = true;
    this.#down(() => this.#end(null));
  }

  /** The connection breaks: what is on its way is lost, in both directions. */
  reset(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#isBroken = true;
    const { world, process, networkMs } = this.#ends;
    world.after(world.between(0, networkMs), () => process.reach(() => this.#end(new Error('read ECONNRESET'))));
  }

  /** Nothing arrives any more, and nobody is told. */
  mute(): void {
    this.#isCut = true;
    this.#isBroken = true;
  }

  /** Its process is dead. */
  abandon(): void {
    this.#leave(this.#ends.world.oneIn(2));
  }

  #connect(): void {
    const { relay, process } = this.#ends;
    if (relay.isDown) {
      process.reach(() => this.#end(new Error('connect ECONNREFUSED')));
      return;
    }
    this.#server = relay.accept(this, process.owner);
    this.#down(() => this.#events.connected());
  }

  #write(pieces: readonly Uint8Array[], flushed?: () => void): void {
    const octets = Buffer.concat(pieces).toString('latin1');
    const { world, process } = this.#ends;
    process.act(process.isTold ? `writes ${JSON.stringify(octets.slice(0, 90))}` : 'writes', () => {
      if (this.#isClientGone) return;
      const written = world.tick();
      const cut = world.oneIn(3) ? world.between(0, octets.length) : 0;
      for (const segment of [octets.slice(0, cut), octets.slice(cut)])
        if (segment !== '') this.#up(() => this.#server?.receive(segment, written));
      if (flushed !== undefined)
        process.after(0, () => {
          if (!this.#isClientGone) flushed();
        });
    });
  }

  /** @param loses what the operating system has not sent yet is thrown away */
  #leave(loses: boolean): void {
    if (this.#isClientGone) return;
    this.#isClientGone = true;
    this.#ends.process.letsGo(this);
    this.#up(() => {
      this.#isCut = true;
      this.#server?.closed();
    });
    if (loses) this.#isCut = true;
  }

  #end(cause: Error | null): void {
    if (this.#isClientGone) return;
    this.#isClientGone = true;
    this.#ends.process.letsGo(this);
    this.#events.ended(cause);
  }

  #up(fn: () => void): void {
    const { world, networkMs } = this.#ends;
    this.#lastUp = Math.max(this.#lastUp, world.now + world.between(0, networkMs));
    world.after(this.#lastUp - world.now, () => {
      if (!this.#isCut) fn();
    });
  }

  #down(fn: () => void, lateMs = 0): void {
    const { world, process, networkMs } = this.#ends;
    this.#lastDown = Math.max(this.#lastDown, world.now + lateMs + world.between(0, networkMs));
    world.after(this.#lastDown - world.now, () => {
      if (this.#isBroken) return;
      process.reach(() => {
        if (!this.#isClientGone) fn();
      });
    });
  }
}
