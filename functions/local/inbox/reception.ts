/** What the embedded server decides while smtp-server speaks the protocol: the handlers of both its ports. */
import { timingSafeEqual } from 'node:crypto';
import type { SMTPServerAuthentication, SMTPServerDataStream, SMTPServerOptions, SMTPServerSession } from 'smtp-server';
import { escapeControls } from '#mailing';
import { type ConversationLine, ConversationRecorder } from './conversation.ts';
import type { InboxStore } from './inbox-store.ts';
import type { IncomingMessage, ReceptionFacts } from './incoming-message.ts';
import { fileNumber } from './message-file.ts';

export interface ReceptionSettings {
  readonly credentials: { readonly user: string; readonly password: string };
  readonly authRequired: boolean;
  readonly now: () => number;
}

/** Commands of smtp-server's that no mail needs. */
export const LEFT_OUT: string[] = ['WIZ', 'SHELL', 'KILL', 'XCLIENT', 'XFORWARD'];

/** Local parts that always fail, with the reply they get. */
const TEST_ADDRESSES: readonly { form: RegExp; code: number; text: string }[] = [
  { form: /^bounce(\+|@)/i, code: 550, text: 'No such mailbox: bounce@ is always refused here' },
  { form: /^later(\+|@)/i, code: 451, text: 'Try again later: later@ is always deferred here' },
];

type Handled = (error?: Error | null) => void;

export class Reception {
  readonly #store: InboxStore;
  readonly #settings: ReceptionSettings;
  readonly #recorder: ConversationRecorder;
  /** Messages that are being written. */
  readonly #work = new Set<Promise<unknown>>();

  constructor(store: InboxStore, settings: ReceptionSettings) {
    this.#store = store;
    this.#settings = settings;
    this.#recorder = new ConversationRecorder(settings.now);
  }

  /** For smtp-server's constructor. */
  get handlers(): SMTPServerOptions {
    return {
      logger: this.#recorder.logger,
      onConnect: (session, done) => this.#connect(session, done),
      onSecure: (_socket, session, done) => this.#secure(session, done),
      onAuth: (login, _session, done) => done(null, this.#isRightLogin(login) ? { user: login.username } : {}),
      onMailFrom: (_address, session, done) => done(this.#mayNotSend(session)),
      onRcptTo: ({ address }, _session, done) => done(testReply(address)),
      onData: (stream, session, done) => this.#data(stream, session, done),
      onClose: (session) => this.#recorder.end(session.id),
    };
  }

  /** Resolves when all that has come is written. */
  async finish(): Promise<void> {
    while (this.#work.size > 0) await Promise.all(this.#work);
  }

  #connect(session: SMTPServerSession, done: Handled): void {
    this.#recorder.begin(session.id);
    this.#recorder.note(session.id, `connection from ${session.remoteAddress} port ${session.remotePort}`);
    // A login that is offered on an unprotected connection is a login that some client sends.
    session.disabledCommands = session.secure ? LEFT_OUT : [...LEFT_OUT, 'AUTH'];
    done();
  }

  #secure(session: SMTPServerSession, done: Handled): void {
    this.#recorder.note(session.id, `TLS: ${cipherOf(session) ?? 'negotiated'}`);
    session.disabledCommands = LEFT_OUT;
    done();
  }

  #isRightLogin(login: SMTPServerAuthentication): boolean {
    const { user, password } = this.#settings.credentials;
    return isSame(login.username ?? '', user) && isSame(login.password ?? '', password);
  }

  /** RFC 3207 §4 and RFC 4954 §6: 530 until the session is protected and authenticated. */
  #mayNotSend(session: SMTPServerSession): Error | null {
    if (!this.#settings.authRequired || session.user) return null;
    return refusal(530, session.secure ? 'Authentication required' : 'Must issue a STARTTLS command first');
  }

  #data(
    stream: SMTPServerDataStream,
    session: SMTPServerSession,
    done: (e: Error | null, text?: string) => void,
  ): void {
    this.#track(
      this.#take(stream, session).then(
        (id) => done(null, `Queued as ${fileNumber(id)}`),
        (error) => {
          this.#recorder.mailData(session.id, stream.byteLength);
          done(error);
        },
      ),
    );
  }

  /** Resolves when the message is stored: RFC 5321 §4.2.5, a 250 takes the responsibility for it. */
  async #take(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<number> {
    const incoming = await this.#store.receive().catch(() => {
      throw notStored();
    });
    try {
      await fill(incoming, stream);
      await incoming.commit(this.#factsOf(session), this.#recorder.mailData(session.id, incoming.octets));
    } catch (error) {
      await incoming.discard();
      throw isRefusal(error) ? error : notStored();
    }
    this.#recorder.afterNextReply(session.id, (lines) => this.#completeConversation(incoming.id, lines));
    return incoming.id;
  }

  /** Best effort: the message may be gone again, and its conversation is no reason to fail. */
  #completeConversation(id: number, reply: readonly ConversationLine[]): void {
    try {
      this.#store.appendReply(id, reply);
    } catch {}
  }

  #factsOf(session: SMTPServerSession): ReceptionFacts {
    const { mailFrom, rcptTo } = session.envelope;
    return {
      at: this.#settings.now(),
      reversePath: mailFrom ? mailFrom.address : '',
      forwardPaths: rcptTo.map(({ address }) => address),
      session: {
        id: session.id,
        client: session.remoteAddress,
        clientName: escapeControls(session.hostNameAppearsAs),
        tls: cipherOf(session),
        user: typeof session.user === 'string' ? session.user : null,
      },
    };
  }

  #track(work: Promise<unknown>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }
}

/** What is too large or cannot be stored is still read to its end, where the reply is due. */
async function fill(incoming: IncomingMessage, stream: SMTPServerDataStream): Promise<void> {
  let failure: unknown = null;
  for await (const chunk of stream) {
    if (failure !== null || stream.sizeExceeded) continue;
    await incoming.write(chunk).catch((error: unknown) => {
      failure = error;
    });
  }
  if (stream.sizeExceeded) throw refusal(552, 'The message is too large');
  if (failure !== null) throw failure;
}

function testReply(address: string): Error | null {
  const found = TEST_ADDRESSES.find(({ form }) => form.test(address));
  return found ? refusal(found.code, found.text) : null;
}

function cipherOf(session: SMTPServerSession): string | null {
  const cipher = session.tlsOptions;
  return cipher ? `${cipher.version} ${cipher.standardName ?? cipher.name}` : null;
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** An error that smtp-server turns into that reply. */
function refusal(responseCode: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode });
}

function notStored(): Error {
  return refusal(451, 'The message could not be stored');
}

function isRefusal(error: unknown): boolean {
  return error instanceof Error && 'responseCode' in error;
}
