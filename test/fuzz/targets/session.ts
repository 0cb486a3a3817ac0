/**
 * A whole session with a server that says what the input says, command for command. Nobody is accepted without an
 * indicator that was heard and a 2yz behind it; secrets stay in; no timer and no connection is left.
 */
import {
  MailDataError,
  openSession,
  type RecipientResult,
  type Recorder,
  type Session,
  type SessionSettings,
  SmtpError,
  type TransactionResult,
  type TranscriptRecord,
} from '#smtp';
import { mailData } from '../../smtp/mails.ts';
import { MemoryWire } from '../../smtp/memory-wire.ts';
import { VirtualTime } from '../../smtp/virtual-time.ts';
import { documentedError, endingOf, expect, expectPrintable, latin1Of, type Target } from '../target.ts';

const PASSWORD = 'S3cr3t-CANARY';
const PEOPLE = ['one@example.org', 'two@example.org'];
/** Each of its own length, so that what the server heard tells them apart. */
const MAILS = ['Subject: a\r\n\r\n.\r\n', 'Subject: bb\r\n\r\nHello\r\n', 'Subject: ccc\r\n\r\nHello\r\n..\r\n'];

const SETTINGS: Readonly<Record<string, Partial<SessionSettings>>> = {
  n: { security: 'none' },
  t: { security: 'implicit-tls', credentials: { user: 'user', password: PASSWORD } },
  s: { security: 'starttls', credentials: { user: 'user', password: PASSWORD } },
};

/** Turns of the server are set apart by 0x1E, segments of a turn by 0x1F; the first octet says which settings. */
export const session: Target = {
  name: 'session',
  seeds: [
    'n220 hi\r\n\x1e250-hi\r\n250 8BITMIME\r\n\x1e250 ok\r\n\x1e250 ok\r\n\x1e250 ok\r\n\x1e354 go\r\n\x1e\x1e250 queued as 1\r\n\x1e221 bye\r\n',
    'n220 hi\r\n\x1e250-hi\r\n250-PIPELINING\r\n250 SIZE 1000\r\n\x1e250 ok\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n\x1e250 queued\r\n\x1e221 bye\r\n',
    'n220 hi\r\n\x1e250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n\x1e250 ok\r\n250 ok\r\n250 ok\r\n250 ok\r\n250 queued\r\n\x1e221 bye\r\n',
    't220 hi\r\n\x1e250-hi\r\n250 AUTH PLAIN\r\n\x1e235 ok\r\n\x1e250 ok\r\n\x1e250 ok\r\n\x1e450 later\r\n\x1e354 go\r\n\x1e\x1e451 no\r\n\x1e221 bye\r\n',
    's220 hi\r\n\x1e250-hi\r\n250 STARTTLS\r\n\x1e220 go\r\n\x1e250-hi\r\n250 AUTH LOGIN\r\n\x1e334 VXNlcm5hbWU6\r\n\x1e334 UGFzc3dvcmQ6\r\n\x1e535 5.7.8 S3cr3t-CANARY\r\n\x1e221 bye\r\n',
    'n220 hi\r\n\x1e502 what\r\n\x1e250 hi\r\n\x1e421 closing\r\n',
    't220 hi\r\n\x1e250-hi\r\n250 AUTH SCRAM-SHA-256\r\n\x1e334 \r\n\x1e334 cj1h\r\n\x1e535 no\r\n\x1e221 bye\r\n',
  ],
  words: [
    '\x1e',
    '\x1f',
    '250 ok\r\n',
    '250-',
    '354 go\r\n',
    '421 closing\r\n',
    '550 5.1.1 no\r\n',
    '452 4.5.3 too many\r\n',
    '221 bye\r\n',
    '235 ok\r\n',
    '334 \r\n',
    '250 CHUNKING\r\n',
    '250-PIPELINING\r\n',
    '250 AUTH PLAIN\r\n',
    PASSWORD,
    'AHVzZXIAUzNjcjN0LUNBTkFSWQ==',
    '\r\n',
    '\n',
    '\x1b',
    '251 ok\r\n',
    '25',
    '250 o\x1fk\r\n',
    '250-SIZE 1\r\n',
  ],
  maxOctets: 2048,
  async run(input) {
    const [kind = 'n', ...rest] = latin1Of(input);
    const turns = rest
      .join('')
      .split('\x1e')
      .map((turn) => turn.split('\x1f').filter((segment) => segment !== ''));
    const time = new VirtualTime();
    const wire = new MemoryWire({
      greeting: turns.shift() ?? 'nothing',
      tlsFirst: kind === 't',
      hears: () => turns.shift() ?? 'close',
    });
    const records: TranscriptRecord[] = [];
    const ending = await converse(SETTINGS[kind] ?? SETTINGS['n'] ?? {}, { time, wire, records });
    expect(time.pending === 0, `${time.pending} timers are left`);
    expect(wire.closed !== null, 'the connection is left open');
    for (const { text } of records) expectPrintable(text);
    const isSecret = SETTINGS[kind]?.credentials !== undefined;
    expect(!isSecret || !JSON.stringify(records).includes(PASSWORD), 'a secret is in the transcript');
    expect(isClean(wire.heard), `the server heard ${JSON.stringify(wire.heard)}`);
    return ending;
  },
};

interface Scene {
  readonly time: VirtualTime;
  readonly wire: MemoryWire;
  readonly records: TranscriptRecord[];
}

async function converse(settings: Partial<SessionSettings>, { time, wire, records }: Scene): Promise<string> {
  const record = (entry: TranscriptRecord): void => void records.push(entry);
  const deadlines = new Deadlines(time);
  try {
    const whole: SessionSettings = {
      host: 'mail.test',
      port: 25,
      security: 'none',
      clientName: 'c.test',
      depth: 3,
      ...settings,
    };
    const session = await deadlines.over(
      openSession(whole, { time, connect: wire.connect, record, random: unforeseen }),
    );
    const sent: Promise<PromiseSettledResult<string>[]>[] = [];
    for (const mail of MAILS) {
      if (!(await deadlines.over(session.ready()))) break;
      sent.push(Promise.allSettled([send(session, mail, wire, record)]));
    }
    const results = (await deadlines.over(Promise.all(sent))).flat();
    await deadlines.over(session.quit());
    return `${session.mode} ${results.map((result) => settledTo(result)).join(', ')}`;
  } catch (error) {
    const known = documentedError(error, [SmtpError]);
    expect(settings.credentials === undefined || !known.message.includes(PASSWORD), 'a secret is in an error');
    return endingOf(known);
  }
}

async function send(session: Session, mail: string, wire: MemoryWire, record: Recorder): Promise<string> {
  const envelope = { reversePath: 'news@example.com', forwardPaths: PEOPLE };
  try {
    const result = await session.transact(envelope, mailData(mail), { release: async () => true, record });
    return checkedResult(result, mail, wire.heard);
  } catch (error) {
    // The server's SIZE may be less than any mail's.
    return endingOf(documentedError(error, [MailDataError]));
  }
}

function settledTo<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** The same each time: what is done with it is all that counts here. */
function unforeseen(octets: number): Uint8Array {
  return Buffer.alloc(octets, 7);
}

/** Lets time pass, so that what waits in vain comes to its deadline. */
class Deadlines {
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  async over<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    for (let turn = 1; !isDone; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (turn % 20 === 0) this.#time.advance(15 * 60_000);
      if (turn > 2000) throw new Error('it does not come to an end');
    }
    return done;
  }
}

function checkedResult({ recipients, error }: TransactionResult, mail: string, heard: string): string {
  const count = mail.length;
  const stuffed = mail.replaceAll('\r\n.', '\r\n..');
  const isIndicated = heard.includes(`${stuffed}.\r\n`) || heard.includes(`BDAT ${count} LAST\r\n${mail}`);
  expect(recipients.length === PEOPLE.length, `${recipients.length} results`);
  for (const result of recipients) {
    const { outcome } = result;
    if (outcome === 'accepted' || outcome === 'uncertain') expect(isIndicated, `${outcome} before its end`);
    // What a 421 leaves unanswered was not processed (RFC 5321 §3.8).
    if (outcome === 'unsent') expect(!isIndicated || result.error.reply?.code === 421, 'unsent behind its end');
    if ('reply' in result)
      expect(result.reply.code < 300 === (outcome === 'accepted'), `${outcome} by ${result.reply.code}`);
    if ('error' in result) expectPrintable(result.error.message);
  }
  return `${recipients.map(inShort).join(' ')} ${error?.code}`;
}

function inShort(result: RecipientResult): string {
  if ('error' in result) return `${result.outcome} ${result.error.code} ${result.error.step}`;
  return `${result.outcome}${'step' in result ? ` ${result.step}` : ''}`;
}

/** Only whole lines that this client has words for. */
function isClean(heard: string): boolean {
  const contents = /Subject: (?:a|bb|ccc)\r\n\r\n(?:Hello\r\n)?(?:\.{1,3}\r\n(?!Subject))?/g;
  const lines = heard.replaceAll('<TLS>', '').replaceAll(contents, '').split('\r\n');
  return lines.pop() === '' && lines.every((line) => KNOWN.test(line));
}

const KNOWN =
  /^(?:EHLO c\.test|HELO c\.test|STARTTLS|AUTH [A-Z0-9-]+(?: [A-Za-z0-9+/=]+)?|[A-Za-z0-9+/]*={0,2}|\*|MAIL FROM:<news@example\.com>(?: [A-Z0-9]+(?:=[A-Z0-9]+)?)*|RCPT TO:<(?:one|two)@example\.org>(?: [A-Z]+=\S+)*|DATA|BDAT \d\d(?: LAST)?|\.|RSET|NOOP|QUIT)$/;
