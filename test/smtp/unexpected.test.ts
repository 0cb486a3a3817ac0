/**
 * Each step of a session, met by each thing that is not the reply it wants. A cell tells what the client makes of it:
 * the error or outcome, and `QUIT` where the dialogue is still in order and the session is ended so.
 */
import { describe, expect, it } from 'vitest';
import { DEFAULT_TIMEOUTS, openSession, type RecipientResult, type Session, SmtpError, type Timeouts } from '#smtp';
import { LETTER, LETTER_ON_THE_WIRE } from './mails.ts';
import { MemoryWire, type Reaction, settled } from './memory-wire.ts';
import { VirtualTime } from './virtual-time.ts';

/** Step, what the client says, what the server says to it when all is well, the step's deadline. */
const STEPS: readonly (readonly [step: string, client: string, server: string, deadline: keyof Timeouts])[] = [
  ['greeting', '', '220 mail.example.com ESMTP\r\n', 'greetingMs'],
  ['EHLO', 'EHLO client.example.com\r\n', '250-mail.example.com\r\n250 STARTTLS\r\n', 'ehloMs'],
  ['STARTTLS', 'STARTTLS\r\n', '220 go ahead\r\n', 'startTlsMs'],
  ['EHLO over TLS', 'EHLO client.example.com\r\n', '250-mail.example.com\r\n250 AUTH LOGIN\r\n', 'ehloMs'],
  ['AUTH', 'AUTH LOGIN\r\n', '334 VXNlcm5hbWU6\r\n', 'authMs'],
  ['user name', 'dXNlcg==\r\n', '334 UGFzc3dvcmQ6\r\n', 'authMs'],
  ['password', 'cGFzc3dvcmQ=\r\n', '235 accepted\r\n', 'authMs'],
  ['MAIL', 'MAIL FROM:<news@example.com>\r\n', '250 ok\r\n', 'mailMs'],
  ['RCPT', 'RCPT TO:<person@example.org>\r\n', '250 ok\r\n', 'rcptMs'],
  ['DATA', 'DATA\r\n', '354 go ahead\r\n', 'dataMs'],
  ['mail data', LETTER_ON_THE_WIRE, '', 'dataBlockMs'],
  ['end of data', '.\r\n', '250 queued\r\n', 'endOfDataMs'],
  ['QUIT', 'QUIT\r\n', '221 bye\r\n', 'quitMs'],
];

const FAULTS: Record<string, Reaction> = {
  '421': ['421 4.3.2 closing\r\n'],
  '4yz': ['451 4.7.1 greylisted\r\n'],
  '5yz': ['550 5.7.1 go away\r\n'],
  'another 2yz': ['221 2.0.0 bye\r\n'],
  'another 3yz': ['350 what\r\n'],
  garbage: ['hello there\r\n'],
  'two digits': ['25 ok\r\n'],
  'a reply too many': ['250 ok\r\n250 ok\r\n'],
  EOF: 'close',
  'half a reply, then EOF': ['250 o', '<EOF>'],
  reset: 'reset',
  silence: 'nothing',
};

/** In the order of the faults. */
const TABLE: Record<string, string> = {
  greeting:
    'Reply | Reply QUIT | Reply QUIT | Reply | Reply | Protocol | Protocol | Protocol | Lost | Lost | Lost | Timeout',
  EHLO: 'Reply | Reply QUIT | Reply QUIT | Reply | Reply | Protocol | Protocol | Protocol | Lost | Lost | Lost | Timeout',
  STARTTLS:
    'TlsRequired | TlsRequired QUIT | TlsRequired QUIT | TlsRequired | TlsRequired | Protocol | Protocol | Protocol | Lost | Lost | Lost | Timeout',
  'EHLO over TLS':
    'Reply | Reply QUIT | Reply QUIT | Reply | Reply | Protocol | Protocol | Protocol | Lost | Lost | Lost | Timeout',
  AUTH: 'Auth | Auth QUIT | Auth QUIT | Auth | Auth | Protocol | Protocol | Protocol | Lost | Lost | Lost | Timeout',
  'user name':
    'Auth | Auth QUIT | Auth QUIT | Auth | Auth | Protocol | Protocol | Protocol | Lost | Lost | Lost | Timeout',
  password:
    'Auth | Auth QUIT | Auth QUIT | Auth | Auth | Protocol | Protocol | Protocol | Lost | Lost | Lost | Timeout',
  MAIL: 'deferred | deferred QUIT | refused QUIT | unsent Reply | unsent Reply | unsent Protocol | unsent Protocol | unsent Protocol | unsent Lost | unsent Lost | unsent Lost | unsent Timeout',
  RCPT: 'deferred | deferred RSET QUIT | refused RSET QUIT | unsent Reply | unsent Reply | unsent Protocol | unsent Protocol | unsent Protocol | unsent Lost | unsent Lost | unsent Lost | unsent Timeout',
  DATA: 'deferred | deferred RSET QUIT | refused RSET QUIT | unsent Reply | unsent Reply | unsent Protocol | unsent Protocol | unsent Protocol | unsent Lost | unsent Lost | unsent Lost | unsent Timeout',
  'mail data':
    'deferred | unsent Protocol | unsent Protocol | unsent Protocol | unsent Protocol | unsent Protocol | unsent Protocol | unsent Protocol | unsent Lost | unsent Lost | unsent Lost | unsent Timeout',
  'end of data':
    'deferred | deferred QUIT | refused QUIT | uncertain Reply | uncertain Reply | uncertain Protocol | uncertain Protocol | uncertain Protocol | uncertain Lost | uncertain Lost | uncertain Lost | uncertain Timeout',
  QUIT: 'accepted | accepted | accepted | accepted | accepted | accepted | accepted | accepted | accepted | accepted | accepted | accepted',
};

const ERRORS: Record<string, string> = {
  Reply: 'ERR_SMTP_REPLY',
  TlsRequired: 'ERR_SMTP_TLS_REQUIRED',
  Auth: 'ERR_SMTP_AUTH',
  Protocol: 'ERR_SMTP_PROTOCOL',
  Lost: 'ERR_SMTP_CONNECTION_LOST',
  Timeout: 'ERR_SMTP_TIMEOUT',
};

const CELLS = STEPS.flatMap(([step], at) =>
  (TABLE[step] ?? '')
    .split(' | ')
    .map((cell, column) => ({ step, at, fault: Object.keys(FAULTS)[column] ?? '', cell })),
);

describe('a session', () => {
  it.each(CELLS)('at $step, met by $fault: $cell', async ({ at, fault, cell }) => {
    const time = new VirtualTime();
    const wire = faultyWire(at, FAULTS[fault] ?? 'nothing');
    let end: { error: SmtpError | null; result?: RecipientResult } | null = null;
    const ended = conversation(wire, time).then((how) => {
      end = how;
      return how;
    });
    if (fault === 'silence') await passDeadline(time, at, () => end);
    const { error, result } = await ended;

    const words = cell.split(' ');
    const outcome = words.find((word) => /^[a-z]/.test(word));
    expect(result?.outcome).toBe(outcome);
    const named = words.map((word) => ERRORS[word]).find((code) => code !== undefined);
    if (named !== undefined) expect(error?.code).toBe(named);
    expect(wire.heard).toBe(heardUntil(at) + aftermath(cell));
    expect(wire.closed).not.toBeNull();
    expect(time.pending).toBe(0);
  });

  it('quotes the reply and names the step', async () => {
    const wire = faultyWire(1, FAULTS['4yz'] ?? 'nothing');
    const { error } = await conversation(wire, new VirtualTime());
    expect(error?.message).toBe(
      'Cannot introduce the client: server replied "451 4.7.1 greylisted" to EHLO, 250 is wanted',
    );
    expect(error?.step).toBe('EHLO');
    expect(error?.reply).toMatchObject({ code: 451, lines: ['4.7.1 greylisted'], enhancedStatus: '4.7.1' });
  });
});

/** Opens, sends one letter, quits. */
async function conversation(wire: MemoryWire, time: VirtualTime) {
  let session: Session;
  try {
    session = await openSession(
      {
        host: 'mail.example.com',
        port: 587,
        security: 'starttls',
        clientName: 'client.example.com',
        credentials: { user: 'user', password: 'password' },
      },
      { time, connect: wire.connect, record: () => {} },
    );
  } catch (error) {
    if (!(error instanceof SmtpError)) throw error;
    return { error };
  }
  const envelope = { reversePath: 'news@example.com', forwardPaths: ['person@example.org'] };
  const { recipients, error } = await session.transact(envelope, LETTER, {
    release: async () => true,
    record: () => {},
  });
  await session.quit();
  expect(session.usable).toBe(false);
  const [result] = recipients;
  const own = result !== undefined && 'error' in result ? result.error : error;
  return result === undefined ? { error: own } : { error: own, result };
}

/** Follows STEPS; at one of them it does something else, and after it says what a server says to RSET and QUIT. */
function faultyWire(at: number, fault: Reaction): MemoryWire {
  let step = 0;
  const reactionTo = (heard: string): Reaction => {
    if (step > at) return [heard === 'QUIT\r\n' ? '221 bye\r\n' : '250 ok\r\n'];
    const reply = STEPS[step]?.[2] ?? '';
    const reaction: Reaction = step === at ? fault : reply === '' ? 'nothing' : [reply];
    step += 1;
    if (Array.isArray(reaction) && reaction.includes('<EOF>')) setImmediate(() => setImmediate(() => wire.cut()));
    return Array.isArray(reaction) ? reaction.filter((segment) => segment !== '<EOF>') : reaction;
  };
  const wire: MemoryWire = new MemoryWire(
    { greeting: reactionTo(''), hears: reactionTo },
    { flush: at !== STEPS.findIndex(([name]) => name === 'mail data') },
  );
  return wire;
}

function heardUntil(at: number): string {
  return STEPS.slice(0, at + 1)
    .map(([step, client]) => (step === 'EHLO over TLS' ? `<TLS>${client}` : client))
    .join('');
}

/** What the client still says after the fault. */
function aftermath(cell: string): string {
  return (cell.includes('RSET') ? 'RSET\r\n' : '') + (cell.includes('QUIT') ? 'QUIT\r\n' : '');
}

/** The deadline is kept to the millisecond: not over before, over then. */
async function passDeadline(time: VirtualTime, at: number, ended: () => unknown): Promise<void> {
  await settled();
  time.advance(DEFAULT_TIMEOUTS[STEPS[at]?.[3] ?? 'quitMs'] - 1);
  await settled();
  expect(ended()).toBeNull();
  time.advance(1);
}
