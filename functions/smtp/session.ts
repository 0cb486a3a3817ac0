import type { Release } from './advance.ts';
import type { PeerCertificate } from './certificate.ts';
import { ChunkingCourse } from './chunking.ts';
import type { Course } from './course.ts';
import { Dialogue } from './dialogue.ts';
import { domainsOf, type Envelope, prepare } from './envelope.ts';
import { ConnectionLostError, LimitError, type SmtpError } from './errors.ts';
import type { Extensions } from './extensions.ts';
import { LockstepCourse } from './lockstep.ts';
import { type Opened, open } from './opening.ts';
import { PipeliningCourse } from './pipelining.ts';
import { learnProxyLogin } from './proxy.ts';
import type { RecipientResult } from './reckoning.ts';
import type { Random } from './sasl.ts';
import { Secrets } from './secrets.ts';
import { checkSettings, type SessionSettings } from './settings.ts';
import { targetOf } from './target.ts';
import { DEFAULT_TIMEOUTS, type SessionTime } from './timeouts.ts';
import { type Recorder, Transcript } from './transcript.ts';
import type { MailData } from './transparency.ts';
import { type Connect, connectTcp } from './wire.ts';

export interface SessionOptions {
  readonly time: SessionTime;
  /** Gets the session's conversation, but for that of mail transactions, which have their own. Must not throw. */
  readonly record: Recorder;
  /** Default: TCP, with TLS on it. */
  readonly connect?: Connect;
  /** Octets that nobody can foresee, for SCRAM's nonce. Default: none, and SCRAM is not used. */
  readonly random?: Random;
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
   * Called once, before the end-of-mail-data indicator leaves. `true` lets it go; with `false`, or an error, the recipients
   * are `unsent`, and where mail data is under way (DATA) the connection is cut. Not called where it does not come so far.
   */
  readonly release: Release;
  /** Gets the transaction's conversation. Must not throw. */
  readonly record: Recorder;
}

/** How far mail transactions go ahead of the server's replies. */
export type SessionMode = 'lockstep' | 'pipelining' | 'chunking';

/** A connection that is ready for mail. */
export interface Session {
  /** As the server offered them last: after TLS, where there is TLS. */
  readonly extensions: Extensions;
  /** The server's certificate as it was verified; `null` without TLS. */
  readonly peer: PeerCertificate | null;
  /**
   * `chunking`: several in flight, each with an indicator of its own, up to the window. `pipelining`: one with its indicator
   * in flight, and the envelope of the next. `lockstep`: one, where the server offers neither.
   */
  readonly mode: SessionMode;
  /** Whether it takes another transaction: the connection stands, client and server are in step, no limit is reached. */
  readonly usable: boolean;
  /** Mail transactions begun. */
  readonly transactions: number;
  /** Mail transactions begun and not over. */
  readonly underWay: number;
  /** Mail transactions that may be begun now; 0 on a session that is not usable. */
  readonly room: number;
  /** Resolves `true` when there is room, `false` when the session takes no more. */
  ready(): Promise<boolean>;
  /**
   * Sends one mail; others may be under way, as long as there is room. What happens to recipients is a value; on a session
   * that is not usable all are `unsent`.
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
 * @throws SettingsError, CommandError where the settings are not in order or cannot be said
 * @throws SmtpError where the server does not lead on, ConnectionLostError where the signal is aborted; the connection is
 * closed by then
 */
export async function openSession(settings: SessionSettings, options: SessionOptions): Promise<Session> {
  checkSettings(settings);
  const target = targetOf(settings);
  const secrets = new Secrets(settings.credentials);
  if (target.proxy !== undefined) learnProxyLogin(secrets, target.proxy);
  const dialogue = new Dialogue(target, {
    connect: options.connect ?? connectTcp,
    time: options.time,
    timeouts: { ...DEFAULT_TIMEOUTS, ...settings.timeouts },
    transcript: new Transcript(options.time, options.record),
    secrets,
  });
  const { signal, random } = options;
  const cut = (): void => dialogue.destroy();
  if (signal?.aborted) cut();
  signal?.addEventListener('abort', cut, { once: true });
  try {
    const opened = await open(dialogue, { ...settings, ...(random === undefined ? {} : { random }) });
    // It may have been aborted after the last reply had come.
    if (signal?.aborted && dialogue.failure !== null) throw dialogue.failure;
    return new LiveSession(dialogue, opened, settings);
  } finally {
    signal?.removeEventListener('abort', cut);
  }
}

/** Found by measuring (bench/RESULTS.md): more gain little, and each may be uncertain when the process dies. */
export const DEFAULT_DEPTH = 16;

class LiveSession implements Session {
  readonly extensions: Extensions;
  readonly peer: PeerCertificate | null;
  readonly mode: SessionMode;
  readonly #dialogue: Dialogue;
  readonly #course: Course;
  readonly #limit: number;
  readonly #server: { readonly name: string; readonly secured: boolean; readonly chunking: boolean };
  #underWay = 0;
  #waiting: (() => void)[] = [];
  /** Of recipients so far, where the server limits them. */
  readonly #domains = new Set<string>();
  #transactions = 0;
  #quitting = false;
  #isFull = false;

  constructor(dialogue: Dialogue, opened: Opened, settings: SessionSettings) {
    this.#dialogue = dialogue;
    this.extensions = opened.extensions;
    this.peer = opened.peer;
    this.mode = modeOf(opened.extensions, settings.without ?? []);
    this.#course = courseOf(this.mode, dialogue, settings.depth ?? DEFAULT_DEPTH);
    this.#server = { name: settings.host, secured: opened.peer !== null, chunking: this.mode === 'chunking' };
    this.#limit = opened.extensions.limits.mailMax ?? Number.POSITIVE_INFINITY;
    dialogue.onOver(() => this.#look());
  }

  get usable(): boolean {
    return this.#dialogue.isOpen && !this.#quitting && !this.#isFull && this.#transactions < this.#limit;
  }

  get transactions(): number {
    return this.#transactions;
  }

  get underWay(): number {
    return this.#underWay;
  }

  get room(): number {
    return this.usable ? Math.min(this.#course.room, this.#limit - this.#transactions) : 0;
  }

  async ready(): Promise<boolean> {
    while (this.usable && this.room === 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.usable;
  }

  transact(envelope: Envelope, data: MailData, options: TransactionOptions): Promise<TransactionResult> {
    try {
      return this.#transact(envelope, data, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #transact(envelope: Envelope, data: MailData, options: TransactionOptions): Promise<TransactionResult> {
    if (this.usable && this.room === 0) {
      throw new Error(
        `Cannot start mail transaction: ${this.underWay} are under way, the session has no room for more`,
      );
    }
    const prepared = prepare(envelope, data, this.extensions, this.#server);
    if (!this.usable) return Promise.resolve(this.#unsent(envelope));
    if (!this.#takesDomains(envelope)) return Promise.resolve(this.#beyond(envelope));
    this.#transactions += 1;
    this.#underWay += 1;
    return this.#course.run(prepared, options).then((recipients) => {
      this.#underWay -= 1;
      this.#look();
      return { recipients, error: this.#dialogue.failure };
    });
  }

  async quit(): Promise<void> {
    this.#quitting = true;
    this.#look();
    while (this.#underWay > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    await this.#dialogue.quit();
  }

  destroy(): void {
    this.#dialogue.destroy();
  }

  /** RFC 9422 §4.3: RCPTDOMAINMAX counts the domains of a whole session. */
  #takesDomains({ forwardPaths }: Envelope): boolean {
    const most = this.extensions.limits.rcptDomainMax;
    if (most === null) return true;
    const domains = domainsOf(forwardPaths);
    if (new Set([...this.#domains, ...domains]).size > most) return false;
    for (const domain of domains) this.#domains.add(domain);
    return true;
  }

  #beyond({ forwardPaths }: Envelope): TransactionResult {
    this.#isFull = true;
    this.#look();
    const problem = `the server takes ${this.extensions.limits.rcptDomainMax} domains in one session (RCPTDOMAINMAX)`;
    const error = new LimitError(problem, { step: 'RCPT' });
    return { recipients: forwardPaths.map(() => ({ outcome: 'unsent', error })), error };
  }

  /** Whoever waits for room looks again. */
  #look(): void {
    if (this.#waiting.length === 0) return;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #unsent(envelope: Envelope): TransactionResult {
    const closing = new ConnectionLostError('the session is being closed', { step: 'QUIT' });
    const error = this.#dialogue.check() ?? closing;
    return { recipients: envelope.forwardPaths.map(() => ({ outcome: 'unsent', error })), error };
  }
}

/** RFC 3030 §4.2: BDAT may go ahead where the server also pipelines. */
function modeOf(extensions: Extensions, without: readonly string[]): SessionMode {
  const offers = (keyword: string): boolean => extensions.has(keyword) && !without.includes(keyword);
  if (!offers('PIPELINING')) return 'lockstep';
  return offers('CHUNKING') ? 'chunking' : 'pipelining';
}

function courseOf(mode: SessionMode, dialogue: Dialogue, depth: number): Course {
  if (mode === 'chunking') return new ChunkingCourse(dialogue, depth);
  return mode === 'pipelining' ? new PipeliningCourse(dialogue) : new LockstepCourse(dialogue);
}
