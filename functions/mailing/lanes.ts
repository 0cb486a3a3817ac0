/**
 * One process's part in the connections to one relay, which all runs and processes of a state share.
 *
 *     want ► read the page ► write what is free of one's share ► open connections ► … ► close them ► give back
 *
 * A page is read again twice a second while lanes are held or waited for: who comes finds their share as soon as the
 * others have closed what is above theirs. Where more processes wait than there are connections, they take turns.
 */
import { type LaneShare, shareOf, stepTo } from './lane-shares.ts';
import type { Clock, LaneBook, LaneHolder, LaneLimits, LanePage } from './ports.ts';

const RENEW_MS = 500;
/** Who holds lanes for so long while another has none lets the other go first. */
const TURN_MS = 5000;
/** A lane that changes hands within this time was not waited for. */
const TELL_AFTER_MS = 1500;
/** Others write, too; after so many pages that were changed in between it is left to the next look. */
const TRIES = 10;
const LEAVING_TRIES = 100;
/** Paces are quotients: less than this is no difference. */
const SAME_PACE = 1e-9;

export interface LaneWish {
  /** Which relay it is: those of one name share its lanes. */
  readonly relay: string;
  readonly run: string;
  readonly limits: LaneLimits;
}

export interface LaneUse {
  /** Connections that are open, being opened or being closed. */
  readonly open: () => number;
  /** So many may be open from now on, and so many mails per second begun; `null`: no limit. */
  readonly onShare: (connections: number, messagesPerSecond: number | null) => void;
  /** All lanes are in the hands of these runs; told once for each long wait. */
  readonly onWaiting?: ((runs: readonly string[]) => void) | undefined;
  /** The book cannot be used, and no lane was had so far. */
  readonly onFailure: (error: unknown) => void;
}

export class Lanes {
  readonly #book: LaneBook;
  readonly #clock: Clock;
  readonly #owner: string;
  readonly #wish: LaneWish;
  readonly #use: LaneUse;
  /** What is in force: connections that the pool may have, and their pace. */
  #allowed = 0;
  #pace: number | null = 0;
  /** A connection more could be used than was asked for. */
  #isShort = false;
  /** The last look gave less than was wanted: the next one comes by itself. */
  #isCapped = false;
  /** What the page says: connections that count as this process's. */
  #held = 0;
  #waitingSince: number | null = null;
  #isTold = false;
  #hasJoined = false;
  #hasLeft = false;
  #turnBegan = 0;
  #cancelTimer = () => {};
  #looking: Promise<void> | null = null;
  #lookAgain = false;

  /** @param owner this process's name, which no other has or had */
  constructor({ book, clock, owner }: { book: LaneBook; clock: Clock; owner: string }, wish: LaneWish, use: LaneUse) {
    this.#book = book;
    this.#clock = clock;
    this.#owner = owner;
    this.#wish = wish;
    this.#use = use;
  }

  /** One connection more could be used. Cheap to say again. */
  want(): void {
    if (this.#isShort) return;
    this.#isShort = true;
    if (!this.#isCapped) this.#lookNow();
  }

  /** A connection was closed: its lane may be another's. */
  closed(): void {
    if (this.#held > this.#allowed && !this.#hasLeft) this.#lookNow();
  }

  /** Gives everything back. To be called when no connection is open. */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    this.#cancelTimer();
    await this.#looking;
    if (!this.#hasJoined) return;
    // Where it cannot be said, it ends with the process.
    await this.#withdraw().catch(() => {});
  }

  async #withdraw(): Promise<void> {
    for (let tries = 0; tries < LEAVING_TRIES; tries += 1) {
      const { rev, holders } = await this.#book.read(this.#wish.relay);
      const others = holders.filter(({ owner }) => owner !== this.#owner);
      if (others.length === holders.length || (await this.#book.write(this.#wish.relay, rev, others))) return;
    }
  }

  #lookNow(): void {
    if (this.#looking !== null) {
      this.#lookAgain = true;
      return;
    }
    this.#cancelTimer();
    this.#looking = this.#look().finally(() => {
      this.#looking = null;
      if (this.#hasLeft) return;
      if (this.#lookAgain) {
        this.#lookAgain = false;
        this.#lookNow();
      } else this.#cancelTimer = this.#clock.after(RENEW_MS, () => this.#lookNow());
    });
  }

  async #look(): Promise<void> {
    try {
      for (let tries = 0; tries < TRIES && !this.#hasLeft; tries += 1) {
        if (await this.#settleOn(await this.#book.read(this.#wish.relay))) return;
      }
    } catch (error) {
      // What is held stays held, and the next look may go better.
      if (!this.#hasJoined) this.#use.onFailure(error);
    }
  }

  /** @returns whether the page says now what is in force; `false`: it was changed in between */
  async #settleOn({ rev, holders }: LanePage): Promise<boolean> {
    const written = holders.find(({ owner }) => owner === this.#owner);
    const open = this.#use.open();
    const isShort = this.#isShort || this.#waitingSince !== null;
    // Whoever wants one from here on is for the next look.
    this.#isShort = false;
    const own = { ...(written ?? this.#nobody()), wanted: this.#wishes(isShort, written?.lanes ?? 0, open) };
    const order = inTurn(replaced(holders, own), own, this.#hasHadTurn());
    const share = shareOf(this.#owner, order);
    const next = stepTo(share, own, order, open);
    const [connections, pace] = inForce(share, next);
    // Less is in force before it is written, more when it is.
    this.#apply(Math.min(connections, this.#allowed), lower(pace, this.#pace));
    const isMoved = order.at(-1)?.owner === this.#owner && holders.at(-1)?.owner !== this.#owner;
    if (written === undefined || isMoved || !isSame(written, next)) {
      const isWritten = await this.#book.write(this.#wish.relay, rev, replaced(order, next)).catch((error: unknown) => {
        this.#isShort ||= isShort;
        throw error;
      });
      if (!isWritten) {
        this.#isShort ||= isShort;
        return false;
      }
    }
    this.#hasJoined = true;
    this.#isCapped = next.lanes < next.wanted;
    this.#held = next.lanes;
    this.#apply(connections, pace);
    this.#noteWaiting(next.wanted > 0 && connections === 0, order);
    return true;
  }

  #nobody(): LaneHolder {
    const { run, limits } = this.#wish;
    return { owner: this.#owner, run, limits, lanes: 0, wanted: 0, pace: 0 };
  }

  /** Twice as many as are held: a large run is not long on its way to its share. */
  #wishes(isShort: boolean, lanes: number, open: number): number {
    return Math.min(this.#wish.limits.connections, isShort ? Math.max(open + 1, 2 * lanes) : open);
  }

  #hasHadTurn(): boolean {
    return this.#allowed > 0 && this.#clock.monotonic() - this.#turnBegan >= TURN_MS;
  }

  #apply(connections: number, pace: number | null): void {
    if (connections === this.#allowed && pace === this.#pace) return;
    if (this.#allowed === 0 && connections > 0) this.#turnBegan = this.#clock.monotonic();
    this.#allowed = connections;
    this.#pace = pace;
    this.#use.onShare(connections, pace);
  }

  #noteWaiting(isWaiting: boolean, holders: readonly LaneHolder[]): void {
    if (!isWaiting) {
      this.#waitingSince = null;
      this.#isTold = false;
      return;
    }
    const now = this.#clock.monotonic();
    this.#waitingSince ??= now;
    const others = holders.filter(({ owner, lanes }) => owner !== this.#owner && lanes > 0);
    if (this.#isTold || others.length === 0 || now - this.#waitingSince < TELL_AFTER_MS) return;
    this.#isTold = true;
    this.#use.onWaiting?.([...new Set(others.map(({ run }) => run))]);
  }
}

/** A pace of nothing opens no connection, which would only stand and wait. */
function inForce(share: LaneShare, next: LaneHolder): [connections: number, pace: number | null] {
  const connections = Math.min(share.lanes, next.lanes);
  return [next.pace !== null && next.pace <= 0 ? 0 : connections, next.pace];
}

function lower(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.min(a, b);
}

function replaced(holders: readonly LaneHolder[], own: LaneHolder): LaneHolder[] {
  const isThere = holders.some(({ owner }) => owner === own.owner);
  return isThere ? holders.map((each) => (each.owner === own.owner ? own : each)) : [...holders, own];
}

/** Whoever has had a turn goes behind the others, where one of them gets nothing. */
function inTurn(holders: LaneHolder[], own: LaneHolder, hasHadTurn: boolean): LaneHolder[] {
  if (!hasHadTurn || !holders.some(({ owner, wanted }) => wanted > 0 && shareOf(owner, holders).lanes === 0))
    return holders;
  return [...holders.filter(({ owner }) => owner !== own.owner), own];
}

function isSame(written: LaneHolder, next: LaneHolder): boolean {
  const isSamePace =
    written.pace === null || next.pace === null
      ? written.pace === next.pace
      : Math.abs(written.pace - next.pace) < SAME_PACE;
  return written.lanes === next.lanes && written.wanted === next.wanted && isSamePace;
}
