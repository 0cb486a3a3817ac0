/**
 * Secrets in a folder, a file each: `cartero/smtp` is `<folder>/cartero/smtp.json`, or `<folder>/cartero/smtp` as service
 * managers and containers lay them down. The folder is the operator's: nothing is written.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CredentialStore, CredentialsError, checkObjectName, ObjectNameError, Secret } from '#mailing';

export function openSecretFolder(folder: string): CredentialStore {
  return { read: (name, signal) => read(folder, name, signal) };
}

async function read(folder: string, name: string, signal: AbortSignal): Promise<Secret> {
  check(name);
  const text = (await textOf(`${name}.json`, folder, name, signal)) ?? (await textOf(name, folder, name, signal));
  if (text === null) {
    const found = `there is no file ${JSON.stringify(`${name}.json`)} in ${JSON.stringify(folder)}`;
    throw new CredentialsError(name, `${found}; lay it down there, for its user alone`);
  }
  return new Secret(name, text);
}

function check(name: string): void {
  try {
    checkObjectName(name);
  } catch (error) {
    if (error instanceof ObjectNameError) throw new CredentialsError(name, `its name has ${error.problem}`);
    throw error;
  }
}

/** @returns `null` where there is no such file */
async function textOf(file: string, folder: string, name: string, signal: AbortSignal): Promise<string | null> {
  try {
    const octets = await readFile(join(folder, file), { signal });
    return decode(octets, name);
  } catch (error) {
    if (error instanceof CredentialsError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null;
    throw new CredentialsError(name, PROBLEMS[code] ?? `its file cannot be read (${code})`, {
      cause: error,
      temporary: !(code in PROBLEMS),
    });
  }
}

const PROBLEMS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read its file',
  EPERM: 'this user may not read its file',
};

function decode(octets: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch {
    throw new CredentialsError(name, 'it is binary, a text of JSON is wanted');
  }
}
