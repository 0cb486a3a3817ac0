/** HTML that is read in pieces says what it says as a whole, wherever it is divided and whatever was read before. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openCampaignFolder } from '#local';
import { loadCampaign, MailComposer } from '#mailing';
import { type HtmlPiece, HtmlReader } from '../../../functions/mailing/check/html.ts';
import { openCheck, problemsOf } from '../../../functions/mailing/check/mod.ts';
import { temporaryFolder, writeCampaign } from '../../cli/cartero.ts';

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

describe('the report on a mail', () => {
  const bodies: readonly string[] = [
    '<p>{{name}}</p><a href="#">x</a><img src="http://example.com/{{name}}.png">'.repeat(8),
    '<a href="{{url link}}">x</a><a href="https://example.com/?q={{encode name}}">y</a><img alt="{{name}}" src="cid:no">',
    '{{#if name}}<!-- <a href="#"> -->{{/if}}<a href="https://example.com/{{encode name}}">{{name}} < z</a><area href="">',
    '{{#each items}}<img src="{{url this}}"><a title="{{@index}}" href="{{url @root.link}}">{{this}}</a>{{/each}}',
    '{{!-- allow: raw --}}<p>{{{raw}}}<a href="#">x</a></p>',
    '{{#if none}}<p>x</p>{{/if}} \n',
    '<title>{{name}}</title><style>p { background: url(http://example.com/x.png) }</style><p>{{name}}\r\n</p>',
  ];
  const rows: readonly Readonly<Record<string, unknown>>[] = [
    {
      name: 'Ana & <b>Bo</b>',
      link: 'http://example.com/a?b=c&d',
      items: ['https://example.com/a.png', 'http://example.com/b.png'],
      raw: '<a href="',
    },
    {
      name: '--> <a href="#">',
      link: 'mailto:a@example.com',
      items: [],
      raw: '<style><!--',
      locale: 'e s',
      timezone: 'Mars',
    },
    {
      name: "' onload='x",
      link: 'https://example.com/unsubscribe',
      items: ['no address'],
      raw: 'x\rx\0',
      locale: 'es',
    },
  ];
  test.each(bodies)('of %j is the same, in pieces and as a whole', async (html) => {
    const root = temporaryFolder();
    const folder = await writeCampaign(root, 'letters', { 'body.html.hbs': html });
    const loaded = await loadCampaign(await openCampaignFolder(folder, { projectTemplates: root }));
    const composer = await MailComposer.open(loaded, { date: 0, readFile: async () => new Uint8Array() });
    const [context, other] = [await openCheck(loaded, { isBulk: true }), await openCheck(loaded, { isBulk: true })];
    for (const fields of [...rows, ...rows]) {
      const row = { recipient: 'ana@example.com', messageId: 'a@example.com', fields };
      const letter = await composer.letter(row).catch(String);
      const composed = await composer.compose(row).then(() => null, String);
      if (typeof letter === 'string') {
        expect(letter).toBe(composed);
        continue;
      }
      const { pieces, ...whole } = letter;
      expect(whole.html).toBe(loaded.templates.html(fields));
      expect(whole.text).toBe(loaded.templates.text(fields));
      expect(problemsOf({ ...letter, fields }, context)).toEqual(problemsOf({ ...whole, fields }, other));
      expect(Object.keys(pieces)).toEqual(['text', 'html']);
    }
  });
});
