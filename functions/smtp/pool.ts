/**
 * The connections to one relay. Whoever has a mail asks for a place, which is room for one mail transaction on a session:
 *
 *     place ─► transact | leave         sessions: opened as work appears ─► used again ─► closed (retired, MAILMAX, dead, close)
 *
 * The session with the fewest transactions under way comes first, so that a slow reply holds nobody but its own session. The
 * first connection is made alone: a relay that cannot be used at all is met once. After that, what fails is tried again; a
 * connection that cannot be had while others stand is one too many for the relay, and is given up. How many there may be can
 * change while they are used: what is too many takes nothing more, and is closed in order.
 */

import type { Envelope } from './envelope.ts';
import { AuthError, SmtpError } from './errors.ts';
import type { Extensions } from './extensions.ts';
import type { Session, TransactionOptions, TransactionResult } from './session.ts';
import { pause, type SessionTime } from './timeouts.ts';
import type { Recorder, TranscriptRecord } from './transcript.ts';
import type { MailData } from './transparency.ts';

export interface PoolOptions {
  /** At the most, 1 or more. */
  readonly connections: number;
  /** Opens one session. `signal` aborted: it is no longer wanted. */
  readonly open: (record: Recorder, signal: AbortSignal) => Promise<Session>;
  readonly time: SessionTime;
  /** Aborted: no place is given any more, sessions that are being opened are given up. */
  readonly signal?: AbortSignal;
  /** The relay does not answer; it is tried again after so many ms. */
  readonly onWaiting?: (error: SmtpError, delayMs: number) => void;
  /** A connection could not be had while others stand, and no more than those are asked for until {@link Pool.allow}. */
  readonly onCrowded?: (connections: number, error: SmtpError) => void;
  /** Somebody waits for a place, and only {@link Pool.limit} stands in the way of another connection. */
  readonly onFull?: () => void;
  /** A connection is no more. */
  readonly onClosed?: () => void;
}

/** Room for one mail transaction. One of `transact` and `leave` ends it. */
export interface Place {
  readonly extensions: Extensions;
  /** Number of the session in this pool, from 1. */
  readonly session: number;
  /** Whether the session has carried a transaction before. */
  readonly isUsed: boolean;
  /** As {@link Session.transact}. */
  transact(envelope: Envelope, data: MailData, options: TransactionOptions): Promise<TransactionResult>;
  leave(): void;
  /** Nothing more is begun on this session; it is closed in order once what is under way is over. */
  retire(): void;
  /** The conversation that opened the session: for who asks first, `null` after that. */
  takeOpening(): readonly TranscriptRecord[] | null;
}

/** After a relay that was there has gone: when to try again. About 15 seconds in all. */
const RECONNECT_AFTER_MS = [200, 1000, 2000, 4000, 8000];

/** While others stand, a connection that cannot be had so often is one too many. */
const MAX_FAILURES_BESIDE_OTHERS = 3;

export class Pool {
  readonly #options: PoolOptions;
  readonly #links = new Set<Link>();
  readonly #closing = new Set<Promise<void>>();
  readonly #halt = new AbortController();
  #waiting: { resolve: (place: Place | null) => void; reject: (error: unknown) => void }[] = [];
  #allowed: number;
  #limit = Number.POSITIVE_INFINITY;
  #sessions = 0;
  #hasConnected = false;
  #fault: unknown;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#allowed = options.connections;
    const { signal } = options;
    const halt = (): void => this.#stop();
    if (signal?.aborted) halt();
    signal?.addEventListener('abort', halt, { once: true, signal: this.#halt.signal });
  }

  /**
   * @returns `null` once the signal is aborted or the pool is closed
   * @throws SmtpError when no connection can be had, what `open` threw otherwise; from then on always
   */
  place(): Promise<Place | null> {
    if (this.#halt.signal.aborted) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#serve();
    });
  }

  /** How many connections there may be from here on; what is too many is closed in order when its transactions are over. */
  allow(connections: number): void {
    this.#allowed = connections;
    this.#serve();
  }

  /** Connections that are open, being opened or being closed. */
  get occupied(): number {
    return this.#links.size + this.#closing.size;
  }

  /** As {@link allow}, and whichever is less holds; here those that are being closed count as well. Default: no limit. */
  limit(connections: number): void {
    this.#limit = connections;
    this.#serve();
  }

  /** Ends each session in order, once its transactions are over. Never throws. */
  async close(): Promise<void> {
    this.#stop();
    for (const link of [...this.#links]) this.#retire(link);
    await Promise.allSettled(this.#closing);
  }

  /** Cuts the sessions on which no end-of-mail-data indicator is unanswered: nothing on them is in doubt. */
  cutUndoubted(): void {
    for (const link of this.#links) if (link.indicated === 0) link.session?.destroy();
  }

  /** A place that is there now, without waiting for one; `null` where there is none. */
  free(): Place | null {
    if (this.#waiting.length > 0 || this.#fault !== undefined || this.#halt.signal.aborted) return null;
    const link = this.#freest();
    return link === null ? null : this.#placeOn(link);
  }

  #stop(): void {
    if (this.#halt.signal.aborted) return;
    this.#halt.abort();
    for (const { resolve } of this.#waiting.splice(0)) resolve(null);
  }

  #serve(): void {
    if (this.#fault !== undefined) {
      for (const { reject } of this.#waiting.splice(0)) reject(this.#fault);
      return;
    }
    if (this.#links.size > this.#most) this.#trim();
    while (this.#waiting.length > 0) {
      const link = this.#freest();
      if (link === null) break;
      this.#waiting.shift()?.resolve(this.#placeOn(link));
    }
    this.#openAsNeeded();
  }

  get #most(): number {
    return Math.min(this.#allowed, this.#limit);
  }

  /** A session on which a place is given goes later: whoever has the place is about to begin. */
  #trim(): void {
    const open = [...this.#links].filter(({ session }) => session !== null);
    const idleFirst = open.filter(({ reserved }) => reserved === 0).sort((a, b) => a.load - b.load);
    for (const link of idleFirst.slice(0, Math.max(open.length - this.#most, 0))) this.#retire(link);
  }

  #freest(): Link | null {
    let best: Link | null = null;
    for (const link of this.#links) {
      if (link.session === null) continue;
      if (!link.session.usable) this.#retire(link);
      else if (link.session.room > link.reserved && (best === null || link.load < best.load)) best = link;
    }
    return best;
  }

  #openAsNeeded(): void {
    let opening = 0;
    for (const link of this.#links) if (link.session === null) opening += 1;
    // The first connection is met alone.
    const most = this.#hasConnected ? this.#allowed : 1;
    while (this.#waiting.length > opening && this.#links.size < most && this.occupied < this.#limit) {
      opening += 1;
      const link = new Link();
      this.#links.add(link);
      this.#open(link).catch((error: unknown) => this.#fail(error));
    }
    if (this.#waiting.length > opening && this.#links.size < most) this.#options.onFull?.();
  }

  async #open(link: Link): Promise<void> {
    const { signal } = this.#halt;
    for (let failures = 0; !signal.aborted; failures += 1) {
      const opening: TranscriptRecord[] = [];
      try {
        const session = await this.#options.open((record) => opening.push(record), signal);
        this.#opened(link, session, opening);
        return;
      } catch (error) {
        if (signal.aborted || !(await this.#isWorthAnother(error, failures))) break;
      }
    }
    this.#links.delete(link);
    this.#options.onClosed?.();
  }

  #opened(link: Link, session: Session, opening: readonly TranscriptRecord[]): void {
    this.#hasConnected = true;
    this.#sessions += 1;
    link.began(session, this.#sessions, opening);
    if (this.#halt.signal.aborted) this.#retire(link);
    this.#serve();
  }

  /** Waits before the next try. @returns whether there is to be one @throws what ends the pool */
  async #isWorthAnother(error: unknown, failures: number): Promise<boolean> {
    if (!(error instanceof SmtpError) || !this.#hasConnected) throw error;
    // Asked again and again, a relay that refuses a login locks the account.
    if (error instanceof AuthError && !error.temporary) throw error;
    const connected = [...this.#links].filter(({ session }) => session?.usable).length;
    if (failures >= MAX_FAILURES_BESIDE_OTHERS && connected > 0) {
      this.#allowed = connected;
      this.#options.onCrowded?.(connected, error);
      return false;
    }
    const delayMs = RECONNECT_AFTER_MS[failures];
    if (delayMs === undefined) throw error;
    this.#options.onWaiting?.(error, delayMs);
    await pause(this.#options.time, delayMs, this.#halt.signal);
    return true;
  }

  #fail(error: unknown): void {
    this.#fault ??= error;
    this.#serve();
  }

  #placeOn(link: Link): Place {
    const { session } = link;
    if (session === null) throw new Error('Cannot give a place: the session is not open');
    return new GivenPlace(link, session, { serve: () => this.#serve(), retire: () => this.#retire(link) });
  }

  #retire(link: Link): void {
    if (!this.#links.delete(link) || link.session === null) return;
    const closing = link.session.quit().finally(() => {
      this.#closing.delete(closing);
      this.#options.onClosed?.();
      if (this.#waiting.length > 0) this.#serve();
    });
    this.#closing.add(closing);
    if (this.#waiting.length > 0) this.#openAsNeeded();
  }
}

/** One connection, from the first try to open it. */
class Link {
  session: Session | null = null;
  number = 0;
  /** Places that are given and not begun. */
  reserved = 0;
  /** End-of-mail-data indicators that may have left and are not answered. */
  indicated = 0;
  #opening: readonly TranscriptRecord[] | null = null;

  get load(): number {
    return (this.session?.underWay ?? 0) + this.reserved;
  }

  began(session: Session, number: number, opening: readonly TranscriptRecord[]): void {
    this.session = session;
    this.number = number;
    this.#opening = opening;
  }

  takeOpening(): readonly TranscriptRecord[] | null {
    const opening = this.#opening;
    this.#opening = null;
    return opening;
  }
}

class GivenPlace implements Place {
  readonly session: number;
  readonly isUsed: boolean;
  readonly #link: Link;
  readonly #session: Session;
  readonly #pool: { serve(): void; retire(): void };

  constructor(link: Link, session: Session, pool: { serve(): void; retire(): void }) {
    link.reserved += 1;
    this.session = link.number;
    this.isUsed = session.transactions + link.reserved > 1;
    this.#link = link;
    this.#session = session;
    this.#pool = pool;
  }

  get extensions(): Extensions {
    return this.#session.extensions;
  }

  transact(envelope: Envelope, data: MailData, { release, record }: TransactionOptions): Promise<TransactionResult> {
    const link = this.#link;
    link.reserved -= 1;
    let isIndicated = false;
    const released = (): Promise<boolean> =>
      release().then((yes) => {
        isIndicated = yes;
        if (yes) link.indicated += 1;
        return yes;
      });
    const over = (): void => {
      if (isIndicated) link.indicated -= 1;
      this.#pool.serve();
    };
    return this.#session.transact(envelope, data, { release: released, record }).then(
      (result) => {
        over();
        return result;
      },
      (error: unknown) => {
        over();
        throw error;
      },
    );
  }

  leave(): void {
    this.#link.reserved -= 1;
    this.#pool.serve();
  }

  retire(): void {
    this.#pool.retire();
  }

  takeOpening(): readonly TranscriptRecord[] | null {
    return this.#link.takeOpening();
  }
}
