/** Certificates made for one test: a CA, and servers' certificates with a fault of the test's choice. */
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
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
  /** Default: ECDSA on P-256. */
  readonly keys?: 'RSA-1024' | 'RSA-2048';
  /** What the authority signs with. Default: SHA-256. */
  readonly hash?: 'SHA-1';
  /** What it may be used for. Default: anything. */
  readonly usage?: 'clientAuth';
  /** Signed by a certificate of the authority that is no authority itself. */
  readonly byLeaf?: boolean;
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

interface Signer {
  readonly issuer: string;
  readonly signingKey: CryptoKey;
}

async function issue(options: LeafOptions, by: Signer): Promise<Identity> {
  if (options.byLeaf === true) return issueByLeaf(options, by);
  const keys = await generateKeys(options.keys);
  const certificate = await certify(options, by, keys.publicKey);
  return { cert: certificate.toString('pem'), key: await pemOf(keys) };
}

async function issueByLeaf({ byLeaf: _, ...options }: LeafOptions, by: Signer): Promise<Identity> {
  const between = await generateKeys();
  const leaf = await certify({ names: ['between.example.com'], subject: 'CN=no authority' }, by, between.publicKey);
  const { cert, key } = await issue(options, { issuer: leaf.subject, signingKey: between.privateKey });
  return { cert: `${cert}\n${leaf.toString('pem')}`, key };
}

function certify(options: LeafOptions, by: Signer, publicKey: CryptoKey): Promise<x509.X509Certificate> {
  const { names, usage, hash = 'SHA-256' } = options;
  return x509.X509CertificateGenerator.create({
    ...validity(options.days ?? [-1, 30]),
    serialNumber: '03',
    subject: options.subject ?? 'CN=mail server,O=Example',
    ...by,
    publicKey,
    signingAlgorithm: { ...ECDSA, hash },
    extensions: [
      ...(names === null ? [] : [alternativeNames(names)]),
      ...(usage === undefined ? [] : [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[usage]])]),
    ],
  });
}

type CryptoKey = webcrypto.CryptoKey;

function generateKeys(kind?: LeafOptions['keys']): Promise<webcrypto.CryptoKeyPair> {
  if (kind === undefined) return webcrypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  const modulusLength = kind === 'RSA-1024' ? 1024 : 2048;
  const rsa = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength, publicExponent: new Uint8Array([1, 0, 1]) };
  return webcrypto.subtle.generateKey(rsa, true, ['sign', 'verify']);
}

function validity([from, to]: readonly [number, number]): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now + from * DAY_MS), notAfter: new Date(now + to * DAY_MS) };
}

function alternativeNames(names: readonly string[]): x509.SubjectAlternativeNameExtension {
  return new x509.SubjectAlternativeNameExtension(
    names.map(
      (name) => ({ type: isIP(name) !== 0 ? 'ip' : name.includes('@') ? 'email' : 'dns', value: name }) as const,
    ),
  );
}

async function pemOf(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}
