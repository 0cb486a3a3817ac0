import { describe, expect, it } from 'vitest';
import { Command, CommandError } from '#smtp';

function wire(command: Command): string {
  return Buffer.from(command.toOctets()).toString('latin1');
}

function fieldAtFault(fn: () => Command): string {
  try {
    fn();
  } catch (error) {
    if (error instanceof CommandError) return error.field;
    throw error;
  }
  return 'none';
}

const LONGEST_PATH = `${'a'.repeat(64)}@${'b'.repeat(62)}.${'c'.repeat(62)}.${'d'.repeat(63)}`;

describe('Command', () => {
  it.each([
    [Command.ehlo('client.example.com'), 'EHLO client.example.com\r\n'],
    [Command.ehlo('localhost'), 'EHLO localhost\r\n'],
    [Command.ehlo('[192.0.2.1]'), 'EHLO [192.0.2.1]\r\n'],
    [Command.ehlo('[0.20.199.255]'), 'EHLO [0.20.199.255]\r\n'],
    [Command.ehlo('[IPv6:2001:db8::1]'), 'EHLO [IPv6:2001:db8::1]\r\n'],
    [Command.helo('client.example.com'), 'HELO client.example.com\r\n'],
    [Command.startTls(), 'STARTTLS\r\n'],
    [Command.auth('LOGIN'), 'AUTH LOGIN\r\n'],
    [Command.auth('PLAIN', Buffer.from('\0u\0p')), 'AUTH PLAIN AHUAcA==\r\n'],
    [Command.auth('EXTERNAL', new Uint8Array(0)), 'AUTH EXTERNAL =\r\n'],
    [Command.authResponse('LOGIN', Buffer.from('user')), 'dXNlcg==\r\n'],
    [Command.authResponse('LOGIN', new Uint8Array(0)), '\r\n'],
    [Command.authCancel('LOGIN'), '*\r\n'],
    [Command.mail(''), 'MAIL FROM:<>\r\n'],
    [Command.mail('news@example.com'), 'MAIL FROM:<news@example.com>\r\n'],
    [Command.mail('a@b.c', { body: '8BITMIME', size: 42 }), 'MAIL FROM:<a@b.c> BODY=8BITMIME SIZE=42\r\n'],
    [Command.mail('a@b.c', { size: 0 }), 'MAIL FROM:<a@b.c> SIZE=0\r\n'],
    [Command.rcpt('Person+tag@EXAMPLE.org'), 'RCPT TO:<Person+tag@EXAMPLE.org>\r\n'],
    [Command.rcpt('"a.@\\"b"@example.org'), 'RCPT TO:<"a.@\\"b"@example.org>\r\n'],
    [Command.rcpt('a@[192.0.2.1]'), 'RCPT TO:<a@[192.0.2.1]>\r\n'],
    [Command.rcpt(LONGEST_PATH), `RCPT TO:<${LONGEST_PATH}>\r\n`],
    [Command.data(), 'DATA\r\n'],
    [Command.bdat(86, true), 'BDAT 86 LAST\r\n'],
    [Command.bdat(1_048_576, false), 'BDAT 1048576\r\n'],
    [Command.bdat(0, true), 'BDAT 0 LAST\r\n'],
    [Command.mail('jürgen@example.org', { smtpUtf8: true }), 'MAIL FROM:<j\xc3\xbcrgen@example.org> SMTPUTF8\r\n'],
    [Command.rcpt('jürgen@example.org', { smtpUtf8: true }), 'RCPT TO:<j\xc3\xbcrgen@example.org>\r\n'],
    [Command.rcpt('a@example.org', { smtpUtf8: true }), 'RCPT TO:<a@example.org>\r\n'],
    [Command.rset(), 'RSET\r\n'],
    [Command.noop(), 'NOOP\r\n'],
    [Command.quit(), 'QUIT\r\n'],
  ])('%#: writes %j', (command, octets) => {
    expect(wire(command)).toBe(octets);
  });

  const controls = [
    ...Array.from({ length: 32 }, (_, code) => String.fromCharCode(code)),
    '\x7f',
    '\u0085',
    '\u2028',
    '\u2029',
  ];
  const paths: readonly string[] = [
    ...controls.flatMap((control) => [
      `a${control}b@c.test`,
      `a@c${control}d.test`,
      `a@c.test${control}`,
      `${control}a@c.test`,
    ]),
    'b@y.test>\r\nRCPT TO:<evil@z.test',
    'b@y.test\0evil',
    'b@y.test> NOTIFY=NEVER x',
    'b@y.test\nRCPT TO:<evil@z.test>',
    // Octets CR and LF once their upper half is cut off.
    'a\u560d\u560aRSET@c.test',
    '<a@b.test>',
    'a@b.test>',
    'a b@c.test',
    '"a b"@c.test',
    '"a>b"@c.test',
    '"xclow3n@gmail.com x"@internal.domain',
    'a@b@c.test',
    'a@',
    '@b.test',
    'a',
    '.a@b.test',
    'a..b@c.test',
    'a@b..test',
    'a@-b.test',
    'a@b_c.test',
    'a,b@c.test',
    'a@b.test,c@d.test',
    '"a"b@c.test',
    '"a@c.test',
    'a@[1.2.3.4',
    'a@[not an address]',
    'a@[192.0.2.999]',
    'a@[IPv6:1]',
    'jürgen@example.org',
    'a@bücher.example',
    `${'a'.repeat(65)}@b.test`,
    `a@${'b.'.repeat(126)}test`,
    `${LONGEST_PATH}d`,
    'source:a@b.test',
    '@relay.test:a@b.test',
  ];
  it.each(paths)('refuses %j as a path', (path) => {
    expect(fieldAtFault(() => Command.rcpt(path))).toBe('forward-path');
    expect(fieldAtFault(() => Command.mail(path))).toBe('reverse-path');
  });

  it('takes no path beyond ASCII for one that was in order in another transaction', () => {
    const path = 'jürgen@example.org';
    expect(Command.mail(path, { smtpUtf8: true }).line).toBe(`MAIL FROM:<${path}> SMTPUTF8`);
    expect(fieldAtFault(() => Command.mail(path))).toBe('reverse-path');
    expect(Command.mail('a@example.org').line).toBe('MAIL FROM:<a@example.org>');
    expect(Command.mail('a@example.org', { smtpUtf8: true }).line).toBe('MAIL FROM:<a@example.org> SMTPUTF8');
    expect(Command.mail('').line).toBe('MAIL FROM:<>');
  });

  it('counts the octets of a path, and not its characters', () => {
    const domain = LONGEST_PATH.slice(LONGEST_PATH.indexOf('@'));
    expect(fieldAtFault(() => Command.rcpt(`${'é'.repeat(32)}${domain}`, { smtpUtf8: true }))).toBe('none');
    expect(fieldAtFault(() => Command.rcpt(`${'é'.repeat(32)}a${domain}`, { smtpUtf8: true }))).toBe('forward-path');
  });

  it('refuses the empty forward-path', () => {
    expect(fieldAtFault(() => Command.rcpt(''))).toBe('forward-path');
  });

  it.each([
    ...controls,
    '',
    ' ',
    'a b',
    'a\r\nMAIL FROM:<a@b>',
    '-a.test',
    'a_b',
    '[1.2.3]',
    '[1.2.3.256]',
    '[1.2.3.4.5]',
    '[1.2.3.4.]',
    '[1.2.3.1000]',
    '[IPv6:zz]',
    'x'.repeat(256),
  ])('refuses %j as client name', (name) => {
    expect(fieldAtFault(() => Command.ehlo(name))).toBe('client name');
    expect(fieldAtFault(() => Command.helo(name))).toBe('client name');
  });

  it.each(['login', 'X Y', 'PLAIN\r\nRSET', '', 'A'.repeat(21)])('refuses %j as mechanism', (mechanism) => {
    expect(fieldAtFault(() => Command.auth(mechanism))).toBe('mechanism');
  });

  it.each([Number.NaN, 1e99, -1, 1.5, Number.POSITIVE_INFINITY])('refuses %j as size', (size) => {
    expect(fieldAtFault(() => Command.mail('a@b.test', { size }))).toBe('SIZE');
  });

  // What is typed otherwise may still come from JSON.
  const disguised: readonly unknown[] = [
    { toString: () => '1\r\nRSET' },
    ['1\r\nRSET'],
    '1\r\nRSET',
    '1 X=Y',
    null,
    JSON.parse('{"__proto__":{"length":1}}'),
  ];
  it.each(disguised)('refuses %j in the place of a number and of a string', (value) => {
    const path = value as string;
    expect(fieldAtFault(() => Command.mail('a@b.test', { size: value as number }))).toBe('SIZE');
    expect(fieldAtFault(() => Command.rcpt(path))).toBe('forward-path');
    expect(fieldAtFault(() => Command.mail(path))).toBe('reverse-path');
    expect(fieldAtFault(() => Command.ehlo(path))).toBe('client name');
  });

  it('keeps the longest lines within the 512 octets that any server takes', () => {
    const name = `${LONGEST_PATH.slice(LONGEST_PATH.indexOf('@') + 1)}.${'e'.repeat(63)}`;
    const longest = [
      Command.mail(LONGEST_PATH, { body: '8BITMIME', size: Number.MAX_SAFE_INTEGER }),
      Command.rcpt(LONGEST_PATH),
      Command.ehlo(name),
    ];
    for (const command of longest) expect(wire(command).length).toBeLessThanOrEqual(512);
    expect(wire(Command.ehlo(name))).toHaveLength('EHLO '.length + 253 + 2);
  });

  it('refuses a login that no line can carry', () => {
    expect(fieldAtFault(() => Command.auth('PLAIN', Buffer.alloc(10_000)))).toBe('AUTH PLAIN');
    expect(wire(Command.auth('PLAIN', Buffer.alloc(9_000))).length).toBeLessThanOrEqual(12_288);
  });

  it('shows no secrets', () => {
    expect(Command.auth('PLAIN', Buffer.from('\0u\0p')).shown).toBe('AUTH PLAIN <…>');
    expect(Command.authResponse('LOGIN', Buffer.from('p')).shown).toBe('<…>');
    expect(JSON.stringify(Command.authResponse('LOGIN', Buffer.from('p')))).not.toContain('cA==');
  });

  it('does not repeat in its error what it refused', () => {
    expect(() => Command.rcpt('a\x1b[2J@b.test')).toThrow(
      'Cannot form command: forward-path holds a control character or one outside ASCII',
    );
  });
});
