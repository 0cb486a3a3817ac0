/**
 * One session with a server that does one thing wrong: several mails, as deep as the session lets them go, and QUIT. What
 * happened is told by the client's results, and by the relay that heard the octets.
 */
import { getEventListeners } from 'node:events';
import { openSession, type RecipientResult, type Session, SmtpError, type TranscriptRecord } from '#smtp';
import { mailData } from '../mails.ts';
import { VirtualTime } from '../virtual-time.ts';
import type { Cell } from './cells.ts';
import { Lapse } from './lapse.ts';
import { advanceOf, momentOf, type Target } from './moments.ts';
import { type Fate, isAhead } from './oracle.ts';
import { type Farewell, type Plan, REFUSED } from './relay.ts';
import { FaultyWire } from './wire.ts';

/** A cell in one of its guises. */
export interface Scene {
  readonly cell: Cell;
  readonly target: Target;
  /** Mails before this one are waited for one by one; from here on they go as deep as the session takes them. */
  readonly deepFrom: number;
  readonly mails: number;
  /** Whether the mail that is met is so large that it is sent block by block. */
  readonly isLarge: boolean;
  readonly isJoined: boolean;
  /** How a server leaves behind a refusal. */
  readonly farewell: Farewell;
  /** Whether the client is too busy to read, while its caller is being asked, what the server says then. */
  readonly isUnread: boolean;
}

/** What the client told of one mail. */
export interface Told {
  readonly fates: readonly Fate[];
  readonly results: readonly RecipientResult[];
  readonly releases: number;
  /** Whether the indicator had left before the caller said yes. */
  readonly isEarly: boolean;
}

export interface Story {
  readonly openingError: unknown;
  readonly told: readonly Told[];
  readonly wire: FaultyWire;
  readonly records: readonly TranscriptRecord[];
  /** Timers and listeners that are left. */
  readonly left: { timers: number; listeners: number };
  readonly isUsable: boolean;
}

const SMALL_TEXT = 'Hello\r\n';
/** More than one block of 256 KiB. */
const LARGE_TEXT = Buffer.from(`${'x'.repeat(74)}\r\n`.repeat(3600), 'latin1');

export const PASSWORD_TEXT = 'S3cr3t-CANARY';

export async function play(scene: Scene): Promise<Story> {
  return new Stage(scene).play();
}

function subject(mail: number): string {
  return `Subject: mail ${mail}\r\n\r\n`;
}

class Stage {
  readonly #scene: Scene;
  readonly #time = new VirtualTime();
  readonly #wire: FaultyWire;
  readonly #lapse: Lapse;
  readonly #records: TranscriptRecord[] = [];
  readonly #told: Told[] = [];

  constructor(scene: Scene) {
    this.#scene = scene;
    const { cell, target } = scene;
    const isOfRest = cell.step === 'RSET or idle' && target.rest === 'RSET' && !isAhead(cell);
    const plan: Plan = {
      cell,
      at: momentOf(cell, target),
      advance: advanceOf(cell, target),
      octets: this.#octetsOf(target.mail),
      without: isOfRest ? target.mail : null,
      farewell: scene.farewell,
    };
    this.#wire = new FaultyWire(plan, {
      time: this.#time,
      isTlsFirst: cell.security === 'implicit-tls',
      isJoined: scene.isJoined,
      isUnread: scene.isUnread,
      offers: offersOf(cell),
    });
    this.#lapse = new Lapse(this.#time, () => [this.#wire]);
  }

  async play(): Promise<Story> {
    const aborting = new AbortController();
    const session = await this.#lapse.within(this.#open(aborting.signal));
    if (session instanceof Error) return this.#story(session, aborting.signal, false);
    await this.#lapse.within(this.#sendAll(session));
    this.#wire.relay.pass('last');
    await this.#lapse.quiet();
    await this.#lapse.within(session.quit());
    return this.#story(null, aborting.signal, session.usable);
  }

  #story(openingError: unknown, signal: AbortSignal, isUsable: boolean): Story {
    return {
      openingError,
      told: this.#told,
      wire: this.#wire,
      records: this.#records,
      left: { timers: this.#time.pending, listeners: getEventListeners(signal, 'abort').length },
      isUsable,
    };
  }

  /** @returns the session, or why there is none */
  async #open(signal: AbortSignal): Promise<Session | Error> {
    const { cell } = this.#scene;
    const settings = {
      host: 'mail.example.com',
      port: 465,
      security: cell.security,
      clientName: 'client.example.com',
      credentials: { user: 'user', password: PASSWORD_TEXT },
      mechanism: 'LOGIN',
    } as const;
    try {
      return await openSession(settings, {
        time: this.#time,
        connect: this.#wire.connect,
        record: (record) => this.#records.push(record),
        signal,
      });
    } catch (error) {
      if (error instanceof SmtpError) return error;
      throw error;
    }
  }

  async #sendAll(session: Session): Promise<void> {
    const { mails, deepFrom, target, cell } = this.#scene;
    const underWay: Promise<void>[] = [];
    for (let mail = 0; mail < mails; mail += 1) {
      await session.ready();
      const sent = this.#send(session, mail);
      underWay.push(sent);
      const isIdleNext = cell.step === 'RSET or idle' && target.rest === 'idle' && target.mail === mail;
      if (mail < deepFrom || isIdleNext) await sent;
      if (isIdleNext) {
        this.#wire.relay.pass(`idle ${mail}`);
        await this.#lapse.quiet();
      }
    }
    await Promise.all(underWay);
  }

  async #send(session: Session, mail: number): Promise<void> {
    let releases = 0;
    let isEarly = false;
    const release = async (): Promise<boolean> => {
      releases += 1;
      const { relay } = this.#wire;
      relay.pass(`withheld ${mail}`);
      const { cell, target, isUnread } = this.#scene;
      const isMet = cell.step === 'withheld' || (cell.step === 'half a reply' && cell.fault === 'reply in advance');
      if (isMet && mail === target.mail && !isUnread) await this.#lapse.quiet();
      isEarly ||= relay.mail(mail)?.isIndicated === true;
      return true;
    };
    const { recipients } = await session.transact(this.#envelopeOf(mail), this.#dataOf(mail), {
      release,
      record: (record) => this.#records.push(record),
    });
    this.#told[mail] = { fates: recipients.map(letterOf), results: recipients, releases, isEarly };
  }

  #envelopeOf(mail: number): { reversePath: string; forwardPaths: string[] } {
    const names = this.#scene.cell.mode === 'several recipients' ? ['first', 'second', REFUSED] : ['first'];
    return {
      reversePath: `m${mail}@example.com`,
      forwardPaths: names.map((name) => `${name}-${mail}@example.org`),
    };
  }

  #dataOf(mail: number): ReturnType<typeof mailData> {
    const small = mailData(subject(mail), SMALL_TEXT);
    if (!this.#scene.isLarge || mail !== this.#scene.target.mail) return small;
    return { ...small, pieces: [...small.pieces, LARGE_TEXT], octets: small.octets + LARGE_TEXT.length };
  }

  #octetsOf(mail: number): number {
    return this.#dataOf(mail).octets;
  }
}

/** What the relay offers over TLS. */
export function offersOf({ mode }: Cell): readonly string[] {
  const ahead = mode === 'CHUNKING' ? ['PIPELINING', 'CHUNKING'] : mode === 'PIPELINING' ? ['PIPELINING'] : [];
  return ['ENHANCEDSTATUSCODES', '8BITMIME', ...ahead, 'AUTH LOGIN'];
}

export function letterOf({ outcome }: RecipientResult): Fate {
  if (outcome === 'accepted') return 'a';
  if (outcome === 'refused') return 'r';
  if (outcome === 'deferred') return 'd';
  return outcome === 'unsent' ? 'u' : '?';
}
