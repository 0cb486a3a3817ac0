/** A real server for the length of a test, started by its script: `foreground.sh` says how these behave. */
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface StartedScript {
  readonly folder: string;
  /** In clear and STARTTLS. */
  readonly port: number;
  readonly tlsPort: number;
  /** What it has printed before it was ready. */
  readonly words: string;
  /** Ends it with all that it has started, and removes what it wrote. */
  stop(): Promise<void>;
}

/**
 * @param name what its folder is called by
 * @throws Error with the script's own words, which name what is missing
 */
export async function startScript(name: string, script: string): Promise<StartedScript> {
  const folder = await mkdtemp(join(tmpdir(), `cartero-${name}-`));
  // Servers have users of their own, who look for their files below it.
  await chmod(folder, 0o755);
  const [port, tlsPort] = await freePorts();
  const child = spawn('bash', [script, folder, String(port), String(tlsPort)]);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    child.stdin.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  let complaints = '';
  child.stderr.on('data', (chunk) => (complaints += chunk));
  const words: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === 'ready') return { folder, port, tlsPort, words: words.join(' '), stop };
    words.push(line);
  }
  await stop();
  throw new Error(complaints.trim());
}

/** Two ports that nobody listens on; held at the same time, so that they differ. */
async function freePorts(): Promise<[number, number]> {
  const holders = [createServer(), createServer()] as const;
  const [first, second] = await Promise.all([listen(holders[0]), listen(holders[1])]);
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return [first, second];
}

function listen(holder: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    holder.once('error', reject);
    holder.listen(0, '127.0.0.1', () => {
      const address = holder.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
