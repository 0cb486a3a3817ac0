/** What mails have in common is encoded once, and no octet of any mail shows it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composeMessage, type Message, MessageComposer } from '#mime';
import { composed, PLAIN } from './fixtures.ts';

const SEED = { boundarySeed: 'one mailing' };

const octetsOf = ({ pieces }: { pieces: readonly Uint8Array[] }): string => Buffer.concat(pieces).toString('latin1');

type Bodies = Pick<Message, 'text' | 'html'>;

/** One composer for all of them, in order; beside it each mail composed by itself. */
function both(bodies: readonly Bodies[]) {
  const composer = new MessageComposer({ ...PLAIN, ...SEED });
  return bodies.map((body, index) => {
    const message = { ...PLAIN, text: undefined, html: undefined, ...SEED, ...body, messageId: `${index}@example.com` };
    return { together: composer.compose(message), alone: composeMessage(message) };
  });
}

const PARAGRAPH = 'The first sacks came on Tuesday, and the whole courtyard smelled of apples when they were opened.\n';
const block = (seed: string) => Array.from({ length: 6 }, (_, line) => `${seed} ${line}: ${PARAGRAPH}`).join('');
const greeting = (name: string) => `Hello ${name},\n${block('a')}see you, ${name}\n${block('b')}bye`;

describe('the mails of one mailing', () => {
  it.each([
    ['names', ['Ann', 'Bob', 'Cyd', 'Dora'].map(greeting)],
    ['a letter beyond ASCII in one of them', ['Ann', 'Bob', 'Zoë', 'Ann'].map(greeting)],
    ['a block that some lack', [1, 2, 3, 4].map((n) => `${n}\n${n % 2 ? block('x') : ''}${block('y')}${n}`)],
    ['a block that stands twice', [1, 2, 3].map((n) => `${n}\n${block('x')}${n}\n${block('x')}`)],
    ['nothing in common', [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => block(`${n}`))],
    ['other texts from some mail on', [...Array(12).keys()].map((n) => `${n}\n${block(n < 3 ? 'x' : 'y')}`)],
    [
      'dots and From at line ends',
      ['Ann', 'Bob', 'Cyd'].map((name) => `${block('.')}From ${name}\n.${block('From me')}`),
    ],
    [
      'blanks at line ends',
      ['a', 'b', 'c'].map((name) => `${block('x').replaceAll('.\n', '. \n')}${name} \n${block('z')}`),
    ],
    ['what looks like a boundary', ['a', 'b', 'c'].map((name) => `${name}\n--=_1_x\n${block('--=_2_')}`)],
    ['mostly letters beyond ASCII', ['一', '二', '三'].map((name) => `${name}\n${'收穫的第一批麻袋\n'.repeat(60)}`)],
    ['a line that is too long for 7bit', ['a', 'b', 'c'].map((name) => `${name}\n${'x'.repeat(1200)}\n${block('y')}`)],
    ['CRLF at their line ends', ['Ann', 'Bob', 'Cyd'].map((name) => greeting(name).replaceAll('\n', '\r\n'))],
    ['a last line without an end', ['a', 'b', 'c'].map((name) => `${name}\n${block('x').slice(0, -1)}`)],
    ['lengths from nothing to much', ['', 'x', block('x'), '', greeting('Ann'), greeting('Bob'), '']],
  ])('are octet for octet what each is by itself: %s', (_, texts) => {
    const bodies = texts.map((text) => ({ text, html: `<!DOCTYPE html>\n${text}` }));
    for (const { together, alone } of both(bodies)) {
      expect(octetsOf(together)).toBe(octetsOf(alone));
      expect({ ...together, pieces: [] }).toEqual({ ...alone, pieces: [] });
    }
  });

  it('are so, whatever the template and the values are', () => {
    const line = fc.oneof(
      fc.constantFrom('', '.', ' ', 'From me', 'x'.repeat(80), 'é', '收', '=', '--=_1_', 'tab\t', 'F', 'Fro', 'a b'),
      fc.string({ maxLength: 12, unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n\0]/g, '')),
    );
    const stretch = fc
      .tuple(fc.array(line, { minLength: 1, maxLength: 5 }), fc.constantFrom('', 'x'.repeat(90), 'é'.repeat(50)))
      .map(([lines, filler]) => Array.from({ length: 5 }, () => `${lines.join('\n')}${filler}\n`).join(''));
    const template = fc.array(stretch, { minLength: 1, maxLength: 4 });
    const values = fc.array(fc.array(line, { maxLength: 5 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(template, values, fc.boolean(), (stretches, mails, isEnded) => {
        const texts = mails.map(
          (own) => stretches.map((text, at) => `${own[at] ?? ''}\n${text}`).join('') + (isEnded ? '' : (own[4] ?? 'F')),
        );
        for (const { together, alone } of both(texts.map((text) => ({ text }))))
          expect(octetsOf(together)).toBe(octetsOf(alone));
      }),
      { numRuns: 300 },
    );
  });

  it('share the octets of what they have in common', () => {
    const [, , third, fourth] = both(['Ann', 'Bob', 'Cyd', 'Dora'].map((name) => ({ text: greeting(name) })));
    const shared = third?.together.pieces.filter((piece) => fourth?.together.pieces.includes(piece));
    expect(shared?.map((piece) => Buffer.from(piece).toString().slice(0, 2))).toEqual(['a ', 'b ']);
  });

  it('do not show what an earlier mail was', () => {
    // Where the text is laid for encoding, an older one may have lain, with "rom me" just where this one ends.
    const line = 'the first sacks came on Tuesday, é\n';
    expect(composed({ text: `${line}From me` })).toContain('=C3=A9\r\n=46rom me');
    expect(composed({ text: `${line}F` })).toMatch(/=C3=A9\r\nF\r\n$/);
  });
});
