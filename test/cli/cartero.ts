/** The command line as a user starts it: a process of its own, in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const BIN = fileURLToPath(new URL('../../functions/cli/bin.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly octets: Buffer;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/**
 * Starts `cartero …` in `cwd`, without the environment's own relay.
 * @param options `ownGroup`: a process group of its own, as a terminal's job has
 */
export function startCartero(
  args: readonly string[],
  cwd: string,
  env: Record<string, string> = {},
  { ownGroup = false } = {},
): Started {
  const { CARTERO_RELAY: _own, CARTERO_SECRETS: _ownSecrets, ...rest } = process.env;
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { ...rest, ...env },
    detached: ownGroup,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const octets = Buffer.concat(out);
      resolve({ code, signal, stdout: octets.toString(), octets, stderr: Buffer.concat(err).toString() });
    });
  });
  return { child, ended };
}

export function cartero(args: readonly string[], cwd: string, env: Record<string, string> = {}): Promise<Ended> {
  return startCartero(args, cwd, env).ended;
}

/** The JSON object in the last line. */
export function lastJson({ stdout }: Ended): Record<string, unknown> {
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
}

/** All lines as JSON. */
export function jsonLines({ stdout }: Ended): Record<string, unknown>[] {
  return stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A small campaign that is in order; `files` stand in place of its own, `null` leaves one out. */
export async function writeCampaign(
  root: string,
  name: string,
  files: Readonly<Record<string, string | Uint8Array | null>> = {},
): Promise<string> {
  const folder = join(root, 'templates', name);
  const all = {
    'campaign.json': JSON.stringify({ from: 'News <news@example.com>', audience: 'list.csv' }),
    'subject.hbs': 'Hello {{name}}',
    'body.txt.hbs': 'Hello {{name}}, this is for you.\n',
    'list.csv': 'email,name\nana@example.com,Ana\nzoe@example.com,Zoë\n',
    ...files,
  };
  for (const [file, content] of Object.entries(all)) {
    if (content === null) continue;
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), content);
  }
  return folder;
}
