/** Where one mail's fate is decided: before the indicator, at it, and after it. */
import { describe, expect, it } from 'vitest';
import { type MailData, type TranscriptRecord, WithheldError } from '#smtp';
import { LETTER, LETTER_ON_THE_WIRE, mailData } from './mails.ts';
import { settled } from './memory-wire.ts';
import { ENVELOPE, scene, send } from './sessions.ts';

const OPENED = 'EHLO client.example.com\r\n';
const eightBit = mailData('Subject: x\r\n\r\n\xc3\xb1\r\n');
const CONTENT = `MAIL FROM:<news@example.com>\r\nRCPT TO:<person@example.org>\r\nDATA\r\n${LETTER_ON_THE_WIRE}`;

describe('release', () => {
  it('is asked once, when all but the indicator was heard', async () => {
    const { wire, open } = scene();
    const heard: string[] = [];
    const release = async (): Promise<boolean> => {
      heard.push(wire.heard);
      await settled();
      heard.push(wire.heard);
      return true;
    };
    const { recipients } = await send(await open(), { release });
    expect(heard).toEqual([OPENED + CONTENT, OPENED + CONTENT]);
    expect(wire.heard).toBe(`${OPENED}${CONTENT}.\r\n`);
    expect(recipients).toMatchObject([{ outcome: 'accepted' }]);
  });

  it.each([
    ['says no', async () => false],
    ['fails', () => Promise.reject(new Error('the ledger is gone'))],
    [
      'throws',
      () => {
        throw new Error('the ledger is gone');
      },
    ],
    ['says what is no yes', async () => 'yes' as unknown as boolean],
  ])('that %s cuts the connection: unsent, and no lone dot', async (_how, release) => {
    const { wire, open, time } = scene();
    const session = await open();
    const { recipients, error } = await send(session, { release });
    expect(recipients).toMatchObject([{ outcome: 'unsent', error: { code: 'ERR_SMTP_WITHHELD' } }]);
    expect(error).toBeInstanceOf(WithheldError);
    expect(session.usable).toBe(false);
    expect(wire.heard).toBe(OPENED + CONTENT);
    expect(wire.closed).toBe('destroyed');
    expect(time.pending).toBe(0);
  });

  it('that fails keeps its reason as cause', async () => {
    const cause = new Error('the ledger is gone');
    const { error } = await send(await scene().open(), { release: () => Promise.reject(cause) });
    expect(error?.cause).toBe(cause);
  });

  it.each([
    ['421 4.4.2 too slow\r\n', 'deferred'],
    ['250 ok\r\n', 'unsent'],
    ['552 too much\r\n', 'unsent'],
    ['garbage\r\n', 'unsent'],
    ['42', 'unsent'],
  ])('that says yes after the server said %j lets nothing go: %s', async (octets, outcome) => {
    const { wire, open } = scene();
    const release = async (): Promise<boolean> => {
      wire.say(octets);
      return true;
    };
    const { recipients, error } = await send(await open(), { release });
    expect(recipients).toMatchObject([{ outcome }]);
    expect(error).not.toBeNull();
    expect(wire.heard).toBe(OPENED + CONTENT);
  });

  it('that says yes after the connection was lost lets nothing go', async () => {
    const { wire, open } = scene();
    const release = async (): Promise<boolean> => {
      wire.cut();
      return true;
    };
    const { recipients } = await send(await open(), { release });
    expect(recipients).toMatchObject([
      { outcome: 'unsent', error: { code: 'ERR_SMTP_CONNECTION_LOST', step: 'mail data' } },
    ]);
  });

  it('is not asked where no recipient was taken', async () => {
    const { wire, open } = scene({ 'RCPT TO:<person@example.org>\r\n': ['550 5.1.1 no\r\n'] });
    const session = await open();
    const { recipients, error } = await send(session, { release: () => expect.unreachable('it was asked') });
    expect(recipients).toMatchObject([{ outcome: 'refused', step: 'RCPT', reply: { enhancedStatus: '5.1.1' } }]);
    expect(error).toBeNull();
    expect(session.usable).toBe(true);
    expect(wire.heard.endsWith('RSET\r\n')).toBe(true);
  });
});

describe('recipients', () => {
  const A = 'RCPT TO:<a@example.org>\r\n';
  const B = 'RCPT TO:<b@example.org>\r\n';
  const both = ['a@example.org', 'b@example.org'];

  it.each([
    ['one refused', { [A]: ['550 no\r\n'] }, ['refused RCPT', 'accepted']],
    ['one deferred', { [B]: ['450 later\r\n'] }, ['accepted', 'deferred RCPT']],
    ['452 to one too many', { [B]: ['452 4.5.3 too many recipients\r\n'] }, ['accepted', 'deferred RCPT']],
    ['one too many', { [B]: ['552 5.5.3 too many recipients\r\n'] }, ['accepted', 'deferred RCPT']],
    ['a full mailbox', { [B]: ['552 5.2.2 mailbox full\r\n'] }, ['accepted', 'refused RCPT']],
    ['552 to the first', { [A]: ['552 no\r\n'] }, ['refused RCPT', 'accepted']],
    ['one whose domain takes no mail', { [A]: ['556 5.1.10 null MX\r\n'] }, ['refused RCPT', 'accepted']],
    ['one who has moved', { [A]: ['551 try <c@example.net>\r\n'] }, ['refused RCPT', 'accepted']],
    ['one who is forwarded', { [A]: ['251 will forward to <c@example.net>\r\n'] }, ['accepted', 'accepted']],
    ['both refused', { [A]: ['550 no\r\n'], [B]: ['450 no\r\n'] }, ['refused RCPT', 'deferred RCPT']],
    ['a 421 to the first', { [A]: ['421 closing\r\n'] }, ['deferred RCPT', 'unsent']],
    ['a 421 to the second', { [B]: ['421 closing\r\n'] }, ['unsent', 'deferred RCPT']],
    [
      'one refused, DATA refused',
      { [A]: ['550 no\r\n'], 'DATA\r\n': ['451 no\r\n'] },
      ['refused RCPT', 'deferred DATA'],
    ],
    ['one refused, no final reply', { [A]: ['550 no\r\n'], '.\r\n': 'close' }, ['refused RCPT', 'uncertain']],
    [
      'one refused, data refused',
      { [A]: ['550 no\r\n'], '.\r\n': ['554 no\r\n'] },
      ['refused RCPT', 'refused end of data'],
    ],
    ['one refused, connection lost', { [A]: ['550 no\r\n'], 'DATA\r\n': 'reset' }, ['refused RCPT', 'unsent']],
  ] as const)('have results of their own: %s', async (_what, answers, outcomes) => {
    const { wire, open } = scene(answers);
    const { recipients } = await send(await open(), { forwardPaths: both });
    expect(wire.heard).not.toContain('c@example.net');
    expect(
      recipients.map((result) => ('step' in result ? `${result.outcome} ${result.step}` : result.outcome)),
    ).toEqual(outcomes);
  });

  it('keep their results when RSET is refused, and the session is over', async () => {
    const { wire, open } = scene({ [A]: ['550 no\r\n'], 'RSET\r\n': ['502 what\r\n'] });
    const session = await open();
    const { recipients, error } = await send(session, { forwardPaths: ['a@example.org'] });
    expect(recipients).toMatchObject([{ outcome: 'refused' }]);
    expect(error).toMatchObject({ code: 'ERR_SMTP_REPLY', step: 'RSET' });
    expect(session.usable).toBe(false);
    expect(wire.heard.endsWith('RSET\r\nQUIT\r\n')).toBe(true);
    expect(wire.closed).toBe('ended');
  });
});

describe('a mail that is not in order', () => {
  it.each<[string, { data?: MailData; forwardPaths?: readonly string[] }, string, string]>([
    ['a bare LF', { data: mailData('a\nb\r\n') }, 'ERR_SMTP_MAIL_DATA', 'line end'],
    ['no last CRLF', { data: mailData('a') }, 'ERR_SMTP_MAIL_DATA', 'last line'],
    ['8-bit content', { data: eightBit }, 'ERR_SMTP_MAIL_DATA', '8-bit'],
    [
      'more octets than the server takes',
      { data: mailData(`${'x'.repeat(98)}\r\n`.repeat(2)) },
      'ERR_SMTP_MAIL_DATA',
      'size',
    ],
    ['no recipient', { forwardPaths: [] }, 'ERR_SMTP_COMMAND', 'forward-path'],
    [
      'a line break in the second recipient',
      { forwardPaths: ['a@b.test', 'b@y.test>\r\nRCPT TO:<evil@z.test'] },
      'ERR_SMTP_COMMAND',
      'forward-path',
    ],
  ])('for %s is refused before an octet of it is sent, and the next one is sent', async (_what, mail, code, field) => {
    const { wire, open } = scene({ [OPENED]: ['250-mail.example.com\r\n250 SIZE 100\r\n'] });
    const session = await open();
    await expect(send(session, mail)).rejects.toMatchObject({ code, field });
    expect(wire.heard).toBe(OPENED);
    expect(session.transactions).toBe(0);
    const { recipients } = await send(session);
    expect(recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(session.transactions).toBe(1);
  });
});

describe('parameters of MAIL', () => {
  it.each([
    [LETTER, 'MAIL FROM:<news@example.com> SIZE=28\r\n'],
    [eightBit, 'MAIL FROM:<news@example.com> BODY=8BITMIME SIZE=18\r\n'],
  ])('are named where they are offered, and needed: %#', async (data, mail) => {
    const { wire, open } = scene({ [OPENED]: ['250-mail.example.com\r\n250-8bitmime\r\n250 SIZE\r\n'] });
    const { recipients } = await send(await open(), { data });
    expect(recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(wire.heard).toContain(mail);
  });
});

describe('Session', () => {
  it('carries one transaction at a time', async () => {
    const session = await scene().open();
    const first = send(session);
    await expect(send(session)).rejects.toThrow('1 are under way');
    expect((await first).recipients).toMatchObject([{ outcome: 'accepted' }]);
  });

  it('lets a transaction end before it quits, and takes no other', async () => {
    const { wire, open } = scene();
    const session = await open();
    const sent = send(session);
    const quit = session.quit();
    expect(session.usable).toBe(false);
    await quit;
    expect((await sent).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(wire.heard).toBe(`${OPENED}${CONTENT}.\r\nQUIT\r\n`);
    expect(wire.closed).toBe('ended');
    expect((await send(session)).recipients).toMatchObject([{ outcome: 'unsent' }]);
    await session.quit();
    expect(wire.heard).toBe(`${OPENED}${CONTENT}.\r\nQUIT\r\n`);
  });

  it.each(['221 bye\r\n', 'nothing'])('quits once, however often it is told to, met by %j', async (answer) => {
    const { wire, open, time } = scene({ 'QUIT\r\n': answer === 'nothing' ? answer : [answer] });
    const session = await open();
    const quits = Promise.all([session.quit(), session.quit()]);
    await settled();
    time.advance(5000);
    await quits;
    await session.quit();
    session.destroy();
    expect(wire.heard).toBe(`${OPENED}QUIT\r\n`);
    expect(time.pending).toBe(0);
  });

  it.each([
    ['MAIL FROM:<news@example.com>\r\n', 'unsent'],
    ['.\r\n', 'uncertain'],
  ])('that is destroyed while %j is outstanding leaves the recipient %s', async (command, outcome) => {
    const { wire, open, time } = scene({ [command]: 'nothing' });
    const session = await open();
    const sent = send(session);
    await settled();
    session.destroy();
    expect((await sent).recipients).toMatchObject([{ outcome }]);
    expect(wire.closed).toBe('destroyed');
    expect(time.pending).toBe(0);
  });

  it('gives the records of a transaction to its own listener', async () => {
    const { open, records } = scene();
    const session = await open();
    const own: TranscriptRecord[] = [];
    await send(session, { record: (entry) => own.push(entry) });
    await session.quit();
    expect(own.map(({ by, text, octets }) => `${by} ${text} ${octets}`)).toEqual([
      'client MAIL FROM:<news@example.com> 30',
      'server 250 ok 8',
      'client RCPT TO:<person@example.org> 30',
      'server 250 ok 8',
      'client DATA 6',
      'server 354 go ahead 14',
      'client <mail data> 29',
      'client . 3',
      'server 250 ok 8',
    ]);
    expect(records.map(({ text }) => text)).toEqual([
      'connected to mail.example.com, port 25',
      '220 mail.example.com',
      'EHLO client.example.com',
      '250-mail.example.com',
      '250 8BITMIME',
      'QUIT',
      '221 bye',
    ]);
  });

  it('sends large mail data in blocks, each with a deadline of its own', async () => {
    const { wire, open, time } = scene();
    const large = mailData(`${'x'.repeat(98)}\r\n`.repeat(10_000));
    const { recipients } = await send(await open(), { data: large });
    expect(recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(wire.heard.length).toBeGreaterThan(1_000_000);
    expect(time.pending).toBe(0);
  });

  it('refuses settings that cannot be said, before it connects', async () => {
    const open = (settings: object) => scene({}, {}).open(settings);
    await expect(open({ clientName: 'a\r\nRSET' })).rejects.toMatchObject({
      code: 'ERR_SMTP_COMMAND',
      field: 'client name',
    });
    for (const credentials of [
      { user: '', password: 'p' },
      { user: 'u', password: '' },
      { user: 'u\0', password: 'p' },
    ]) {
      await expect(open({ security: 'starttls', credentials })).rejects.toMatchObject({ code: 'ERR_SMTP_SETTINGS' });
    }
  });
});

it('takes an error in a listener for a lost connection, not for an outcome', async () => {
  const { wire, open } = scene();
  const session = await open();
  const record = ({ text }: TranscriptRecord): void => {
    if (text === '.') throw new Error('disk full');
  };
  const { recipients } = await session.transact(ENVELOPE, LETTER, { release: async () => true, record });
  expect(recipients).toMatchObject([{ outcome: 'uncertain' }]);
  expect(wire.closed).toBe('destroyed');
});
