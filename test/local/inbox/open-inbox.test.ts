import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openInbox } from '../../../functions/local/inbox/mod.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inbox-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('openInbox serves mail and page of one folder, with the certificate that clients need beside it', async () => {
  const inbox = await openInbox({ folder, authRequired: false });
  expect(await readFile(inbox.caFile, 'utf8')).toBe(inbox.server.ca);
  const transport = createTransport({
    host: '127.0.0.1',
    port: inbox.server.startTlsPort,
    requireTLS: true,
    tls: { ca: await readFile(inbox.caFile) },
  });
  await transport.sendMail({ from: 'a@example.com', to: 'b@example.org', subject: 'Both', text: 'x' });
  expect(await (await fetch(`${inbox.page.url}api/messages`)).json()).toMatchObject({
    total: 1,
    messages: [{ subject: 'Both' }],
  });
  expect(await (await fetch(`${inbox.page.url}api/server`)).json()).toEqual({
    smtp: {
      host: '127.0.0.1',
      startTlsPort: inbox.server.startTlsPort,
      implicitTlsPort: inbox.server.implicitTlsPort,
    },
  });
  transport.close();
  await inbox.close();
  await expect(fetch(inbox.page.url)).rejects.toThrow();
});

test('openInbox leaves nothing open where its page cannot be', async () => {
  const first = await openInbox({ folder });
  await expect(openInbox({ folder, httpPort: first.page.port })).rejects.toMatchObject({
    code: 'ERR_INBOX',
    message: `Cannot listen on 127.0.0.1 port ${first.page.port}: another program has the port, a free one (or 0 for any) is wanted`,
  });
  await first.close();
});
