/** The whole way: `cartero run` with the newsletter's 1,000 subscribers, to a real relay, read by somebody else's reader. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSample, root } from '../templates/sample-campaign.ts';
import { type Postfix, startPostfix } from './postfix.ts';
import { readMessages, waitForMessages } from './read-messages.ts';

const { rows, templates } = openSample('newsletter');
const COMMAND = join(import.meta.dirname, '../../functions/cli/bin.js');

let postfix: Postfix;
let state: string;
beforeEach(async () => {
  postfix = await startPostfix();
  state = mkdtempSync(join(tmpdir(), 'cartero-state-'));
});
afterEach(async () => {
  await postfix?.stop();
  rmSync(state, { recursive: true, force: true });
});

const sha256 = (object: string) =>
  createHash('sha256')
    .update(readFileSync(join(root, 'newsletter', object)))
    .digest('hex');

/** What each subscriber must find, by address. */
const EXPECTED = new Map(
  rows.map((row) => [
    row.email,
    {
      to: [{ name: row.name, address: row.email }],
      subject: templates.subject(row),
      text: templates.text(row),
      html: templates.html(row),
      attachments: [
        {
          name: 'logo.png',
          type: 'image/png',
          disposition: 'inline',
          cid: '<logo>',
          sha256: sha256('attachments/logo.png'),
        },
        {
          name: 'Café Corazón 2026-27.pdf',
          type: 'application/pdf',
          disposition: 'attachment',
          cid: null,
          sha256: sha256('attachments/brochure.pdf'),
        },
      ],
      defects: [],
    },
  ]),
);

/** Without what tells one subscriber's link from another's. */
const tokenless = (text: string | null) => text?.replace(/\?token(?:=|&#x3D;)v1\.[\w.-]+/g, '');

/** Runs a command to its end. @returns its exit code and the last line that it printed */
function cartero(...words: string[]): Promise<{ code: number | null; lastLine: string; complaints: string }> {
  const child = spawn(process.execPath, [COMMAND, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaints = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (complaints += chunk));
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, lastLine: output.trim().split('\n').at(-1) ?? '', complaints }));
  });
}

it.each([
  ['STARTTLS', 'smtp', () => postfix.startTlsPort],
  ['implicit TLS', 'smtps', () => postfix.implicitTlsPort],
])('1,000 mails by %s arrive as they were rendered', async (_mode, scheme, port) => {
  const login = `${encodeURIComponent(postfix.user)}:${encodeURIComponent(postfix.password)}`;
  const relay = `${scheme}://${login}@${postfix.host}:${port()}?ca=${postfix.caFile}`;
  const { code, lastLine, complaints } = await cartero(
    'run',
    'newsletter',
    '--relay',
    relay,
    '--state',
    state,
    '--json',
  );
  expect(code, complaints).toBe(0);
  expect(JSON.parse(lastLine)).toMatchObject({ recipients: 1000, accepted: 1000, duplicates: 0 });

  await waitForMessages(postfix.maildir, 1000, 180_000);
  const messages = await readMessages(postfix.maildir);
  expect(messages).toHaveLength(1000);
  expect(new Set(messages.map(({ deliveredTo }) => deliveredTo))).toEqual(new Set(EXPECTED.keys()));
  expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(1000);
  for (const { deliveredTo, to, subject, text, html, attachments, defects, headers } of messages) {
    const [, link = ''] = headers.find(([name]) => name === 'List-Unsubscribe') ?? [];
    expect(text).toContain(link.slice(1, -1));
    expect({ to, subject, text: tokenless(text), html: tokenless(html), attachments, defects }).toEqual(
      EXPECTED.get(deliveredTo ?? ''),
    );
  }
});
