/** What an independent reader, Python's `email` package, finds in a Maildir. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface ReadMailbox {
  readonly name: string;
  readonly address: string;
}

export interface ReadMessage {
  readonly deliveredTo: string | null;
  readonly messageId: string | null;
  readonly from: readonly ReadMailbox[];
  readonly to: readonly ReadMailbox[];
  readonly subject: string | null;
  /** Lines end with LF. */
  readonly text: string | null;
  readonly html: string | null;
  /** Every leaf but the two bodies, inline images included. */
  readonly attachments: readonly ReadAttachment[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** What the reader had to forgive. */
  readonly defects: readonly string[];
}

export interface ReadAttachment {
  readonly name: string | null;
  readonly type: string;
  readonly disposition: string | null;
  /** With its angle brackets. */
  readonly cid: string | null;
  readonly sha256: string;
}

const PYTHON = '/usr/bin/python3';
const SCRIPT = join(import.meta.dirname, 'read-messages.py');
const MOST_OCTETS = 1 << 30;

/** @throws Error that names the package where Python is missing */
export async function readMessages(maildir: string): Promise<ReadMessage[]> {
  if (!existsSync(PYTHON))
    throw new Error(`Cannot read ${maildir}: ${PYTHON} is missing, run: apt-get install python3`);
  const { stdout } = await promisify(execFile)(PYTHON, [SCRIPT, maildir], { maxBuffer: MOST_OCTETS });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/**
 * Waits until a Maildir holds `count` messages: a server delivers some time after it has accepted.
 * @throws Error when there are fewer after `withinMs`
 */
export async function waitForMessages(maildir: string, count: number, withinMs = 60_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const found = existsSync(join(maildir, 'new')) ? (await readdir(join(maildir, 'new'))).length : 0;
    if (found >= count) return;
    if (performance.now() > deadline)
      throw new Error(`Cannot read ${maildir}: found ${found} messages, wanted ${count}`);
    await pause(50);
  }
}
