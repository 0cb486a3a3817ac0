import { join, resolve } from 'node:path';
import { loadInbox } from '#local';
import type { Command, Shell } from './command.ts';

const SMTP_PORT = 1025;
const HTTP_PORT = 8025;

export const inbox: Command = {
  name: 'inbox',
  summary: "Serve the embedded SMTP server and its web page, for any program's test mail.",
  usage: ['inbox [--smtp PORT] [--http PORT] [--dir DIR]'],
  details: `
Takes mail on loopback only, with or without TLS and login, and lays it into the folder; nothing goes further.
Addresses that begin with bounce@ are refused for good, those with later@ for now. Port 0 is any that is free.`,
  options: {
    smtp: { type: 'string', value: 'PORT', description: `SMTP, with STARTTLS offered (default ${SMTP_PORT})` },
    http: { type: 'string', value: 'PORT', description: `the page (default ${HTTP_PORT})` },
    dir: { type: 'string', value: 'DIR', description: 'where messages are kept (default .cartero/inbox)' },
  },
  examples: [
    ['inbox', `the page at http://127.0.0.1:${HTTP_PORT}, SMTP at 127.0.0.1:${SMTP_PORT}`],
    ['inbox --smtp 2525 --dir /tmp/mails', 'another port, another folder'],
  ],
  async run(words, shell) {
    words.positional([]);
    const smtpPort = words.count('smtp', { from: 0, to: 65_535 }) ?? SMTP_PORT;
    const httpPort = words.count('http', { from: 0, to: 65_535 }) ?? HTTP_PORT;
    const folder = resolve(shell.cwd, words.text('dir') ?? join('.cartero', 'inbox'));
    const { openInbox } = await loadInbox();
    const { server, page, caFile, close } = await openInbox({ folder, smtpPort, httpPort, authRequired: false });
    try {
      const address = `${server.host}:${server.startTlsPort}`;
      shell.note(`Inbox      ${page.url}`);
      shell.note(`SMTP       ${address}, no login needed; with STARTTLS or not`);
      shell.note(
        `           ${server.host}:${server.implicitTlsPort}, TLS from the first octet; its authority is ${caFile}`,
      );
      shell.note(`Messages   ${folder}`);
      shell.note('\nTry it from another terminal:');
      shell.note(
        `  npx cartero send --from me@example.com --to you@example.com --subject Hello --text "Good morning" --relay smtp+insecure://${address}`,
      );
      shell.note('\nCtrl-C ends it.');
      await untilStopped(shell);
      return 0;
    } finally {
      await close();
    }
  },
};

/** @returns when the first signal to stop comes */
export function untilStopped({ signal }: Shell): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => {
    // An AbortSignal keeps no process alive; the servers do.
    signal.addEventListener('abort', () => done(), { once: true });
  });
}
