/** What the preview page is told of campaigns in a folder of a user's, without a browser. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { preview } from '../../functions/cli/preview.ts';
import { type Files, temporaryFolder, writeCampaign } from './cartero.ts';
import { servePage } from './served-page.ts';
import { typed } from './typed.ts';

interface Answer {
  readonly mail: { readonly subject: string; readonly octets: number } | null;
  readonly row: number | null;
  readonly hasSample: boolean;
  readonly languages: readonly string[];
  readonly problems: readonly Record<string, unknown>[];
}

/** A page of campaigns, all of them alike. */
async function serve(files: Files, { names = ['letters'], args = [] as string[] } = {}) {
  const folder = temporaryFolder();
  for (const name of names) await writeCampaign(folder, name, files);
  await writeFile(join(folder, 'others.csv'), 'email,name\nothers@example.com,Others\n');
  const page = await servePage(preview, args, folder);
  onTestFinished(() => page.end());
  const ask = async (path: string): Promise<unknown> => (await fetch(`${page.url}api/${path}`)).json();
  const mail = async (query: string) => (await ask(`mail?campaign=letters&${query}`)) as Answer;
  return { folder, ask, mail };
}

test('a folder with one campaign needs no name, and without a sample its first row is shown', async () => {
  const { ask, mail } = await serve({});
  expect(await ask('campaigns')).toEqual(['letters']);
  expect(await mail('')).toMatchObject({ row: 1, hasSample: false, mail: { subject: 'Hello Ana' }, problems: [] });
  expect(await mail('row=2')).toMatchObject({ row: 2, mail: { subject: 'Hello Zoë' } });
});

test('of several campaigns the page is told the names, and each is shown by its own', async () => {
  const { ask } = await serve({}, { names: ['letters', 'cards'] });
  expect(await ask('campaigns')).toEqual(['cards', 'letters']);
  expect(await ask('mail?campaign=cards')).toMatchObject({ mail: { subject: 'Hello Ana' } });
});

test.each(['../cards', '/etc', 'none'])('%s is no campaign of the page', async (name) => {
  const { ask } = await serve({}, { args: ['letters'] });
  const answer = await ask(`mail?campaign=${encodeURIComponent(name)}`);
  expect(answer).toMatchObject({
    mail: null,
    problems: [{ problem: expect.stringContaining('there is no campaign') }],
  });
});

test('the sample, another audience and a typed row are composed, by whichever language', async () => {
  const files = {
    'sample.json': '{"email":"sam@example.com","name":"Sam"}',
    'subject.es.hbs': 'Hola {{name}}',
  };
  const { ask, mail } = await serve(files, { args: ['letters', '--audience', 'others.csv'] });
  expect(await mail('')).toMatchObject({ row: null, languages: ['es'], mail: { subject: 'Hello Sam' } });
  expect(await mail('locale=es-MX')).toMatchObject({ mail: { subject: 'Hola Sam' } });
  expect(await mail('row=1')).toMatchObject({ row: 1, mail: { subject: 'Hello Others' } });
  expect(await mail('json={"email":"a@example.com","name":"Typed"}')).toMatchObject({
    mail: { subject: 'Hello Typed' },
  });
  const others = { row: 1, email: 'others@example.com', name: 'Others', problem: null };
  expect(await ask('rows?campaign=letters&q=OTHER')).toEqual({ rows: [others], more: false, problem: null });
});

test('what is read is what was saved last', async () => {
  const { folder, mail } = await serve({});
  await writeFile(join(folder, 'templates/letters/subject.hbs'), 'Good evening {{name}}');
  expect(await mail('')).toMatchObject({ mail: { subject: 'Good evening Ana' } });
});

test('rows that cannot be mailed are marked in the list, and each tells all that it lacks', async () => {
  const list = 'email,name,city\nana@example.com,,\nno address,Ben,Rome\n';
  const { ask, mail } = await serve({ 'list.csv': list, 'body.txt.hbs': 'Dear {{name}},\n\nof {{city}}\n' });
  expect(await ask('rows?campaign=letters')).toMatchObject({
    rows: [
      { row: 1, problem: '"name", "city" missing or empty' },
      { row: 2, problem: expect.stringContaining('Cannot read address "no address"') },
    ],
  });
  const { problems } = await mail('row=1');
  expect(problems).toMatchObject([
    { severity: 'error', file: 'templates/letters/subject.hbs', line: 1, row: 1, field: 'name' },
    { severity: 'error', file: 'templates/letters/body.txt.hbs', line: 3, row: 1, field: 'city' },
  ]);
  expect(problems[1]?.excerpt).toEqual({ from: 1, lines: ['Dear {{name}},', '', 'of {{city}}'] });
  expect(problems[1]?.change).toBe('give the row a value, or the template a default: {{default city "…"}}');
});

test.each([
  [
    'a template that cannot be read',
    { 'body.txt.hbs': 'Dear\n  {{#if name}' },
    { line: 2, column: expect.any(Number) },
  ],
  ['a campaign.json that cannot be', { 'campaign.json': '{\n  "from": "x"\n}' }, { line: 2 }],
])('%s is told with its place and the lines around it', async (_, files, place) => {
  const { mail } = await serve(files);
  const { problems } = await mail('');
  const file = `templates/letters/${Object.keys(files)[0]}`;
  expect(problems[0]).toMatchObject({ severity: 'error', file, ...place, excerpt: { from: 1 } });
});

test('what check would say of the mail is told with what to change, and a long list needs a way to leave', async () => {
  const rows = Array.from({ length: 101 }, (_, place) => `p${place}@example.com,P\n`);
  const files = {
    'body.html.hbs': '<p>Hello {{name}}</p>\n<img src="https://example.com/a.png">\n',
    'list.csv': `email,name\n${rows.join('')}`,
  };
  const { mail } = await serve(files);
  const { problems, mail: composed } = await mail('row=3');
  expect(composed?.octets).toBeGreaterThan(500);
  expect(problems.map(({ rule }) => rule).sort()).toEqual(['image-alt', 'unsubscribe']);
  expect(problems.find(({ rule }) => rule === 'image-alt')).toMatchObject({
    file: 'templates/letters/body.html.hbs',
    line: 2,
    row: 3,
    excerpt: { from: 1 },
  });
});

test('a mail that is larger than its relay takes is told, by the relay’s settings', async () => {
  const { folder, mail } = await serve({ 'body.txt.hbs': `{{name}} ${'word '.repeat(3000)}\n` });
  await mkdir(join(folder, 'infra'));
  const relay = { host: 'smtp.example.com', port: 587, security: 'starttls', maxMessageOctets: 10_000 };
  await writeFile(join(folder, 'infra/relays.json'), JSON.stringify({ relays: { default: relay } }));
  expect((await mail('')).problems).toMatchObject([
    { rule: 'mail-size', problem: expect.stringContaining('more than 10,000 octets, and the relay takes no more') },
  ]);
});

test('every template that cannot be read is told in its place', async () => {
  const { mail } = await serve({ 'subject.hbs': '{{#if name}}', 'body.txt.hbs': 'Dear\n  {{lookup name}}' });
  expect((await mail('')).problems).toMatchObject([
    { file: 'templates/letters/subject.hbs', line: 1, excerpt: { from: 1 } },
    { file: 'templates/letters/body.txt.hbs', line: 2, column: 3, excerpt: { from: 1 } },
  ]);
});

test('a default is advised where something is missing, and not where it does not fit', async () => {
  const { mail } = await serve({ 'body.txt.hbs': '{{#if name}}{{number n}}{{/if}}\n' });
  const changeFor = async (n: unknown) => {
    const row = JSON.stringify({ email: 'a@example.com', name: 'A', n });
    return (await mail(`json=${encodeURIComponent(row)}`)).problems.map(({ change }) => change);
  };
  expect(await changeFor(null)).toEqual(['give the row a value, or the template a default: {{default n "…"}}']);
  expect(await changeFor('many')).toEqual(['']);
});

test('a DKIM key that cannot be used is told once', async () => {
  const { folder, mail } = await serve({});
  await mkdir(join(folder, 'infra'));
  const dkim = [{ domain: 'example.com', selector: 's', key: 'none.pem' }];
  const relays = { relays: { default: { host: 'smtp.example.com', port: 587, security: 'starttls', dkim } } };
  await writeFile(join(folder, 'infra/relays.json'), JSON.stringify(relays));
  expect((await mail('')).problems).toMatchObject([{ rule: 'relay', problem: expect.stringContaining('none.pem') }]);
});

test('an audience that is not there is told in place of its rows', async () => {
  const { ask, folder } = await serve({ 'sample.json': await readFile(sampleFile, 'utf8') });
  await writeFile(join(folder, 'templates/letters/campaign.json'), '{"from":"news@example.com"}');
  expect(await ask('rows?campaign=letters')).toMatchObject({
    rows: [],
    problem: expect.stringContaining('names no audience'),
  });
});

const sampleFile = new URL('../../templates/newsletter/sample.json', import.meta.url);

test('without any campaign, and with the name of none, the command says so', async () => {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters');
  await expect(typed(preview, ['lettres', '--port', '0'], folder)).rejects.toThrow('there is no campaign "lettres"');
});
