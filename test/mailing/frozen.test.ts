/** A run's own copy of its campaign: what it is named by, and that nothing from outside changes it. */
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openCampaignFolder, openState } from '#local';
import {
  type AudienceFile,
  frozenSource,
  type LoadedCampaign,
  loadCampaign,
  readContent,
  readManifest,
} from '#mailing';
import {
  ChangedWhileReadError,
  changedFiles,
  contentHashOf,
  describeCampaign,
  freezeCampaign,
  freezeFile,
} from '../../functions/mailing/frozen.ts';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';

const KEYS = { from: 'News <news@example.com>', audience: 'list.csv', attachments: [{ object: 'files/a.txt' }] };
const FILES = {
  'campaign.json': JSON.stringify(KEYS),
  'files/a.txt': 'attached',
  'body.txt.hbs': '{{> sign}}',
  '../_partials/sign.hbs': 'Dear {{name}}',
  'notes.txt': 'named by nobody',
};

interface Written {
  readonly folder: string;
  readonly loaded: LoadedCampaign;
  readonly audience: AudienceFile;
}

async function written(files: Record<string, string | Uint8Array | null> = {}, name = 'letters'): Promise<Written> {
  const root = temporaryFolder();
  const folder = await writeCampaign(root, name, { ...FILES, ...files });
  const loaded = await loadCampaign(await openCampaignFolder(folder, { projectTemplates: join(root, 'templates') }));
  return { folder, loaded, audience: audienceOf(loaded, 'list.csv') };
}

function audienceOf({ source }: LoadedCampaign, name: string, called = name): AudienceFile {
  return { name: called, open: () => source.files.stream(name) };
}

const hashOf = async ({ loaded, audience }: Pick<Written, 'loaded' | 'audience'>) =>
  contentHashOf(await describeCampaign(loaded, audience));

function openObjects() {
  const state = openState(temporaryFolder());
  onTestFinished(() => state.close());
  return state.objects;
}

async function frozen({ loaded, audience }: Written) {
  const objects = openObjects();
  const manifest = await describeCampaign(loaded, audience);
  const run = { id: 'letters-1', contentHash: contentHashOf(manifest) };
  await freezeCampaign(objects, run, loaded.source, audience, manifest);
  return { objects, manifest, run };
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('contentHashOf', () => {
  test('is the same for the same content, wherever it lies', async () => {
    expect(await hashOf(await written())).toBe(await hashOf(await written()));
  });

  const unchanged: readonly [what: string, files: Record<string, string>][] = [
    ['a file that nothing names', { 'notes.txt': 'changed', 'more.txt': 'new' }],
    ['the sample', { 'sample.json': '{}' }],
  ];
  for (const [what, files] of unchanged) {
    test(`does not change with ${what}`, async () => {
      expect(await hashOf(await written(files))).toBe(await hashOf(await written()));
    });
  }

  const changed: readonly [what: string, files: Record<string, string | null>][] = [
    ['campaign.json', { 'campaign.json': JSON.stringify({ ...KEYS, replyTo: 'a@example.com' }) }],
    ['the subject', { 'subject.hbs': 'Other' }],
    ['a body', { 'body.txt.hbs': '{{> sign}}!' }],
    ['another body beside it', { 'body.html.hbs': '<p>' }],
    ['a partial', { '../_partials/sign.hbs': 'Bye {{name}}' }],
    ['a partial more', { '../_partials/other.hbs': '' }],
    ['a layout', { '../_layouts/page.hbs': '' }],
    ['an attachment', { 'files/a.txt': 'other' }],
    ['the audience', { 'list.csv': 'email,name\nana@example.com,Anna\n' }],
  ];
  for (const [what, files] of changed) {
    test(`changes with ${what}`, async () => {
      expect(await hashOf(await written(files))).not.toBe(await hashOf(await written()));
    });
  }

  test("changes with the campaign's name", async () => {
    expect(await hashOf(await written({}, 'other'))).not.toBe(await hashOf(await written()));
  });

  const names: readonly [name: string, isSame: boolean][] = [
    ['list.csv', true],
    ['/elsewhere/other.csv', true],
    ['LIST.CSV', true],
    ['list.2026.csv', true],
    ['v1.2/list.csv', true],
    ['list.jsonl', false],
    ['list.csv.gz', false],
  ];
  for (const [name, isSame] of names) {
    test(`${isSame ? 'does not change' : 'changes'} with an audience called ${name}`, async () => {
      const { loaded, audience } = await written();
      const other = await hashOf({ loaded, audience: audienceOf(loaded, 'list.csv', name) });
      expect(other === (await hashOf({ loaded, audience }))).toBe(isSame);
    });
  }
});

describe('freezeCampaign', () => {
  test('keeps everything as it was, whatever happens to the folder afterwards', async () => {
    const campaign = await written({ 'body.html.hbs': '<p>{{> sign}}</p>' });
    const { objects, run } = await frozen(campaign);
    const { folder } = campaign;
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await writeFile(join(folder, 'campaign.json'), '{}');
    await writeFile(join(folder, '../_partials/sign.hbs'), 'changed');

    const { source, audience } = frozenSource(objects, await readManifest(objects, run));
    const { templates, campaign: read } = await loadCampaign(source);
    expect(read.from.name).toBe('News');
    expect(templates.html({ name: 'Ana' })).toBe('<p>Dear Ana</p>');
    expect(await textOf(source.files.stream('files/a.txt'))).toBe('attached');
    expect(await textOf(audience.open())).toContain('zoe@example.com,Zoë');
    expect(await source.files.has('notes.txt')).toBe(false);
    expect(await source.shared.list('_partials/')).toEqual(['_partials/sign.hbs']);
  });

  test('is harmless to repeat, and shares what did not change', async () => {
    const campaign = await written();
    const { objects, run, manifest } = await frozen(campaign);
    const before = await objects.list('');
    await freezeCampaign(objects, run, campaign.loaded.source, campaign.audience, manifest);
    expect(await objects.list('')).toEqual(before);
    await freezeCampaign(objects, { ...run, id: 'letters-2' }, campaign.loaded.source, campaign.audience, manifest);
    expect((await objects.list('content/')).length).toBe(before.filter((name) => name.startsWith('content/')).length);
  });

  const moments: readonly [what: string, file: string][] = [
    ['a template', 'subject.hbs'],
    ['a partial', '../_partials/sign.hbs'],
    ['an attachment', 'files/a.txt'],
    ['the audience', 'list.csv'],
  ];
  for (const [what, file] of moments) {
    test(`refuses ${what} that changed while it was read, and keeps no content under a wrong name`, async () => {
      const { folder, loaded, audience } = await written();
      const objects = openObjects();
      const manifest = await describeCampaign(loaded, audience);
      await appendFile(join(folder, file), 'x');
      const run = { id: 'letters-1', contentHash: contentHashOf(manifest) };
      const freezing = freezeCampaign(objects, run, loaded.source, audience, manifest);
      await expect(freezing).rejects.toBeInstanceOf(ChangedWhileReadError);
      for (const name of await objects.list('content/')) {
        const hash = name.slice('content/'.length);
        expect(await freezeFile(objects, { ...objects, read: () => objects.read(name) }, name)).toBe(hash);
      }
      expect(await objects.list('runs/')).toEqual([]);
    });
  }

  test('keeps a file whose name is special to JavaScript', async () => {
    const campaign = await written({
      'campaign.json': JSON.stringify({ ...KEYS, attachments: [{ object: '__proto__' }, { object: 'constructor' }] }),
      ['__proto__']: 'one',
      constructor: 'two',
    });
    const { objects, run } = await frozen(campaign);
    const { source } = frozenSource(objects, await readManifest(objects, run));
    await loadCampaign(source);
    expect(await textOf(source.files.stream('__proto__'))).toBe('one');
    expect(await textOf(source.files.stream('constructor'))).toBe('two');
    expect(await source.files.has('toString')).toBe(false);
    await expect(source.files.read('hasOwnProperty')).rejects.toMatchObject({ code: 'ERR_OBJECT_MISSING' });
  });
});

describe('freezeFile', () => {
  test('keeps one content once, by its hash', async () => {
    const { loaded } = await written();
    const objects = openObjects();
    const hash = await freezeFile(objects, loaded.source.files, 'files/a.txt');
    expect(await freezeFile(objects, loaded.source.files, 'files/a.txt')).toBe(hash);
    expect(Buffer.from(await readContent(objects, hash)).toString()).toBe('attached');
    await expect(freezeFile(objects, loaded.source.files, 'files/b.txt')).rejects.toMatchObject({
      code: 'ERR_OBJECT_MISSING',
    });
  });
});

describe('changedFiles', () => {
  test('names what differs, came or went', async () => {
    const before = await written({ 'body.html.hbs': '<p>' });
    const after = await written({
      'subject.hbs': 'Other',
      'body.html.hbs': null,
      '../_layouts/page.hbs': '',
      'list.csv': 'email\na@example.com\n',
    });
    const manifests = [
      await describeCampaign(before.loaded, before.audience),
      await describeCampaign(after.loaded, after.audience),
    ] as const;
    expect(changedFiles(...manifests)).toEqual(['body.html.hbs', 'subject.hbs', '_layouts/page.hbs', 'list.csv']);
    expect(changedFiles(manifests[0], manifests[0])).toEqual([]);
  });
});
