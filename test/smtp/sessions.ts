/** Sessions over a wire in memory, with a server that says yes to everything but what the test has it say. */
import {
  type MailData,
  openSession,
  type Random,
  type Session,
  type SessionSettings,
  type TransactionOptions,
  type TransactionResult,
  type TranscriptRecord,
} from '#smtp';
import { LETTER } from './mails.ts';
import { type MemoryServer, MemoryWire, type Reaction } from './memory-wire.ts';
import { VirtualTime } from './virtual-time.ts';

export const ENVELOPE = { reversePath: 'news@example.com', forwardPaths: ['person@example.org'] };

const SETTINGS: SessionSettings = {
  host: 'mail.example.com',
  port: 25,
  security: 'none',
  clientName: 'client.example.com',
};

/** What a server says that has nothing against anything. */
export function yes(heard: string): Reaction {
  if (heard.startsWith('EHLO')) return ['250-mail.example.com\r\n250 8BITMIME\r\n'];
  if (heard === 'DATA\r\n') return ['354 go ahead\r\n'];
  if (heard === 'QUIT\r\n') return ['221 bye\r\n'];
  if (/^(?:MAIL|RCPT|RSET|NOOP|\.\r\n$)/.test(heard)) return ['250 ok\r\n'];
  return 'nothing';
}

export interface Scene {
  readonly wire: MemoryWire;
  readonly time: VirtualTime;
  /** The session's own records. */
  readonly records: TranscriptRecord[];
  open(settings?: Partial<SessionSettings>): Promise<Session>;
}

/**
 * @param answers what the server says instead of yes, by the octets that it hears; `greeting` for its greeting
 * @param random the session's chance; without it there is no SCRAM
 */
export function scene(
  answers: Record<string, Reaction> = {},
  server: Partial<MemoryServer> = {},
  random?: Random,
): Scene {
  const wire = new MemoryWire({
    greeting: answers.greeting ?? ['220 mail.example.com\r\n'],
    hears: (heard) => answers[heard] ?? yes(heard),
    ...server,
  });
  const time = new VirtualTime();
  const records: TranscriptRecord[] = [];
  const open = (settings: Partial<SessionSettings> = {}): Promise<Session> =>
    openSession(
      { ...SETTINGS, ...settings },
      {
        time,
        connect: wire.connect,
        record: (entry) => records.push(entry),
        ...(random === undefined ? {} : { random }),
      },
    );
  return { wire, time, records, open };
}

export function send(
  session: Session,
  options: Partial<TransactionOptions> & { data?: MailData; forwardPaths?: readonly string[] } = {},
): Promise<TransactionResult> {
  const {
    data = LETTER,
    forwardPaths = ENVELOPE.forwardPaths,
    release = async () => true,
    record = () => {},
  } = options;
  return session.transact({ ...ENVELOPE, forwardPaths }, data, { release, record });
}
