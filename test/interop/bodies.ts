/**
 * A hundred bodies that have hurt some mail program or other, all of them legal: lines of at most 998 octets, CRLF and no
 * other CR or LF, no NUL (RFC 5321 §2.3.8, §4.5.3.1.6). What is above 127 is for servers with 8BITMIME.
 */

export interface Body {
  readonly name: string;
  readonly octets: Uint8Array;
}

const text = (words: string): Uint8Array => Buffer.from(words, 'utf8');
const lines = (...all: string[]): Uint8Array => text(all.map((line) => `${line}\r\n`).join(''));
const repeated = (line: string, times: number): Uint8Array => text(`${line}\r\n`.repeat(times));
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));

/** Numbers that look like chance and are the same in each run (Park and Miller). */
function* chance(): Generator<number> {
  for (let seed = 20_262_027; ; seed = (seed * 48_271) % 2_147_483_647) yield seed;
}

/** Octets without CR, LF and NUL. */
function noise(count: number, from: Iterator<number>): Uint8Array {
  return Uint8Array.from({ length: count }, () => {
    const octet = Number(from.next().value) % 256;
    return octet === 0 || octet === 10 || octet === 13 ? 46 : octet;
  });
}

/** Lines of `width` octets each, `count` of them. */
function noisyLines(width: number, count: number): Uint8Array {
  const from = chance();
  return Buffer.concat(times(count, () => Buffer.concat([noise(width, from), text('\r\n')])));
}

function base64Wall(octets: number, width = 76): Uint8Array {
  const wall = Buffer.from(noise(octets, chance())).toString('base64');
  return text(wall.replaceAll(new RegExp(`.{1,${width}}`, 'g'), '$&\r\n'));
}

/** Ten lines, one of them a lone dot. */
const dotAt = (place: number): Body => ({
  name: `a lone dot as line ${place + 1} of 10`,
  octets: lines(...times(10, (index) => (index === place ? '.' : `line ${index + 1}`))),
});

/** A dot line whose first octet stands at `offset`: where buffers of round sizes end. */
const dotAcross = (offset: number): Body => ({
  name: `a dot line at octet ${offset}`,
  octets: Buffer.concat([filler(offset), lines('.', '..', 'end')]),
});

/** Exactly `octets`, in whole lines. */
function filler(octets: number): Uint8Array {
  const full = Math.floor((octets - 2) / 80);
  const rest = octets - full * 80;
  return Buffer.concat([repeated('f'.repeat(78), full), lines('g'.repeat(rest - 2))]);
}

const named = (bodies: Readonly<Record<string, Uint8Array>>): Body[] =>
  Object.entries(bodies).map(([name, octets]) => ({ name, octets }));

const DOTS = named({
  'nothing but a dot': lines('.'),
  'nothing but two dots': lines('..'),
  'a hundred lone dots': repeated('.', 100),
  'a staircase of dots': lines(...times(80, (index) => '.'.repeat(index + 1))),
  'a dot and a blank': lines('. ', '.\t', ' .', '\t.'),
  'words behind dots': lines('.profile', '..', '.htaccess', '...and so on'),
  'blank lines around dots': lines('', '.', '', '..', '', '.', ''),
  'dots at line ends': lines('one.', 'two..', '.three.', '.'),
  '998 dots': lines('.'.repeat(998)),
  'a dot before 997 octets': lines(`.${'x'.repeat(997)}`, 'x'),
  'dots between lines of 998 octets': lines('x'.repeat(998), '.', 'y'.repeat(998), '..', 'z'.repeat(998)),
});

const LINE_LENGTHS = named({
  'a line of 998 octets': lines('x'.repeat(998)),
  'a hundred lines of 998 octets': repeated('y'.repeat(998), 100),
  'lines of 990 to 998 octets': lines(...times(9, (index) => 'z'.repeat(990 + index))),
  'a line of 998 octets above 127': Buffer.concat([Buffer.alloc(998, 0xe9), text('\r\n')]),
  'a line of 998 blanks': lines(' '.repeat(998)),
  'a line of 499 letters of two octets': lines('é'.repeat(499)),
  'lines of 76 to 80 octets': lines(...times(5, (index) => 'w'.repeat(76 + index))),
  'lines of 510 to 514 octets': lines(...times(5, (index) => 'v'.repeat(510 + index))),
  'a quarter of a million empty lines': repeated('', 250_000),
  'a hundred thousand lines of one letter': repeated('a', 100_000),
  'a hundred thousand lone dots': repeated('.', 100_000),
});

const EMPTINESS = named({
  'nothing at all': text(''),
  'one empty line': lines(''),
  'two empty lines': lines('', ''),
  'a thousand empty lines': repeated('', 1000),
  'words, then ten empty lines': lines('words', ...times(10, () => '')),
  'ten empty lines, then words': lines(...times(10, () => ''), 'words'),
  'blanks at line ends': lines('one ', 'two\t', 'three \t ', ' '),
  'lines of blanks': lines(' ', '  ', '\t', ' \t', ''),
  'a no-break space at the end': lines('word\u00a0', '\u00a0'),
  'one octet': lines('x'),
  'blanks that end the mail': lines('words', '   '),
});

/** What would be a command, a reply or another mail if anybody took these lines for the end of this one. */
const LOOK_ALIKES = named({
  commands: lines('QUIT', 'RSET', 'MAIL FROM:<evil@mail.test>', 'RCPT TO:<victim@mail.test>', 'DATA'),
  'commands behind a stuffed dot': lines(
    '..',
    'MAIL FROM:<evil@mail.test>',
    'RCPT TO:<victim@mail.test>',
    'DATA',
    '..',
  ),
  'commands behind a lone dot': lines(
    '.',
    'MAIL FROM:<evil@mail.test>',
    'RCPT TO:<victim@mail.test>',
    'DATA',
    '.',
    'QUIT',
  ),
  'commands behind a dot and a blank': lines('. ', 'RSET', ' .', 'QUIT'),
  'commands behind a dot and a vertical tab': lines('.\v', 'RSET', '.\f', 'QUIT', '.\u001a'),
  chunks: lines('BDAT 10 LAST', '0123456789', 'BDAT 0 LAST', 'QUIT'),
  replies: lines('250 2.0.0 Ok: queued as 4711', '354 go ahead', '421 4.3.2 closing', '550-5.1.1', '550 5.1.1 no'),
  'the words \\r\\n.\\r\\n': lines('\\r\\n.\\r\\n', '%0d%0a.%0d%0a', '=0D=0A.=0D=0A', '&#13;&#10;.&#13;&#10;'),
  'mbox separators': lines('From evil@mail.test Thu Jan  1 00:00:00 1970', '', 'From here on', '>From', '>>From there'),
  'a mail within': lines('Received: from nowhere', 'X-Interop: 0', 'From: evil@mail.test', 'To: you', '', 'hello'),
  'first lines like header fields': lines('Subject: another', ' folded', 'Bcc: victim@mail.test', '', 'words'),
  'STARTTLS and AUTH': lines('STARTTLS', 'AUTH PLAIN AGFsaWNlAHdvbmRlciBsYW5k', '334 ', '*', '='),
  'a call for help': lines('~.', '~r /etc/passwd', '!sh', '+++ATH0'),
  'an end of DATA in other alphabets': lines('．', '。', '․', '·', '.\u200b', '\ufeff.'),
  'line ends of other systems': lines('\u0085', '\u2028', '\u2029', 'a\u0085.\u0085b', 'a\u2028.\u2028b'),
});

const CODINGS = named({
  'quoted-printable soft line ends': lines('soft=', 'line=20', '=', '=2E', '==', '=ZZ', '=\t'),
  'multipart boundaries': lines('--', '--boundary', '--boundary--', '-- ', '- --', '-----BEGIN PGP MESSAGE-----'),
  'uuencode and yEnc': lines('begin 644 a', '#0V%T', '`', 'end', '=ybegin line=128 size=1 name=a', '=yend size=1'),
  'HTML without a line end for long': lines(...times(20, () => `<p>${'word '.repeat(196)}</p>`)),
  quotations: lines('> one', '>> two', '>', '> ', '>From me', ' > three'),
  'a wall of base64 of 1 MB': base64Wall(750_000),
  'a wall of base64 in lines of 996': base64Wall(300_000, 996),
  'a wall of base64 with dots between': text(
    Buffer.from(base64Wall(60_000)).toString('latin1').replaceAll('\r\n', '\r\n.\r\n'),
  ),
  'JSON in one line': lines(JSON.stringify({ '.': times(150, (index) => index), '\r\n': '.\r\n' })),
  'percent signs and shell': lines(
    '%s%s%s%n',
    '$(reboot)',
    '`reboot`',
    `\${run{/bin/sh}}`,
    '$sender_address',
    '%{...}',
  ),
});

const EIGHT_BIT = named({
  'UTF-8': lines('Grüße aus Köln', 'Ω≈ç√∫', '日本語のメール', 'עברית', '🦊🐳'),
  'UTF-8 behind dots': lines('.ä', '..é', '.🦊'),
  'Latin-1': Buffer.from('Gr\xfc\xdfe\r\n\xe9t\xe9\r\n', 'latin1'),
  'every octet but three': Buffer.concat(
    times(257, (octet) => ([0, 10, 13, 256].includes(octet) ? text('\r\n') : Uint8Array.of(octet, 32, octet))),
  ),
  'C1 controls': Buffer.concat([Buffer.from(times(32, (index) => 0x80 + index)), text('\r\n')]),
  'UTF-8 torn apart': Buffer.from('\xc3\r\n\xa9\r\n\xf0\x9f\r\n\xa6\x8a\r\n\xff\xfe\r\n', 'latin1'),
  'a byte order mark': lines('\ufeffwords'),
  'octets of telnet': Buffer.from('\xff\xfb\x01\xff\xfd\x03\xff\xff\xf4\xff\r\n', 'latin1'),
  'combining marks for a whole line': lines(`e${'\u0301'.repeat(400)}`),
  'noise in lines of 998': noisyLines(998, 200),
  'noise in lines of 3': noisyLines(3, 20_000),
  'noise in lines of 60': noisyLines(60, 2000),
});

const CONTROLS = named({
  'control characters': lines('\u0001\u0002\u0003\u0004\u0005\u0006\u0007', '\b\t\v\f\u000e\u000f', '\u007f'),
  'escape sequences': lines('\u001b[2J\u001b[H', '\u001b]0;title\u0007', '\u009b31m', '\b\b\bx'),
  'ends of file of old': lines('\u001a', '\u0004', '.\u001a', '^Z'),
});

const SIZES = [
  ...named({
    '5 MB of base64': base64Wall(3_700_000),
    '5 MB of lines with dots': repeated(`.${'m'.repeat(60)}`, 82_000),
    '1 MB of noise': noisyLines(900, 1100),
  }),
  ...[4095, 4096, 4097, 8191, 8192, 16_383, 16_384, 32_767, 65_535, 65_536, 262_143, 262_144, 262_145, 1_048_576].map(
    dotAcross,
  ),
];

export const BODIES: readonly Body[] = [
  ...times(10, dotAt),
  ...DOTS,
  ...LINE_LENGTHS,
  ...EMPTINESS,
  ...LOOK_ALIKES,
  ...CODINGS,
  ...EIGHT_BIT,
  ...CONTROLS,
  ...SIZES,
];
