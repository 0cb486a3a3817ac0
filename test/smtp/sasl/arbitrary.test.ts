/** Whatever a server challenges with: each mechanism answers by its RFC or gives up, and believes nothing. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cramMd5 } from '../../../functions/smtp/sasl/cram-md5.ts';
import { login } from '../../../functions/smtp/sasl/login.ts';
import { ChallengeError, decodedBase64, type Mechanism } from '../../../functions/smtp/sasl/mechanism.ts';
import { oauthBearer, xoauth2 } from '../../../functions/smtp/sasl/oauth.ts';
import { scram } from '../../../functions/smtp/sasl/scram.ts';

const PENCIL = { user: 'user', password: 'pencil' };
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

const newScram = (): Mechanism =>
  scram({ family: 'SCRAM-SHA-256', credentials: PENCIL, nonce: NONCE, binding: 'unused' });
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

/** @returns whether it was answered; anything but an answer or a ChallengeError fails */
async function isAnswered(mechanism: Mechanism, challenge: string): Promise<boolean> {
  try {
    await mechanism.respond(challenge);
    return true;
  } catch (error) {
    if (!(error instanceof ChallengeError)) throw error;
    return false;
  }
}

describe('SCRAM', () => {
  it('takes its server-first-message whole, and no beginning or end of it but what is one itself', async () => {
    for (let at = 0; at <= FIRST.length; at += 1) {
      const beginning = await isAnswered(newScram(), base64(FIRST.slice(0, at)));
      expect([at, beginning]).toEqual([at, at === FIRST.length]);
      const end = await isAnswered(newScram(), base64(FIRST.slice(at)));
      expect([at, end]).toEqual([at, at === 0]);
    }
  });

  it('takes no octet of the server-final-message for another', async () => {
    for (let at = 0; at < FINAL.length; at += 1) {
      for (const octet of ['A', '=', ',', '\0', '\xff']) {
        if (FINAL[at] === octet) continue;
        const mechanism = newScram();
        await mechanism.respond(base64(FIRST));
        await isAnswered(mechanism, base64(FINAL.slice(0, at) + octet + FINAL.slice(at + 1)));
        expect(mechanism.complete).toBe(false);
      }
    }
  });

  it('is complete after no other messages, whatever they are', async () => {
    const part = fc.constantFrom(
      'r=',
      NONCE,
      'x',
      ',s=',
      'QSXCR+Q6sek8bf92',
      ',i=',
      '4096',
      'v=',
      'e=',
      ',m=',
      '=',
      ',',
    );
    const message = fc.oneof(
      fc.array(part, { maxLength: 9 }).map((parts) => base64(parts.join(''))),
      fc.string({ unit: 'binary' }).map(base64),
      fc.string(),
    );
    const property = fc.asyncProperty(fc.array(message, { maxLength: 4 }), async (messages) => {
      const mechanism = newScram();
      for (const challenge of messages) await isAnswered(mechanism, challenge);
      expect(mechanism.complete).toBe(false);
    });
    await fc.assert(property, { numRuns: 300 });
  });
});

describe('any mechanism', () => {
  const server = { host: 'server.example.com', port: 587 };
  const made: readonly (readonly [name: string, make: () => Mechanism, rounds: number])[] = [
    ['LOGIN', () => login(PENCIL), 2],
    ['CRAM-MD5', () => cramMd5(PENCIL), 1],
    ['OAUTHBEARER', () => oauthBearer({ user: 'u', token: 't' }, server), 1],
    ['XOAUTH2', () => xoauth2({ user: 'u', token: 't' }), 1],
    ['SCRAM', newScram, 2],
  ];

  it.each(made)('%s answers no more challenges than it has answers', async (_name, make, rounds) => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
    const property = fc.asyncProperty(fc.array(text, { maxLength: 6 }), async (texts) => {
      const mechanism = make();
      let answered = 0;
      for (const each of texts) answered += (await isAnswered(mechanism, Buffer.from(each).toString('base64'))) ? 1 : 0;
      expect(answered).toBeLessThanOrEqual(rounds);
    });
    await fc.assert(property, { numRuns: 200 });
  });
});

describe('base64', () => {
  it('is taken exactly as RFC 4648 writes it', () => {
    const octets = fc.uint8Array({ maxLength: 40 });
    fc.assert(
      fc.property(octets, (each) => {
        expect(decodedBase64(Buffer.from(each).toString('base64'))).toEqual(Buffer.from(each));
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        const decoded = decodedBase64(text);
        expect(decoded === null || decoded.toString('base64') === text).toBe(true);
      }),
    );
  });
});
