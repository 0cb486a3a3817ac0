/** What an HTML mail refers to: which of it no mail program can show, and that any text is read in one pass. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HtmlReader } from '../../../functions/mailing/check/html.ts';
import { imageComplaints } from '../../../functions/mailing/check/images.ts';

const CIDS = ['logo', 'photo one@example.com', 'a&b'];

/** What is said of references, each once; `alt` is another matter. */
function referenceProblems(html: string, cids: readonly string[]): string[] {
  const problems = new Set<string>();
  new HtmlReader((piece) => imageComplaints(piece, cids)).read(html, (complaints) => {
    for (const { rule, problem, change } of complaints) if (rule !== 'image-alt') problems.add(`${problem}; ${change}`);
  });
  return [...problems];
}

/** The references that are told, without what is said about them. */
const told = (html: string) => referenceProblems(html, CIDS).map((problem) => problem.slice(0, problem.indexOf(': ')));

describe('imageComplaints', () => {
  const inOrder: readonly string[] = [
    '',
    '<p>no image</p>',
    '<img src="cid:logo">',
    "<img src='cid:logo'/>",
    '<IMG alt="a > b" SRC = cid:logo>',
    '<img src=" CID:logo\n">',
    '<img src="cid:photo%20one%40example.com">',
    '<img src="cid:a&amp;b"><img src="cid:a&#38;b"><img src="cid:a&#x26;b">',
    '<img src="https://example.com/logo.png">',
    '<img src="//example.com/logo.png">',
    '<img src="data:image/png;base64,iVBORw0KGgo=">',
    '<img src="cid:logo" src="logo.png">',
    '<img alt="src=logo.png">',
    '<a href="/about">about</a>',
    '<script src="app.js"></script>',
    '<td style="background: url(cid:logo)">',
    '<td style="background: url(&quot;cid:logo&quot;)">',
    '<td background="">',
    '<td style="fill: url(#shade)">',
    '<style>/* a { background: url(old.png) } */ b { background: url( "https://example.com/b.png" ) }</style>',
    '<!-- <img src="logo.png"> --><!--[if mso]><img src="logo.png"><![endif]-->',
    '<title><img src="logo.png"></title>',
    'write &lt;img src="logo.png"> or cid:nothing, where 1 < 2',
    '</img src="logo.png">',
    '<img src="logo.png',
    '<!-- <img src="logo.png">',
  ];
  test.each(inOrder)('has nothing against %j', (html) => expect(told(html)).toEqual([]));

  const broken: readonly [html: string, expected: readonly string[]][] = [
    ['<img src="logo.png">', ['<img src="logo.png">']],
    ['<img src=logo.png>', ['<img src="logo.png">']],
    ['<img\n\tclass="x"\n\tsrc\n=\n"/img/a b.png"\n>', ['<img src="/img/a b.png">']],
    ['<img src="">', ['<img src="">']],
    ['<img src="./a&amp;b.png">', ['<img src="./a&b.png">']],
    ['<img src="C:\\logo.png">', ['<img src="C:\\logo.png">']],
    ['<img src="file:///logo.png">', ['<img src="file:///logo.png">']],
    ['<td background="paper.png">', ['<td background="paper.png">']],
    ['<td style="background: url(\'paper.png\')">', ['url("paper.png")']],
    ['<style>td { background: URL(paper.png) }</STYLE><img src="x.png">', ['url("paper.png")', '<img src="x.png">']],
    ['<img src="cid:footer">', ['<img src="cid:footer">']],
    ['<a href="cid:footer">', ['<a href="cid:footer">']],
    ['<td style="background: url(cid:footer)">', ['url("cid:footer")']],
    ['<!--[if !mso]><!--><img src="logo.png"><!--<![endif]-->', ['<img src="logo.png">']],
    ['<!--><img src="logo.png">', ['<img src="logo.png">']],
    ['1 < 2 <<img src="logo.png">', ['<img src="logo.png">']],
    ['<img src="a.png"><img src="b.png"><img src="a.png">', ['<img src="a.png">', '<img src="b.png">']],
    [`<img src="${'a'.repeat(500)}">`, [`<img src="${'a'.repeat(80)}…">`]],
  ];
  test.each(broken)('finds what no mail program can show in %j', (html, expected) =>
    expect(told(html)).toEqual(expected),
  );

  test('says what to do', () => {
    expect(referenceProblems('<img src="logo.png"><img src="cid:lgoo"><img src="cid:x">', CIDS)).toEqual([
      '<img src="logo.png">: no mail program can load this; put the file under "inline" in campaign.json and write "cid:…", or write its https:// address',
      '<img src="cid:lgoo">: no file under "inline" in campaign.json has the cid "lgoo"; did you mean "cid:logo"?',
      '<img src="cid:x">: no file under "inline" in campaign.json has the cid "x"; add the file there, or name one that is there',
    ]);
  });

  test('reads any text to its end', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '<img ',
      'src',
      '=',
      '"',
      "'",
      'cid:',
      'url(',
      '/*',
      '*/',
      '<!--',
      '-->',
      ' ',
    );
    const text = fc.array(fc.oneof(piece, fc.constantFrom('<style>', '</style', '&#x;', '&#x110000;', '%', 'a')));
    fc.assert(
      fc.property(text, (pieces) => {
        const html = pieces.join('');
        expect(referenceProblems(html, CIDS).every((problem) => problem.includes(': '))).toBe(true);
        // Whatever stands before a comment that never ends stays as it is.
        expect(referenceProblems(`<img src="x.png">${html}`, CIDS)[0]).toContain('<img src="x.png">: ');
      }),
    );
  });

  test.each(['<', '<a ', '<a x="', '<a x = ', '<style>', '<!--', '<style>url(', '<p style="/*', '&#', '<a ='])(
    'reads a megabyte of %j while a test waits',
    (piece) => expect(told(piece.repeat(2 ** 20 / piece.length))).toEqual([]),
  );
});
