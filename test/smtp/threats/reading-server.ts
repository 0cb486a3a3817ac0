/**
 * A server in memory that reads as a server reads: commands by their CRLF, mail data to its CRLF.CRLF or by its count. What
 * it took for mails is what the tests ask about, not what the client says of itself.
 */
import { openSession, type Session, type SessionSettings, type TranscriptRecord } from '#smtp';
import { CommandStream, type Heard } from '../command-stream.ts';
import { MemoryWire, type Octets } from '../memory-wire.ts';
import { VirtualTime } from '../virtual-time.ts';

export type Mode = 'lockstep' | 'pipelining' | 'chunking';

export const MODES: readonly Mode[] = ['lockstep', 'pipelining', 'chunking'];

const OFFERS: Readonly<Record<Mode, readonly string[]>> = {
  lockstep: [],
  pipelining: ['PIPELINING'],
  chunking: ['PIPELINING', 'CHUNKING'],
};

/** A mail as this server has taken it. */
export interface TakenMail {
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  /** Transparency undone. */
  readonly content: Octets;
}

export interface ReadingServer {
  readonly wire: MemoryWire;
  readonly time: VirtualTime;
  /** Each command line without its CRLF, in order; `.` for the end of mail data. */
  readonly commands: readonly string[];
  readonly taken: readonly TakenMail[];
  /** Of the session and of all its transactions. */
  readonly records: TranscriptRecord[];
  open(settings?: Partial<SessionSettings>): Promise<Session>;
}

export interface Behaviour {
  readonly offers?: readonly string[];
  /** @returns what it says to a command instead of yes: whole replies, or whatever; `null`: yes */
  readonly answers?: (command: string) => Octets | null;
  /** What it says along with, and behind, each reply. Default: nothing. */
  readonly behind?: (command: string) => { readonly along?: Octets; readonly after?: Octets };
}

export function readingServer(mode: Mode, behaviour: Behaviour = {}): ReadingServer {
  const reader = new Reader([...OFFERS[mode], ...(behaviour.offers ?? [])], behaviour);
  const time = new VirtualTime();
  const records: TranscriptRecord[] = [];
  const wire = new MemoryWire({
    greeting: reader.said('greeting', '220 mail.example.com\r\n'),
    hears: (heard) => reader.hears(heard),
  });
  const open = (settings: Partial<SessionSettings> = {}): Promise<Session> =>
    openSession(
      { host: 'mail.example.com', port: 25, security: 'none', clientName: 'client.example.com', ...settings },
      { time, connect: wire.connect, record: (entry) => records.push(entry) },
    );
  return { wire, time, commands: reader.commands, taken: reader.taken, records, open };
}

class Reader {
  readonly commands: string[] = [];
  readonly taken: TakenMail[] = [];
  readonly #offers: readonly string[];
  readonly #behaviour: Behaviour;
  readonly #stream = new CommandStream();
  #reversePath = '';
  #forwardPaths: string[] = [];

  constructor(offers: readonly string[], behaviour: Behaviour) {
    this.#offers = offers;
    this.#behaviour = behaviour;
  }

  hears(octets: Octets): readonly Octets[] {
    this.#stream.push(octets);
    const segments: Octets[] = [];
    for (let heard = this.#stream.next(); heard !== null; heard = this.#stream.next())
      segments.push(...this.#answer(heard));
    return segments.filter((segment) => segment !== '');
  }

  /** The reply, with what comes along with it in one segment; and what comes behind it. */
  said(command: string, usual: Octets): readonly Octets[] {
    const { along = '', after = '' } = this.#behaviour.behind?.(command) ?? {};
    return [(this.#behaviour.answers?.(command) ?? usual) + along, after];
  }

  #answer(heard: Heard): readonly Octets[] {
    if (heard.what === 'chunk') return this.#take(heard.content);
    if (heard.what === 'mail data') return this.#take(heard.content.replace(/(^|\r\n)\./g, '$1'));
    this.commands.push(heard.line);
    return this.#command(heard.line);
  }

  #command(command: string): readonly Octets[] {
    const bdat = /^BDAT (\d+) LAST$/.exec(command)?.[1];
    if (bdat !== undefined) {
      this.#stream.expectChunk(Number(bdat));
      return [];
    }
    const said = this.said(command, this.#usual(command));
    if (/^(?:RSET|MAIL)/.test(command)) this.#forwardPaths = [];
    if (command.startsWith('MAIL')) this.#reversePath = pathOf(command);
    if (command.startsWith('RCPT')) this.#forwardPaths.push(pathOf(command));
    if (command === 'DATA' && said[0]?.startsWith('354')) this.#stream.expectMailData();
    return said;
  }

  #usual(command: string): Octets {
    if (command.startsWith('EHLO')) {
      const lines = ['mail.example.com', ...this.#offers];
      return lines.map((line, index) => `250${index < lines.length - 1 ? '-' : ' '}${line}\r\n`).join('');
    }
    if (command === 'DATA') return '354 go ahead\r\n';
    if (command === 'QUIT') return '221 bye\r\n';
    return /^(?:MAIL|RCPT|RSET|NOOP)/.test(command) ? '250 ok\r\n' : '500 what\r\n';
  }

  #take(content: Octets): readonly Octets[] {
    this.commands.push('.');
    this.taken.push({ reversePath: this.#reversePath, forwardPaths: this.#forwardPaths, content });
    return this.said('.', '250 ok\r\n');
  }
}

/** As a server reads it that looks for the first `>`. */
function pathOf(command: string): string {
  return /<([^>]*)>/.exec(command)?.[1] ?? '';
}
