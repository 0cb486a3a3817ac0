/** HTML that is read in pieces says what it says as a whole, wherever it is divided and whatever was read before. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HtmlPiece, HtmlReader } from '../../../functions/mailing/check/html.ts';

const judge = (piece: HtmlPiece) =>
  'css' in piece ? `css ${piece.css}` : piece.name === 'b' ? null : `${piece.name} ${[...piece.attributes].join(' ')}`;

function whole(html: string): string[] {
  const said: string[] = [];
  new HtmlReader(judge).read(html, (each) => said.push(each));
  return said;
}

function divided(pieces: readonly string[], reader = new HtmlReader(judge)): string[] {
  const said: string[] = [];
  reader.readPieces(pieces, (each) => said.push(each));
  return said;
}

const HOSTILE: readonly string[] = [
  '<a href="x>y" alt=\'<b>\'>z</a>',
  'a < b <! c <!- d <!-- <a href="no"> --> <a href="yes">',
  '<!--> <a href="1"> <!---> <a href="2">',
  '<style>a > b { background: url(x) } </styl </style><img src=x>',
  '<title><a href="no"></title><a href="yes"></a>',
  '<script>if (a < b) "</scrip"</SCRIPT><a href=yes>',
  '<a href="never closed <a href="x">',
  '<a href=x <a href=y>',
  '<style>never closed <a href="no">',
  '<!-- never closed <a href="no">',
  '<textarea><xmp></textarea><a href="yes">',
  '<img src="a&amp;b&#x3c;&#60;"/><br/><a/href="x"/>',
  '<',
  '<a',
  '<!-',
  `<p>${'<a href="#">x</a>'.repeat(300)}<b>${'y'.repeat(5000)}<`,
  `<!-- ${'z'.repeat(9000)} --><a href="yes">`,
];

describe('pieces of HTML', () => {
  test.each(HOSTILE)('say the same as the whole, divided anywhere: %j', (html) => {
    const reader = new HtmlReader(judge);
    const step = Math.ceil(html.length / 200);
    for (let at = 0; at <= html.length; at += step)
      for (const end of [at, at + 1, at + 7, at + 300])
        expect(divided([html.slice(0, at), html.slice(at, end), html.slice(end)], reader)).toEqual(whole(html));
    expect(divided([...html], reader)).toEqual(whole(html));
  });

  const tokens = [
    '<',
    '>',
    '"',
    "'",
    '=',
    '!',
    '--',
    ' ',
    '/',
    'a',
    'b',
    'href',
    'style',
    '</',
    'title',
    '<!--',
    '-->',
  ];
  test('say the same as the whole, whatever they are', () => {
    const reader = new HtmlReader(judge);
    const piece = fc.array(fc.constantFrom(...tokens), { maxLength: 12 }).map((each) => each.join(''));
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        expect(divided(pieces, reader)).toEqual(whole(pieces.join('')));
      }),
      { numRuns: 2000, seed: 41 },
    );
  });

  test('that are the same for many mails are judged once', () => {
    let judged = 0;
    const reader = new HtmlReader(() => {
      judged += 1;
      return null;
    });
    const shared = '<p>x</p><a href="y">'.repeat(20);
    for (let mail = 0; mail < 10; mail += 1)
      reader.readPieces([shared, `name ${mail}`, '<i title="', `${mail}`, '">', shared], () => {});
    expect(judged).toBe(2 + 10);
  });
});
