/** A real Postfix with Dovecot's SASL for the length of a test; `postfix/start.sh` says what it is and what it wants. */
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Postfix {
  readonly host: string;
  readonly startTlsPort: number;
  readonly implicitTlsPort: number;
  /** PEM of the CA that the server's certificate comes from. */
  readonly ca: string;
  /** The same, as a file for programs that take one. */
  readonly caFile: string;
  readonly user: string;
  readonly password: string;
  /** Every message that was delivered, whoever its recipient: see `readMessages`. */
  readonly maildir: string;
  /** Ends both servers and removes what they wrote. */
  stop(): Promise<void>;
}

const SCRIPT = join(import.meta.dirname, 'postfix/start.sh');

/** @throws Error with the script's own words, which name the packages that are missing */
export async function startPostfix(): Promise<Postfix> {
  const folder = await mkdtemp(join(tmpdir(), 'cartero-postfix-'));
  // Postfix's own users look for their files below it.
  await chmod(folder, 0o755);
  const [startTlsPort, implicitTlsPort] = await freePorts();
  const child = spawn('bash', [SCRIPT, folder, String(startTlsPort), String(implicitTlsPort)]);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.stdin.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  let words = '';
  child.stderr.on('data', (chunk) => (words += chunk));
  const isReady = new Promise<boolean>((resolve) => {
    child.stdout.on('data', () => resolve(true));
    void ended.then(() => resolve(false));
  });
  if (!(await isReady)) {
    await stop();
    throw new Error(words.trim());
  }
  const caFile = join(folder, 'ca.pem');
  return {
    host: '127.0.0.1',
    startTlsPort,
    implicitTlsPort,
    ca: await readFile(caFile, 'utf8'),
    caFile,
    user: 'alice',
    password: 'wonder land',
    maildir: join(folder, 'mail/all'),
    stop,
  };
}

/** Two ports that nobody listens on; held at the same time, so that they differ. */
async function freePorts(): Promise<[number, number]> {
  const holders = [createServer(), createServer()] as const;
  const ports = await Promise.all(
    holders.map(
      (holder) =>
        new Promise<number>((resolve, reject) => {
          holder.once('error', reject);
          holder.listen(0, '127.0.0.1', () => {
            const address = holder.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  const [first = 0, second = 0] = ports;
  return [first, second];
}
