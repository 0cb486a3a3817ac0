/** What a mail asks for and what its server offers: said, left unsaid, or refused before an octet of it is sent. */
import { describe, expect, it } from 'vitest';
import type { Envelope, MailData } from '#smtp';
import { LETTER, mailData } from './mails.ts';
import type { MemoryServer, Reaction } from './memory-wire.ts';
import { ENVELOPE, scene, yes } from './sessions.ts';

const OPENED = 'EHLO client.example.com\r\n';
const ON_WIRE = { release: async () => true, record: () => {} };

/** A session with a server that offers these; over TLS where that is wanted. */
async function session(
  keywords: readonly string[],
  { tls = false, hears = yes }: { tls?: boolean; hears?: MemoryServer['hears'] } = {},
) {
  const lines = ['mail.example.com', ...keywords];
  const reply = lines.map((line, at) => `250${at < lines.length - 1 ? '-' : ' '}${line}\r\n`).join('');
  const said = (heard: string): Reaction => (heard === OPENED ? [reply] : hears(heard));
  const { wire, open } = scene({}, { tlsFirst: tls, hears: said });
  const opened = await open({ security: tls ? 'implicit-tls' : 'none' });
  const before = wire.heard;
  return {
    sent: () => Buffer.from(wire.heard.slice(before.length), 'latin1').toString(),
    transact: (envelope: Partial<Envelope>, data: MailData = LETTER) =>
      opened.transact({ ...ENVELOPE, ...envelope }, data, ON_WIRE),
  };
}

const utf8 = (text: string): MailData => mailData(Buffer.from(text).toString('latin1'));
const UTF8_TO = { forwardPaths: ['jürgen@example.org'] };
const UTF8_LETTER = utf8('To: jürgen@example.org\r\n\r\nHello\r\n');
const EVERY_DSN = {
  dsn: { ret: 'HDRS', envid: 'a 1', notify: ['SUCCESS', 'FAILURE'], orcpt: true },
} as const;

describe('what is asked for and offered', () => {
  it.each<[string, readonly string[], Partial<Envelope>, MailData, string, string]>([
    [
      'DSN',
      ['DSN'],
      EVERY_DSN,
      LETTER,
      ' RET=HDRS ENVID=a+201',
      '> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;person@example.org',
    ],
    ['priority', ['MT-PRIORITY MIXER'], { priority: 4 }, LETTER, ' MT-PRIORITY=4', '>'],
    ['nobody as submitter', ['AUTH PLAIN'], { submitter: '<>' }, LETTER, ' AUTH=<>', '>'],
    ['a time', ['DELIVERBY 240'], { deliverBy: { seconds: 240, mode: 'return' } }, LETTER, ' BY=240;R', '>'],
    [
      'notice of a time past',
      ['DELIVERBY 240'],
      { deliverBy: { seconds: -1, mode: 'notify' } },
      LETTER,
      ' BY=-1;N',
      '>',
    ],
    ['8-bit content', ['8BITMIME'], {}, utf8('A: b\r\n\r\nñ\r\n'), ' BODY=8BITMIME', '>'],
  ])('%s is said', async (_what, offered, envelope, data, mail, rcpt) => {
    const { sent, transact } = await session(offered);
    expect((await transact(envelope, data)).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(sent().split('\r\n', 2)).toEqual([
      `MAIL FROM:<news@example.com>${mail}`,
      `RCPT TO:<person@example.org${rcpt}`,
    ]);
  });

  it('TLS on the whole way is said, over TLS', async () => {
    const { sent, transact } = await session(['REQUIRETLS'], { tls: true });
    expect((await transact({ requireTls: true })).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(sent()).toContain('MAIL FROM:<news@example.com> REQUIRETLS\r\n');
  });

  it('addresses and a header beyond ASCII are said in UTF-8', async () => {
    const { sent, transact } = await session(['8BITMIME', 'SMTPUTF8', 'SIZE', 'DSN']);
    const envelope = { reversePath: 'señor@example.com', ...UTF8_TO, dsn: { orcpt: true } };
    expect((await transact(envelope, UTF8_LETTER)).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(sent()).toBe(
      'MAIL FROM:<señor@example.com> BODY=8BITMIME SIZE=34 SMTPUTF8\r\n' +
        'RCPT TO:<jürgen@example.org> ORCPT=utf-8;j\\x{FC}rgen@example.org\r\n' +
        'DATA\r\nTo: jürgen@example.org\r\n\r\nHello\r\n.\r\n',
    );
  });

  it.each<[string, Partial<Envelope>, MailData, boolean]>([
    ['a recipient', UTF8_TO, LETTER, true],
    ['a sender', { reversePath: 'señor@example.com' }, LETTER, true],
    ['a header', {}, UTF8_LETTER, true],
    ['a header in pieces', {}, mailData('To: j\xc3', '\xbcrgen@example.org\r', '\n\r\nHello\r\n'), true],
    ['a body alone', {}, utf8('To: a@b.test\r\n\r\nñ\r\n'), false],
    ['a body behind a header in pieces', {}, mailData('To: a@b.test\r\n\r', '\n\xc3\xb1\r\n'), false],
    ['nothing', {}, LETTER, false],
  ])('SMTPUTF8 is said for %s beyond ASCII where it must be: %#', async (_what, envelope, data, isSaid) => {
    const { sent, transact } = await session(['8BITMIME', 'SMTPUTF8']);
    expect((await transact(envelope, data)).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(/^MAIL [^\r]* SMTPUTF8\r\n/.test(sent())).toBe(isSaid);
  });
});

describe('what is asked for and not offered', () => {
  it.each<[string, Partial<Envelope>]>([
    ['DSN', EVERY_DSN],
    ['DSN NEVER', { dsn: { notify: 'NEVER' } }],
    ['priority', { priority: 4 }],
    ['nobody as submitter', { submitter: '<>' }],
    ['nothing', { requireTls: false }],
  ])('%s goes unsaid', async (_what, envelope) => {
    const { sent, transact } = await session(['X-OTHER']);
    expect((await transact(envelope)).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(sent().split('\r\n', 2)).toEqual(['MAIL FROM:<news@example.com>', 'RCPT TO:<person@example.org>']);
  });

  it.each<[string, readonly string[], Partial<Envelope>, MailData, string]>([
    [
      'a recipient beyond ASCII',
      ['8BITMIME'],
      UTF8_TO,
      UTF8_LETTER,
      'forward-path needs SMTPUTF8, which mail.example.com does not offer',
    ],
    [
      'a recipient beyond ASCII where nothing is offered',
      [],
      UTF8_TO,
      UTF8_LETTER,
      'forward-path needs SMTPUTF8, which mail.example.com does not offer',
    ],
    [
      'a sender beyond ASCII',
      [],
      { reversePath: 'señor@example.com' },
      LETTER,
      'reverse-path needs SMTPUTF8, which mail.example.com does not offer',
    ],
    [
      'a header beyond ASCII',
      ['8BITMIME'],
      {},
      UTF8_LETTER,
      'the header needs SMTPUTF8, which mail.example.com does not offer',
    ],
    [
      'a header in no alphabet',
      ['8BITMIME', 'SMTPUTF8'],
      {},
      mailData('To: \xff\r\n\r\nx\r\n'),
      'the header is neither ASCII nor UTF-8',
    ],
    [
      'SMTPUTF8 without 8BITMIME',
      ['SMTPUTF8'],
      UTF8_TO,
      UTF8_LETTER,
      'an octet is above 127, and mail.example.com does not offer 8BITMIME',
    ],
    [
      'TLS on the whole way, over TLS',
      [],
      { requireTls: true },
      LETTER,
      'REQUIRETLS is not offered by mail.example.com',
    ],
    [
      'a time',
      [],
      { deliverBy: { seconds: 60, mode: 'notify' } },
      LETTER,
      'BY needs DELIVERBY, which mail.example.com does not offer',
    ],
    [
      'too short a time',
      ['DELIVERBY 240'],
      { deliverBy: { seconds: 239, mode: 'return' } },
      LETTER,
      'BY is sooner than the 240 seconds that mail.example.com wants at least',
    ],
    [
      'too many recipients',
      ['LIMITS RCPTMAX=1'],
      { forwardPaths: ['a@b.test', 'c@b.test'] },
      LETTER,
      'forward-path is one of 2, and mail.example.com takes 1 at most (RCPTMAX)',
    ],
    [
      'too many domains',
      ['LIMITS RCPTDOMAINMAX=1 RCPTMAX=9'],
      { forwardPaths: ['a@b.test', 'a@C.test', 'd@c.test'] },
      LETTER,
      'forward-path is in one of 2 domains, and mail.example.com takes 1 at most (RCPTDOMAINMAX)',
    ],
    ['too many octets', ['SIZE 20'], {}, LETTER, 'it has 28 octets, mail.example.com takes 20 at most'],
  ])(
    '%s is refused before an octet of it is sent, and the next one goes out',
    async (_what, offered, envelope, data, told) => {
      const { sent, transact } = await session(offered, { tls: true });
      await expect(transact(envelope, data)).rejects.toThrow(told);
      expect(sent()).toBe('');
      const next = offered.includes('SIZE 20') ? mailData('Subject: x\r\n\r\n') : LETTER;
      expect((await transact({}, next)).recipients).toMatchObject([{ outcome: 'accepted' }]);
    },
  );

  it('TLS on the whole way is refused where it is offered in clear', async () => {
    const { sent, transact } = await session(['REQUIRETLS']);
    await expect(transact({ requireTls: true })).rejects.toThrow('REQUIRETLS needs a connection with TLS');
    expect(sent()).toBe('');
  });

  it('as many recipients and domains as the server names are taken', async () => {
    const { transact } = await session(['LIMITS RCPTMAX=3 RCPTDOMAINMAX=2']);
    const { recipients } = await transact({ forwardPaths: ['a@b.test', 'a@B.TEST', 'd@c.test'] });
    expect(recipients.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted']);
  });
});

describe('binary content', () => {
  const BINARY = { ...mailData('Subject: x\r\n\r\na\0b\nc\rd', `\n.\r\n${'x'.repeat(2000)}`), binary: true };
  const CHUNKING = ['PIPELINING', 'CHUNKING', '8BITMIME'];
  const inChunks = (heard: string): Reaction =>
    heard.startsWith('MAIL') ? ['250 ok\r\n250 ok\r\n250 ok\r\n'] : yes(heard);

  it('goes by BDAT as it is, its octets counted', async () => {
    const { sent, transact } = await session([...CHUNKING, 'BINARYMIME'], { hears: inChunks });
    expect((await transact({}, BINARY)).recipients).toMatchObject([{ outcome: 'accepted' }]);
    const content = Buffer.concat([...BINARY.pieces]).toString('latin1');
    expect(sent()).toBe(
      `MAIL FROM:<news@example.com> BODY=BINARYMIME\r\nRCPT TO:<person@example.org>\r\nBDAT ${content.length} LAST\r\n${content}`,
    );
  });

  it('that is in lines after all goes like any other', async () => {
    const { sent, transact } = await session([...CHUNKING, 'BINARYMIME'], { hears: inChunks });
    await transact({}, { ...LETTER, binary: true });
    expect(sent()).toMatch(/^MAIL FROM:<news@example.com>\r\nRCPT TO:<person@example.org>\r\nBDAT 28 LAST\r\nSubject/);
  });

  it.each([
    ['where BINARYMIME is not offered', CHUNKING, { ...BINARY }],
    ['where mail data goes by DATA', ['BINARYMIME', 'CHUNKING', '8BITMIME'], { ...BINARY }],
    ['where nobody said that it is', [...CHUNKING, 'BINARYMIME'], { ...BINARY, binary: false }],
    ['that is none', [...CHUNKING, 'BINARYMIME'], { ...mailData(''), binary: true }],
  ])('is refused %s', async (_where, offered, data) => {
    const { sent, transact } = await session(offered, { hears: inChunks });
    await expect(transact({}, data)).rejects.toMatchObject({ code: 'ERR_SMTP_MAIL_DATA' });
    expect(sent()).toBe('');
  });

  it('is counted in octets, not in characters', async () => {
    const { sent, transact } = await session([...CHUNKING, 'SMTPUTF8'], { hears: inChunks });
    await transact(UTF8_TO, UTF8_LETTER);
    expect(sent()).toContain(`\r\nBDAT ${UTF8_LETTER.octets} LAST\r\nTo: jürgen@example.org\r\n`);
    expect(UTF8_LETTER.octets).toBe('To: jürgen@example.org\r\n\r\nHello\r\n'.length + 1);
  });
});
