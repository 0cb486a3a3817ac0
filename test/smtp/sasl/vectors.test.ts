/** What the RFCs say that a client says, octet for octet. */
import { describe, expect, it } from 'vitest';
import { cramMd5 } from '../../../functions/smtp/sasl/cram-md5.ts';
import { external } from '../../../functions/smtp/sasl/external.ts';
import { login } from '../../../functions/smtp/sasl/login.ts';
import type { Mechanism } from '../../../functions/smtp/sasl/mechanism.ts';
import { oauthBearer, xoauth2 } from '../../../functions/smtp/sasl/oauth.ts';
import { plain } from '../../../functions/smtp/sasl/plain.ts';
import { scram } from '../../../functions/smtp/sasl/scram.ts';

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
const said = (response: Uint8Array | null): string | null => response && Buffer.from(response).toString('utf8');

interface Vector {
  readonly what: string;
  readonly mechanism: Mechanism;
  readonly initial: string | null;
  /** Challenge and response, decoded, in turn. */
  readonly exchange: readonly (readonly [challenge: string, response: string])[];
}

const pencil = { user: 'user', password: 'pencil' };

const VECTORS: readonly Vector[] = [
  {
    what: 'RFC 5802 §5: SCRAM-SHA-1',
    mechanism: scram({
      family: 'SCRAM-SHA-1',
      credentials: pencil,
      nonce: 'fyko+d2lbbFgONRv9qkxdawL',
      binding: 'unused',
    }),
    initial: 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
    exchange: [
      [
        'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
        'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
      ],
      ['v=rmF9pqV8S7suAoZWja4dJRkFsKQ=', ''],
    ],
  },
  {
    what: 'RFC 7677 §3: SCRAM-SHA-256',
    mechanism: scram({
      family: 'SCRAM-SHA-256',
      credentials: pencil,
      nonce: 'rOprNGfwEbeRWgbNEkqO',
      binding: 'unused',
    }),
    initial: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
    exchange: [
      [
        'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
        'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
      ],
      ['v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=', ''],
    ],
  },
  {
    what: 'RFC 7628 §4.1: OAUTHBEARER',
    mechanism: oauthBearer(
      { user: 'user@example.com', token: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==' },
      { host: 'server.example.com', port: 143 },
    ),
    initial:
      'n,a=user@example.com,\u0001host=server.example.com\u0001port=143\u0001auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\u0001\u0001',
    exchange: [],
  },
  {
    what: 'RFC 7628 §4.3: OAUTHBEARER, refused',
    mechanism: oauthBearer(
      { user: 'user@example.com', token: 'vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==' },
      { host: 'server.example.com', port: 587 },
    ),
    initial:
      'n,a=user@example.com,\u0001host=server.example.com\u0001port=587\u0001auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\u0001\u0001',
    exchange: [['{"schemes":"bearer","scope":"https://mail.google.com/","status":"invalid_token"}', '\u0001']],
  },
  {
    what: "Google's example of XOAUTH2, refused",
    mechanism: xoauth2({ user: 'someuser@example.com', token: 'ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg' }),
    initial: 'user=someuser@example.com\u0001auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\u0001\u0001',
    exchange: [['{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}', '']],
  },
  {
    what: 'RFC 2195 §2: CRAM-MD5',
    mechanism: cramMd5({ user: 'tim', password: 'tanstaaftanstaaf' }),
    initial: null,
    exchange: [['<1896.697170952@postoffice.reston.mci.net>', 'tim b913a602c7eda7a495b4e6e7334d3890']],
  },
  {
    what: 'RFC 4616 §4: PLAIN',
    mechanism: plain({ user: 'tim', password: 'tanstaaftanstaaf' }),
    initial: '\0tim\0tanstaaftanstaaf',
    exchange: [],
  },
  {
    what: 'draft-murchison-sasl-login: LOGIN',
    mechanism: login({ user: 'tim', password: 'tanstaaftanstaaf' }),
    initial: null,
    exchange: [
      ['User Name\0', 'tim'],
      ['Password\0', 'tanstaaftanstaaf'],
    ],
  },
  {
    what: 'RFC 4422 appendix A.1: EXTERNAL for nobody else',
    mechanism: external({ external: true }),
    initial: '',
    exchange: [],
  },
  {
    what: 'RFC 4422 appendix A.1: EXTERNAL for another',
    mechanism: external({ external: true, user: 'fred@example.com' }),
    initial: 'fred@example.com',
    exchange: [],
  },
];

describe.each(VECTORS)('$what', ({ what, mechanism, initial, exchange }) => {
  it('is said as it is written there', async () => {
    expect(said(mechanism.initialResponse)).toBe(initial);
    for (const [challenge, response] of exchange)
      expect(said(await mechanism.respond(base64(challenge)))).toBe(response);
    expect(mechanism.complete).toBe(!what.endsWith('refused'));
  });

  it('has no answer to a challenge more', async () => {
    await expect(async () => mechanism.respond('')).rejects.toThrow('Cannot answer challenge');
  });
});

describe('a mechanism', () => {
  it.each([
    ['{"status":"insufficient_scope"}', 'insufficient_scope'],
    ['{"status":401}', '401'],
    ['{"status":"S3cr3t CANARY"}', 'for no known reason'],
    ['{"status":{"a":1}}', 'for no known reason'],
    ['{}', 'for no known reason'],
    ['[]', 'for no known reason'],
  ])('repeats of the refusal %s no more than a word', async (text, complaint) => {
    const mechanism = oauthBearer({ user: 'u', token: 't' }, { host: 'server.example.com', port: 587 });
    await mechanism.respond(base64(text));
    expect(mechanism.complaint).toBe(complaint);
    expect(mechanism.complete).toBe(false);
  });

  it.each(['', 'null', '"invalid_token"', '{"status'])('takes %j for no refusal', async (text) => {
    for (const mechanism of [
      oauthBearer({ user: 'u', token: 't' }, { host: 'server.example.com', port: 587 }),
      xoauth2({ user: 'u', token: 't' }),
    ])
      await expect(async () => mechanism.respond(base64(text))).rejects.toThrow('that is no OAuth error');
  });

  it.each([
    ['a=b,c', 'n=a=3Db=2Cc,'],
    ['\u2168\u00a0user', 'n=IX user,'],
    ['josé', 'n=josé,'],
    ['jose\u0301', 'n=josé,'],
  ])('names %j as SCRAM has it', (user, name) => {
    const mechanism = scram({
      family: 'SCRAM-SHA-256',
      credentials: { user, password: 'p' },
      nonce: 'x',
      binding: 'unused',
    });
    expect(said(mechanism.initialResponse)).toBe(`n,,${name}r=x`);
  });

  it('names whom OAUTHBEARER acts for in the same way', () => {
    const { initialResponse } = oauthBearer({ user: 'a=b,\u00aa', token: 't' }, { host: 'h.example', port: 587 });
    expect(said(initialResponse)).toBe(
      'n,a=a=3Db=2Ca,\u0001host=h.example\u0001port=587\u0001auth=Bearer t\u0001\u0001',
    );
  });
});
