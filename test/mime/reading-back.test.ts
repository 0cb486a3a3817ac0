/** What any message says, a reader written by others reads. */
import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { describe, expect, it } from 'vitest';
import { parseMailbox } from '#address';
import { composeMessage, encodeAttachment, type Message } from '#mime';
import { PLAIN } from './fixtures.ts';

const SCRIPTS = [
  'the quick brown fox, jumps! over',
  '¿qué tal, señor? mañana über Straße',
  'Съешь ещё этих мягких французских булок',
  'こんにちは 世界、お元気ですか',
  'مرحبا بالعالم، كيف حالك',
  'שלום עולם',
  'नमस्ते दुनिया',
  '안녕하세요 세계',
  '🎉🎂👩‍👩‍👧',
  '"quotes" \\ (parens) <a@b.c>; a=b?_ =?utf-8?Q?x?= %41',
];
const piece = fc.constantFrom(...SCRIPTS.flatMap((script) => script.split(/(?<= )/)), 'w'.repeat(90));
const line = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => pieces.join('').trim());
const anyLine = fc.oneof(
  line,
  fc.constantFrom('', '.', '..', 'From me', '-- ', '--', '--=_1_x', ' x', '\tx', 'x\t', '='),
);
const text = fc.array(anyLine, { minLength: 1, maxLength: 12 }).map((lines) => `${lines.join('\n')}\n`);
const name = line.map((words) => words.replace(/[\u202a-\u202e]/g, ''));
// Without encoded-words: this reader decodes them in file names, where they are none (RFC 2047 §5).
const fileName = line.map((words) => `${words.replaceAll('=?', '=_')}.bin`);
/** This reader adds the CRLF in front of a delimiter to the text before it. */
const withoutLastLineEnds = (value: string | undefined) => value?.replaceAll('\r\n', '\n').replace(/\n*$/, '');
const file = fc.tuple(fileName, fc.uint8Array({ maxLength: 300 }));

interface Case {
  readonly subject: string;
  readonly toName: string;
  readonly text: string;
  readonly html: string | undefined;
  readonly images: readonly (readonly [string, Uint8Array])[];
  readonly files: readonly (readonly [string, Uint8Array])[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  subject: line,
  toName: name,
  text,
  html: fc.option(text, { nil: undefined }),
  images: fc.array(file, { maxLength: 2 }),
  files: fc.array(file, { maxLength: 3 }),
});

function messageOf({ subject, toName, text, html, images, files }: Case): Message {
  const type = 'application/octet-stream';
  return {
    ...PLAIN,
    subject,
    to: { name: toName, mailbox: parseMailbox('person@example.org') },
    text,
    ...(html === undefined
      ? {}
      : {
          html,
          inline: images.map(([name, content], index) =>
            encodeAttachment({ name, type, content, disposition: 'inline', contentId: `image${index}` }),
          ),
        }),
    attachments: files.map(([name, content]) => encodeAttachment({ name, type, content, disposition: 'attachment' })),
  };
}

const compose = (given: Case) => Buffer.concat(composeMessage(messageOf(given)).pieces);

describe('any message', () => {
  it('is read back as it was written', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const email = await PostalMime.parse(compose(given));
        expect(email.subject).toBe(given.subject);
        expect(email.to).toEqual([{ name: given.toName, address: 'person@example.org' }]);
        expect(withoutLastLineEnds(email.text)).toBe(withoutLastLineEnds(given.text));
        expect(withoutLastLineEnds(email.html)).toBe(withoutLastLineEnds(given.html));
        const expected = [...(given.html === undefined ? [] : given.images), ...given.files];
        expect(email.attachments.map(({ filename }) => filename)).toEqual(expected.map(([name]) => name));
        for (const [index, [, content]] of expected.entries()) {
          expect(Buffer.from(email.attachments[index]?.content as ArrayBuffer)).toEqual(Buffer.from(content));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is 7-bit, in lines that CRLF alone ends, none too long, folded wherever the header can be', () => {
    fc.assert(
      fc.property(cases, (given) => {
        const data = composeMessage(messageOf(given));
        const message = Buffer.concat(data.pieces).toString('latin1');
        expect(message).toMatch(/^[\t\r\n -~]*\r\n$/);
        expect(message.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
        expect(message.includes('\n.')).toBe(data.hasDotLine);
        const lines = message.split('\r\n');
        for (const one of lines) expect(one.length).toBeLessThanOrEqual(998);
        for (const one of lines.slice(0, lines.indexOf(''))) {
          const isFoldable = /[^ ] [^ ]/.test(one.replace(/^[^ ]+: /, ''));
          if (isFoldable) expect(one.length).toBeLessThanOrEqual(78);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('has fields that its content cannot add to', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (given) => {
        const email = await PostalMime.parse(compose(given));
        const [date, ...others] = email.headers.map(({ originalKey }) => originalKey);
        const kept = others.filter((key) => key !== 'Content-Transfer-Encoding');
        expect([date, ...kept]).toEqual([
          'Date',
          'From',
          'To',
          'Subject',
          'Message-ID',
          'MIME-Version',
          'Content-Type',
        ]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('any text of any characters', () => {
  it('is read back as it was written, its line ends canonical', async () => {
    const character = fc.oneof(
      fc.constantFrom('\n', '\r\n', '.', ' ', '\t', '=', '_', 'F', 'From ', '-', 'é', '\u0085', '\u2028', '🎉'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3 }),
      fc.constant('x'.repeat(74)),
    );
    const anyText = fc.array(character, { maxLength: 60 }).map((characters) => characters.join(''));
    await fc.assert(
      fc.asyncProperty(anyText, anyText, async (text, html) => {
        fc.pre(!/\r(?!\n)|\0/.test(text + html) && text !== '' && html !== '');
        const data = composeMessage({ ...PLAIN, text, html });
        const email = await PostalMime.parse(Buffer.concat(data.pieces));
        expect(withoutLastLineEnds(email.text)).toBe(withoutLastLineEnds(text));
        expect(withoutLastLineEnds(email.html)).toBe(withoutLastLineEnds(html));
      }),
      { numRuns: 500 },
    );
  });
});
