import { join, resolve } from 'node:path';
import { InboxStore, startEmbeddedServer, startInboxPage } from '#local';
import type { Command, Shell } from './command.ts';

const SMTP_PORT = 1025;
const HTTP_PORT = 8025;
const ANY_PORT = 0;

export const inbox: Command = {
  name: 'inbox',
  summary: "Serve the embedded SMTP server and its web page, for any program's test mail.",
  usage: ['inbox [--smtp PORT] [--http PORT] [--dir DIR]'],
  details: `
Takes mail on loopback only, with or without TLS and login, and lays it into the folder; nothing goes further.
Addresses that begin with bounce@ are refused for good, those with later@ for now.`,
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
    const smtpPort = words.count('smtp', { to: 65_535 }) ?? SMTP_PORT;
    const httpPort = words.count('http', { to: 65_535 }) ?? HTTP_PORT;
    const folder = resolve(shell.cwd, words.text('dir') ?? join('.cartero', 'inbox'));
    const store = await InboxStore.open(folder);
    const server = await startEmbeddedServer({ store, smtpPort, smtpsPort: ANY_PORT, authRequired: false });
    try {
      const page = await startInboxPage({ store, port: httpPort });
      shell.note(`Inbox      ${page.url}`);
      shell.note(
        `SMTP       ${server.host}:${server.startTlsPort} (no login needed, STARTTLS offered), TLS from the first octet on ${server.implicitTlsPort}`,
      );
      shell.note(`Messages   ${folder}`);
      shell.note(
        `Try it     npx cartero send --from me@example.com --to you@example.com --subject Hello --text "Good morning" --relay smtp+insecure://${server.host}:${server.startTlsPort}`,
      );
      shell.note('Ctrl-C ends it.');
      await untilStopped(shell);
      await page.close();
      return 0;
    } finally {
      await server.close();
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
