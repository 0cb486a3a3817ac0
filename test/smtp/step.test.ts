/** Client and server in step: a reply answers the command that is outstanding, and nothing else counts as one. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_TIMEOUTS, openSession, type Session, type WireEvents } from '#smtp';
import { LETTER_ON_THE_WIRE } from './mails.ts';
import { MemoryWire, PEER, type Reaction, settled } from './memory-wire.ts';
import { segmentsOf } from './segments.ts';
import { scene, send, yes } from './sessions.ts';
import { VirtualTime } from './virtual-time.ts';

const EHLO = 'EHLO client.example.com\r\n';
const MAIL = 'MAIL FROM:<news@example.com>\r\n';
const RCPT = 'RCPT TO:<person@example.org>\r\n';
const END = '.\r\n';
const WHOLE = `${EHLO}${MAIL}${RCPT}DATA\r\n${LETTER_ON_THE_WIRE}${END}QUIT\r\n`;

function said(reaction: Reaction): string {
  return typeof reaction === 'string' ? '' : reaction.join('');
}

describe('a session', () => {
  it('refuses replies that were all sent with the greeting', async () => {
    const greeting = ['220 hi\r\n250 hi\r\n250 ok\r\n250 ok\r\n354 go\r\n250 fake-queued\r\n'];
    const { wire, open } = scene({ greeting });
    await expect(open()).rejects.toMatchObject({ code: 'ERR_SMTP_PROTOCOL', step: 'greeting' });
    expect(wire.heard).toBe('');
    expect(wire.closed).toBe('destroyed');
  });

  it.each(['250-ok\r\n550 no such user\r\n', '550-no\r\n250 ok\r\n'])(
    'refuses the two-tongued reply %j',
    async (reply) => {
      const { wire, open } = scene({ [RCPT]: [reply] });
      const { recipients, error } = await send(await open());
      expect(recipients).toMatchObject([{ outcome: 'unsent', error: { code: 'ERR_SMTP_PROTOCOL', step: 'RCPT' } }]);
      expect(error).not.toBeNull();
      expect(wire.heard).toBe(EHLO + MAIL + RCPT);
    },
  );

  it.each([
    'garbage\r\n250 queued\r\n',
    '25 ok\r\n',
    '250 queued\n',
    '350 queued\r\n',
    '221 bye\r\n',
    '250 ok\r\n250 ok\r\n',
    '250 ok\r\n2',
  ])('takes %j for no answer to the end of data: uncertain', async (reply) => {
    const { wire, open } = scene({ [END]: [reply] });
    const session = await open();
    const { recipients } = await send(session);
    expect(recipients).toMatchObject([{ outcome: 'uncertain' }]);
    expect(session.usable).toBe(false);
    expect(wire.closed).toBe('destroyed');
  });

  it('takes 250 for an acceptance also where the server closes behind it', async () => {
    const { open } = scene({ [END]: ['250 queued as 1\r\n421 4.3.2 closing\r\n'] });
    const session = await open();
    const { recipients, error } = await send(session);
    expect(recipients).toMatchObject([{ outcome: 'accepted', queueId: '1' }]);
    expect(error).toMatchObject({ code: 'ERR_SMTP_CONNECTION_LOST', reply: { code: 421 } });
  });

  it('acts on unknown codes by their first digit', async () => {
    const { open } = scene({ [MAIL]: ['259 fine\r\n'], [RCPT]: ['257 fine\r\n'], [END]: ['459 later\r\n'] });
    const { recipients } = await send(await open());
    expect(recipients).toMatchObject([{ outcome: 'deferred', step: 'end of data', reply: { code: 459 } }]);
  });

  it.each([
    ['250 5.7.1 rejected, no such user, error\r\n', 'accepted'],
    ['550 2.0.0 ok: queued as 1\r\n', 'refused'],
    ['451 250 ok\r\n', 'deferred'],
    ['250-550 no\r\n250 421 closing\r\n', 'accepted'],
  ])('decides by the code of %j, whatever the text says: %s', async (reply, outcome) => {
    const { open } = scene({ [END]: [reply] });
    const { recipients, error } = await send(await open());
    expect(recipients).toMatchObject([{ outcome }]);
    expect(error).toBeNull();
  });

  it.each([
    [MAIL, '354 go\r\n', 'unsent'],
    [RCPT, '354 go\r\n', 'unsent'],
    ['DATA\r\n', '334 \r\n', 'unsent'],
    [END, '354 go\r\n', 'uncertain'],
    [END, '334 \r\n', 'uncertain'],
  ])('is out of step where %j is answered with %j: %s', async (command, reply, outcome) => {
    const { wire, open } = scene({ [command]: [reply] });
    const { recipients } = await send(await open());
    expect(recipients).toMatchObject([{ outcome, error: { code: 'ERR_SMTP_REPLY' } }]);
    expect(wire.heard.endsWith(command)).toBe(true);
    expect(wire.closed).toBe('destroyed');
  });

  const commands = [EHLO, MAIL, RCPT, 'DATA\r\n', END];
  it.each(commands)('is over with a surplus reply behind the one to %j, and nothing more is said', async (command) => {
    const { wire, open, time } = scene({ [command]: [`${said(yes(command))}250 surplus\r\n`] });
    const outcome = await open()
      .then((session) => send(session))
      .then(({ recipients }) => recipients[0]?.outcome)
      .catch((error) => error.code);
    expect(outcome).toBe(command === EHLO ? 'ERR_SMTP_PROTOCOL' : command === END ? 'uncertain' : 'unsent');
    expect(wire.heard).toBe(WHOLE.slice(0, WHOLE.lastIndexOf(command) + command.length));
    expect(wire.closed).toBe('destroyed');
    expect(time.pending).toBe(0);
  });

  it.each(commands)(
    'accepts nothing when a surplus reply follows the one to %j in a segment of its own',
    async (command) => {
      const { wire, open } = scene({ [command]: [said(yes(command)), '250 surplus\r\n'] });
      const session = await open().catch(() => null);
      await settled();
      const first = session === null ? null : await send(session);
      await settled();
      const second = session === null ? null : await send(session);
      // Behind the final reply it comes too late to doubt that one; the connection is not used again.
      expect(first?.recipients[0]?.outcome === 'accepted').toBe(command === END);
      expect(second?.recipients[0]?.outcome ?? 'unsent').toBe('unsent');
      expect(wire.closed).toBe('destroyed');
    },
  );

  it('hears a greeting that comes in the same instant as TLS', async () => {
    const secured = (events: WireEvents): void => {
      events.secured(PEER);
      events.received(Buffer.from('220 mail.example.com\r\n'));
    };
    const settings = {
      host: 'mail.example.com',
      port: 465,
      security: 'implicit-tls',
      clientName: 'client.example.com',
    } as const;
    const silent = new MemoryWire({ greeting: 'nothing', hears: yes });
    const opening = openSession(settings, {
      time: new VirtualTime(),
      record: () => {},
      connect: (target, events) => ({
        ...silent.connect(target, events),
        startTls: () => setImmediate(secured, events),
      }),
    });
    expect((await opening).usable).toBe(true);
  });

  it('says the same however the replies are cut', async () => {
    const property = fc.asyncProperty(fc.array(fc.nat(12), { maxLength: 12 }), async (lengths) => {
      const cut = (reaction: Reaction): Reaction => segmentsOf(said(reaction), lengths).filter((part) => part !== '');
      const { wire, open } = scene({ greeting: cut(['220-a\r\n220 b\r\n']) }, { hears: (heard) => cut(yes(heard)) });
      const session = await open();
      const { recipients } = await send(session);
      expect(recipients).toMatchObject([{ outcome: 'accepted', reply: { code: 250, lines: ['ok'] } }]);
      await session.quit();
      expect(wire.heard).toBe(WHOLE);
    });
    await fc.assert(property, { numRuns: 100 });
  });
});

describe('an idle session', () => {
  const unasked: readonly (readonly [what: string, segments: readonly string[], code: string])[] = [
    ['a 421', ['421 4.4.2 idle too long\r\n'], 'ERR_SMTP_CONNECTION_LOST'],
    ['a 421 in two segments', ['42', '1 4.4.2 idle too long\r\n'], 'ERR_SMTP_CONNECTION_LOST'],
    ['a reply', ['250 ok\r\n'], 'ERR_SMTP_PROTOCOL'],
    ['the beginning of a reply', ['250-'], 'ERR_SMTP_PROTOCOL'],
    ['the beginning of a 421', ['42'], 'ERR_SMTP_PROTOCOL'],
    ['two 421', ['421 a\r\n421 b\r\n'], 'ERR_SMTP_CONNECTION_LOST'],
    ['garbage', ['hello\r\n'], 'ERR_SMTP_PROTOCOL'],
  ];
  it.each(unasked)('that is told %s takes no other mail', async (_what, segments, code) => {
    const { wire, open, time } = scene();
    const session = await open();
    await send(session);
    const heard = wire.heard;
    for (const segment of segments) wire.say(segment);
    expect(session.usable).toBe(false);
    await expectUnsent(session, code);
    expect(wire.heard).toBe(heard);
    expect(wire.closed).not.toBeNull();
    expect(time.pending).toBe(0);
  });

  it('that the server closes takes no other mail', async () => {
    const { wire, open } = scene();
    const session = await open();
    wire.cut();
    expect(session.usable).toBe(false);
    await expectUnsent(session, 'ERR_SMTP_CONNECTION_LOST');
    expect(session.transactions).toBe(0);
  });

  it('says why it is over in its own records', async () => {
    const { wire, open, records } = scene();
    await open();
    wire.say('421 4.4.2 idle\x1b[2J\r\n');
    expect(records.slice(-2).map(({ by, text }) => `${by}: ${text}`)).toEqual([
      'server: 421 4.4.2 idle\\u001b[2J',
      'note: Cannot keep the session open: server closes the connection, it said "421 4.4.2 idle\\u001b[2J"',
    ]);
  });
});

async function expectUnsent(session: Session, code: string): Promise<void> {
  let released = 0;
  const release = async (): Promise<boolean> => {
    released += 1;
    return true;
  };
  const { recipients, error } = await send(session, { release, forwardPaths: ['a@b.test', 'c@d.test'] });
  const unsent = { outcome: 'unsent', error: { code, step: 'idle' } };
  expect(recipients).toMatchObject([unsent, unsent]);
  expect(error).toMatchObject({ code });
  expect(released).toBe(0);
}

describe('a deadline', () => {
  it('is what RFC 5321 §4.5.3.2 asks for, or more', () => {
    const { greetingMs, mailMs, rcptMs, dataMs, dataBlockMs, endOfDataMs } = DEFAULT_TIMEOUTS;
    const minutes = [greetingMs, mailMs, rcptMs, dataMs, dataBlockMs, endOfDataMs].map((ms) => ms / 60_000);
    expect(minutes).toEqual([5, 5, 5, 2, 3, 10]);
  });

  it('is not moved by a server that drips', async () => {
    const { wire, time, open } = scene({ [EHLO]: 'nothing' });
    const ended = expect(open()).rejects.toMatchObject({ code: 'ERR_SMTP_TIMEOUT', step: 'EHLO' });
    await settled();
    // An octet every 10 s: after 30 of them the 300 s of EHLO are over, whatever has come.
    for (const octet of '250-mail.example.com says hell') {
      expect(wire.closed).toBeNull();
      wire.say(octet);
      time.advance(10_000);
    }
    await ended;
    expect(wire.closed).toBe('destroyed');
    expect(time.pending).toBe(0);
  });

  it('is the settings’ where they name one', async () => {
    const { time, open } = scene({ greeting: 'nothing' });
    const opening = open({ timeouts: { greetingMs: 1000 } });
    const ended = expect(opening).rejects.toThrow('Cannot open session: the server did not answer within 1 s');
    await settled();
    time.advance(1000);
    await ended;
  });
});
