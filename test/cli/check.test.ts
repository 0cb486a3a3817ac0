/** `cartero check`: what is told of a campaign before anybody gets it, where it stands, and how often. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { check } from '../../functions/cli/check.ts';
import { cartero, temporaryFolder, writeCampaign } from './cartero.ts';
import { typed } from './typed.ts';

type CampaignFiles = Readonly<Record<string, string | Uint8Array | null>>;

async function checked(files: CampaignFiles, args: readonly string[] = [], root = temporaryFolder()) {
  await writeCampaign(root, 'letters', files);
  const { code, out } = await typed(check, ['letters', ...args], root);
  const lines = Buffer.from(out, 'latin1').toString().trimEnd().split('\n');
  return { code, problems: lines.slice(0, -1), verdict: lines.at(-1) };
}

const campaign = (more: Record<string, unknown>) => ({
  'campaign.json': JSON.stringify({ from: 'news@example.com', audience: 'list.csv', ...more }),
});
const list = (...rows: string[]) => `email,name\n${rows.map((row) => `${row}\n`).join('')}`;
const places = (problems: readonly string[]) => problems.map((problem) => problem.replace(/^templates\/letters\//, ''));

describe('the verdict', () => {
  const verdicts: readonly [what: string, files: CampaignFiles, code: number, verdict: string][] = [
    ['one row in order', { 'list.csv': list('ana@example.com,Ana') }, 0, 'letters: 1 row in order'],
    ['two rows in order', {}, 0, 'letters: 2 rows in order'],
    ['one problem', { 'list.csv': list('nobody,Eve') }, 1, 'letters: 1 problem in 1 row'],
    ['an audience without rows', { 'list.csv': 'email,name\n' }, 1, 'letters: 1 problem'],
    ['an audience that cannot be read', { 'list.csv': 'email;name\na@b.c;A\n' }, 1, 'letters: 1 problem'],
    [
      'a torn audience',
      { 'list.csv': list('ana@example.com,Ana', 'eve@example.com,"Eve') },
      1,
      'letters: 1 problem in 1 row',
    ],
    ['no template', { 'body.txt.hbs': null }, 1, 'letters: 1 problem'],
  ];
  test.each(verdicts)('of %s', async (_what, files, code, verdict) => {
    expect(await checked(files)).toMatchObject({ code, verdict });
  });

  test('is what the process ends with', async () => {
    const folder = temporaryFolder();
    await writeCampaign(folder, 'letters', { 'list.csv': list('nobody,Eve') });
    const { code, stdout, stderr } = await cartero(['check'], folder);
    expect([code, stdout.split('\n').at(-2), stderr]).toEqual([1, 'letters: 1 problem in 1 row', '']);
  });
});

describe('a problem of rows', () => {
  test('stands at line and row', async () => {
    const { problems } = await checked({
      'subject.hbs': 'Hello',
      'list.csv': list('', 'ana@example.com,"A', 'na"', 'nobody,Eve'),
    });
    expect(places(problems)).toEqual([
      expect.stringMatching(/^list\.csv:3 row 1: "To": found a control character/),
      expect.stringMatching(/^list\.csv:5 row 2: "email": "nobody" is no address/),
    ]);
  });

  test('is told once, with the rows that have it too', async () => {
    const rows = Array.from({ length: 1500 }, (_, index) => `p${index}@example.com,${index === 3 ? 'Ana' : ''}`);
    const { problems, verdict } = await checked({ 'list.csv': list(...rows, 'nobody,Eve') });
    expect(problems).toEqual([
      'templates/letters/list.csv:2 row 1: "name": missing or empty, and templates/letters/subject.hbs:1 uses it without a default (and in 1,498 more rows)',
      expect.stringContaining('list.csv:1502 row 1501: "email"'),
    ]);
    expect(verdict).toBe('letters: 1,500 problems in 1,501 rows');
  });

  test('says one more row as one', async () => {
    const { problems } = await checked({ 'list.csv': list('a@example.com,', 'b@example.com,') });
    expect(problems).toEqual([expect.stringMatching(/default \(and in 1 more row\)$/)]);
  });

  test('is only counted when there are fifty others', async () => {
    const rows = Array.from({ length: 53 }, (_, index) => `nobody${index},Eve`);
    const { problems, verdict } = await checked({ 'list.csv': list(...rows) });
    expect([problems.length, problems.at(-1), verdict]).toEqual([
      51,
      '… and 3 more problems',
      'letters: 53 problems in 53 rows',
    ]);
  });

  test('names the column that was meant', async () => {
    const { problems } = await checked({ 'list.csv': 'email,Name\nana@example.com,Ana\n' });
    expect(problems[0]).toMatch(/"name": missing or empty, .*; did you mean "Name"\?$/);
  });

  test('may be a subject that comes out blank', async () => {
    const { problems, verdict } = await checked({
      'subject.hbs': '{{#if city}}News of {{city}}{{/if}}',
      'list.csv': 'email,name,city\nana@example.com,Ana,\nben@example.com,Ben,Vigo\n',
    });
    expect(places(problems)).toEqual(['subject.hbs row 1: the subject is empty; write one that every row fills']);
    expect(verdict).toBe('letters: 1 problem in 2 rows');
  });
});

describe('a slip of the author', () => {
  const slips: readonly [what: string, files: CampaignFiles, told: readonly (string | RegExp)[]][] = [
    ['a blank subject', { 'subject.hbs': '\n' }, ['subject.hbs: this is blank, a subject is wanted']],
    ['HTML without .hbs', { 'body.html': '<p>x</p>' }, ['body.html: nobody reads this file; is body.html.hbs meant?']],
    [
      'a language in the wrong place',
      { 'body.html.es.hbs': 'x', 'subject.es.txt': 'x' },
      [
        'body.html.es.hbs: nobody reads this file; a name such as body.html.hbs, body.es.html.hbs or subject.es.hbs is wanted',
      ],
    ],
    ['text without .hbs', { 'body.txt': 'x' }, ['body.txt: nobody reads this file; is body.txt.hbs meant?']],
    [
      'a subject without .hbs',
      { 'subject.hbs': null, subject: 'x' },
      ['subject.hbs: there is no such file', 'subject: nobody reads this file; is subject.hbs meant?'],
    ],
    [
      'a subject as text',
      { 'subject.txt.hbs': 'x' },
      ['subject.txt.hbs: nobody reads this file; is subject.hbs meant?'],
    ],
    ['no audience', { 'campaign.json': '{"from":"a@b.c"}' }, [/^campaign\.json: "audience": is missing/]],
    [
      'an audience that is not there',
      { 'list.csv': null },
      [/^campaign\.json: "audience": there is no file .*list\.csv$/],
    ],
    [
      'an audience without the column email',
      { 'list.csv': 'E-Mail,name\nana@example.com,Ana\n' },
      ['list.csv:1: "email": found the column "E-Mail", it is called "email" here'],
    ],
  ];
  test.each(slips)('is told: %s', async (_what, files, told) => {
    const { code, problems } = await checked(files);
    expect(code).toBe(1);
    expect(places(problems)).toEqual(
      told.map((each) => (typeof each === 'string' ? each : expect.stringMatching(each))),
    );
  });

  test('is none where campaign.json names the file', async () => {
    const files = { ...campaign({ attachments: [{ object: 'body.html' }] }), 'body.html': '<p>x</p>' };
    expect(await checked(files)).toMatchObject({ code: 0, problems: [] });
  });
});

describe('the relay', () => {
  const relays = {
    bulk: { host: 'smtp.example.com', port: 587, security: 'starttls', secret: 'cartero/bulk' },
    fast: { host: 'fast.example.com', port: 465, security: 'implicit-tls' },
  };
  const named: readonly [name: string, problem: RegExp | null][] = [
    ['bulk', null],
    ['default', null],
    ['blk', /^campaign\.json: "relay": there is no relay "blk" in .*infra\/relays\.json; did you mean "bulk"\?$/],
    ['slow', /there is no relay "slow" in .*; there are bulk, fast$/],
  ];
  test.each(named)('by the name %s', async (relay, problem) => {
    const root = temporaryFolder();
    await mkdir(join(root, 'infra'));
    await writeFile(join(root, 'infra', 'relays.json'), JSON.stringify({ relays }));
    const { code, problems } = await checked(campaign({ relay }), [], root);
    expect(places(problems)).toEqual(problem === null ? [] : [expect.stringMatching(problem)]);
    expect(code).toBe(problem === null ? 0 : 1);
  });

  test('in a file that is not in order', async () => {
    const root = temporaryFolder();
    await mkdir(join(root, 'infra'));
    await writeFile(join(root, 'infra', 'relays.json'), '{');
    const { problems } = await checked({}, [], root);
    expect(problems).toEqual([expect.stringMatching(/campaign\.json: "relay": .*relays\.json:1: this is not JSON/)]);
  });
});

test('images that no mail program can load are told once for all rows, by the branches that rows take', async () => {
  const { code, problems, verdict } = await checked({
    ...campaign({ inline: [{ object: 'logo.png', cid: 'logo' }] }),
    'logo.png': Buffer.from([0x89]),
    'body.html.hbs':
      '<img alt="" src="cid:logo"><img alt="" src="logo.png">{{#if city}}\n<img alt="" src="cid:{{city}}">{{/if}}<p>{{name}}</p>',
    'list.csv': 'email,name,city\nana@example.com,Ana,\nben@example.com,Ben,vigo\nzoe@example.com,Zoë,\n',
  });
  expect(places(problems)).toEqual([
    expect.stringMatching(/^body\.html\.hbs:1:45 row 1: <img src="logo\.png">: .* \(and in 2 more rows\)$/),
    expect.stringMatching(/^body\.html\.hbs:2:18 row 2: <img src="cid:vigo">: no file .* has the cid "vigo"; add /),
  ]);
  expect([code, verdict]).toEqual([1, 'letters: 4 problems in 3 rows']);
});
