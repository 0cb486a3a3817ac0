/** Three programs that nobody of this house wrote, each of which verifies signed mails with keys from a file, without DNS. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import type { DkimRecord } from '#mime';

/** A folder of signed mails, `0.eml` and so on. */
export interface SignedMails {
  readonly folder: string;
  readonly count: number;
  readonly records: readonly DkimRecord[];
}

/** @returns of each mail the signatures that passed, and all that were looked at */
export type Verifier = (mails: SignedMails) => Promise<readonly { passed: number; seen: number }[]>;

const run = promisify(execFile);
const MOST_OCTETS = 1 << 28;

function wanted(program: string, debianPackage: string): string {
  if (!existsSync(program))
    throw new Error(`Cannot verify: ${program} is missing, run: apt-get install ${debianPackage}`);
  return program;
}

export const mailauth: Verifier = async ({ folder, count, records }) => {
  const resolver = async (name: string) =>
    records.filter((each) => each.name === name).map(({ strings }) => [...strings]);
  const verdicts: { passed: number; seen: number }[] = [];
  for (let index = 0; index < count; index += 1) {
    const { results } = await dkimVerify(await readFile(join(folder, `${index}.eml`)), { resolver });
    verdicts.push({ passed: results.filter(({ status }) => status.result === 'pass').length, seen: results.length });
  }
  return verdicts;
};

export const python: Verifier = async ({ folder, count, records }) => {
  await writeFile(
    join(folder, 'records.json'),
    JSON.stringify(Object.fromEntries(records.map(({ name, value }) => [name, value]))),
  );
  const script = join(import.meta.dirname, 'verify-python.py');
  const { stdout } = await run(wanted('/usr/bin/python3', 'python3-dkim python3-nacl'), [script, folder], {
    maxBuffer: MOST_OCTETS,
  });
  const byMail = new Map<string, boolean[]>(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );
  return Array.from({ length: count }, (_, index) => {
    const verdicts = byMail.get(String(index)) ?? [];
    return { passed: verdicts.filter((each) => each).length, seen: verdicts.length };
  });
};

/** Mails in one call; it reads each to its end before the next. */
const MAILS_A_CALL = 500;

/** It tells of one signature in each mail, the first. */
export const opendkim: Verifier = async ({ folder, count, records }) => {
  const conf = join(folder, 'opendkim.conf');
  const data = join(folder, 'dns.txt');
  await writeFile(data, records.map(({ name, value }) => `${name} ${value}\n`).join(''));
  await writeFile(conf, `Mode v\nTestDNSData file:${data}\nMinimumKeyBits 2048\n`);
  const verdicts: { passed: number; seen: number }[] = [];
  for (let from = 0; from < count; from += MAILS_A_CALL) {
    const files = Array.from({ length: Math.min(MAILS_A_CALL, count - from) }, (_, index) =>
      join(folder, `${from + index}.eml`),
    );
    const program = wanted('/usr/sbin/opendkim', 'opendkim');
    const { stdout, stderr } = await run(program, ['-x', conf, '-t', files.join(',')], { maxBuffer: MOST_OCTETS });
    for (const file of files) {
      const line = `${stdout}${stderr}`.split('\n').find((each) => each.includes(`${file}: `)) ?? '';
      verdicts.push({ passed: /: verification \(s=.*\) succeeded$/.test(line) ? 1 : 0, seen: line === '' ? 0 : 1 });
    }
  }
  return verdicts;
};
