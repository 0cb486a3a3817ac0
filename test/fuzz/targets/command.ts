/** The gate to the wire: whatever is asked for, one line of printable ASCII comes out, or a refusal. */
import { Command, CommandError } from '#smtp';
import { attempt, endingOf, expect, latin1Of, type Target, textOf } from '../target.ts';

const GATES: readonly (readonly [prefix: string, make: (text: string, octets: Uint8Array) => Command])[] = [
  ['EHLO ', (text) => Command.ehlo(text)],
  ['HELO ', (text) => Command.helo(text)],
  ['MAIL FROM:<', (text) => Command.mail(text)],
  ['RCPT TO:<', (text) => Command.rcpt(text)],
  ['MAIL FROM:<a@b.test> SIZE=', (text) => Command.mail('a@b.test', { size: Number(text) })],
  ['AUTH ', (text) => Command.auth(text)],
  ['AUTH PLAIN ', (_text, octets) => Command.auth('PLAIN', octets)],
  ['', (_text, octets) => Command.authResponse('PLAIN', octets)],
];

export const command: Target = {
  name: 'command',
  seeds: [
    '\x00client.example.com',
    '\x00[192.0.2.1]',
    '\x02news@example.com',
    '\x02',
    '\x03person@example.org',
    '\x03"a.b"@example.org',
    '\x0442',
    '\x05SCRAM-SHA-256',
    '\x06\0user\0password',
    '\x07password',
  ],
  words: [
    '\r\n',
    '\r\nRCPT TO:<evil@z.test>',
    '>',
    '<',
    ' SIZE=1',
    '\0',
    '\u560d\u560a',
    '[IPv6:',
    '"',
    '\\',
    '1e99',
    '-',
    'x'.repeat(250),
    '\u2028',
  ],
  maxOctets: 12_400,
  run(input) {
    const which = (input[0] ?? 0) % GATES.length;
    const [prefix, make] = GATES[which] ?? ['', () => Command.noop()];
    const octets = input.subarray(1);
    const { value, refused } = attempt(() => make(textOf(octets), octets), CommandError);
    if (value === null) return `${which} ${endingOf(refused)}`;
    const line = latin1Of(value.toOctets());
    expect(line.startsWith(prefix) && line.endsWith('\r\n'), `the line ${JSON.stringify(line)}`);
    expect(/^[ -~\u0080-\u00ff]*$/.test(line.slice(0, -2)), 'a control character in a command');
    expect(line.length <= (which < 5 ? 512 : 12_288), `a line of ${line.length} octets`);
    return `${which} said`;
  },
};
