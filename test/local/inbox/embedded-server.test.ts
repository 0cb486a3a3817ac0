import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type EmbeddedServer,
  InboxError,
  InboxStore,
  startEmbeddedServer,
} from '../../../functions/local/inbox/mod.ts';
import { Dialogue, plainLogin } from './smtp-dialogue.ts';

let folder: string;
let store: InboxStore;
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inbox-'));
  store = await InboxStore.open(folder);
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await rm(folder, { recursive: true });
});

async function start(options: Partial<Parameters<typeof startEmbeddedServer>[0]> = {}): Promise<EmbeddedServer> {
  const server = await startEmbeddedServer({ store, ...options });
  open.push(server);
  return server;
}

function converse(dialogue: Dialogue): Dialogue {
  open.push({ close: () => dialogue.destroy() });
  return dialogue;
}

/** Greeted, introduced and logged in over implicit TLS. */
async function loggedIn(server: EmbeddedServer): Promise<Dialogue> {
  const dialogue = converse(Dialogue.tls(server.implicitTlsPort, server.ca));
  expect(await dialogue.reply()).toBe('220 localhost ESMTP Cartero embedded server');
  await dialogue.send('EHLO client.example');
  expect(await dialogue.send(plainLogin(server.user, server.password))).toMatch(/^235 /);
  return dialogue;
}

const codes = (replies: readonly string[]): string[] => replies.map((reply) => reply.slice(0, 9));

describe('startEmbeddedServer', () => {
  test.each([
    ['STARTTLS', false],
    ['implicit TLS', true],
  ])('takes mail over %s from a client that verifies its certificate and logs in', async (_name, secure) => {
    const server = await start();
    const transport = createTransport({
      host: 'localhost',
      port: secure ? server.implicitTlsPort : server.startTlsPort,
      secure,
      requireTLS: true,
      auth: { user: server.user, pass: server.password },
      tls: { ca: server.ca },
    });
    open.push(transport);
    await transport.sendMail({
      from: 'a@example.com',
      to: ['b@example.org', 'c@example.org'],
      subject: 'Grüße',
      html: '<p>x',
    });
    const { messages } = await store.list();
    expect(messages).toMatchObject([
      {
        id: 1,
        reversePath: 'a@example.com',
        forwardPaths: ['b@example.org', 'c@example.org'],
        subject: 'Grüße',
        hasHtml: true,
        session: { client: '127.0.0.1', user: 'cartero', tls: expect.stringMatching(/^TLSv1\.3 TLS_/) },
      },
    ]);
  });

  test('offers STARTTLS without AUTH first, then AUTH, and states its size limit', async () => {
    const server = await start({ maxMessageOctets: 12_345 });
    const dialogue = converse(Dialogue.plain(server.startTlsPort));
    await dialogue.reply();
    expect((await dialogue.send('EHLO client.example')).split('\n')).toEqual([
      '250-localhost',
      '250-PIPELINING',
      '250-8BITMIME',
      '250-SMTPUTF8',
      '250-ENHANCEDSTATUSCODES',
      '250-STARTTLS',
      '250 SIZE 12345',
    ]);
    expect(await dialogue.send('STARTTLS')).toMatch(/^220 /);
    await dialogue.startTls(server.ca);
    expect((await dialogue.send('EHLO client.example')).split('\n')).toEqual([
      '250-localhost',
      '250-PIPELINING',
      '250-8BITMIME',
      '250-SMTPUTF8',
      '250-ENHANCEDSTATUSCODES',
      '250-AUTH PLAIN LOGIN',
      '250 SIZE 12345',
    ]);
  });

  test('takes no mail and no login before TLS, and no mail before a login', async () => {
    const server = await start();
    const plain = converse(Dialogue.plain(server.startTlsPort));
    await plain.reply();
    await plain.send('EHLO client.example');
    expect(await plain.send('MAIL FROM:<a@example.com>')).toBe('530 5.7.0 Must issue a STARTTLS command first');
    expect(await plain.send(plainLogin(server.user, server.password))).toMatch(/^500 /);
    const secure = converse(Dialogue.tls(server.implicitTlsPort, server.ca));
    await secure.reply();
    await secure.send('EHLO client.example');
    expect(codes([await secure.send('MAIL FROM:<a@example.com>')])).toEqual(['530 5.7.0']);
    expect(codes([await secure.send(plainLogin(server.user, `${server.password}x`))])).toEqual(['535 5.7.8']);
    expect(codes([await secure.send(plainLogin('other', server.password))])).toEqual(['535 5.7.8']);
    expect(codes([await secure.send('MAIL FROM:<a@example.com>')])).toEqual(['530 5.7.0']);
  });

  test('takes AUTH LOGIN', async () => {
    const server = await start({ credentials: { user: 'ops', password: 'cañón' } });
    const dialogue = converse(Dialogue.tls(server.implicitTlsPort, server.ca));
    await dialogue.reply();
    await dialogue.send('EHLO client.example');
    expect(await dialogue.send('AUTH LOGIN')).toBe('334 VXNlcm5hbWU6');
    expect(await dialogue.send(Buffer.from('ops').toString('base64'))).toBe('334 UGFzc3dvcmQ6');
    expect(await dialogue.send(Buffer.from('cañón').toString('base64'))).toMatch(/^235 /);
  });

  test('refuses bounce@ for good and defers later@, on any domain, and takes the others', async () => {
    const dialogue = await loggedIn(await start());
    await dialogue.send('MAIL FROM:<a@example.com>');
    const replies: string[] = [];
    for (const to of [
      'bounce@x.example',
      'Bounce+7@y.example',
      'later@x.example',
      'later+a@z.example',
      'bouncer@x.example',
    ]) {
      replies.push(await dialogue.send(`RCPT TO:<${to}>`));
    }
    expect(codes(replies)).toEqual(['550 5.1.1', '550 5.1.1', '451 4.3.0', '451 4.3.0', '250 2.1.5']);
  });

  test('stores the octets of the mail data with transparency removed, dots at every chunk boundary', async () => {
    const dialogue = await loggedIn(await start());
    const body = 'Subject: dots\r\n\r\n.\r\n..\r\n.x\r\nend.\r\n';
    const wire = `${body.replace(/^\./gm, '..')}.\r\n`;
    await dialogue.send('MAIL FROM:<a@example.com>');
    await dialogue.send('RCPT TO:<b@example.com>');
    await dialogue.send('DATA');
    for (const octet of wire) {
      dialogue.write(octet);
      await new Promise(setImmediate);
    }
    expect(await dialogue.reply()).toBe('250 2.6.0 Queued as 000001');
    expect(Buffer.from((await store.read(1)) ?? []).toString()).toBe(body);
  });

  test('answers 552 to what is larger than its limit, and keeps nothing of it', async () => {
    const dialogue = await loggedIn(await start({ maxMessageOctets: 1_000 }));
    expect(codes([await dialogue.send('MAIL FROM:<a@example.com> SIZE=1001')])).toEqual(['552 5.3.4']);
    await dialogue.send('MAIL FROM:<a@example.com>');
    await dialogue.send('RCPT TO:<b@example.com>');
    await dialogue.send('DATA');
    expect(codes([await dialogue.send(`${'x'.repeat(1_001)}\r\n.`)])).toEqual(['552 5.3.4']);
    expect(await readdir(folder)).toEqual([]);
    await dialogue.send('MAIL FROM:<a@example.com>');
    await dialogue.send('RCPT TO:<b@example.com>');
    await dialogue.send('DATA');
    expect(codes([await dialogue.send('small\r\n.')])).toEqual(['250 2.6.0']);
  });

  test('keeps nothing of a message whose connection was lost', async () => {
    const server = await start();
    const dialogue = await loggedIn(server);
    await dialogue.send('MAIL FROM:<a@example.com>');
    await dialogue.send('RCPT TO:<b@example.com>');
    await dialogue.send('DATA');
    dialogue.write('Subject: half\r\n\r\nhalf a mess');
    dialogue.destroy();
    await server.close();
    expect(await readdir(folder)).toEqual([]);
  });

  test('answers 451 when the message cannot be stored', async () => {
    const dialogue = await loggedIn(await start());
    await rm(folder, { recursive: true });
    await dialogue.send('MAIL FROM:<a@example.com>');
    await dialogue.send('RCPT TO:<b@example.com>');
    await dialogue.send('DATA');
    const reply = await dialogue.send('x\r\n.');
    await InboxStore.open(folder);
    expect(reply).toBe('451 4.3.0 The message could not be stored');
  });

  test('without authRequired, takes any program’s mail as it comes', async () => {
    const server = await start({ authRequired: false });
    const transport = createTransport({ host: '127.0.0.1', port: server.startTlsPort, ignoreTLS: true });
    open.push(transport);
    await transport.sendMail({ from: 'a@example.com', to: 'b@example.org', text: 'x' });
    expect((await store.list()).messages).toMatchObject([{ session: { tls: null, user: null } }]);
  });

  test('is not started without AUTH where other machines could reach it', async () => {
    await expect(start({ host: '0.0.0.0', authRequired: false })).rejects.toThrow(
      new InboxError('Cannot serve 0.0.0.0 without AUTH: a loopback address or authRequired is wanted'),
    );
  });

  test('says which port another program has', async () => {
    const { startTlsPort } = await start();
    await expect(start({ smtpsPort: startTlsPort })).rejects.toMatchObject({
      code: 'ERR_INBOX',
      message: `Cannot listen on 127.0.0.1 port ${startTlsPort}: another program has the port, a free one (or 0 for any) is wanted`,
    });
  });

  test('closes although a client stays connected', async () => {
    const server = await start();
    const dialogue = await loggedIn(server);
    await server.close();
    await expect(dialogue.reply()).resolves.toMatch(/^421 /);
  });
});
