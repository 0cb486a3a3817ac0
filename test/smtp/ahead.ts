/** Sessions whose mail transactions go ahead of the replies, against a server that reads. */
import {
  type MailData,
  openSession,
  type Session,
  type SessionSettings,
  type TransactionOptions,
  type TransactionResult,
  type TranscriptRecord,
} from '#smtp';
import { LETTER } from './mails.ts';
import { MemoryWire, settled } from './memory-wire.ts';
import { type Answers, type ReadingServer, readingServer } from './reading-server.ts';
import { VirtualTime } from './virtual-time.ts';

export interface AheadScene {
  readonly server: ReadingServer;
  readonly wire: MemoryWire;
  readonly time: VirtualTime;
  readonly session: Session;
  /** Begins the mail for `p<n>@example.org`. */
  send(n: number, options?: Sending): Promise<TransactionResult>;
  /** The server says the next replies that it holds, in one segment. */
  answer(count: number): Promise<void>;
}

export interface Sending extends Partial<TransactionOptions> {
  readonly data?: MailData;
  readonly forwardPaths?: readonly string[];
}

export async function aheadScene(
  offers: readonly string[],
  options: { answers?: Answers; holds?: boolean; flush?: boolean; settings?: Partial<SessionSettings> } = {},
): Promise<AheadScene> {
  const server = readingServer(offers, options.answers, { holds: options.holds ?? false });
  const wire = new MemoryWire(server, options.flush === undefined ? {} : { flush: options.flush });
  const time = new VirtualTime();
  const settings: SessionSettings = {
    host: 'mail.example.com',
    port: 25,
    security: 'none',
    clientName: 'client.example.com',
    ...options.settings,
  };
  const session = await openSession(settings, { time, connect: wire.connect, record: () => {} });
  server.writes.length = 0;
  return {
    server,
    wire,
    time,
    session,
    send: (n, { data = LETTER, forwardPaths = [`p${n}@example.org`], ...rest } = {}) =>
      session.transact({ reversePath: `m${n}@example.com`, forwardPaths }, data, {
        release: async () => true,
        record: () => {},
        ...rest,
      }),
    answer: async (count) => {
      wire.say(`${server.held.splice(0, count).join('\r\n')}\r\n`);
      await settled();
    },
  };
}

/** What one transaction's own records say, one line each. */
export function recorder(): { record: (entry: TranscriptRecord) => void; lines: string[] } {
  const lines: string[] = [];
  return { record: ({ by, text }) => void lines.push(`${by[0]?.toUpperCase()}: ${text}`), lines };
}

/** The outcomes of its recipients. */
export async function outcomes(result: Promise<TransactionResult>): Promise<string[]> {
  return (await result).recipients.map(({ outcome }) => outcome);
}
