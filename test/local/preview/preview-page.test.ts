import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type PreviewPage, startPreviewPage } from '../../../functions/local/preview/mod.ts';

let folder: string;
let page: PreviewPage;
const MAIL =
  'From: a@example.com\r\nSubject: Hi\r\nContent-Type: text/html\r\n\r\n<script>alert(1)</script><p>Good morning\r\n';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preview-'));
  const source = {
    campaign: 'c',
    folders: [folder],
    compose: async ({ row }: { readonly row: number | null }) => {
      if (row === 2) throw new Error('row 2 has no name');
      return Buffer.from(MAIL);
    },
    rows: async () => ({ rows: [], more: false }),
    explain: (error: unknown) => String(error),
  };
  page = await startPreviewPage(source, 0);
});
afterEach(async () => {
  await page.close();
  await rm(folder, { recursive: true });
});

test('a mail is shown with its HTML under a policy that runs and loads nothing, and its octets as they are', async () => {
  const { id, mail } = (await (await fetch(`${page.url}api/mail?row=1`)).json()) as { id: number; mail: object };
  expect(mail).toMatchObject({ subject: 'Hi', preheader: 'Good morning', octets: MAIL.length });
  const html = await fetch(`${page.url}mail/${id}/html`);
  expect(html.headers.get('content-security-policy')).toMatch(/^default-src 'none';.*; sandbox$/);
  expect(await (await fetch(`${page.url}mail/${id}/source`)).text()).toBe(MAIL);
});

test('a row that cannot be composed tells why', async () => {
  const answer = await (await fetch(`${page.url}api/mail?row=2`)).json();
  expect(answer).toEqual({ campaign: 'c', problem: 'Error: row 2 has no name' });
});

test('another name for this machine gets nothing', async () => {
  const status = await new Promise((resolve, reject) => {
    request(page.url, { headers: { Host: 'evil.example' } }, (answer) => resolve(answer.resume().statusCode))
      .on('error', reject)
      .end();
  });
  expect(status).toBe(421);
});

test('a file that is saved by renaming another is told', async () => {
  const { body } = await fetch(`${page.url}api/changes`);
  await writeFile(join(folder, 'new'), 'x');
  await rename(join(folder, 'new'), join(folder, 'body.html.hbs'));
  const decoder = new TextDecoder();
  let heard = '';
  for await (const chunk of body ?? []) {
    heard += decoder.decode(chunk);
    if (heard.includes('event: changed')) break;
  }
  expect(heard).toContain('event: changed');
});
