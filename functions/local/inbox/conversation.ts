/**
 * The server's own record of what was said, kept with each message: the session's opening, then the mail transaction.
 *
 * smtp-server tells its logger each command and each reply. What it calls a command is any line that arrives outside
 * mail data, so a password or a body line that a confused client sends at the wrong moment would be told as well.
 * Therefore only lines that are well-formed commands are kept as text; of everything else, only the length.
 */
import { escapeControls } from '#mailing';

export interface ConversationLine {
  /** Epoch ms. */
  readonly at: number;
  readonly by: 'client' | 'server' | 'note';
  /** One line without CRLF; control characters escaped, secrets and mail data replaced by `<…>`. */
  readonly text: string;
}

export interface ServerConversation {
  /** Greeting, EHLO, STARTTLS, AUTH: what was said before the connection's first mail transaction. */
  readonly opening: readonly ConversationLine[];
  /** From MAIL to the reply to the end-of-mail-data indicator. */
  readonly transaction: readonly ConversationLine[];
}

/** Longer parts lose their middle: a client may send any number of commands. */
const LONGEST_PART = 1_000;

const COMMANDS: readonly RegExp[] = [
  /^(?:EHLO|HELO|LHLO) [^\s]+ *$/i,
  /^MAIL FROM:\s*<[^<>]*>(?: [!-~]+)* *$/i,
  /^RCPT TO:\s*<[^<>]*>(?: [!-~]+)* *$/i,
  /^(?:DATA|RSET|QUIT|STARTTLS|NOOP|HELP) *$/i,
];

const MECHANISM =
  /^AUTH (PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|XOAUTH2|OAUTHBEARER|SCRAM-SHA-(?:1|256)|NTLM|EXTERNAL)(?= |$)/i;

/** A client's line as it may be shown. AUTH keeps a mechanism that is known, and says whether anything came after it. */
export function redactCommand(line: string): string {
  if (/^AUTH( |$)/i.test(line)) {
    const shown = (MECHANISM.exec(line)?.[0] ?? 'AUTH').toUpperCase();
    return line.trimEnd().length > shown.length ? `${shown} <secret>` : shown;
  }
  if (COMMANDS.some((form) => form.test(line))) return escapeControls(line.trimEnd());
  return `<${Buffer.byteLength(line)} octets that are not a command>`;
}

/** smtp-server's own mark for a line of an authentication exchange, after which the command's name is gone. */
const SECURED = '/* secured */';

function describeCommand(line: string): string {
  return line === SECURED ? '<secret>' : redactCommand(line);
}

interface SessionRecord {
  opening: ConversationLine[];
  /** `null` until the connection's first MAIL. */
  transaction: ConversationLine[] | null;
  /** A MAIL was seen, and neither RSET, EHLO nor the end of its mail data since. */
  inTransaction: boolean;
  onNextReply: ((lines: readonly ConversationLine[]) => void) | null;
}

/** What smtp-server hands to a logger: an entry, then the words of the message. */
interface LogEntry {
  readonly tnx?: string;
  readonly cid?: string;
}

export class ConversationRecorder {
  readonly #sessions = new Map<string, SessionRecord>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** For smtp-server's `logger` option. */
  readonly logger = {
    debug: (entry: LogEntry, _who: string, words: string): void => {
      const session = entry.cid === undefined ? undefined : this.#sessions.get(entry.cid);
      if (!session) return;
      if (entry.tnx === 'command') this.#command(session, words);
      if (entry.tnx === 'send') this.#reply(session, words);
    },
    info: (): void => {},
    error: (): void => {},
  };

  begin(sessionId: string): void {
    this.#sessions.set(sessionId, { opening: [], transaction: null, inTransaction: false, onNextReply: null });
  }

  end(sessionId: string): void {
    this.#sessions.delete(sessionId);
  }

  note(sessionId: string, text: string): void {
    const session = this.#sessions.get(sessionId);
    if (session) this.#add(session, 'note', text);
  }

  /**
   * Tells that the end-of-mail-data indicator has come, and returns what was said so far. The reply that comes next
   * belongs to the same transaction: see `afterNextReply`.
   */
  mailData(sessionId: string, octets: number): ServerConversation {
    const session = this.#sessions.get(sessionId);
    if (!session) return { opening: [], transaction: [] };
    this.#add(session, 'client', `<mail data, ${octets} octets>`);
    this.#add(session, 'client', '.');
    session.inTransaction = false;
    return { opening: shorten(session.opening), transaction: shorten(session.transaction ?? []) };
  }

  /** Calls `tell` with the session's next reply, once that has been handed to the connection. */
  afterNextReply(sessionId: string, tell: (lines: readonly ConversationLine[]) => void): void {
    const session = this.#sessions.get(sessionId);
    if (session) session.onNextReply = tell;
  }

  #command(session: SessionRecord, line: string): void {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'MAIL' && !session.inTransaction) {
      session.transaction = [];
      session.inTransaction = true;
    }
    // RFC 5321 §4.1.4: RSET and EHLO end a mail transaction.
    if (verb === 'RSET' || verb === 'EHLO' || verb === 'HELO') session.inTransaction = false;
    this.#add(session, 'client', describeCommand(line));
  }

  #reply(session: SessionRecord, words: string): void {
    const lines = words.split('\r\n').map((text) => this.#add(session, 'server', escapeControls(text)));
    const onReply = session.onNextReply;
    session.onNextReply = null;
    onReply?.(lines);
  }

  #add(session: SessionRecord, by: ConversationLine['by'], text: string): ConversationLine {
    const line = { at: this.#now(), by, text };
    const part = session.transaction ?? session.opening;
    // Twice the length that is kept, so that the middle is dropped once in a thousand lines and not at each.
    if (part.length >= 2 * LONGEST_PART) part.splice(0, part.length, ...shorten(part));
    part.push(line);
    return line;
  }
}

function shorten(part: readonly ConversationLine[]): ConversationLine[] {
  if (part.length <= LONGEST_PART) return [...part];
  const half = LONGEST_PART / 2;
  const cut = { at: part[half]?.at ?? 0, by: 'note' as const, text: '<lines left out>' };
  return [...part.slice(0, half), cut, ...part.slice(-half)];
}
