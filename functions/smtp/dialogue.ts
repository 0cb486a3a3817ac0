/**
 * Command and reply in lockstep over one wire. Here client and server are kept in step: at any moment at most one thing
 * is awaited, with an absolute deadline, and what comes while nothing is awaited is nobody's reply.
 *
 *     open ──► awaiting (connection, TLS, a reply, a flush) ──► open ──► …
 *       │         └─ deadline, end of the wire, octets that are no reply, a reply too many ──► over
 *       ├─ 421 or the end of the wire, unasked: the server is closing ──► over
 *       └─ anything else, unasked ──► over
 *
 * `over` is final and has its reason, `failure`; the wire is gone by then. What is asked of a dialogue that is over is
 * refused with that reason, and not one octet of it leaves.
 */
import { blocksOf } from './blocks.ts';
import { tlsHint, whyOf } from './cause.ts';
import { notePeerCertificate, type PeerCertificate } from './certificate.ts';
import { Command } from './command.ts';
import {
  ConnectError,
  ConnectionLostError,
  ProtocolError,
  SmtpError,
  type Step,
  TimeoutError,
  TlsError,
} from './errors.ts';
import { isClosing, quotedReply, type Reply } from './reply.ts';
import { type ReceivedReply, ReplyParser } from './reply-parser.ts';
import type { Secrets } from './secrets.ts';
import { type SessionTime, type Timeouts, timeoutOf } from './timeouts.ts';
import type { Transcript } from './transcript.ts';
import { END_OF_MAIL_DATA } from './transparency.ts';
import type { Connect, Wire, WireTarget } from './wire.ts';

export interface DialogueOptions {
  readonly connect: Connect;
  readonly time: SessionTime;
  readonly timeouts: Timeouts;
  readonly transcript: Transcript;
  readonly secrets: Secrets;
}

/** Which of the wire's tidings settles what is awaited: exactly one is there. */
interface Hears {
  readonly connected?: () => void;
  readonly secured?: (peer: PeerCertificate) => void;
  readonly replied?: (reply: ReceivedReply) => void;
  readonly flushed?: () => void;
}

interface Waiting extends Hears {
  readonly cancel: () => void;
  readonly fail: (error: SmtpError) => void;
}

export class Dialogue {
  readonly transcript: Transcript;
  readonly #target: WireTarget;
  readonly #options: DialogueOptions;
  readonly #parser: ReplyParser;
  #wire: Wire | null = null;
  #waiting: Waiting | null = null;
  #failure: SmtpError | null = null;
  #quitting: Promise<void> | null = null;
  #step: Step = 'connect';
  /** The server speaks first (RFC 5321 §3.1): its greeting alone may come before it is awaited. */
  #greeting: 'due' | ReceivedReply | 'heard' = 'due';

  constructor(target: WireTarget, options: DialogueOptions) {
    this.transcript = options.transcript;
    this.#target = target;
    this.#options = options;
    this.#parser = new ReplyParser({ redact: (text) => options.secrets.hide(text) });
  }

  /** Why the dialogue is over; `null` while it is open. */
  get failure(): SmtpError | null {
    return this.#failure;
  }

  /** Whether a command may be sent now: not over, and nothing of an unasked reply has come. */
  get isOpen(): boolean {
    return this.#failure === null && this.#parser.pendingOctets === 0;
  }

  /** The same before something is begun: a reply that was begun unasked ends the dialogue here. @returns `failure` */
  check(): SmtpError | null {
    if (!this.isOpen)
      this.fail(new ProtocolError('the server has begun a reply that nobody asked for', { step: this.#step }));
    return this.#failure;
  }

  /** @throws ConnectError, TimeoutError */
  async connect(): Promise<void> {
    const begin = (): void => {
      this.#wire = this.#options.connect(this.#target, {
        connected: () => this.#waiting?.connected?.(),
        secured: (peer) => this.#waiting?.secured?.(peer),
        received: (octets) => this.#received(octets),
        ended: (cause) => this.#ended(cause),
      });
    };
    await this.#await<void>('connect', (done) => ({ connected: done }), begin);
    this.transcript.note(`connected to ${this.#target.host}, port ${this.#target.port}`);
  }

  /** @throws TlsError, TimeoutError */
  async startTls(): Promise<PeerCertificate> {
    const peer = await this.#await<PeerCertificate>(
      'TLS',
      (done) => ({ secured: done }),
      () => this.#wire?.startTls(),
    );
    notePeerCertificate(this.transcript, peer);
    return peer;
  }

  /** @returns the reply with which the server opens the session */
  async greeting(): Promise<Reply> {
    const early = this.#greeting;
    this.#greeting = 'heard';
    if (typeof early === 'object') return this.#options.secrets.hideIn(early);
    return this.#options.secrets.hideIn(
      await this.#await<ReceivedReply>(
        'greeting',
        (done) => ({ replied: done }),
        () => {},
      ),
    );
  }

  /** Sends a command and waits for its reply, secrets hidden in it. */
  async ask(command: Command, step: Step): Promise<Reply> {
    return this.#options.secrets.hideIn(await this.#ask(command.toOctets(), command.shown, step));
  }

  /** The same for EHLO. `said`: the reply as it came, for a secret may be spelled like a keyword. */
  async askEhlo(command: Command): Promise<{ reply: Reply; said: Reply }> {
    const said = await this.#ask(command.toOctets(), command.shown, 'EHLO');
    return { reply: this.#options.secrets.hideIn(said), said };
  }

  /** The same within AUTH. `challenge`: the text of a 334 as it came, else `null`. */
  async askAuth(command: Command): Promise<{ reply: Reply; challenge: string | null }> {
    const reply = await this.#ask(command.toOctets(), command.shown, 'AUTH');
    return {
      reply: this.#options.secrets.hideIn(reply),
      challenge: reply.code === 334 ? (reply.lines[0] ?? '') : null,
    };
  }

  /** Sends mail data that transparency has been done for, and waits until the operating system has taken all of it. */
  async sendMailData(pieces: readonly Uint8Array[], octets: number): Promise<void> {
    const failure = this.check();
    if (failure !== null) throw failure;
    this.transcript.client('<mail data>', octets);
    // RFC 5321 §4.5.3.2.5: a deadline for each block.
    for (const block of blocksOf(pieces)) {
      await this.#await<void>(
        'mail data',
        (done) => ({ flushed: done }),
        () => this.#write(block),
      );
    }
  }

  /**
   * Hears what has arrived by now and was not read yet, for the process may have been busy: a reply that nobody asked
   * for must not be taken for the reply to what is sent next. @throws the dialogue's failure
   */
  async hear(): Promise<void> {
    await new Promise<void>((done) => (this.#wire === null ? done() : this.#wire.heard(done)));
    const failure = this.check();
    if (failure !== null) throw failure;
  }

  /** Sends the end-of-mail-data indicator. From the call on it may have left. */
  async endMailData(): Promise<Reply> {
    return this.#options.secrets.hideIn(await this.#ask(END_OF_MAIL_DATA, '.', 'end of data'));
  }

  /** Between two mail transactions: what comes now is unasked. */
  rest(): void {
    this.#options.secrets.relax();
    if (this.#failure === null) this.#step = 'idle';
  }

  /** QUIT and a bounded wait for its 221 (RFC 5321 §4.1.1.10), then the end. Never throws. */
  quit(reason?: SmtpError): Promise<void> {
    this.#quitting ??= this.#quit(reason);
    return this.#quitting;
  }

  /** The dialogue is over, for this reason; the connection is cut. */
  fail(error: SmtpError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.transcript.note(error.message);
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#wire?.destroy();
    waiting?.cancel();
    waiting?.fail(error);
  }

  /** Cuts the connection at the caller's wish. */
  destroy(): void {
    this.fail(new ConnectionLostError('the connection was cut by the client', { step: this.#step }));
  }

  async #quit(reason?: SmtpError): Promise<void> {
    if (this.isOpen && this.#waiting === null) {
      // Whatever the answer is, or none: the session is over, and no outcome hangs on it.
      await this.ask(Command.quit(), 'QUIT').catch(() => {});
    }
    if (this.#failure !== null) return;
    this.#failure = reason ?? new ConnectionLostError('the session was closed by the client', { step: 'QUIT' });
    this.#wire?.end();
  }

  async #ask(octets: Uint8Array, shown: string, step: Step): Promise<ReceivedReply> {
    const failure = this.check();
    if (failure !== null) throw failure;
    return this.#await<ReceivedReply>(
      step,
      (done) => ({ replied: done }),
      () => {
        this.transcript.client(shown, octets.length);
        this.#write([octets]);
      },
    );
  }

  #write(pieces: readonly Uint8Array[]): void {
    this.#wire?.write(pieces, () => this.#waiting?.flushed?.());
  }

  #await<T>(step: Step, hears: (done: (value: T) => void) => Hears, begin: () => void): Promise<T> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#step = step;
    const ms = timeoutOf(step, this.#options.timeouts);
    return new Promise<T>((resolve, reject) => {
      const cancel = this.#options.time.after(ms, () => {
        this.fail(new TimeoutError(`the server did not answer within ${ms / 1000} s`, { step }));
      });
      const done = (value: T): void => {
        this.#waiting = null;
        cancel();
        resolve(value);
      };
      this.#waiting = { ...hears(done), cancel, fail: reject };
      begin();
    });
  }

  #received(octets: Uint8Array): void {
    if (this.#failure !== null) return;
    if (this.#waiting?.secured !== undefined) {
      // RFC 3207 §6: nothing that comes in clear from here on may count.
      this.fail(new ProtocolError('the server sent clear text while TLS was being started', { step: 'TLS' }));
      return;
    }
    let replies: ReceivedReply[];
    try {
      replies = this.#parser.push(octets, this.#step);
    } catch (error) {
      this.fail(
        error instanceof SmtpError
          ? error
          : new ProtocolError('reply cannot be read', { step: this.#step, cause: error }),
      );
      return;
    }
    for (const reply of replies) this.#record(reply);
    this.#distribute(replies);
  }

  /** The first reply is the awaited one's, where a reply is awaited; there must be no other, nor a part of one. */
  #distribute(replies: readonly ReceivedReply[]): void {
    const answers = this.#waiting?.replied !== undefined || this.#greeting === 'due';
    const answer = answers ? replies[0] : undefined;
    const surplus = answer === undefined ? replies : replies.slice(1);
    const closing = answer !== undefined && isClosing(answer) ? answer : surplus.find(isClosing);
    const isOutOfStep =
      surplus.some((reply) => !isClosing(reply)) || (replies.length > 0 && this.#parser.pendingOctets > 0);
    if (isOutOfStep) {
      const found =
        surplus[0] === undefined ? 'the beginning of a reply' : quotedReply(this.#options.secrets.hideIn(surplus[0]));
      this.fail(new ProtocolError(`server sent ${found}, which nobody asked for`, { step: this.#step }));
      return;
    }
    if (answer !== undefined) this.#deliver(answer);
    if (closing !== undefined) this.#closing(this.#options.secrets.hideIn(closing));
  }

  #deliver(answer: ReceivedReply): void {
    const replied = this.#waiting?.replied;
    if (this.#greeting === 'due') this.#greeting = replied === undefined ? answer : 'heard';
    replied?.(answer);
  }

  /** RFC 5321 §3.8: after a 421 the server closes; whoever awaits something else than its reply awaits it in vain. */
  #closing(reply: Reply): void {
    const step = this.#step;
    this.fail(new ConnectionLostError(`server closes the connection, it said ${quotedReply(reply)}`, { step, reply }));
  }

  #ended(cause: Error | null): void {
    const evidence = { step: this.#step, ...(cause === null ? {} : { cause }) };
    const why = cause === null ? 'the server closed the connection' : whyOf(cause);
    const within = this.#parser.pendingOctets > 0 ? ' within a reply' : '';
    if (this.#step === 'connect')
      this.fail(new ConnectError(`${why} (${this.#target.host}, port ${this.#target.port})`, evidence));
    else if (this.#step === 'TLS') this.fail(new TlsError(`${why}${tlsHint(cause)}`, evidence));
    else this.fail(new ConnectionLostError(`${why}${within}`, evidence));
  }

  #record(reply: ReceivedReply): void {
    const { code, lines } = this.#options.secrets.hideIn(reply);
    const shown = code === 334 ? lines.map(shownChallenge) : lines;
    this.transcript.server(code, shown, reply.lineOctets);
  }
}

/** What LOGIN asks is no secret and teaches; other challenges may be. */
function shownChallenge(challenge: string): string {
  const asked = Buffer.from(challenge, 'base64').toString('latin1');
  return /^(?:user ?name|password):?\0?$/i.test(asked) || challenge === '' ? challenge : '<…>';
}
