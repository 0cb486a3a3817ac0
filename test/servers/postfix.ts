/** A real Postfix with Dovecot's SASL for the length of a test; `postfix/start.sh` says what it is and what it wants. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startScript } from './start-script.ts';

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
  const { folder, port, tlsPort, stop } = await startScript('postfix', SCRIPT);
  const caFile = join(folder, 'ca.pem');
  return {
    host: '127.0.0.1',
    startTlsPort: port,
    implicitTlsPort: tlsPort,
    ca: await readFile(caFile, 'utf8'),
    caFile,
    user: 'alice',
    password: 'wonder land',
    maildir: join(folder, 'mail/all'),
    stop,
  };
}
