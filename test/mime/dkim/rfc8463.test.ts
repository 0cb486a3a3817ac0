/** The example of RFC 8463 Appendix A: its body hash, its Ed25519 signature octet for octet, and its RSA signature beside it. */
import { createHash, createPublicKey, verify } from 'node:crypto';
import { expect, it } from 'vitest';
import { dkimRecord, readSigningKey } from '#mime';
import { RelaxedBody } from '../../../functions/mime/dkim/canonical-body.ts';
import { fieldsOf, relaxedField } from '../../../functions/mime/dkim/canonical-header.ts';

const HEADER = [
  'From: Joe SixPack <joe@football.example.com>',
  'To: Suzie Q <suzie@shopping.example.net>',
  'Subject: Is dinner ready?',
  'Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)',
  'Message-ID: <20030712040037.46341.5F8J@football.example.com>',
  '',
].join('\r\n');
const BODY = ['Hi.', '', 'We lost the game.  Are you hungry yet?', '', 'Joe.', ''].join('\r\n');
const BODY_HASH = '2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=';

const ED25519 = [
  'DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;',
  ' d=football.example.com; i=@football.example.com;',
  ' q=dns/txt; s=brisbane; t=1528637909; h=from : to :',
  ' subject : date : message-id : from : subject : date;',
  ` bh=${BODY_HASH};`,
  ' b=',
].join('\r\n');
const RSA = [
  'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;',
  ' d=football.example.com; i=@football.example.com;',
  ' q=dns/txt; s=test; t=1528637909; h=from : to : subject :',
  ' date : message-id : from : subject : date;',
  ` bh=${BODY_HASH};`,
  ' b=',
].join('\r\n');

const canonical = fieldsOf(HEADER)
  .map((field) => `${relaxedField(field)}\r\n`)
  .join('');
const signedWith = (whole: string) => canonical + relaxedField({ name: 'DKIM-Signature', whole });

/** PKCS#8 around the seed of appendix A.2 (RFC 8410 §7). */
const SEED = Buffer.from('nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=', 'base64');
const PKCS8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), SEED]);
const ED25519_PEM = `-----BEGIN PRIVATE KEY-----\n${PKCS8.toString('base64')}\n-----END PRIVATE KEY-----\n`;

it('hashes the body of RFC 8463 A.3', () => {
  const hash = createHash('sha256');
  const body = new RelaxedBody((octets) => hash.update(octets));
  body.push(Buffer.from(BODY));
  body.end();
  expect(hash.digest('base64')).toBe(BODY_HASH);
});

it('makes the Ed25519 signature of RFC 8463 A.3', () => {
  const key = readSigningKey({ domain: 'football.example.com', selector: 'brisbane' }, ED25519_PEM);
  expect(key.algorithm).toBe('ed25519-sha256');
  expect(key.sign(signedWith(ED25519))).toBe(
    '/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==',
  );
});

it('makes the Ed25519 record of RFC 8463 A.2', () => {
  expect(dkimRecord({ domain: 'football.example.com', selector: 'brisbane' }, ED25519_PEM)).toMatchObject({
    name: 'brisbane._domainkey.football.example.com',
    value: 'v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=',
  });
});

it('puts together what the RSA signature of RFC 8463 A.3 signs', () => {
  const spki =
    'MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB';
  const key = createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
  const signature =
    'F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2JzdA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=';
  expect(verify('sha256', Buffer.from(signedWith(RSA), 'latin1'), key, Buffer.from(signature, 'base64'))).toBe(true);
});
