import type { PeerCertificate } from './certificate.ts';
import { Dialogue } from './dialogue.ts';
import { type Envelope, prepare } from './envelope.ts';
import { ConnectionLostError, type SmtpError } from './errors.ts';
import type { Extensions } from './extensions.ts';
import { type Opened, open } from './opening.ts';
import { Secrets } from './secrets.ts';
import { checkSettings, type SessionSettings } from './settings.ts';
import { DEFAULT_TIMEOUTS, type SessionTime } from './timeouts.ts';
import { type RecipientResult, type Release, runTransaction } from './transaction.ts';
import { type Recorder, Transcript } from './transcript.ts';
import type { MailData } from './transparency.ts';
import { type Connect, connectTcp, type WireTarget } from './wire.ts';

export interface SessionOptions {
  readonly time: SessionTime;
  /** Gets the session's conversation, but for that of mail transactions, which have their own. Must not throw. */
  readonly record: Recorder;
  /** Default: TCP, with TLS on it. */
  readonly connect?: Connect;
  /** Aborted while the session is being opened: the connection is cut, whatever it waits for. Later it means nothing. */
  readonly signal?: AbortSignal;
}

export interface TransactionResult {
  /** In the order of the envelope's forward-paths. */
  readonly recipients: readonly RecipientResult[];
  /** Why the connection is no longer usable; `null` while it is. */
  readonly error: SmtpError | null;
}

export interface TransactionOptions {
  /**
   * Called once, when all but the end-of-mail-data indicator has been sent. `true` lets the indicator go; `false`, or an
   * error, cuts the connection instead, and the recipients are `unsent`. Not called where it does not come so far.
   */
  readonly release: Release;
  /** Gets the transaction's conversation. Must not throw. */
  readonly record: Recorder;
}

/** A connection that is ready for mail, one mail transaction after the other. */
export interface Session {
  /** As the server offered them last: after TLS, where there is TLS. */
  readonly extensions: Extensions;
  /** The server's certificate as it was verified; `null` without TLS. */
  readonly peer: PeerCertificate | null;
  /** Whether it takes another transaction: the connection stands, and client and server are in step. */
  readonly usable: boolean;
  /** Mail transactions begun. */
  readonly transactions: number;
  /**
   * Sends one mail. What happens to recipients is a value; on a session that is not usable all are `unsent`.
   * @throws CommandError, MailDataError before any octet is sent; the session stays usable
   */
  transact(envelope: Envelope, data: MailData, options: TransactionOptions): Promise<TransactionResult>;
  /** Ends the session in order: waits for a transaction under way, sends QUIT, waits a bounded time. Never throws. */
  quit(): Promise<void>;
  /** Cuts the connection at once. A transaction under way ends `unsent` or `uncertain`. */
  destroy(): void;
}

/**
 * Connects, secures, introduces and logs in.
 * @throws CommandError where the settings cannot be said
 * @throws SmtpError where the server does not lead on, ConnectionLostError where the signal is aborted; the connection is
 * closed by then
 */
export async function openSession(settings: SessionSettings, options: SessionOptions): Promise<Session> {
  checkSettings(settings);
  const { host, port, servername, ca } = settings;
  const target: WireTarget = {
    host,
    port,
    ...(servername === undefined ? {} : { servername }),
    ...(ca === undefined ? {} : { ca }),
  };
  const dialogue = new Dialogue(target, {
    connect: options.connect ?? connectTcp,
    time: options.time,
    timeouts: { ...DEFAULT_TIMEOUTS, ...settings.timeouts },
    transcript: new Transcript(options.time, options.record),
    secrets: new Secrets(settings.credentials),
  });
  const { signal } = options;
  const cut = (): void => dialogue.destroy();
  if (signal?.aborted) cut();
  signal?.addEventListener('abort', cut, { once: true });
  try {
    const opened = await open(dialogue, settings);
    // It may have been aborted after the last reply had come.
    if (signal?.aborted && dialogue.failure !== null) throw dialogue.failure;
    return new LiveSession(dialogue, opened);
  } finally {
    signal?.removeEventListener('abort', cut);
  }
}

class LiveSession implements Session {
  readonly extensions: Extensions;
  readonly peer: PeerCertificate | null;
  readonly #dialogue: Dialogue;
  #transactions = 0;
  #underWay: Promise<unknown> | null = null;
  #quitting = false;

  constructor(dialogue: Dialogue, opened: Opened) {
    this.#dialogue = dialogue;
    this.extensions = opened.extensions;
    this.peer = opened.peer;
  }

  get usable(): boolean {
    return this.#dialogue.isOpen && !this.#quitting;
  }

  get transactions(): number {
    return this.#transactions;
  }

  async transact(envelope: Envelope, data: MailData, options: TransactionOptions): Promise<TransactionResult> {
    if (this.#underWay !== null) {
      throw new Error('Cannot start mail transaction: another one is under way, one session carries one at a time');
    }
    const prepared = prepare(envelope, data, this.extensions);
    if (!this.usable) return this.#unsent(envelope);
    this.#transactions += 1;
    const before = this.#dialogue.transcript.redirect(options.record);
    const run = runTransaction(this.#dialogue, prepared, options.release);
    this.#underWay = run;
    try {
      const recipients = await run;
      return { recipients, error: this.#dialogue.failure };
    } finally {
      this.#underWay = null;
      this.#dialogue.transcript.redirect(before);
    }
  }

  async quit(): Promise<void> {
    this.#quitting = true;
    await this.#underWay;
    await this.#dialogue.quit();
  }

  destroy(): void {
    this.#dialogue.destroy();
  }

  #unsent(envelope: Envelope): TransactionResult {
    const closing = new ConnectionLostError('the session is being closed', { step: 'QUIT' });
    const error = this.#dialogue.check() ?? closing;
    return { recipients: envelope.forwardPaths.map(() => ({ outcome: 'unsent', error })), error };
  }
}
