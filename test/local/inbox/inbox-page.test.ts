import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type InboxPage, InboxStore, startInboxPage } from '../../../functions/local/inbox/mod.ts';
import { addMessage, mail } from './messages.ts';

let folder: string;
let store: InboxStore;
let page: InboxPage;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inbox-'));
  store = await InboxStore.open(folder);
  page = await startInboxPage({ store });
});
afterEach(async () => {
  await page.close();
  await rm(folder, { recursive: true });
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: page.port, path, method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => {
        resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks).toString('latin1') });
      });
    });
    asked.on('error', reject).end();
  });
}

const utf8 = (answer: Answer): string => Buffer.from(answer.body, 'latin1').toString();
const json = async (path: string): Promise<unknown> => JSON.parse(utf8(await ask(path)));

const MULTIPART = mail(
  'From: News <news@example.com>',
  'To: =?utf-8?q?Jos=C3=A9?= <jose@example.com>',
  'Subject: =?utf-8?b?wqFIb2xhIQ==?=',
  'MIME-Version: 1.0',
  'Content-Type: multipart/mixed; boundary=m',
  '',
  '--m',
  'Content-Type: multipart/related; boundary=r',
  '',
  '--r',
  'Content-Type: multipart/alternative; boundary=a',
  '',
  '--a',
  'Content-Type: text/plain; charset=utf-8',
  '',
  'Hola José',
  '--a',
  'Content-Type: text/html; charset=utf-8',
  '',
  '<!doctype html><p>Hola José<img src="cid:logo%40x"><img src=cid:none>',
  '--a--',
  '--r',
  'Content-Type: image/gif; name=logo.gif',
  'Content-Id: <logo@x>',
  'Content-Disposition: inline; filename=logo.gif',
  'Content-Transfer-Encoding: base64',
  '',
  'R0lGODlhAQABAAAAACw=',
  '--r--',
  '--m',
  'Content-Type: application/pdf',
  `Content-Disposition: attachment; filename="../../etc/Invoice 7.pdf"`,
  'Content-Transfer-Encoding: base64',
  '',
  'JVBERi0=',
  '--m--',
);

describe('startInboxPage', () => {
  test('serves the page under a policy that lets it load and send nothing elsewhere', async () => {
    const { status, headers, body } = await ask('/');
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    const own = [...body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? '');
    expect(own.length).toBeGreaterThan(4);
    for (const path of own) expect([path, (await ask(path)).status]).toEqual([path, 200]);
  });

  test.each([
    'evil.example',
    'evil.example:PORT',
    '127.0.0.1',
    '127.0.0.1:1',
    'localhost.evil.example:PORT',
    '0.0.0.0:PORT',
  ])('answers 421 to Host %j: a name that was pointed here by somebody else', async (host) => {
    const { status, body } = await ask('/api/messages', { Host: host.replace('PORT', String(page.port)) });
    expect(status).toBe(421);
    expect(body).not.toContain('messages');
  });

  test.each(['127.0.0.1:PORT', 'localhost:PORT', '[::1]:PORT'])('answers to Host %s', async (host) => {
    expect((await ask('/api/messages', { Host: host.replace('PORT', String(page.port)) })).status).toBe(200);
  });

  test('listens on loopback only', async () => {
    await expect(startInboxPage({ store, host: '0.0.0.0' })).rejects.toMatchObject({
      code: 'ERR_INBOX',
      message: 'Cannot show the inbox on 0.0.0.0: a loopback address is wanted',
    });
  });

  test('clears from its own origin only', async () => {
    await addMessage(store, MULTIPART);
    const own = `http://127.0.0.1:${page.port}`;
    for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${page.port}`, `${own}.evil.example`]) {
      expect((await ask('/api/messages', { Origin: origin }, 'DELETE')).status).toBe(403);
    }
    expect((await ask('/api/messages', {}, 'DELETE')).status).toBe(403);
    expect((await store.list()).total).toBe(1);
    expect((await ask('/api/messages', { Origin: own }, 'DELETE')).status).toBe(200);
    expect((await store.list()).total).toBe(0);
  });

  test.each(['POST', 'PUT', 'PATCH', 'OPTIONS', 'DELETE'])('answers 405 to %s', async (method) => {
    expect((await ask('/', {}, method)).status).toBe(405);
  });

  test.each([
    '/etc/passwd',
    '/../mod.ts',
    '/page/main.js',
    '/messages/1/part/2',
    '/messages/1/part/-1',
    '/messages/1/part/0x0',
    '/messages/1/nothing',
    '/messages/2/source',
    '/messages/01e0/source',
    '/api/messages/1/html',
    '/api/messages/999999999999999',
    '//evil.example/',
    'http://evil.example/',
  ])('has nothing at %s', async (path) => {
    await addMessage(store, MULTIPART);
    expect((await ask(path)).status).toBeOneOf([400, 404]);
  });

  test('lists what the store lists, and says 304 while nothing changed', async () => {
    for (let number = 1; number <= 5; number++) await addMessage(store, mail(`Subject: number ${number}`, ''));
    const first = await ask('/api/messages?limit=2');
    expect(JSON.parse(first.body)).toMatchObject({ total: 5, messages: [{ id: 5 }, { id: 4 }], next: 4 });
    expect(await json('/api/messages?limit=2&before=4')).toMatchObject({ messages: [{ id: 3 }, { id: 2 }], next: 2 });
    expect(await json('/api/messages?q=NUMBER%202')).toMatchObject({ messages: [{ id: 2 }], next: null });
    expect(await json('/api/messages?limit=-1&before=x')).toMatchObject({ messages: { length: 5 } });
    const tag = String((await ask('/api/messages')).headers.etag);
    expect((await ask('/api/messages', { 'If-None-Match': tag })).status).toBe(304);
    await addMessage(store, mail('Subject: six', ''));
    expect((await ask('/api/messages', { 'If-None-Match': tag })).status).toBe(200);
  });

  test('shows few recipients of many in the list, and all in the message', async () => {
    const forwardPaths = Array.from({ length: 500 }, (_, index) => `r${index}@example.com`);
    await addMessage(store, MULTIPART, { forwardPaths });
    expect(await json('/api/messages')).toMatchObject({
      messages: [{ recipients: { length: 3 }, recipientCount: 500 }],
    });
    expect(await json('/api/messages/1')).toMatchObject({ forwardPaths });
  });

  test('tells all of one message', async () => {
    await addMessage(store, MULTIPART);
    expect(await json('/api/messages/1')).toMatchObject({
      id: 1,
      from: 'News <news@example.com>',
      to: 'José <jose@example.com>',
      subject: '¡Hola!',
      octets: MULTIPART.byteLength,
      session: { clientName: 'client.example' },
      headers: [
        { name: 'From', value: 'News <news@example.com>' },
        { name: 'To', value: 'José <jose@example.com>' },
        { name: 'Subject', value: '¡Hola!' },
        { name: 'MIME-Version', value: '1.0' },
        { name: 'Content-Type', value: 'multipart/mixed; boundary=m' },
      ],
      hasHtml: true,
      text: expect.stringMatching(/^Hola José\s*$/),
      attachments: [
        { part: 0, name: 'logo.gif', type: 'image/gif', octets: 14, inline: true },
        { part: 1, name: 'Invoice 7.pdf', type: 'application/pdf', octets: 5, inline: false },
      ],
      conversation: { opening: [{ text: '220 hi' }], transaction: [{ text: 'DATA' }] },
      problem: null,
    });
  });

  test('serves HTML sandboxed, with the message’s own images', async () => {
    await addMessage(store, MULTIPART);
    const answer = await ask('/messages/1/html');
    const part = `http://127.0.0.1:${page.port}/messages/1/part/`;
    expect(utf8(answer).trim()).toBe(
      `<!doctype html><base target="_blank"><p>Hola José<img src="${part}0"><img src=cid:none>`,
    );
    expect(answer.headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'unsafe-inline'; font-src data:; img-src data: ${part}; ` +
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox",
    );
  });

  test('gives source and parts octet for octet, to be saved and not shown', async () => {
    await addMessage(store, MULTIPART);
    const source = await ask('/messages/1/source');
    expect(Buffer.from(source.body, 'latin1').equals(MULTIPART)).toBe(true);
    expect(source.headers).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'x-content-type-options': 'nosniff',
    });
    expect((await ask('/messages/1/source?download')).headers).toMatchObject({
      'content-type': 'message/rfc822',
      'content-disposition': `attachment; filename="000001.eml"; filename*=UTF-8''000001.eml`,
    });
    const pdf = await ask('/messages/1/part/1');
    expect(pdf.body).toBe('%PDF-');
    expect(pdf.headers).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="Invoice 7.pdf"; filename*=UTF-8''Invoice%207.pdf`,
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    });
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['noise', Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * 151) % 256))],
    ['no end of header', mail('Subject: x', 'Content-Type: multipart/mixed; boundary=""')],
    ['an unclosed multipart', mail('Content-Type: multipart/mixed; boundary=a', '', '--a', 'Content-Type: text/html')],
    [
      '1,000 nested multiparts',
      mail(
        ...Array.from(
          { length: 1_000 },
          (_, depth) => `Content-Type: multipart/mixed; boundary=b${depth}\r\n\r\n--b${depth}`,
        ),
      ),
    ],
  ])('shows a message that is %s', async (_name, octets) => {
    await addMessage(store, octets);
    expect(await json('/api/messages')).toMatchObject({ total: 1 });
    expect(await json('/api/messages/1')).toMatchObject({ id: 1, octets: octets.byteLength });
    expect((await ask('/messages/1/source')).body).toBe(octets.toString('latin1'));
  });
});
