/** Certificates made for one test: a CA, and servers' certificates with a fault of the test's choice. */
import { webcrypto } from 'node:crypto';
import '../../functions/local/inbox/reflection.ts';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

export interface Identity {
  /** PEM, the chain from the server's own certificate. */
  readonly cert: string;
  readonly key: string;
}

export interface LeafOptions {
  /** Alternative names; `null` leaves the extension out. */
  readonly names: readonly string[] | null;
  readonly subject?: string;
  /** Days from now. Default -1 to 30. */
  readonly days?: readonly [from: number, to: number];
}

export interface Authority {
  /** PEM: what a client trusts. */
  readonly ca: string;
  issue(options: LeafOptions): Promise<Identity>;
}

export async function createAuthority(name = 'Test CA'): Promise<Authority> {
  const keys = await generateKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity([-1, 30]),
    serialNumber: '01',
    name: `CN=${name}`,
    keys,
    signingAlgorithm: ECDSA,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  return {
    ca: ca.toString('pem'),
    issue: (options) => issue(options, { issuer: ca.subject, signingKey: keys.privateKey }),
  };
}

/** A certificate that vouches for itself. */
export async function createSelfSigned(names: readonly string[]): Promise<Identity> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity([-1, 30]),
    serialNumber: '02',
    name: 'CN=self',
    keys,
    signingAlgorithm: ECDSA,
    extensions: [alternativeNames(names)],
  });
  return { cert: certificate.toString('pem'), key: await pemOf(keys) };
}

async function issue(options: LeafOptions, by: { issuer: string; signingKey: CryptoKey }): Promise<Identity> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(options.days ?? [-1, 30]),
    serialNumber: '03',
    subject: options.subject ?? 'CN=mail server,O=Example',
    ...by,
    publicKey: keys.publicKey,
    signingAlgorithm: ECDSA,
    extensions: options.names === null ? [] : [alternativeNames(options.names)],
  });
  return { cert: certificate.toString('pem'), key: await pemOf(keys) };
}

type CryptoKey = webcrypto.CryptoKey;

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
}

function validity([from, to]: readonly [number, number]): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now + from * DAY_MS), notAfter: new Date(now + to * DAY_MS) };
}

function alternativeNames(names: readonly string[]): x509.SubjectAlternativeNameExtension {
  return new x509.SubjectAlternativeNameExtension(
    names.map((name) => ({ type: /^[\d.]+$|:/.test(name) ? 'ip' : 'dns', value: name }) as const),
  );
}

async function pemOf(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}
