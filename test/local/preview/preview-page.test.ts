import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Choice, type PreviewPage, startPreviewPage } from '../../../functions/local/preview/mod.ts';

let folder: string;
let page: PreviewPage;
const MAIL =
  'From: a@example.com\r\nSubject: Hi\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script><p>Good morning caf\xe9\r\n';
const REST = { fields: null, row: null, hasSample: true, languages: [], problems: [] };
let asked: { campaign: string; choice: Choice }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preview-'));
  asked = [];
  await mkdir(join(folder, 'campaign'));
  const source = {
    watched: [
      { path: join(folder, 'campaign'), isFile: false },
      { path: join(folder, 'list.csv'), isFile: true },
    ],
    campaigns: async () => ['c'],
    mail: async (campaign: string, choice: Choice) => {
      asked.push({ campaign, choice });
      return { ...REST, octets: choice.row === 2 ? null : Buffer.from(MAIL, 'latin1') };
    },
    rows: async () => {
      throw new Error('there is no audience');
    },
    explain: (error: unknown) => String(error),
  };
  page = await startPreviewPage(source, 0);
});
afterEach(async () => {
  await page.close();
  await rm(folder, { recursive: true });
});

const get = async (path: string): Promise<unknown> => (await fetch(`${page.url}${path}`)).json();

test('a mail is shown with its HTML under a policy that runs and loads nothing, and its octets as they are', async () => {
  const { id, mail } = (await get('api/mail?campaign=c&row=1')) as { id: number; mail: object };
  expect(mail).toMatchObject({
    subject: 'Hi',
    preheader: expect.stringContaining('Good morning'),
    octets: MAIL.length,
  });
  const html = await fetch(`${page.url}mail/${id}/html`);
  expect(html.headers.get('content-security-policy')).toMatch(/^default-src 'none';.*; sandbox allow-same-origin$/);
  const source = await fetch(`${page.url}mail/${id}/source`);
  expect(Buffer.from(await source.arrayBuffer()).toString('latin1')).toBe(MAIL);
});

test.each([
  ['row=7', { row: 7, isSample: false, json: null, locale: null }],
  ['sample', { row: null, isSample: true, json: null, locale: null }],
  ['json={"email":"a@b"}&locale=es', { row: null, isSample: false, json: '{"email":"a@b"}', locale: 'es' }],
  ['row=-1', { row: null, isSample: false, json: null, locale: null }],
])('%s is asked for', async (query, choice) => {
  await get(`api/mail?campaign=c&${query}`);
  expect(asked).toEqual([{ campaign: 'c', choice }]);
});

test('a row that has no mail is told as one, and an audience that cannot be read', async () => {
  expect(await get('api/mail?campaign=c&row=2')).toEqual({ ...REST, id: null, mail: null });
  expect(await get('api/rows?campaign=c')).toEqual({ rows: [], more: false, problem: 'Error: there is no audience' });
});

test('another name for this machine gets nothing', async () => {
  const status = await new Promise((resolve, reject) => {
    request(page.url, { headers: { Host: 'evil.example' } }, (answer) => resolve(answer.resume().statusCode))
      .on('error', reject)
      .end();
  });
  expect(status).toBe(421);
});

describe('told as a change', () => {
  test.each([
    ['a file saved by renaming another', 'campaign/body.html.hbs'],
    ['a file in a folder that came later', 'campaign/pictures/logo.png'],
    ['the one file outside', 'list.csv'],
  ])('%s', async (_, path) => {
    const changes = await listen();
    const target = join(folder, path);
    await mkdir(join(target, '..'), { recursive: true });
    await writeFile(`${target}.tmp`, 'x');
    await rename(`${target}.tmp`, target);
    await changes.heard();
  });

  test('a folder that went and came again, and what is saved in it', async () => {
    const changes = await listen();
    await rm(join(folder, 'campaign'), { recursive: true });
    await changes.heard();
    await mkdir(join(folder, 'campaign'));
    await changes.heard();
    await writeFile(join(folder, 'campaign', 'subject.hbs'), 'x');
    await changes.heard();
  });

  test('a second save of a file in a folder that came later', async () => {
    const changes = await listen();
    await mkdir(join(folder, 'campaign', 'pictures'));
    await changes.heard();
    await writeFile(join(folder, 'campaign', 'pictures', 'logo.png'), 'x');
    await changes.heard();
  });
});

test('what an editor writes beside a file, and other files in the folder of a single one, are no change', async () => {
  const changes = await listen();
  for (const name of ['campaign/.body.hbs.swp', 'campaign/body.hbs~', 'campaign/4913', 'other.csv'])
    await writeFile(join(folder, name), 'x');
  await writeFile(join(folder, 'campaign', 'body.hbs'), 'x');
  await changes.heard();
  expect(changes.count()).toBe(1);
});

/** Listens to changes; each call of `heard` waits for one more. */
async function listen() {
  const { body } = await fetch(`${page.url}api/changes`);
  const reader = (body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  let waited = 0;
  const count = () => text.split('event: changed').length - 1;
  return {
    count,
    async heard() {
      waited += 1;
      while (count() < waited) text += (await reader.read()).value ?? '';
    },
  };
}
