/** `cartero check`: warnings beside errors, the sample in place of an audience, and the report for machines. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { check } from '../../functions/cli/check.ts';
import { temporaryFolder, writeCampaign } from './cartero.ts';
import { typed } from './typed.ts';

type CampaignFiles = Readonly<Record<string, string | Uint8Array | null>>;

async function checked(files: CampaignFiles, ...args: string[]) {
  const root = temporaryFolder();
  await writeCampaign(root, 'letters', files);
  const { code, out } = await typed(check, ['letters', ...args], root);
  return { code, text: Buffer.from(out, 'latin1').toString().trimEnd().replaceAll('templates/letters/', '') };
}

const lines = async (files: CampaignFiles) => {
  const { code, text } = await checked(files);
  return [code, ...text.split('\n')];
};
const people = (count: number) =>
  `email,name\n${Array.from({ length: count }, (_, index) => `p${index}@example.com,P\n`).join('')}`;

test('a mail that is larger than the relay takes is told, by the relay’s settings', async () => {
  const root = temporaryFolder();
  const settings = { from: 'N <n@example.com>', relay: 'small', attachments: [{ object: 'a.bin' }] };
  await writeCampaign(root, 'letters', { 'campaign.json': JSON.stringify(settings), 'a.bin': Buffer.alloc(80_000) });
  await mkdir(join(root, 'infra'), { recursive: true });
  const relay = { host: 'smtp.example.com', port: 465, security: 'implicit-tls', maxMessageOctets: 100_000 };
  await writeFile(join(root, 'infra', 'relays.json'), JSON.stringify({ relays: { small: relay } }));
  const { out } = await typed(check, ['letters', '--audience', 'templates/letters/list.csv'], root);
  expect(out).toContain('the whole mail has more than 100,000 octets, and the relay takes no more');
});

describe('a warning', () => {
  test('leaves the exit code 0, and is told behind the errors', async () => {
    const html = { 'body.html.hbs': '<img src="https://example.com/a.png">{{name}}' };
    const warning =
      /^warning: body\.html\.hbs:1:11 row 1: <img .* has no alternative text: .*; add alt=.* \(and in 1 more row\)$/;
    expect(await lines(html)).toEqual([0, expect.stringMatching(warning), 'letters: 2 rows in order, 2 warnings']);
    expect(await lines({ ...html, 'list.csv': 'email,name\nana@example.com,A\nnobody,B\n' })).toEqual([
      1,
      'list.csv:3 row 2: "email": "nobody" is no address: no "@"',
      expect.stringMatching(/^warning: .* is decoration$/),
      'letters: 1 problem in 2 rows, 1 warning',
    ]);
  });

  const warnings: readonly [what: string, files: CampaignFiles, told: RegExp][] = [
    [
      'a row that is there twice',
      { 'list.csv': 'email,name\na@b.c,A\na@b.c,B\n' },
      /^list\.csv: "email": 1 row has the address of a row before; nobody/,
    ],
    [
      'a zone that is none',
      { 'list.csv': 'email,name,timezone\na@b.c,A,Madrid\n' },
      /^list\.csv:2 row 1: "timezone": "Madrid" is no IANA/,
    ],
    [
      'a language that is none',
      { 'list.csv': 'email,name,locale\na@b.c,A,es_MX\n' },
      /^list\.csv:2 row 1: "locale": "es_MX" .*; write "es-MX"$/,
    ],
    [
      'a subject that nobody reads to its end',
      { 'subject.hbs': `{{name}} ${'word '.repeat(20)}` },
      /^subject\.hbs row 1: the subject has more than 78/,
    ],
    [
      'HTML of which no text can be made',
      { 'body.txt.hbs': null, 'body.html.hbs': '<img src="https://example.com/{{encode name}}.png" alt="">' },
      /^body\.html\.hbs row 1: there is no text beside/,
    ],
    [
      'HTML that Gmail cuts off',
      { 'body.html.hbs': `{{name}}${'x'.repeat(110_000)}` },
      /^body\.html\.hbs row 1: the HTML has more than 102 kB/,
    ],
    [
      'files that nobody takes',
      {
        'campaign.json': '{"from":"a@b.c","audience":"list.csv","attachments":[{"object":"a.bin"}]}',
        'a.bin': new Uint8Array(20_000_000),
      },
      /^campaign\.json row 1: "attachments": the whole mail has more than 26,214,400 octets/,
    ],
  ];
  test.each(warnings)('is %s', async (_what, files, told) => {
    const [code, first = ''] = await lines(files);
    expect(code).toBe(0);
    expect(String(first).replace('warning: ', '')).toMatch(told);
  });
});

describe('mail to many', () => {
  const warning = /^warning: campaign\.json: "list": more than 100 people get the same mail/;
  test('is warned of where nobody can leave', async () => {
    expect(await lines({ 'list.csv': people(101) })).toEqual([
      0,
      expect.stringMatching(warning),
      'letters: 101 rows in order, 1 warning',
    ]);
  });

  test.each([
    ['a hundred', { 'list.csv': people(100) }],
    ['a link', { 'list.csv': people(101), 'body.txt.hbs': 'Leave: https://example.com/unsubscribe {{name}}\n' }],
    [
      'a list',
      {
        'list.csv': people(101),
        'campaign.json':
          '{"from":"a@b.c","audience":"list.csv","list":{"id":"N <n.b.c>","unsubscribe":"https://b.c/u"}}',
      },
    ],
  ])('is not where there is %s', async (_what, files) => {
    expect((await lines(files)).slice(0, 1)).toEqual([0]);
    expect((await lines(files)).filter((line) => warning.test(String(line)))).toEqual([]);
  });
});

describe('a campaign without audience', () => {
  const files = { 'campaign.json': '{"from":"a@b.c"}', 'body.txt.hbs': 'Hi {{name}}\n' };
  test('is checked by its sample', async () => {
    expect(await lines({ ...files, 'sample.json': '{\n"email":"a@b.c",\n"name":"A"\n}' })).toEqual([
      0,
      expect.stringMatching(/^warning: campaign\.json: "audience": is missing/),
      'letters: sample.json in order, 1 warning',
    ]);
  });

  test('has the problems of its sample', async () => {
    expect(await lines({ ...files, 'sample.json': '{"email":"a@b.c","name":""}' })).toEqual([
      1,
      expect.stringMatching(/^sample\.json: "name": missing or empty, and subject\.hbs:1 uses/),
      expect.stringMatching(/^warning: campaign\.json: "audience": is missing/),
      'letters: 1 problem, 1 warning',
    ]);
  });
});

describe('--json', () => {
  test('is one object: counts, and each problem with its first rows', async () => {
    const rows = Array.from({ length: 8 }, (_, index) => `p${index}@example.com,\n`);
    const { code, text } = await checked(
      { 'list.csv': `email,name\n${rows.join('')}p9@example.com,P\np9@example.com,P\n` },
      '--json',
    );
    expect([code, JSON.parse(text)]).toEqual([
      1,
      {
        errors: 8,
        warnings: 1,
        campaigns: [
          {
            campaign: 'letters',
            rows: 10,
            recipients: 9,
            duplicates: 1,
            errors: 8,
            warnings: 1,
            problems: [
              {
                severity: 'error',
                rule: 'row',
                file: 'list.csv',
                line: 2,
                column: null,
                row: 1,
                field: 'name',
                problem: 'missing or empty, and subject.hbs:1 uses it without a default',
                change: '',
                count: 8,
                rows: [1, 2, 3, 4, 5],
              },
              {
                severity: 'warning',
                rule: 'duplicate',
                file: 'list.csv',
                line: null,
                column: null,
                row: null,
                field: 'email',
                problem: '1 row has the address of a row before',
                change: 'nobody gets two mails: only the first row counts',
                count: 1,
                rows: [],
              },
            ],
            notListed: 0,
          },
        ],
      },
    ]);
  });

  test('lists a thousand different problems, and counts the rest', async () => {
    const rows = Array.from({ length: 1003 }, (_, index) => `nobody${index},P\n`);
    const { text } = await checked({ 'list.csv': `email,name\n${rows.join('')}` }, '--json');
    const [campaign] = JSON.parse(text).campaigns;
    expect([campaign.errors, campaign.problems.length, campaign.notListed]).toEqual([1003, 1000, 3]);
  });

  test('tells a campaign that cannot be loaded', async () => {
    const { code, text } = await checked({ 'body.html.hbs': '<p>\n{{#if name}}' }, '--json');
    expect([code, JSON.parse(text).campaigns[0].problems]).toMatchObject([
      1,
      [{ rule: 'campaign', file: 'body.html.hbs', line: 2 }],
    ]);
  });
});

test('a row that lacks several variables is told of each, and its neighbours of theirs', async () => {
  const files = {
    'list.csv': 'email,name,city\na@example.com,,\nb@example.com,B,\nc@example.com,C,Rome\n',
    'subject.hbs': 'Hello',
    'body.txt.hbs': '{{name}} of\n{{city}}\n',
  };
  expect(await lines(files)).toEqual([
    1,
    'list.csv:2 row 1: "name": missing or empty, and body.txt.hbs:1 uses it without a default',
    'list.csv:2 row 1: "city": missing or empty, and body.txt.hbs:2 uses it without a default (and in 1 more row)',
    'letters: 3 problems in 3 rows',
  ]);
});

test('of a campaign every template that cannot be read is told, each place once', async () => {
  const files = {
    'subject.hbs': '{{lookup name}}\n',
    'subject.es.hbs': '{{#if name}}',
    'body.html.hbs': '<p>\n<a href={{name}}>x</a>',
    'body.es.html.hbs': '<p>{{plural count one="# gato"}}</p>',
    'body.txt.hbs': 'in order {{name}}\n',
    'body.es.txt.hbs': '\n\n{{name',
    'campaign.json': '{"from":"a@b.c","audience":"list.csv","attachments":[{"object":"{{> x}}.pdf"}]}',
  };
  const [code, ...told] = await lines(files);
  expect([code, told.map((line) => String(line).split(/: found|: \d/)[0])]).toEqual([
    1,
    [
      'subject.hbs:1',
      'subject.es.hbs:1',
      'body.html.hbs:2',
      'body.es.html.hbs:1',
      'body.es.txt.hbs:3',
      'campaign.json attachments.0.object:1',
      'letters',
    ],
  ]);
  const blank = await lines({ 'subject.hbs': ' \n', 'subject.es.hbs': '' });
  expect(blank.slice(1, 3)).toEqual([
    'subject.hbs: this is blank, a subject is wanted',
    'subject.es.hbs: this is blank, a subject is wanted',
  ]);
});

test('a partial that two templates put in is told once', async () => {
  const root = temporaryFolder();
  const files = { 'body.html.hbs': '{{> broken}}', 'body.txt.hbs': '{{> broken}}' };
  await writeCampaign(root, 'letters', files);
  await mkdir(join(root, 'templates', '_partials'), { recursive: true });
  await writeFile(join(root, 'templates', '_partials', 'broken.hbs'), '\n{{lookup name}}');
  const { code, out } = await typed(check, ['letters'], root);
  expect([code, out.split('\n').map((line) => line.split(': ')[0])]).toEqual([
    1,
    ['_partials/broken.hbs:2', 'letters', ''],
  ]);
});

test('as it is with odd files, each is told in its own words', async () => {
  const first = async (files: CampaignFiles) => (await lines(files))[1];
  expect(await first({ 'body.html.hbs': '' })).toMatch(/^body\.html\.hbs row 1: this comes out blank/);
  expect(await first({ 'body.html.hbs': Buffer.from('\ufeff<p>', 'utf16le') })).toBe(
    'body.html.hbs: this is not UTF-8 text; save it as UTF-8',
  );
  expect(await first({ 'body.html.hbs': '<p>\n{{> nothing}}' })).toMatch(
    /^body\.html\.hbs:2: found the unknown partial "nothing"/,
  );
  expect(await first({ 'list.csv': '' })).toMatch(/^list\.csv: found no rows/);
  expect(await first({ 'body.html.hbs': '<p>\r\n<a href="">x</a>\r\n' })).toMatch(
    /^body\.html\.hbs:2:10 row 1: <a href="">/,
  );
});
