/** A whole mail looked at: each problem once, where its author finds it, with the row that shows it. */
import { describe, expect, test } from 'vitest';
import { openCampaignFolder } from '#local';
import { loadCampaign } from '#mailing';
import { openCheck, problemsOf, problemsOfCampaign } from '../../../functions/mailing/check/mod.ts';
import { placeOf } from '../../../functions/mailing/check/written.ts';
import { temporaryFolder, writeCampaign } from '../../cli/cartero.ts';

async function contextOf(
  files: Readonly<Record<string, string>>,
  options: Parameters<typeof openCheck>[1] = {},
): ReturnType<typeof openCheck> {
  const folder = await writeCampaign(temporaryFolder(), 'letters', files);
  const source = await openCampaignFolder(folder, { location: 'letters', projectTemplates: folder });
  return openCheck(await loadCampaign(source), options);
}

describe('problemsOf', () => {
  test('has nothing against a mail that is in order', async () => {
    const context = await contextOf({}, { isBulk: true });
    const mail = { subject: 'Hello', html: '<p>x</p><a href="https://example.com/unsubscribe">x</a>', text: 'x' };
    expect(problemsOf(mail, context)).toEqual([]);
    expect(problemsOf({ subject: 'Hello', text: 'Leave: https://example.com/unsubscribe' }, context)).toEqual([]);
    expect(problemsOfCampaign(context)).toEqual([]);
  });

  test('tells everything at once: severity, rule, place, row, what to change', async () => {
    const context = await contextOf(
      { 'body.html.hbs': '<p>\n<a href="#">x</a>\n<img src="http://example.com/{{name}}.png">\n</p>' },
      { isBulk: true, maxOctets: 1000 },
    );
    const html = '<p>\n<a href="#">x</a><a href="#">y</a>\n<img src="http://example.com/Ana.png">\n</p>';
    const recipient = { file: 'list.csv', line: 7, row: 6 };
    const fields = { timezone: 'Madrid' };
    const problems = problemsOf({ subject: '', html, octets: 1001, recipient, fields }, context);
    expect(problems.map((each) => [each.severity, each.rule, each.file, each.line, each.column, each.row])).toEqual([
      ['error', 'subject-empty', 'letters/subject.hbs', null, null, 6],
      ['warning', 'text-missing', 'letters/body.html.hbs', null, null, 6],
      ['error', 'link-empty', 'letters/body.html.hbs', 2, 10, 6],
      ['warning', 'image-insecure', 'letters/body.html.hbs', 3, 11, 6],
      ['warning', 'image-alt', 'letters/body.html.hbs', 3, 11, 6],
      ['warning', 'unsubscribe', 'letters/campaign.json', null, null, undefined],
      ['warning', 'mail-size', 'letters/campaign.json', null, null, 6],
      ['warning', 'timezone-unknown', 'list.csv', 7, null, 6],
    ]);
    expect(problems.every(({ problem, change }) => problem !== '' && change !== '')).toBe(true);
  });

  test('tells a mail without a row by its templates', async () => {
    const context = await contextOf({ 'body.html.hbs': '<p>x</p>' });
    expect(problemsOf({ subject: 'x', html: ' ', text: '' }, context)).toMatchObject([
      { rule: 'body-empty', file: 'letters/body.txt.hbs', line: null },
      { rule: 'body-empty', file: 'letters/body.html.hbs', line: null },
    ]);
  });

  test('tells the file of the language that the row reads', async () => {
    const context = await contextOf({
      'subject.es.hbs': 'x',
      'body.html.hbs': 'x',
      'body.es.html.hbs': 'x',
      'body.es.txt.hbs': 'x',
    });
    const filesFor = (locale: string) =>
      problemsOf({ subject: '', html: '', text: '', fields: { locale } }, context).map(({ file }) => file);
    expect(filesFor('es-MX')).toEqual([
      'letters/subject.es.hbs',
      'letters/body.es.txt.hbs',
      'letters/body.es.html.hbs',
    ]);
    expect(filesFor('fr')).toEqual(['letters/subject.hbs', 'letters/body.txt.hbs', 'letters/body.html.hbs']);
    expect(problemsOf({ subject: 'x', html: '<a href="">x</a>', text: 'x' }, context)).toMatchObject([
      { rule: 'link-empty', file: 'letters/body.html.hbs' },
    ]);
  });

  test('of a campaign says who signs for it', async () => {
    const context = await contextOf({}, { signingDomains: ['example.org'] });
    expect(problemsOfCampaign(context)).toMatchObject([
      { severity: 'warning', rule: 'dkim-domain', file: 'letters/campaign.json', field: 'from' },
    ]);
  });
});

describe('the place of what is written', () => {
  const templates = [
    {
      file: 'body',
      text: '<p>\r\n  <a href="https://example.com/a?b&amp;c">\n{{> button link="#"}}<img src=logo.png>',
    },
    { file: 'button', text: '<a href="{{link}}">{{label}}</a>\n<a href="https://{{host}}/x/{{page}}.html">' },
  ];
  test.each<[written: string, file: string, line: number | null, column: number | null]>([
    ['https://example.com/a?b&c', 'body', 2, 12],
    ['#', 'body', 3, 18],
    ['logo.png', 'body', 3, 31],
    ['https://example.com/x/1.html', 'button', 1, 10],
    ['other', 'button', 1, 10],
  ])('%s', (written, file, line, column) => {
    expect(placeOf(written, templates)).toEqual({ file, line, column });
  });

  test('is the first template where it stands in none', () => {
    expect(placeOf('x', [{ file: 'body', text: '<p>' }])).toEqual({ file: 'body', line: null, column: null });
  });

  test('is found in a long template that says nearly the same over and over', () => {
    const text = `<a href="${'a{{x}}'.repeat(20_000)}b">`;
    expect(placeOf('a'.repeat(20_000), [{ file: 'body', text }])).toEqual({ file: 'body', line: null, column: null });
  });
});
