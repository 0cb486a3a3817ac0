/** Keys of these tests, made anew each time, and their DNS. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { dkimRecord, readSigningKey } from '#mime';

export const DOMAIN = 'example.com';

const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();

export const PEMS: Readonly<Record<'rsa' | 'ed', string>> = {
  rsa: pemOf(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey),
  ed: pemOf(generateKeyPairSync('ed25519').privateKey),
};

export const RECORDS = Object.entries(PEMS).map(([selector, pem]) => dkimRecord({ domain: DOMAIN, selector }, pem));

export const KEYS = Object.entries(PEMS).map(([selector, pem]) => readSigningKey({ domain: DOMAIN, selector }, pem));

/** What mailauth asks instead of DNS. */
export async function resolver(name: string, type: string): Promise<string[][]> {
  const record = RECORDS.find((each) => each.name === name && type === 'TXT');
  if (record !== undefined) return [[...record.strings]];
  throw Object.assign(new Error(`there is no ${type} of ${name}`), { code: 'ENOTFOUND' });
}
