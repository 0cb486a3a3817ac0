/** A private key that signs for a domain, and the DNS record by which receivers know it. RFC 6376 §3.6.1, RFC 8301, RFC 8463. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { AddressError, parseMailbox } from '#address';

export type DkimAlgorithm = 'rsa-sha256' | 'ed25519-sha256';

export interface SigningKey {
  /** `d=`, in A-labels (RFC 8616 §4). */
  readonly domain: string;
  /** `s=` */
  readonly selector: string;
  readonly algorithm: DkimAlgorithm;
  /** @param header canonical, each character an octet @returns the signature in base64 */
  sign(header: string): string;
}

/** A key cannot be used. Says nothing of what is in it. */
export class DkimKeyError extends Error {
  readonly code = 'ERR_DKIM_KEY';
  override readonly name = 'DkimKeyError';
  readonly field: 'domain' | 'selector' | 'key';
  /** What was found and what is wanted, short. */
  readonly problem: string;

  constructor(field: 'domain' | 'selector' | 'key', problem: string) {
    super(`Cannot use the DKIM ${field}: ${problem}`);
    this.field = field;
    this.problem = problem;
  }
}

/** RFC 8301 §3.2: signers use at least 2048 bits where they can; verifiers need not take more than 4096. */
const MIN_RSA_BITS = 2048;
const MAX_RSA_BITS = 4096;

/**
 * @param pem PKCS#8, or PKCS#1 for RSA; not encrypted
 * @throws DkimKeyError
 */
export function readSigningKey(written: { domain: string; selector: string }, pem: string): SigningKey {
  const domain = dkimDomain(written.domain);
  const selector = dkimSelector(written.selector);
  const key = privateKey(pem);
  if (key.asymmetricKeyType === 'ed25519') {
    // RFC 8463 §3: what Ed25519 signs is the SHA-256 of the header.
    const signed = (header: string) => sign(null, createHash('sha256').update(header, 'latin1').digest(), key);
    return { domain, selector, algorithm: 'ed25519-sha256', sign: (header) => signed(header).toString('base64') };
  }
  const signed = (header: string) => sign('sha256', Buffer.from(header, 'latin1'), key);
  return { domain, selector, algorithm: 'rsa-sha256', sign: (header) => signed(header).toString('base64') };
}

function privateKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    // What OpenSSL says is of no use to whoever reads it, and the key is in nobody's log.
    const found = /ENCRYPTED/.test(pem) ? 'an encrypted key' : 'no private key';
    throw new DkimKeyError('key', `found ${found}, an unencrypted one in PEM is wanted (PKCS#8 or PKCS#1)`);
  }
  if (key.asymmetricKeyType === 'ed25519') return key;
  if (key.asymmetricKeyType !== 'rsa')
    throw new DkimKeyError('key', `found a key for ${key.asymmetricKeyType}, RSA or Ed25519 is wanted`);
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MIN_RSA_BITS || bits > MAX_RSA_BITS)
    throw new DkimKeyError('key', `found an RSA key of ${bits} bits, ${MIN_RSA_BITS} to ${MAX_RSA_BITS} are wanted`);
  return key;
}

/** @returns the domain in A-labels @throws DkimKeyError */
export function dkimDomain(domain: string): string {
  try {
    const read = parseMailbox(`postmaster@${domain}`).domain;
    if (!read.startsWith('[')) return read;
  } catch (error) {
    if (!(error instanceof AddressError)) throw error;
  }
  throw new DkimKeyError('domain', `found ${JSON.stringify(domain)}, a domain such as example.com is wanted`);
}

/** @throws DkimKeyError */
export function dkimSelector(selector: string): string {
  // `sub-domain *( "." sub-domain )` of RFC 6376 §3.1; a label has 63 octets (RFC 1035 §2.3.4).
  const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
  if (selector.length <= 200 && new RegExp(`^${label}(?:\\.${label})*$`).test(selector)) return selector;
  throw new DkimKeyError(
    'selector',
    `found ${JSON.stringify(selector)}, letters, digits and hyphens such as s2026 are wanted`,
  );
}

export interface DkimRecord {
  /** `s2026._domainkey.example.com` */
  readonly name: string;
  /** What the TXT record says. */
  readonly value: string;
  /** The same, in strings of 255 octets at the most, of which receivers put it together (RFC 6376 §3.6.2.2). */
  readonly strings: readonly string[];
}

/** The TXT record that belongs to a private key. @throws DkimKeyError */
export function dkimRecord({ domain, selector }: { domain: string; selector: string }, pem: string): DkimRecord {
  const key = createPublicKey(privateKey(pem));
  const spki = key.export({ type: 'spki', format: 'der' });
  // RFC 8463 §4.2: the 32 octets alone, which are SPKI's last; RSA's goes as SPKI (RFC 6376 §3.6.1 and its erratum 3017).
  const [type, octets] = key.asymmetricKeyType === 'ed25519' ? ['ed25519', spki.subarray(-32)] : ['rsa', spki];
  const value = `v=DKIM1; k=${type}; p=${octets.toString('base64')}`;
  return {
    name: `${dkimSelector(selector)}._domainkey.${dkimDomain(domain)}`,
    value,
    strings: value.match(/.{1,255}/g) ?? [],
  };
}
