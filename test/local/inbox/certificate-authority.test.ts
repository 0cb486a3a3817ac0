import { createPrivateKey, X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createCertificates } from '../../../functions/local/inbox/certificate-authority.ts';

const now = Date.UTC(2026, 10, 24, 12);

describe('createCertificates', () => {
  test('makes a server certificate for localhost that its authority signed', async () => {
    const set = await createCertificates({ now });
    const ca = new X509Certificate(set.ca);
    const server = new X509Certificate(set.certificate);
    expect(server.checkIssued(ca)).toBe(true);
    expect(server.verify(ca.publicKey)).toBe(true);
    expect([ca.ca, server.ca]).toEqual([true, false]);
    expect(server.checkPrivateKey(createPrivateKey(set.key))).toBe(true);
    expect(server.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    for (const name of ['localhost']) expect(server.checkHost(name)).toBe(name);
    for (const address of ['127.0.0.1', '::1']) expect(server.checkIP(address)).toBe(address);
    expect(server.checkHost('example.com')).toBeUndefined();
  });

  test('is valid around the time it is given', async () => {
    const server = new X509Certificate((await createCertificates({ now })).certificate);
    expect(Date.parse(server.validFrom)).toBe(now - 86_400_000);
    expect(Date.parse(server.validTo)).toBe(now + 365 * 86_400_000);
  });

  test('makes other keys and serial numbers each time', async () => {
    const [one, two] = await Promise.all([createCertificates({ now }), createCertificates({ now })]);
    const serials = [one, two].flatMap(({ ca, certificate }) =>
      [ca, certificate].map((pem) => new X509Certificate(pem).serialNumber),
    );
    expect(new Set(serials).size).toBe(4);
    for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
    expect(one.key).not.toBe(two.key);
  });

  test('names what it is told to name', async () => {
    const { certificate } = await createCertificates({ now, names: ['inbox.example', '192.0.2.7'] });
    expect(new X509Certificate(certificate).subjectAltName).toBe('DNS:inbox.example, IP Address:192.0.2.7');
  });
});
