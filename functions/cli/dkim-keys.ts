/** By which keys a campaign's mails are signed: those of its relay in infra/relays.json, whatever URL leads to the relay. */
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { escapeControls, findDkimKeys, RelayError, type WrittenDkimKey } from '#mailing';
import { alignedKeys, DkimKeyError, DkimSigner, dkimDomain, readSigningKey, type SigningKey } from '#mime';
import type { Shell } from './command.ts';
import { relaysFile } from './relays.ts';

interface RelayKeys {
  readonly file: string;
  readonly keys: readonly WrittenDkimKey[];
}

async function keysOfRelay(relay: string, shell: Shell): Promise<RelayKeys | null> {
  const file = relaysFile(shell);
  const keys = file === undefined ? null : findDkimKeys(relay, file, await readFile(file, 'utf8'));
  return file === undefined || keys === null ? null : { file, keys };
}

/**
 * Reads all keys of the relay, and takes those that sign for From's domain. Without any the mails go unsigned.
 * @throws RelayError that names file and field of a key that cannot be used, and never says what is in it
 */
export async function openSigner(
  { relay, fromDomain }: { relay: string; fromDomain: string },
  shell: Shell,
): Promise<DkimSigner | undefined> {
  const found = await keysOfRelay(relay, shell);
  if (found === null || found.keys.length === 0) return undefined;
  const keys: SigningKey[] = [];
  for (const [index, written] of found.keys.entries())
    keys.push(await signingKey(written, found.file, `relays.${relay}.dkim.${index}`));
  const aligned = alignedKeys(keys, fromDomain);
  return aligned.length === 0 ? undefined : new DkimSigner(aligned);
}

async function signingKey(written: WrittenDkimKey, file: string, field: string): Promise<SigningKey> {
  const path = resolve(dirname(file), written.key);
  let pem: string;
  try {
    pem = await readFile(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new RelayError(`${file}: ${field}.key: ${JSON.stringify(written.key)} cannot be read (${code})`, { cause });
  }
  try {
    return readSigningKey(written, pem);
  } catch (error) {
    if (!(error instanceof DkimKeyError)) throw error;
    const named = error.field === 'key' ? `${JSON.stringify(written.key)}: ` : '';
    throw new RelayError(`${file}: ${field}.${error.field}: ${named}${error.problem}`);
  }
}

/** The domains for which the relay signs; `null` where it has no keys here: it may have some of its own. @throws RelayError */
export async function signingDomains(relay: string, shell: Shell): Promise<readonly string[] | null> {
  const found = await keysOfRelay(relay, shell);
  if (found === null || found.keys.length === 0) return null;
  return found.keys.map(({ domain }) => domain);
}

/** That mails will go unsigned although the relay has keys; `null` where they are signed, or it has none. */
export async function unsignedWarning(
  { relay, fromDomain }: { relay: string; fromDomain: string },
  shell: Shell,
): Promise<string | null> {
  const domains = await signingDomains(relay, shell);
  if (domains === null) return null;
  const asLabels = domains.map((domain) => ({ domain: dkimDomain(domain) }));
  if (alignedKeys(asLabels, fromDomain).length > 0) return null;
  const named = [...new Set(domains)].join(', ');
  return escapeControls(
    `the mails go unsigned: From is of ${fromDomain}, and the relay "${relay}" has DKIM keys of ${named} only`,
  );
}
