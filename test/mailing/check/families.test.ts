/** Each family of rules by itself: what it has nothing against, what it tells, and how grave that is. */
import { describe, expect, test } from 'vitest';
import { parseCampaign } from '../../../functions/mailing/campaign.ts';
import { type HtmlPiece, HtmlReader } from '../../../functions/mailing/check/html.ts';
import { imageComplaints } from '../../../functions/mailing/check/images.ts';
import { leavesList, linkComplaints } from '../../../functions/mailing/check/links.ts';
import { isBulk, listComplaints } from '../../../functions/mailing/check/list.ts';
import { type Complaint, RULES } from '../../../functions/mailing/check/problem.ts';
import { recipientReader } from '../../../functions/mailing/check/recipient.ts';
import { signingComplaints } from '../../../functions/mailing/check/sender-domain.ts';
import { mayBeTooLarge, sizeComplaints } from '../../../functions/mailing/check/size.ts';
import {
  CLIPPED_OCTETS,
  emptyComplaints,
  htmlComplaints,
  subjectComplaints,
  textComplaints,
} from '../../../functions/mailing/check/texts.ts';

const rules = (complaints: readonly Complaint[]) => complaints.map(({ rule }) => rule);
const campaignOf = (more: Record<string, unknown> = {}) =>
  parseCampaign('news', 'campaign.json', JSON.stringify({ from: 'news@example.com', ...more }));

function read<T>(html: string, judge: (piece: HtmlPiece) => readonly T[]): T[] {
  const said: T[] = [];
  new HtmlReader(judge).read(html, (each) => said.push(...each));
  return said;
}

describe('a link', () => {
  const links: readonly [href: string, rule: string | null][] = [
    ['https://example.com/a?b=c#d', null],
    [' https://example.com ', null],
    ['HTTPS://EXAMPLE.COM', null],
    ['https://example.com/caf%C3%A9', null],
    ['https://münchen.example/', null],
    ['https://[2001:db8::1]/', null],
    ['mailto:care@example.com?subject=Hi%20there', null],
    ['mailto:?to=care@example.com', null],
    ['tel:+34911234567', null],
    ['sms:+34911234567', null],
    ['webcal://example.com/a.ics', null],
    ['#top', null],
    ['http://localhost:8080/', null],
    ['', 'link-empty'],
    ['   ', 'link-empty'],
    ['#', 'link-empty'],
    ['/about', 'link-relative'],
    ['about.html', 'link-relative'],
    ['//example.com/a', 'link-relative'],
    ['?a=b', 'link-relative'],
    ['www.example.com', 'link-relative'],
    ['example.com:8080/a', 'link-relative'],
    ['C:\\page.html', 'link-relative'],
    ['file:///page.html', 'link-relative'],
    ['javascript:alert(1)', 'link-script'],
    ['JavaScript:void(0)', 'link-script'],
    ['data:text/html,x', 'link-script'],
    ['https://', 'link-unreadable'],
    ['https:///a', 'link-unreadable'],
    ['https:/example.com', 'link-unreadable'],
    ['https://exa mple.com', 'link-unreadable'],
    ['https://example.com/a b', 'link-unreadable'],
    ['https://example.com:99999/', 'link-unreadable'],
    ['https://example.com/{{name}}', 'link-unreadable'],
    ['mailto:', 'link-unreadable'],
    ['mailto:nobody', 'link-unreadable'],
    ['http://example.com/', 'link-insecure'],
  ];
  test.each(links)('%j', (href, rule) => {
    expect(rules(read(`<p><a class="x" href="${href}">x</a>`, linkComplaints))).toEqual(rule === null ? [] : [rule]);
  });

  test('without an address is an anchor, and only links are looked at', () => {
    expect(read('<a name="x"></a><link href="/a.css"><base href="/">', linkComplaints)).toEqual([]);
  });

  test('says what to write', () => {
    expect(read('<a href="www.example.com/a">', linkComplaints)[0]?.change).toBe('write https://www.example.com/a');
    expect(read('<area href="#">', linkComplaints)[0]?.problem).toBe('<area href="#">: this link leads nowhere');
  });

  test.each([
    ['https://example.com/unsubscribe?token=1', true],
    ['https://example.com/opt-out', true],
    ['https://example.com/darse-de-baja', true],
    ['https://example.com/newsletter/abmelden', true],
    ['https://example.com/shop', false],
    ['https://example.com/trabajar', false],
  ])('%s leads out of the list: %s', (href, leaves) => {
    expect(read(`<a href="${href}">`, (piece) => [leavesList(piece)])).toEqual([leaves]);
  });
});

describe('an image', () => {
  test.each([
    ['<img src="cid:logo" alt="Logo">', []],
    ['<img src="cid:logo" alt="">', []],
    ['<img src="cid:logo" alt>', []],
    ['<img src="cid:logo" role="presentation">', []],
    ['<img src="cid:logo">', ['image-alt']],
    ['<img src="http://example.com/a.png" alt="">', ['image-insecure']],
    ['<td background="http://example.com/a.png">', ['image-insecure']],
    ['<img src="a.png">', ['image-unloadable', 'image-alt']],
  ])('%s', (html, expected) => {
    expect(rules(read(html, (piece) => imageComplaints(piece, ['logo'])))).toEqual(expected);
  });
});

describe('a reader of HTML', () => {
  test('asks of each tag once, and says it of every mail', () => {
    const asked: string[] = [];
    const reader = new HtmlReader((piece) => {
      asked.push('css' in piece ? piece.css : piece.name);
      return asked.length;
    });
    const said: number[][] = [];
    for (const html of ['<p><style>a</style><b>', '<p><style>a</style><b>', '<p><style>b</style><i title="<">']) {
      said.push([]);
      reader.read(html, (each) => said.at(-1)?.push(each));
    }
    expect(asked).toEqual(['p', 'style', 'a', 'b', 'b', 'i']);
    expect(said).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
      [1, 2, 5, 6],
    ]);
  });

  test('knows no tag by its beginning alone', () => {
    const reader = new HtmlReader((piece) => ('css' in piece ? '' : (piece.attributes.get('src') ?? '')));
    const said: string[] = [];
    for (const src of ['a', 'a>b', 'a>c', 'a']) reader.read(`<p><img src="${src}">`, (each) => said.push(each));
    expect(said.filter((each) => each !== '')).toEqual(['a', 'a>b', 'a>c', 'a']);
  });
});

describe('a subject', () => {
  test.each([
    ['Hello', []],
    ['x'.repeat(78), []],
    ['☕'.repeat(78), []],
    ['💌'.repeat(78), []],
    ['x'.repeat(79), ['subject-long']],
    ['x'.repeat(998), ['subject-long']],
    ['x'.repeat(999), ['subject-too-long']],
    ['', ['subject-empty']],
    [' \u00a0', ['subject-empty']],
  ])('%j', (subject, expected) => expect(rules(subjectComplaints(subject))).toEqual(expected));
});

describe('the texts', () => {
  test.each([
    [94_003, []],
    [94_004, ['html-size']],
    [CLIPPED_OCTETS + 1, ['html-size']],
  ])('HTML of %i octets', (octets, expected) => {
    expect(rules(htmlComplaints('x'.repeat(octets)))).toEqual(expected);
    expect(rules(htmlComplaints('é'.repeat(Math.floor(octets / 2)) + 'x'.repeat(octets % 2)))).toEqual(expected);
  });

  test('tell what is nearly cut off from what is', () => {
    expect(htmlComplaints('x'.repeat(CLIPPED_OCTETS))[0]?.problem).toMatch(/more than 90 % of/);
    expect(htmlComplaints('x'.repeat(CLIPPED_OCTETS + 1))[0]?.problem).toMatch(/more than 102 kB/);
  });

  test('are one beside the other, and none is blank', () => {
    expect(rules(textComplaints('<p>', undefined))).toEqual(['text-missing']);
    expect([...textComplaints('<p>', 'x'), ...textComplaints(undefined, 'x')]).toEqual([]);
    expect(rules(emptyComplaints([' \r\n']))).toEqual(['body-empty']);
    expect(emptyComplaints(['\n.'])).toEqual([]);
  });
});

describe('a list', () => {
  const own = { attachments: [{ object: '{{invoice}}.pdf' }] };
  test.each([
    ['100 people', {}, 100, false],
    ['101 people', {}, 101, true],
    ['files that all get', { attachments: [{ object: 'a.pdf' }] }, 1000, true],
    ['files of their own', own, 1000, false],
  ])('with %s', (_what, more, recipients, bulk) => expect(isBulk(campaignOf(more), recipients)).toBe(bulk));

  test.each([
    ['says nothing', {}, false, ['unsubscribe']],
    ['has a link', {}, true, []],
    ['has one click', { list: { id: 'N <n.example.com>', unsubscribe: 'https://example.com/u' } }, false, []],
    [
      'has a page',
      { list: { id: 'N <n.example.com>', unsubscribe: 'https://example.com/u', oneClick: false } },
      false,
      [],
    ],
    ['has an id only', { list: { id: 'N <n.example.com>' } }, false, ['unsubscribe']],
    ['has a field', { headers: { 'list-unsubscribe': '<mailto:u@example.com>' } }, false, []],
  ])('whose mail %s', (_what, more, hasLink, expected) => {
    expect(rules(listComplaints(campaignOf(more), hasLink))).toEqual(expected);
  });
});

describe('a signature', () => {
  test.each([
    ['example.com', null, []],
    ['example.com', ['example.com'], []],
    ['News.Example.com', ['example.com'], []],
    ['example.com', ['mail.example.com'], ['dkim-domain']],
    ['example.com', ['example.org', 'example.com'], []],
    ['example.com', [], ['dkim-domain']],
    ['example.com', ['example.org'], ['dkim-domain']],
    ['example.com', ['com'], ['dkim-domain']],
    ['badexample.com', ['example.com'], ['dkim-domain']],
  ])('for %s by %j', (from, signing, expected) => expect(rules(signingComplaints(from, signing))).toEqual(expected));
});

describe('a whole mail', () => {
  test.each([
    [26_214_400, undefined, []],
    [26_214_401, undefined, ['mail-size']],
    [10_000_001, 10_000_000, ['mail-size']],
    [26_214_401, 100_000_000, ['mail-size']],
  ])('of %i octets to a relay that takes %s', (octets, maxOctets, expected) => {
    expect(rules(sizeComplaints(octets, maxOctets))).toEqual(expected);
  });

  test('says whose limit it is', () => {
    expect(sizeComplaints(2_000_000, 1_000_000)[0]?.problem).toMatch(/1,000,000 octets, and the relay takes no more/);
    expect(sizeComplaints(30_000_000, undefined)[0]?.problem).toMatch(/26,214,400 octets, and hardly anybody/);
  });

  test.each([
    [1000, false],
    [1_500_000, true],
  ])('of a text of %i characters may be too large: %s', (length, expected) => {
    const mailbox = campaignOf().from;
    expect(mayBeTooLarge({ messageId: '1@example.com', to: mailbox, subject: 'x', html: 'x'.repeat(length) })).toBe(
      expected,
    );
  });
});

describe('a recipient', () => {
  const read = recipientReader(campaignOf());
  test.each<[fields: Record<string, unknown>, told: readonly string[]]>([
    [{}, []],
    [{ timezone: '', locale: null }, []],
    [{ timezone: 'Europe/Madrid', locale: 'es-MX' }, []],
    [{ timezone: 'europe/madrid', locale: 'zh-Hans' }, []],
    [{ timezone: 'Madrid' }, ['timezone-unknown write one such as "Europe/Madrid"']],
    [{ timezone: '+01:00' }, ['timezone-unknown write one such as "Europe/Madrid"']],
    [{ timezone: 1 }, ['timezone-unknown write one such as "Europe/Madrid"']],
    [{ locale: 'es_MX' }, ['locale-unknown write "es-MX"']],
    [{ locale: 'pt_BR.UTF-8' }, ['locale-unknown write "pt-BR"']],
    [{ locale: 'Spanish (Mexico)' }, ['locale-unknown write one such as "es-MX"']],
    [{ locale: ['es'] }, ['locale-unknown write one such as "es-MX"']],
    [{ name: 'مرحبا', city: 'Ж' }, []],
    [{ name: '\u2068مرحبا\u2069 and \u202bמה\u202c, 10\u200f%' }, []],
    [{ name: 'invoice\u202efdp.exe' }, ['direction take it out of the row']],
    [{ name: '\u202eabc\u202c' }, ['direction take it out of the row']],
    [{ name: 'a', city: '\u2067open' }, ['direction take it out of the row']],
  ])('%j', (fields, told) => {
    for (const _twice of [1, 2]) expect(read(fields).map(({ rule, change }) => `${rule} ${change}`)).toEqual(told);
  });

  test("has the campaign's column and zone", () => {
    const campaign = campaignOf({
      schedule: { at: '2026-12-01T09:00', timezone: 'Asia/Tokyo', recipientTimezone: 'tz' },
    });
    expect(recipientReader(campaign)({ tz: 'x', timezone: 'y' }).map(({ field, problem }) => [field, problem])).toEqual(
      [['tz', '"x" is no IANA time zone, and Asia/Tokyo is taken in its place']],
    );
  });
});

test('every rule is an error or a warning', () => {
  expect(Object.values(RULES).every((severity) => severity === 'error' || severity === 'warning')).toBe(true);
});
