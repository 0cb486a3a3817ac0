/**
 * Commands and replies over one wire. Here client and server are kept in step. In lockstep (`ask`) at any moment at most
 * one thing is awaited, with an absolute deadline; ahead of the replies (`sendAhead`), commands have their correspondents
 * in a row, and each reply is the first one's. What comes while nothing is awaited is nobody's reply.
 *
 *     open ──► awaiting (connection, TLS, replies, a flush) ──► open ──► …
 *       │         ├─ deadline, end of the wire, octets that are no reply, a reply too many ──► over
 *       │         └─ 421 ──► closing: what is awaited is still heard, nothing more is begun ──► over
 *       ├─ 421 or the end of the wire, unasked: the server is closing ──► over
 *       └─ anything else, unasked ──► over
 *
 * `over` is final and has its reason, `failure`; the wire is gone by then. What is asked of a dialogue that is over is
 * refused with that reason, and not one octet of it leaves. Where octets cannot be read, or are a reply too many, nothing
 * that came with them is believed either: who knows what it answered.
 */
import { AwaitedReplies, type Expected } from './awaited-replies.ts';
import { blocksOf } from './blocks.ts';
import { tlsHint, whyOf } from './cause.ts';
import { notePeerCertificate, type PeerCertificate } from './certificate.ts';
import type { ChannelBinding } from './channel-binding.ts';
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
import { Gathering } from './gathering.ts';
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

/** A server that has said nothing for so long is listened to before more is asked of it. */
const STALE_AFTER_MS = 1000;

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
  readonly #gathering = new Gathering();
  /** To what was sent ahead. */
  readonly #awaited: AwaitedReplies;
  /** The 421 after which what was sent ahead is still heard. */
  #closingReply: Reply | null = null;
  /** When the server was last heard. */
  #heardAt = 0;
  readonly #overListeners: ((error: SmtpError) => void)[] = [];
  /** The server speaks first (RFC 5321 §3.1): its greeting alone may come before it is awaited. */
  #greeting: 'due' | ReceivedReply | 'heard' = 'due';

  constructor(target: WireTarget, options: DialogueOptions) {
    this.transcript = options.transcript;
    this.#target = target;
    this.#options = options;
    this.#awaited = new AwaitedReplies(options.time, options.timeouts, (error) => this.fail(error));
    this.#parser = new ReplyParser({ redact: (text) => options.secrets.hide(text) });
  }

  /** Why the dialogue is over; `null` while it is open. */
  get failure(): SmtpError | null {
    return this.#failure;
  }

  /** Whether something that was sent ahead is not answered yet. */
  get isAwaiting(): boolean {
    return this.#awaited.count > 0;
  }

  /** @param tell called once, when the dialogue is over: what was sent ahead is not answered any more */
  onOver(tell: (error: SmtpError) => void): void {
    this.#overListeners.push(tell);
  }

  /** Whether a command may be sent now: not over nor closing, and nothing of an unasked reply has come. */
  get isOpen(): boolean {
    return this.#failure === null && this.#closingReply === null && !this.#hasBegunUnasked;
  }

  get #hasBegunUnasked(): boolean {
    return this.#awaited.count === 0 && this.#parser.pendingOctets > 0;
  }

  /** The same before something is begun: a reply that was begun unasked ends the dialogue here. @returns `failure` */
  check(): SmtpError | null {
    if (this.#hasBegunUnasked)
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
    const { host, port, proxy } = this.#target;
    const way = proxy === undefined ? '' : `, through the proxy ${proxy.label}`;
    this.transcript.note(`connected to ${host}, port ${port}${way}`);
  }

  /** @throws TlsError, TimeoutError, ProtocolError */
  async startTls(): Promise<PeerCertificate> {
    // RFC 3207 §6, RFC 8314 §3.3: what came in clear was not said by whom TLS will prove.
    if (typeof this.#greeting === 'object' || this.#parser.pendingOctets > 0)
      this.fail(new ProtocolError('the server sent clear text before TLS was started', { step: 'TLS' }));
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
      // RFC 4954 §8: a challenge is one line; of several, the whole is no base64 either.
      challenge: reply.code === 334 ? reply.lines.join('\n') : null,
    };
  }

  /** What ties a login to the TLS connection; `null` where there is none to be had. */
  channelBinding(): ChannelBinding | null {
    return this.#wire?.channelBinding() ?? null;
  }

  /** From now on a response of the AUTH exchange, and the secrets within it, are shown nowhere. */
  keepSecret(response: Uint8Array, secrets: readonly string[]): void {
    this.#options.secrets.learnResponse(Buffer.from(response).toString('base64'));
    for (const secret of secrets) this.#options.secrets.learn(secret);
  }

  /**
   * Waits for what is not the server's to give, no longer than the step's deadline; what the server says by then is unasked.
   * @throws what `work` throws, or the dialogue's failure
   */
  async meanwhile<T>(step: Step, what: string, work: () => Promise<T>): Promise<T> {
    const failure = this.check();
    if (failure !== null) throw failure;
    this.#step = step;
    const ms = timeoutOf(step, this.#options.timeouts);
    try {
      return await new Promise<T>((resolve, reject) => {
        const cancel = this.#options.time.after(ms, () => {
          this.fail(new TimeoutError(`${what} did not come within ${ms / 1000} s`, { step }));
        });
        this.#waiting = { cancel, fail: reject };
        work().then(resolve, reject);
      });
    } finally {
      this.#waiting?.cancel();
      this.#waiting = null;
    }
  }

  /** Sends mail data that transparency has been done for, and waits until the operating system has taken all of it. */
  async sendMailData(pieces: readonly Uint8Array[], octets: number): Promise<void> {
    const failure = this.check();
    if (failure !== null) throw failure;
    this.transcript.client('<mail data>', octets);
    await this.sendBlocks(pieces);
  }

  /** The same without a record. RFC 5321 §4.5.3.2.5: a deadline for each block. */
  async sendBlocks(pieces: readonly Uint8Array[]): Promise<void> {
    this.#awaited.isWriting = true;
    for (const block of blocksOf(pieces)) {
      await this.#await<void>(
        'mail data',
        (done) => ({ flushed: done }),
        () => this.#write(block),
      );
    }
    this.#awaited.isWriting = false;
  }

  /** Whether the server may have closed, or said why it will, without having been heard: it was idle for a while. */
  get isStale(): boolean {
    return this.#options.time.now() - this.#heardAt >= STALE_AFTER_MS;
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

  /**
   * Sends commands without awaiting the replies to what was sent before. From the call on all of it may have left.
   * @param expected who hears the replies, in the order of the commands, and how many there will be for each
   */
  sendAhead(pieces: readonly Uint8Array[], expected: readonly Expected[]): void {
    if (this.#failure !== null) return;
    this.#awaited.add(expected);
    const gathered = this.#gathering.gather(pieces);
    this.#wire?.write(gathered.pieces, gathered.written);
  }

  /** Between two mail transactions: what comes now is unasked. */
  rest(): void {
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
    this.#awaited.clear();
    waiting?.cancel();
    waiting?.fail(error);
    for (const tell of this.#overListeners) tell(error);
  }

  /** The server's farewell: nothing more is begun, what is awaited is still heard. */
  farewell(reply: Reply): void {
    this.#closingReply ??= reply;
  }

  /** Why nothing more is begun on a dialogue that is not open. */
  closing(): SmtpError {
    const reply = this.#closingReply;
    if (this.#failure !== null || reply === null) return this.#failure ?? broken();
    const problem = `server closes the connection, it said ${quotedReply(reply)}`;
    return new ConnectionLostError(problem, { step: this.#where, reply });
  }

  /** Also what is no fault of the connection ends it: nobody knows any more where the dialogue stands. @returns its reason */
  failBy(thrown: unknown): SmtpError {
    const error = thrown instanceof SmtpError ? thrown : broken(thrown);
    this.fail(error);
    return error;
  }

  /** Cuts the connection at the caller's wish. */
  destroy(): void {
    this.fail(new ConnectionLostError('the connection was cut by the client', { step: this.#where }));
  }

  /** What the client is about. */
  get #where(): Step {
    return this.#awaited.step ?? this.#step;
  }

  async #quit(reason?: SmtpError): Promise<void> {
    if (this.isOpen && this.#waiting === null && this.#awaited.count === 0) {
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
        const { proxy } = this.#target;
        const silent = step === 'connect' && proxy !== undefined ? `the proxy ${proxy.label}` : 'the server';
        this.fail(new TimeoutError(`${silent} did not answer within ${ms / 1000} s`, { step }));
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
    this.#heardAt = this.#options.time.now();
    if (this.#waiting?.secured !== undefined) {
      // RFC 3207 §6: nothing that comes in clear from here on may count.
      this.fail(new ProtocolError('the server sent clear text while TLS was being started', { step: 'TLS' }));
      return;
    }
    let replies: ReceivedReply[];
    try {
      replies = this.#parser.push(octets, this.#where);
    } catch (error) {
      this.fail(
        error instanceof SmtpError
          ? error
          : new ProtocolError('reply cannot be read', { step: this.#where, cause: error }),
      );
      return;
    }
    if (this.#awaited.count > 0) {
      this.#distributeAhead(replies);
      return;
    }
    for (const reply of replies) this.#record(reply);
    this.#distribute(replies);
  }

  /** Each reply is the first correspondent's; a 421 too many is the server's farewell, any other is out of step. */
  #distributeAhead(replies: readonly ReceivedReply[]): void {
    const surplus = replies.length > this.#awaited.count ? replies.slice(this.#awaited.count) : [];
    const isBegun = replies.length >= this.#awaited.count && this.#parser.pendingOctets > 0;
    if (isBegun || surplus.some((reply) => !isClosing(reply))) {
      for (const reply of replies) this.#record(reply);
      this.#outOfStep(surplus[0]);
      return;
    }
    for (const reply of replies) {
      this.#hearAhead(reply);
      if (this.#failure !== null) return;
    }
    if (this.#awaited.count === 0 && this.#closingReply !== null) this.#closing(this.#closingReply);
  }

  #hearAhead(received: ReceivedReply): void {
    const reply = this.#options.secrets.hideIn(received);
    const who = this.#awaited.take();
    if (who === null) {
      this.#record(received);
      this.#closing(reply);
      return;
    }
    if (isClosing(reply)) this.#closingReply ??= reply;
    who.heard(reply, received.lineOctets);
    if (this.#failure === null) this.#awaited.watch();
  }

  #outOfStep(surplus: ReceivedReply | undefined): void {
    const found =
      surplus === undefined ? 'the beginning of a reply' : quotedReply(this.#options.secrets.hideIn(surplus));
    this.fail(new ProtocolError(`server sent ${found}, which nobody asked for`, { step: this.#where }));
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
      this.#outOfStep(surplus[0]);
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
    this.#closingReply = reply;
    this.fail(this.closing());
  }

  #ended(cause: Error | null): void {
    if (this.#closingReply !== null && isClosing(this.#closingReply)) {
      this.#closing(this.#closingReply);
      return;
    }
    const evidence = { step: this.#where, ...(cause === null ? {} : { cause }) };
    const why = cause === null ? 'the server closed the connection' : whyOf(cause);
    const within = this.#parser.pendingOctets > 0 ? ' within a reply' : '';
    if (this.#step === 'connect')
      this.fail(new ConnectError(`${why} (${this.#target.host}, port ${this.#target.port})`, evidence));
    else if (this.#step === 'TLS') this.fail(new TlsError(`${why}${tlsHint(cause)}`, evidence));
    else this.fail(new ConnectionLostError(`${why}${within}`, evidence));
  }

  #record(reply: ReceivedReply): void {
    const { code, lines } = this.#options.secrets.hideIn(reply);
    this.transcript.server(code, lines, reply.lineOctets);
  }
}

/** The dialogue's reason where the client is at fault. */
function broken(cause?: unknown): SmtpError {
  return new ConnectionLostError('an error in the client ended the session', { step: 'idle', cause });
}
