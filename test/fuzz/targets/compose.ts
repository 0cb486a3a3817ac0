/**
 * The composer, fed with an object: what is refused is refused with its field, what is composed has the fields that were
 * given and no others, in lines that any server takes.
 */
import { AddressError, parseNamedMailbox } from '#address';
import { ComposeError, composeMessage, type EncodedPart, encodeAttachment, type Message } from '#mime';
import { transparent } from '#smtp';
import { attempt, endingOf, expect, type Target, textOf } from '../target.ts';

const FROM = parseNamedMailbox('News <news@example.com>');
const OWN_FIELDS = ['Date', 'From', 'To', 'Subject', 'Message-ID', 'MIME-Version'];

/** Parts are set apart by 0x1E: a word that says what it is, and its text. */
const SEPARATOR = 0x1e;

export const compose: Target = {
  name: 'compose',
  seeds: [
    's Hello\x1et Hello,\nyou.\n\x1eh <p>Hello</p>\x1en X-Campaign\x1ev news',
    's ¡Hola, señor! Ünïcödé €\x1eh <img src="cid:logo">\x1ei logo\x1ec picture',
    't .\n..\n\n From here\nFrom me\x1ea invoice é.pdf\x1ec %PDF\x1em application/pdf\x1ei cid@here',
    'p José <josé@example.org>\x1er ñ@example.com\x1et Hello',
    'p "Person, the" <person@example.org>\x1er reply@example.org\x1en List-Unsubscribe\x1ev <https://example.com/u>',
    's =?utf-8?q?a?= two  spaces \x1ed 1e15\x1ek left@right\x1eb --=_x',
    's x\r\nBcc: evil@z.test\x1et a\rb\0c',
  ],
  words: [
    '\x1e',
    '\x1es ',
    '\x1et ',
    '\x1eh ',
    '\x1en X-A\x1ev ',
    '\x1ea ',
    '\x1em text/plain',
    '\x1ei ',
    '\r\n',
    '\r\nBcc: e@z',
    '\n',
    '=?utf-8?q?',
    '?=',
    '"',
    '\\',
    ';',
    '--=_',
    'é',
    '😀',
    '\u202e',
    '\u2028',
    ' ',
    '\t',
    'x'.repeat(100),
    'From ',
    '.',
    '=',
  ],
  maxOctets: 8192,
  run(input) {
    const message = attempt(() => messageOf(input), ComposeError, AddressError);
    if (message.value === null) return endingOf(message.refused);
    const { value, refused } = attempt(() => composeMessage(message.value), ComposeError);
    if (value === null) return endingOf(refused);
    const whole = Buffer.concat(value.pieces);
    expect(whole.length === value.octets, 'its octets');
    const ready = transparent(value);
    const { to, replyTo = to } = message.value;
    expect(ready.sevenBit === value.sevenBit, 'whether it is 7-bit');
    expect(value.sevenBit === (to.mailbox.isAscii && replyTo.mailbox.isAscii), 'an octet above 127');
    expect(value.hasDotLine === ready.octets > ready.size, 'whether a line begins with a dot');
    return fieldsOf(whole.toString('latin1'), message.value);
  },
};

/** The header has exactly the fields that were asked for. */
function fieldsOf(whole: string, { headers = [], replyTo }: Message): string {
  const header = whole.slice(0, whole.indexOf('\r\n\r\n') + 2);
  const names = [...header.matchAll(/^([!-9;-~]+):/gm)].map(([, name = '']) => name);
  const wanted = [...OWN_FIELDS, ...headers.map(([name]) => name), ...(replyTo === undefined ? [] : ['Reply-To'])];
  const found = names.filter((name) => !name.startsWith('Content-'));
  expect([...found].sort().join() === [...wanted].sort().join(), `the fields are ${found.join()}`);
  expect(
    header.split('\r\n').every((line) => line.length <= 998 && (line === '' || line.trim() !== '')),
    'a line that is too long, or of white space alone',
  );
  return `composed ${/^Content-Type: ([a-z/]+)/m.exec(header)?.[1]} ${/^Content-Transfer-Encoding: (\S+)/m.exec(header)?.[1]}`;
}

function messageOf(input: Uint8Array): Message {
  const headers: [string, string][] = [];
  const parts: Record<string, string> = {};
  for (const part of partsOf(input)) {
    const text = textOf(part.subarray(2));
    const key = String.fromCharCode(part[0] ?? 0);
    if (key === 'n') headers.push([text, 'x']);
    else if (key === 'v' && headers.length > 0) headers.push([headers.pop()?.[0] ?? '', text]);
    else parts[key] = text;
  }
  const file = fileOf(parts);
  return {
    date: 'd' in parts ? Math.trunc(Number(parts['d']) % 8.64e15) || 0 : 0,
    messageId: parts['k'] ?? '1@example.com',
    from: FROM,
    to: parseNamedMailbox(parts['p'] ?? 'person@example.org'),
    ...('r' in parts ? { replyTo: parseNamedMailbox(parts['r']) } : {}),
    subject: parts['s'] ?? 'Hello',
    headers,
    ...('t' in parts ? { text: parts['t'] } : {}),
    ...('h' in parts ? { html: parts['h'] } : {}),
    ...('b' in parts ? { boundarySeed: parts['b'] } : {}),
    ...(file === null ? {} : 'i' in parts ? { inline: [file] } : { attachments: [file] }),
  };
}

function fileOf(parts: Readonly<Record<string, string>>): EncodedPart | null {
  if (!('a' in parts) && !('c' in parts)) return null;
  return encodeAttachment({
    name: parts['a'] ?? 'file.txt',
    type: parts['m'] ?? 'text/plain',
    content: Buffer.from(parts['c'] ?? ''),
    disposition: 'i' in parts ? 'inline' : 'attachment',
    ...('i' in parts ? { contentId: parts['i'] } : {}),
  });
}

function partsOf(input: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (let from = 0; from <= input.length; ) {
    const found = input.indexOf(SEPARATOR, from);
    const to = found === -1 ? input.length : found;
    parts.push(input.subarray(from, to));
    from = to + 1;
  }
  return parts;
}
