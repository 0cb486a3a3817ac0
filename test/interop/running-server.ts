/** A real server for the length of a test file, started by its script: `test/servers/foreground.sh` says how these behave. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startScript } from '../servers/start-script.ts';
import type { ServerKind } from './servers.ts';

export interface RunningServer {
  /** As its start script names it, with the versions of what it runs. */
  readonly version: string;
  /** In clear and STARTTLS. */
  readonly port: number;
  readonly tlsPort: number;
  /** PEM of the CA that its certificate comes from; `null` where it serves no TLS. */
  readonly ca: string | null;
  /** Where it lays messages. */
  readonly mail: string;
  /** Ends it with all that it has started, and removes what it wrote. */
  stop(): Promise<void>;
}

/** @throws Error with the script's own words, which name what is missing */
export async function startServer(kind: ServerKind): Promise<RunningServer> {
  const script = join(import.meta.dirname, 'servers', kind.folder, 'start.sh');
  const { folder, port, tlsPort, words, stop } = await startScript(kind.folder, script).catch((error: Error) => {
    throw new Error(`Cannot start ${kind.name}: ${error.message}`);
  });
  const ca = kind.mechanisms['implicit-tls'] === undefined ? null : await readFile(join(folder, 'ca.pem'), 'utf8');
  return { version: words, port, tlsPort, ca, mail: join(folder, kind.mail), stop };
}
