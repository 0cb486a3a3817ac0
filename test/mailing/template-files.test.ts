/** A campaign's templates by the names of their files, and the mail of each language. */
import { describe, expect, test } from 'vitest';
import { openCampaignFolder } from '#local';
import { CampaignError, loadCampaign, MailComposer } from '#mailing';
import { changedFiles, contentHashOf, describeCampaign } from '../../functions/mailing/frozen.ts';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';

type Files = Readonly<Record<string, string | null>>;

async function load(files: Files) {
  const root = temporaryFolder();
  const folder = await writeCampaign(root, 'letters', files);
  return loadCampaign(await openCampaignFolder(folder, { projectTemplates: root, location: 'letters' }));
}

async function problemsOf(files: Files): Promise<string[]> {
  try {
    await load(files);
    return [];
  } catch (error) {
    if (!(error instanceof CampaignError)) throw error;
    return error.problems.map(({ file, problem }) => `${file}: ${problem}`);
  }
}

const SPANISH = {
  'subject.es.hbs': 'Hola, {{name}}\n',
  'body.html.hbs': '<p>Hello {{name}}</p>',
  'body.es.html.hbs': '<p>Hola, {{name}}</p>',
  'body.es.txt.hbs': 'Hola, {{name}}.\n',
  'body.pt-BR.html.hbs': '<p>Oi, {{name}}</p>',
  'body.pt.txt.hbs': 'Olá, {{name}}.\n',
  'body.pt.html.hbs': '<p>Olá, {{name}}</p>',
};

test.each([
  ['es-MX', 'Hola, Ana', 'Hola, Ana.', '<p>Hola, Ana</p>'],
  ['ES', 'Hola, Ana', 'Hola, Ana.', '<p>Hola, Ana</p>'],
  ['pt-BR', 'Hello Ana', 'Olá, Ana.', '<p>Oi, Ana</p>'],
  ['pt-PT', 'Hello Ana', 'Olá, Ana.', '<p>Olá, Ana</p>'],
  ['en-GB', 'Hello Ana', 'Hello Ana, this is for you.', '<p>Hello Ana</p>'],
  [undefined, 'Hello Ana', 'Hello Ana, this is for you.', '<p>Hello Ana</p>'],
])('whoever reads %s gets %j', async (locale, subject, text, html) => {
  const composer = await MailComposer.open(await load(SPANISH), { date: 0, readFile: async () => new Uint8Array() });
  const fields = { name: 'Ana', ...(locale === undefined ? {} : { locale }) };
  const letter = await composer.letter({ recipient: 'ana@example.com', messageId: 'a@example.com', fields });
  expect([letter.subject, letter.text, letter.html]).toEqual([subject, `${text}\n`, html]);
});

const wrong: readonly (readonly [name: string, files: Files, problems: readonly string[]])[] = [
  ['all that there is', SPANISH, []],
  [
    'AMP and an event in two languages',
    {
      ...SPANISH,
      'body.amp.html.hbs': 'a',
      'body.es.amp.html.hbs': 'e',
      'body.pt.amp.html.hbs': 'p',
      'calendar.ics.hbs': 'a',
      'calendar.es.ics.hbs': 'e',
    },
    [],
  ],
  [
    'a language without the file for everybody else',
    { 'body.es.html.hbs': 'Hola' },
    ['letters/body.es.html.hbs: body.html.hbs is wanted beside it, for whoever reads another language'],
  ],
  [
    'a subject in one language alone',
    { 'subject.hbs': null, 'subject.es.hbs': 'Hola' },
    ['letters/subject.es.hbs: subject.hbs is wanted beside it, for whoever reads another language'],
  ],
  [
    'no bodies but in one language',
    { 'body.txt.hbs': null, 'body.es.txt.hbs': 'Hola' },
    ['letters/body.es.txt.hbs: body.txt.hbs is wanted beside it, for whoever reads another language'],
  ],
  [
    'HTML in a language in which there is no text',
    { 'body.html.hbs': 'Hello', 'body.es.html.hbs': 'Hola' },
    ['letters/body.es.html.hbs: body.es.txt.hbs is wanted beside it, or a mail is in two languages'],
  ],
  [
    'a text in a language in which there is no HTML',
    { 'body.html.hbs': 'Hello', 'body.es.html.hbs': 'Hola', 'body.es.txt.hbs': 'Hola', 'body.pt-BR.txt.hbs': 'Oi' },
    ['letters/body.pt-BR.txt.hbs: body.pt-BR.html.hbs is wanted beside it, or a mail is in two languages'],
  ],
  [
    'AMP in no other language',
    { 'body.html.hbs': 'a', 'body.amp.html.hbs': 'a', 'body.es.txt.hbs': 'e', 'body.es.html.hbs': 'e' },
    [
      'letters/body.es.html.hbs: body.es.amp.html.hbs is wanted beside it, or a mail is in two languages',
      'letters/body.es.txt.hbs: body.es.amp.html.hbs is wanted beside it, or a mail is in two languages',
    ],
  ],
  [
    'what is no language tag',
    { 'subject.spanish.hbs': 'Hola', 'body.es_MX.txt.hbs': 'Hola', 'calendar.2.ics.hbs': 'x' },
    [
      'letters/body.es_MX.txt.hbs: "es_MX" is no language tag, one such as es or pt-BR is wanted',
      'letters/calendar.2.ics.hbs: "2" is no language tag, one such as es or pt-BR is wanted',
      'letters/subject.spanish.hbs: "spanish" is no language tag, one such as es or pt-BR is wanted',
    ],
  ],
  [
    'one language twice',
    { 'body.ES.txt.hbs': 'Hola', 'body.es.txt.hbs': 'Hola' },
    ['letters/body.es.txt.hbs: body.ES.txt.hbs is in the same language, one of them is wanted'],
  ],
  [
    'a subject that is blank in one language',
    { 'subject.es.hbs': ' \n' },
    ['letters/subject.es.hbs: this is blank, a subject is wanted'],
  ],
  [
    'a template in one language that does not compile',
    { 'body.es.txt.hbs': 'Hola\n{{#if name}}' },
    ['letters/body.es.txt.hbs: found the end of the file, the closing {{/…}} of an open block is wanted'],
  ],
  ['files that have other names', { 'subject.txt.hbs': 'x', 'body.es/a.txt.hbs': 'x', 'body.hbs': 'x' }, []],
];
describe('names', () => {
  test.each(wrong)('%s', async (_name, files, problems) => {
    expect(await problemsOf(files)).toEqual(problems);
  });
});

test('a run keeps the files of every language, and a change of one makes it another', async () => {
  const describe = async (files: Files) => {
    const loaded = await load(files);
    return describeCampaign(loaded, { name: 'list.csv', open: () => loaded.source.files.stream('list.csv') });
  };
  const frozen = await describe(SPANISH);
  expect(Object.keys(frozen.files)).toEqual(
    ['campaign.json', 'body.txt.hbs', 'subject.hbs', ...Object.keys(SPANISH)].sort(),
  );
  const live = await describe({ ...SPANISH, 'subject.es.hbs': 'Buenas, {{name}}' });
  expect(changedFiles(frozen, live)).toEqual(['subject.es.hbs']);
  expect(contentHashOf(live)).not.toBe(contentHashOf(frozen));
});
