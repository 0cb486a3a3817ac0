/** What binds a login to its TLS connection, on real connections and certificates. */
import { createHash, webcrypto, X509Certificate } from 'node:crypto';
import '../../../functions/local/inbox/reflection.ts';
import * as x509 from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session, type SessionSettings } from '#smtp';
import { channelBindingOf, serverEndPoint } from '../../../functions/smtp/channel-binding.ts';
import { signatureHashOf } from '../../../functions/smtp/signature-hash.ts';
import { type Authority, createAuthority, type Identity } from '../certificates.ts';
import { type Client, serve, type TlsOptions } from '../scripted-server.ts';
import { VirtualTime } from '../virtual-time.ts';
import { random } from './logins.ts';
import { ScramServer } from './scram-server.ts';

x509.cryptoProvider.set(webcrypto);

type Algorithm = Parameters<typeof webcrypto.subtle.generateKey>[0] & { name: string; hash?: string };

const RSA = { modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const PKCS1 = { ...RSA, name: 'RSASSA-PKCS1-v1_5' };

/** RFC 5929 §4.1: the certificate's signature, and the hash function for it. */
const SIGNATURES: readonly (readonly [what: string, algorithm: object, hash: string | null])[] = [
  ['RSA with SHA-1', { ...PKCS1, hash: 'SHA-1' }, 'sha256'],
  ['RSA with SHA-256', { ...PKCS1, hash: 'SHA-256' }, 'sha256'],
  ['RSA with SHA-384', { ...PKCS1, hash: 'SHA-384' }, 'sha384'],
  ['RSA with SHA-512', { ...PKCS1, hash: 'SHA-512' }, 'sha512'],
  ['RSASSA-PSS with SHA-1', { ...RSA, name: 'RSA-PSS', hash: 'SHA-1', saltLength: 20 }, 'sha256'],
  ['RSASSA-PSS with SHA-256', { ...RSA, name: 'RSA-PSS', hash: 'SHA-256', saltLength: 32 }, 'sha256'],
  ['RSASSA-PSS with SHA-384', { ...RSA, name: 'RSA-PSS', hash: 'SHA-384', saltLength: 48 }, 'sha384'],
  ['RSASSA-PSS with SHA-512', { ...RSA, name: 'RSA-PSS', hash: 'SHA-512', saltLength: 64 }, 'sha512'],
  ['ECDSA with SHA-1', { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-1' }, 'sha256'],
  ['ECDSA with SHA-256', { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }, 'sha256'],
  ['ECDSA with SHA-384', { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }, 'sha384'],
  ['ECDSA with SHA-512', { name: 'ECDSA', namedCurve: 'P-521', hash: 'SHA-512' }, 'sha512'],
  ['Ed25519, which has none', { name: 'Ed25519' }, null],
];

async function selfSigned(algorithm: object): Promise<Buffer> {
  const keys = (await webcrypto.subtle.generateKey(algorithm as Algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=mail.example.com',
    notBefore: new Date('2026-01-01'),
    notAfter: new Date('2027-01-01'),
    keys,
    signingAlgorithm: algorithm as Algorithm,
  });
  return Buffer.from(certificate.rawData);
}

describe('tls-server-end-point', () => {
  it.each(SIGNATURES)('of a certificate signed by %s', async (_what, algorithm, hash) => {
    const certificate = await selfSigned(algorithm);
    const expected =
      hash === null ? null : { type: 'tls-server-end-point', data: createHash(hash).update(certificate).digest() };
    expect(serverEndPoint(certificate)).toEqual(expected);
  });

  it('is none for octets that are no certificate, however they are cut', async () => {
    const certificate = await selfSigned({ name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' });
    for (let length = 0; length < certificate.length; length += 1) {
      const cut = certificate.subarray(0, length);
      expect([null, 'sha256']).toContain(signatureHashOf(cut));
    }
    for (const octets of ['', '30', '3080', '3084ffffffff', '30040203', '3003300006', '308500000000010000'])
      expect(signatureHashOf(Buffer.from(octets, 'hex'))).toBeNull();
  });
});

describe('a connection', () => {
  const raw = Buffer.alloc(3);

  it('has no binding below TLS 1.3 where its certificate names no hash function', () => {
    expect(channelBindingOf({ getProtocol: () => 'TLSv1.2', exportKeyingMaterial: () => raw }, raw)).toBeNull();
  });

  it('is asked for its exporter as RFC 9266 has it', () => {
    const asked: unknown[] = [];
    const exportKeyingMaterial = (...words: unknown[]): Uint8Array => {
      asked.push(...words);
      return raw;
    };
    const connection = { getProtocol: () => 'TLSv1.3', exportKeyingMaterial };
    expect(channelBindingOf(connection, raw)).toEqual({ type: 'tls-exporter', data: raw });
    expect(asked).toEqual([32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)]);
  });
});

describe('a login by SCRAM-SHA-256-PLUS over TLS', () => {
  let authority: Authority;
  let identity: Identity;
  beforeAll(async () => {
    authority = await createAuthority();
    identity = await authority.issue({ names: ['127.0.0.1'] });
  });

  /** A login at a server that binds to what it sees at its own end. */
  async function logIn(options: TlsOptions, bindingOf: (client: Client) => { type: string; data: Buffer }) {
    await using server = await serve(async (client) => {
      await client.secure(identity, options);
      const { type, data } = bindingOf(client);
      const scram = new ScramServer({
        mechanism: 'SCRAM-SHA-256-PLUS',
        binding: { type: type as 'tls-exporter', data },
      });
      client.say('220 mail.example.com\r\n');
      for (let line = await client.line(); line !== 'QUIT\r\n' && line !== ''; line = await client.line()) {
        const reaction = scram.hears(line);
        if (Array.isArray(reaction)) client.say(reaction.join(''));
        if (scram.heard[0] !== undefined) expect(scram.heard[0]).toMatch(new RegExp(`^p=${type},,`));
      }
      client.say('221 bye\r\n');
    });
    const settings: SessionSettings = {
      host: '127.0.0.1',
      port: server.port,
      security: 'implicit-tls',
      clientName: 'client.example.com',
      ca: authority.ca,
      credentials: { user: 'user', password: 'pencil' },
    };
    const session: Session | Error = await openSession(settings, {
      time: new VirtualTime(),
      record: () => {},
      random,
    }).catch((thrown: Error) => thrown);
    if (!(session instanceof Error)) await session.quit();
    await server.done;
    return session;
  }

  it('1.3 is bound to its exporter', async () => {
    const session = await logIn({ minVersion: 'TLSv1.3' }, (client) => ({
      type: 'tls-exporter',
      data: client.exported(32, 'EXPORTER-Channel-Binding'),
    }));
    expect(session).toMatchObject({ peer: { protocol: 'TLSv1.3' } });
  });

  it("1.2 is bound to the server's certificate", async () => {
    const session = await logIn({ maxVersion: 'TLSv1.2' }, () => ({
      type: 'tls-server-end-point',
      data: createHash('sha256').update(new X509Certificate(identity.cert).raw).digest(),
    }));
    expect(session).toMatchObject({ peer: { protocol: 'TLSv1.2' } });
  });

  it('is refused by a server that sees another connection', async () => {
    const session = await logIn({}, (client) => ({
      type: 'tls-exporter',
      data: client.exported(32, 'EXPORTER-Channel-Binding-of-another'),
    }));
    expect(String(session)).toContain('(channel-bindings-dont-match)');
  });
});
