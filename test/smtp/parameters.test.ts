/** What the extensions let MAIL and RCPT say, and what nobody can make them say: on the octets that reach the server. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Command, type Envelope, type MailParameters, type RcptParameters } from '#smtp';
import { LETTER } from './mails.ts';
import { ENVELOPE, scene } from './sessions.ts';

const OPENED = 'EHLO client.example.com\r\n';
const OFFERED = ['SIZE', '8BITMIME', 'SMTPUTF8', 'DSN', 'REQUIRETLS', 'DELIVERBY', 'MT-PRIORITY', 'AUTH PLAIN'];
const offering = (keywords: readonly string[]) => [
  ['mail.example.com', ...keywords].map((line, at) => `250${at < keywords.length ? '-' : ' '}${line}\r\n`).join(''),
];

/** A session over TLS with a server that offers everything. */
async function everything() {
  const { wire, open } = scene({ [OPENED]: offering(OFFERED) }, { tlsFirst: true });
  return { wire, session: await open({ security: 'implicit-tls' }) };
}

const ON_WIRE = { release: async () => true, record: () => {} };

describe('parameters', () => {
  const mail: readonly [MailParameters, string][] = [
    [{ body: '7BIT' }, ' BODY=7BIT'],
    [{ body: 'BINARYMIME' }, ' BODY=BINARYMIME'],
    [{ smtpUtf8: true }, ' SMTPUTF8'],
    [{ smtpUtf8: false, requireTls: false }, ''],
    [{ ret: 'HDRS', envid: 'run 7/a' }, ' RET=HDRS ENVID=run+207/a'],
    [{ envid: '+=~!' }, ' ENVID=+2B+3D~!'],
    [{ envid: 'x'.repeat(100) }, ` ENVID=${'x'.repeat(100)}`],
    [{ requireTls: true }, ' REQUIRETLS'],
    [{ deliverBy: { seconds: 120, mode: 'return' } }, ' BY=120;R'],
    [{ deliverBy: { seconds: 1, mode: 'return', trace: true } }, ' BY=1;RT'],
    [{ deliverBy: { seconds: 0, mode: 'notify', trace: false } }, ' BY=0;N'],
    [{ deliverBy: { seconds: -999_999_999, mode: 'notify', trace: true } }, ' BY=-999999999;NT'],
    [{ priority: -9 }, ' MT-PRIORITY=-9'],
    [{ priority: 0 }, ' MT-PRIORITY=0'],
    [{ auth: '<>' }, ' AUTH=<>'],
    [
      {
        auth: '<>',
        priority: 3,
        deliverBy: { seconds: 60, mode: 'notify' },
        requireTls: true,
        envid: 'a',
        ret: 'FULL',
        smtpUtf8: true,
        size: 9,
        body: '8BITMIME',
      },
      ' BODY=8BITMIME SIZE=9 SMTPUTF8 RET=FULL ENVID=a REQUIRETLS BY=60;N MT-PRIORITY=3 AUTH=<>',
    ],
  ];
  it.each(mail)('of MAIL %j are written %j', (parameters, written) => {
    expect(Command.mail('a@b.test', parameters).line).toBe(`MAIL FROM:<a@b.test>${written}`);
  });

  const rcpt: readonly [string, RcptParameters, string][] = [
    ['a@b.test', { notify: 'NEVER' }, 'a@b.test> NOTIFY=NEVER'],
    ['a@b.test', { notify: ['SUCCESS', 'FAILURE', 'DELAY'] }, 'a@b.test> NOTIFY=SUCCESS,FAILURE,DELAY'],
    ['a@b.test', { orcpt: true }, 'a@b.test> ORCPT=rfc822;a@b.test'],
    ['a+b=c@d.test', { orcpt: true, notify: ['DELAY'] }, 'a+b=c@d.test> NOTIFY=DELAY ORCPT=rfc822;a+2Bb+3Dc@d.test'],
    ['"a\\"b"@d.test', { orcpt: true }, '"a\\"b"@d.test> ORCPT=rfc822;"a\\"b"@d.test'],
    ['jürgen@d.test', { smtpUtf8: true, orcpt: true }, 'jürgen@d.test> ORCPT=utf-8;j\\x{FC}rgen@d.test'],
    [
      '用😀+=@d.test',
      { smtpUtf8: true, orcpt: true },
      '用😀+=@d.test> ORCPT=utf-8;\\x{7528}\\x{1F600}\\x{2B}\\x{3D}@d.test',
    ],
    ['a@b.test', { orcpt: false }, 'a@b.test>'],
  ];
  it.each(rcpt)('of RCPT to %s %j are written %j', (path, parameters, written) => {
    const command = Command.rcpt(path, parameters);
    expect(command.line).toBe(`RCPT TO:<${written}`);
    expect(Buffer.from(command.toOctets()).toString()).toBe(`RCPT TO:<${written}\r\n`);
  });

  it('keep the longest MAIL within the 512 octets that any server takes, and RCPT within what ORCPT adds', () => {
    const path = `${'a'.repeat(64)}@${'b'.repeat(62)}.${'c'.repeat(62)}.${'d'.repeat(63)}`;
    const longest: MailParameters = {
      body: 'BINARYMIME',
      size: Number.MAX_SAFE_INTEGER,
      smtpUtf8: true,
      ret: 'FULL',
      envid: '+'.repeat(33),
      requireTls: true,
      deliverBy: { seconds: -999_999_999, mode: 'notify', trace: true },
      priority: -9,
      auth: '<>',
    };
    expect(Command.mail(path, longest).toOctets().length).toBeLessThanOrEqual(512);
    const rcpt = Command.rcpt(`${'+'.repeat(64)}${path.slice(64)}`, {
      notify: ['SUCCESS', 'FAILURE', 'DELAY'],
      orcpt: true,
    });
    expect(rcpt.toOctets().length).toBeGreaterThan(512);
    expect(rcpt.toOctets().length).toBeLessThanOrEqual(512 + 501);
    const wide = `${'😀'.repeat(16)}@${path.slice(65)}`;
    expect(() => Command.rcpt(wide, { smtpUtf8: true, orcpt: true }).line).not.toThrow();
    expect(Buffer.byteLength(wide)).toBe(254);
  });

  it('say an envelope id so that it is read back as it was given', () => {
    const printable = fc.string({
      unit: fc.integer({ min: 32, max: 126 }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 33,
    });
    const property = fc.property(printable, (envid) => {
      const value = /ENVID=([!-*,-<>-~]*(?:\+[0-9A-F]{2}[!-*,-<>-~]*)*)$/.exec(Command.mail('', { envid }).line)?.[1];
      const read = value?.replace(/\+([0-9A-F]{2})/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      );
      expect(read).toBe(envid);
    });
    fc.assert(property, { numRuns: 1000 });
  });

  it('say an original recipient so that it is read back as it was given', () => {
    const unit = fc.constantFrom('a', '+', '=', '_', 'é', '用', '😀', '~');
    const property = fc.property(fc.string({ unit, minLength: 1, maxLength: 12 }), (localPart) => {
      const path = `${localPart}@b.test`;
      const [, type, value] =
        /ORCPT=(rfc822|utf-8);([!-<>-~]+)$/.exec(Command.rcpt(path, { smtpUtf8: true, orcpt: true }).line) ?? [];
      const read =
        type === 'rfc822'
          ? value?.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
          : value?.replace(/\\x\{([0-9A-F]{2,6})\}/g, (_, hex: string) =>
              String.fromCodePoint(Number.parseInt(hex, 16)),
            );
      expect(read).toBe(path);
    });
    fc.assert(property, { numRuns: 1000 });
  });
});

/** As they come from JSON and from people who mean harm. */
const HOSTILE: readonly unknown[] = [
  '1\r\nRSET',
  '1\nRSET',
  '1\rRSET',
  '1\0',
  '1 X=Y',
  '1\u0085RSET',
  '1\u2028RSET',
  // Octets CR and LF once their upper half is cut off.
  '\u560d\u560aRSET',
  '',
  ' ',
  'NaN',
  '1e99',
  '-1',
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e99,
  1.5,
  { toString: () => '1\r\nRSET' },
  { toString: () => 'FULL', valueOf: () => 1 },
  ['1\r\nRSET'],
  [['FULL']],
  [],
  null,
  {},
  JSON.parse('{"__proto__":{"seconds":1,"mode":"return"}}'),
];
const PATHS = [
  'a@b.test>\r\nRCPT TO:<evil@z.test',
  'a@b.test> NOTIFY=NEVER',
  'a@b.test> ORCPT=rfc822;x',
  'a@b.test\r\n',
  'é@b.test>\r\nRCPT TO:<evil@z.test',
  'é\r\nRSET@b.test',
  'é\0@b.test',
  'é\u0085@b.test',
  'é\u2028@b.test',
  'é\u200b@b.test',
  'é b@c.test',
  '"é b"@c.test',
  '"é>b"@c.test',
  'é＠evil.test@c.test',
  'é@b.test ',
  'é@münchen.test',
  'é@B.test',
  'é',
  'é@',
  '\ud800@b.test',
  `${'é'.repeat(33)}@b.test`,
];

type Row = readonly [field: string, value: unknown, make: (value: unknown) => object];

/** A row for each value: what an envelope with it in the field's place looks like. */
function rows(field: string, make: (value: unknown) => object, ...values: readonly unknown[]): Row[] {
  return values.map((value) => [field, value, make]);
}

const IN_TWO_DAYS = { seconds: 172_800, mode: 'return' };
/** In an envelope id these are text, and encoded like any other. */
const TEXTS = HOSTILE.filter((value) => typeof value === 'string' && /^[ -~]+$/.test(value));

describe('a transaction with a parameter made to break out', () => {
  const envelopes: readonly Row[] = [
    ...rows('RET', (ret) => ({ dsn: { ret } }), ...HOSTILE, 'full', 'FULL ', 'FULL\r\n'),
    ...rows('ENVID', (envid) => ({ dsn: { envid } }), ...HOSTILE.filter((value) => !TEXTS.includes(value))),
    ...rows('ENVID', (envid) => ({ dsn: { envid } }), 'x'.repeat(101), '+'.repeat(34), 'é'),
    ...rows('NOTIFY', (notify) => ({ dsn: { notify } }), ...HOSTILE, 'SUCCESS', ['NEVER'], ['SUCCESS', 'SUCCESS']),
    ...rows('NOTIFY', (notify) => ({ dsn: { notify } }), ['SUCCESS,FAILURE'], { length: 1, 0: 'SUCCESS' }),
    ...rows('ORCPT', (orcpt) => ({ dsn: { orcpt } }), ...HOSTILE, 'rfc822;a@b.test', 1),
    ...rows('REQUIRETLS', (requireTls) => ({ requireTls }), ...HOSTILE, 1),
    ...rows('MT-PRIORITY', (priority) => ({ priority }), ...HOSTILE, '5', 10, -10),
    ...rows('AUTH', (submitter) => ({ submitter }), ...HOSTILE, '<>\r\nRSET', '<a@b.test>'),
    ...rows('BY', (deliverBy) => ({ deliverBy }), ...HOSTILE),
    ...rows('BY', (seconds) => ({ deliverBy: { ...IN_TWO_DAYS, seconds } }), ...HOSTILE, 0, -1, 1_000_000_000),
    ...rows('BY', (mode) => ({ deliverBy: { ...IN_TWO_DAYS, mode } }), ...HOSTILE, 'R', 'N'),
    ...rows('BY', (trace) => ({ deliverBy: { ...IN_TWO_DAYS, trace } }), ...HOSTILE),
    ...rows('forward-path', (path) => ({ forwardPaths: [path] }), ...PATHS),
    ...rows('forward-path', (path) => ({ forwardPaths: ['person@example.org', path] }), ...PATHS),
    ...rows('reverse-path', (reversePath) => ({ reversePath }), ...PATHS),
  ];
  it.each(envelopes)('%s: %j sends not one octet, and the next mail goes out', async (field, value, make) => {
    const { wire, session } = await everything();
    const before = wire.heard;
    const envelope: Envelope = { ...ENVELOPE, ...make(value) };
    await expect(session.transact(envelope, LETTER, ON_WIRE)).rejects.toMatchObject({
      code: 'ERR_SMTP_COMMAND',
      field,
    });
    expect(wire.heard).toBe(before);
    const { recipients } = await session.transact(ENVELOPE, LETTER, ON_WIRE);
    expect(recipients).toMatchObject([{ outcome: 'accepted' }]);
  });

  it.each(HOSTILE.filter((value) => typeof value !== 'number' || !Number.isSafeInteger(value)))(
    'has no chunk of %j octets',
    (value) => {
      expect(() => Command.bdat(value as number, true)).toThrow('BDAT is no count of octets');
      expect(() => Command.mail('', { size: value as number })).toThrow('SIZE is no count of octets');
      expect(() => Command.mail('', { body: value as '7BIT' })).toThrow('BODY is none of');
      expect(() => Command.mail('', { smtpUtf8: value as boolean })).toThrow('SMTPUTF8 is neither true nor false');
    },
  );
});
