/** Messages of any content, each with what it is meant to say. The same seed gives the same ones. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type Mailbox, type NamedMailbox, parseMailbox } from '#address';
import { composeMessage, type EncodedPart, encodeAttachment, type Message } from '#mime';
import { linesOf, type Reading, type ReadMailbox, type ReadPart } from './reading.ts';

export interface Generated {
  readonly octets: Buffer;
  readonly meant: Reading;
}

export function generated(count: number, seed: number): Generated[] {
  return fc.sample(letters, { numRuns: count, seed }).map(compose);
}

/** Ten scripts, and what means something to a reader of mail. */
const SCRIPTS: readonly string[] = [
  'the quick brown fox, jumps over 13 dogs',
  '¿qué tal, señor? mañana über Straße',
  'Съешь ещё этих мягких французских булок',
  'Ξεσκεπάζω την ψυχοφθόρα βδελυγμία',
  'こんにちは 世界、お元気ですか',
  '新年快乐 恭喜发财',
  '안녕하세요 세계 여러분',
  'مرحبا بالعالم، كيف حالك',
  'שלום עולם מה שלומך',
  'नमस्ते दुनिया कैसे हो',
  'สวัสดีชาวโลก ยินดีต้อนรับ',
  '🎉🎂 👩‍👩‍👧 🇪🇸',
];
const HOSTILE: readonly string[] = [
  ...[
    '"',
    '\\',
    '""',
    '\\"',
    '(',
    ')',
    '<',
    '>',
    '@',
    ',',
    ';',
    ':',
    '.',
    '[',
    ']',
    '%',
    '=',
    '?',
    '_',
    '=?',
    '?=',
    "'",
  ],
  ...[
    '=?utf-8?Q?x?=',
    '=?utf-8?B?eA==?=',
    '=?x?y?z?=',
    'a@b.c',
    '<e@example.net>',
    'Bcc: e@example.net',
    "utf-8''x",
    '%41',
  ],
  ...[
    '  ',
    ' ',
    'From ',
    '--',
    '--=_1_x',
    '=20',
    '=3D',
    '&amp;',
    '<b>',
    'w'.repeat(80),
    'ñ'.repeat(40),
    '\u200d',
    '\u00a0',
  ],
];
const word = fc.constantFrom(...SCRIPTS.flatMap((script) => script.split(' ')));
const phrase = fc
  .array(fc.oneof({ weight: 4, arbitrary: word }, { weight: 1, arbitrary: fc.constantFrom(...HOSTILE) }), {
    minLength: 1,
    maxLength: 14,
  })
  .chain((words) => fc.constantFrom(' ', ' ', ' ', '').map((space) => words.join(space)));

const localPart = fc.oneof(
  fc.constantFrom('person', 'x+tag', "o'neil", 'a.b.c', '!#$%&*/=?^_`{|}~-', 'UPPER', '"a b"', '"a\\"b"', '"a@b"'),
  fc
    .array(fc.constantFrom(...'ab ,;:()[]@."\\'), { minLength: 1, maxLength: 8 })
    .map((signs) => `"${signs.join('').replace(/["\\]/g, '\\$&')}"`),
);
const domain = fc.constantFrom('example.org', 'mail.example.com', 'müller.example', '日本.example', '[192.0.2.1]');
const mailbox = fc.tuple(localPart, domain).map(([local, host]) => parseMailbox(`${local}@${host}`));
const named: fc.Arbitrary<NamedMailbox> = fc.record({ name: fc.option(phrase), mailbox });

const line = fc.oneof(
  { weight: 6, arbitrary: phrase },
  {
    weight: 1,
    arbitrary: fc.constantFrom('', '', '.', '..', '. x', 'From me', '-- ', ' x', '\tx', 'x\t', 'x ', '=', '\f'),
  },
);
const text = fc
  .tuple(fc.array(line, { minLength: 1, maxLength: 20 }), fc.constantFrom('\n', '\n', ''))
  .map(([lines, end]) => lines.join('\n') + end)
  .filter((lines) => lines !== '');

const IMAGES = ['image/png', 'image/gif', 'image/jpeg'];
const TYPES = [
  'application/pdf',
  'application/octet-stream',
  'image/png',
  'text/csv',
  'text/plain',
  'application/json',
];
const fileOf = (types: readonly string[]) =>
  fc.record({
    name: phrase
      .map((name) => `${name.replaceAll('/', '_')}${name.endsWith('.c') ? '.data' : ''}`)
      .filter((name) => name !== '.' && name !== '..'),
    type: fc.constantFrom(...types),
    content: fc.oneof(
      fc.uint8Array({ maxLength: 700 }),
      text.map((lines) => new Uint8Array(Buffer.from(lines))),
    ),
  });
type File = ReturnType<typeof fileOf> extends fc.Arbitrary<infer T> ? T : never;

const event = phrase.map(
  (summary) =>
    'BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Example//EN\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1@example.com\n' +
    `DTSTAMP:20261201T090000Z\nDTSTART:20261224T190000Z\nSUMMARY:${summary}\nEND:VEVENT\nEND:VCALENDAR\n`,
);

const rarely = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
const letters = fc.record({
  from: named,
  to: named,
  replyTo: rarely(named),
  listName: rarely(phrase),
  subject: phrase,
  text: fc.option(text, { nil: undefined }),
  html: fc.option(text, { nil: undefined }),
  amp: rarely(text),
  calendar: rarely(event),
  images: fc.array(fileOf(IMAGES), { maxLength: 2 }),
  files: fc.array(fileOf(TYPES), { maxLength: 5 }),
});
type Letter = typeof letters extends fc.Arbitrary<infer T> ? T : never;

function compose(given: Letter, index: number): Generated {
  const letter = withLineEnd(given);
  const { from, to, replyTo, listName, subject, files, text, calendar } = letter;
  const html = letter.html ?? (text === undefined ? 'x\n' : undefined);
  const amp = html === undefined ? undefined : letter.amp;
  const images = html === undefined ? [] : letter.images;
  const cid = (image: number) => `image${image}@example.com`;
  const message: Message = {
    date: Date.UTC(2026, 11, 1) + index * 1000,
    messageId: `${index}@example.com`,
    from,
    to,
    replyTo,
    ...(listName === undefined ? {} : { list: { name: listName, id: 'news.example.com' } }),
    subject,
    text,
    amp,
    html,
    calendar,
    inline: images.map((image, place) => encodeAttachment({ ...image, disposition: 'inline', contentId: cid(place) })),
    attachments: files.map((each): EncodedPart => encodeAttachment({ ...each, disposition: 'attachment' })),
  };
  const meant: Reading = {
    from: [mailboxMeant(from)],
    to: [mailboxMeant(to)],
    replyTo: replyTo === undefined ? [] : [mailboxMeant(replyTo)],
    subject,
    texts: {
      ...textMeant('text/plain', text),
      ...textMeant('text/x-amp-html', amp),
      ...textMeant('text/html', html),
      ...textMeant('text/calendar', calendar),
    },
    parts: [
      ...images.map((image, place) => partMeant(image, 'inline', cid(place))),
      ...files.map((each) => partMeant(each, 'attachment', null)),
    ],
    complaints: [],
  };
  return { octets: Buffer.concat(composeMessage(message).pieces), meant };
}

/** Mail data ends with CRLF: a text that stands alone in it is given one, so it has it already (RFC 5321 §4.1.1.4). */
function withLineEnd(letter: Letter): Letter {
  const end = (text: string | undefined) => (text === undefined || text.endsWith('\n') ? text : `${text}\n`);
  return letter.text === undefined || letter.html === undefined
    ? { ...letter, text: end(letter.text), html: end(letter.html) }
    : letter;
}

function mailboxMeant({ name, mailbox }: { name: string | null; mailbox: Mailbox }): ReadMailbox {
  return { name: name ?? '', address: mailbox.address };
}

function textMeant(type: string, text: string | undefined): Reading['texts'] {
  return text === undefined ? {} : { [type]: linesOf(type, text) };
}

function partMeant({ name, type, content }: File, disposition: string, cid: string | null): ReadPart {
  return { type, name, disposition, cid, sha256: createHash('sha256').update(content).digest('hex') };
}
