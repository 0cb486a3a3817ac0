/**
 * A certificate authority that lives as long as one embedded server, and the server's certificate signed by it.
 *
 * Clients are given the authority's certificate as their only root, so that they verify as strictly as against any
 * relay, and nothing is added to the machine's trust store. No key is ever written to disk.
 */
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import './reflection.ts';

export interface CertificateSet {
  /** The authority's certificate, PEM: what a client trusts. */
  readonly ca: string;
  /** The server's certificate, PEM. */
  readonly certificate: string;
  /** The server's private key, PKCS #8 PEM. */
  readonly key: string;
}

export interface CertificateOptions {
  /** Epoch ms; certificates are valid from a day before it, to a year after it. */
  readonly now: number;
  /** DNS names and IP addresses of the server. Default: `localhost`, `127.0.0.1` and `::1`. */
  readonly names?: readonly string[];
}

export const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1'];

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** Makes both certificates; keys and serial numbers come from the operating system's random source. */
export async function createCertificates(options: CertificateOptions): Promise<CertificateSet> {
  // Loaded here: it costs more than everything else in the room, and few commands start a server.
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto);
  const validity = { notBefore: new Date(options.now - DAY_MS), notAfter: new Date(options.now + 365 * DAY_MS) };
  const [authority, server] = await Promise.all([generateKeys(), generateKeys()]);
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: randomSerial(),
    name: 'CN=Cartero embedded server CA',
    keys: authority,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity,
    serialNumber: randomSerial(),
    subject: 'CN=Cartero embedded server',
    issuer: ca.subject,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension((options.names ?? LOOPBACK_NAMES).map(alternativeName)),
      await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  return { ca: ca.toString('pem'), certificate: certificate.toString('pem'), key: await privateKeyPem(server) };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function alternativeName(name: string): { type: 'ip' | 'dns'; value: string } {
  return { type: isIP(name) ? 'ip' : 'dns', value: name };
}

/** 16 random octets, positive and without a leading zero octet (RFC 5280 §4.1.2.2). */
function randomSerial(): string {
  const octets = webcrypto.getRandomValues(new Uint8Array(16));
  octets[0] = ((octets[0] ?? 0) & 0x3f) | 0x40;
  return Buffer.from(octets).toString('hex');
}

async function privateKeyPem(keys: webcrypto.CryptoKeyPair): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN PRIVATE KEY-----', ...lines, '-----END PRIVATE KEY-----', ''].join('\n');
}
