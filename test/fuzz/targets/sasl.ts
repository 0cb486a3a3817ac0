/** What a server says within AUTH: SCRAM's two messages, OAuth's error, CRAM-MD5's challenge; and SASLprep. */
import { createHmac } from 'node:crypto';
import { SettingsError } from '#smtp';
import { cramMd5 } from '../../../functions/smtp/sasl/cram-md5.ts';
import { ChallengeError, type Mechanism } from '../../../functions/smtp/sasl/mechanism.ts';
import { oauthBearer, xoauth2 } from '../../../functions/smtp/sasl/oauth.ts';
import { scram } from '../../../functions/smtp/sasl/scram.ts';
import { saslprep } from '../../../functions/smtp/saslprep.ts';
import { attempt, documentedError, endingOf, expect, latin1Of, type Target, textOf } from '../target.ts';

/** The exchange of RFC 7677 §3. */
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_FIRST = `r=${NONCE}%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`;
const SERVER_FINAL = 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=';

/** Messages are set apart by 0x1E. One that begins with 0x02 stands as it is, in place of base64. */
function challengesOf(input: Uint8Array): string[] {
  const messages = latin1Of(input).split('\x1e');
  return messages.map((message) =>
    message.startsWith('\x02') ? message.slice(1) : Buffer.from(message, 'latin1').toString('base64'),
  );
}

/** @returns what it says to each challenge, to the first at which it gives up */
async function answered(mechanism: Mechanism, challenges: readonly string[]): Promise<string[]> {
  const said: string[] = [];
  for (const challenge of challenges) {
    try {
      said.push(latin1Of(await mechanism.respond(challenge)));
    } catch (error) {
      said.push(endingOf(documentedError(error, [ChallengeError])));
      break;
    }
  }
  return said;
}

export const scramMessages: Target = {
  name: 'sasl-scram',
  seeds: [
    `${SERVER_FIRST}\x1e${SERVER_FINAL}`,
    `${SERVER_FIRST}\x1ee=invalid-proof`,
    `${SERVER_FIRST},a=ext\x1e${SERVER_FINAL},b=c`,
    `m=x,${SERVER_FIRST}`,
    `r=${NONCE},s=QQ==,i=4096\x1ev=QQ==`,
    '\x02no base64\x1e\x02=',
  ],
  words: [
    `r=${NONCE}`,
    ',s=',
    ',i=',
    ',i=4096',
    'i=1',
    'i=2147483648',
    'm=',
    'v=',
    'e=',
    ',',
    '=',
    '\x1e',
    '\x02',
    '\0',
    'QQ==',
    'QR==',
    'é',
  ],
  maxOctets: 512,
  async run(input) {
    const mechanism = scram({
      family: 'SCRAM-SHA-256',
      credentials: { user: 'user', password: 'pencil' },
      nonce: NONCE,
      binding: 'unused',
    });
    const challenges = challengesOf(input);
    const said = await answered(mechanism, challenges);
    if (mechanism.complete) {
      const [first, final = ''] = challenges.map((challenge) => Buffer.from(challenge, 'base64').toString('latin1'));
      expect(first === SERVER_FIRST, 'proved over another first message');
      expect(final === SERVER_FINAL || final.startsWith(`${SERVER_FINAL},`), 'proved by another signature');
    }
    expect(mechanism.complaint === null || /^[a-z-]{1,64}$/.test(mechanism.complaint), 'a complaint of its own');
    expect(!said.join().includes('pencil'), 'the password is said');
    return `${mechanism.complete} ${mechanism.complaint} ${said.map((each) => (each.slice(0, 2) === 'c=' ? 'proof' : each)).join(' ')}`;
  },
};

const BEARER = { user: 'user@example.com', token: 'ya29.CANARY-token' };

export const oauthError: Target = {
  name: 'sasl-oauth',
  seeds: [
    '{"status":"invalid_token","schemes":"bearer","scope":"https://mail.example.com/"}',
    '{"status":"401","schemes":"bearer"}\x1e{}',
    '\x02',
    '\x02not base64',
    '[1]',
    'null',
    '{"status":{"toString":1}}',
    '{"status":[[["400"]]]}',
  ],
  words: [
    '"status":',
    '"',
    '{',
    '}',
    '[',
    ']',
    '\x1e',
    '\x02',
    'null',
    '1e999',
    '\\ud800',
    '"__proto__":',
    '"toString":',
    ':',
    ',',
    '\0',
  ],
  maxOctets: 1024,
  async run(input) {
    const isXoauth2 = input.length % 2 === 0;
    const mechanism = isXoauth2 ? xoauth2(BEARER) : oauthBearer(BEARER, { host: 'mail.test', port: 587 });
    const challenges = challengesOf(input);
    const said = await answered(mechanism, challenges);
    const isAsked = said[0] === (isXoauth2 ? '' : '\u0001');
    expect(isAsked || said[0]?.startsWith('ChallengeError') === true, 'another answer');
    expect(mechanism.complete === !isAsked, 'complete although the server has refused');
    expect(
      mechanism.complaint === null || /^[A-Za-z0-9_ .+-]{1,32}$/.test(mechanism.complaint),
      'a complaint of its own',
    );
    expect(said.length === 1 || said[1]?.startsWith('ChallengeError') === true, 'a second challenge is answered');
    return `${isAsked} ${mechanism.complaint?.length} ${said.length}`;
  },
};

export const cramChallenge: Target = {
  name: 'sasl-cram-md5',
  seeds: ['<1896.697170952@postoffice.example.net>', '', '\x02====', '<a@b>\x1e<c@d>'],
  words: ['<', '>', '@', '\x1e', '\x02', '=', 'QQ==', '\0', 'x'.repeat(100)],
  async run(input) {
    const mechanism = cramMd5({ user: 'user', password: 'pencil' });
    const challenges = challengesOf(input);
    const said = await answered(mechanism, challenges);
    const octets = Buffer.from(challenges[0] ?? '', 'base64');
    const digest = createHmac('md5', 'pencil').update(octets).digest('hex');
    const isAnswered = said[0] === `user ${digest}`;
    expect(isAnswered === mechanism.complete, 'complete without its answer');
    expect(isAnswered || said[0]?.startsWith('ChallengeError') === true, 'another answer');
    expect(said.length === 1 || said[1]?.startsWith('ChallengeError') === true, 'a second challenge is answered');
    return `${isAnswered} ${said.length}`;
  },
};

export const preparation: Target = {
  name: 'saslprep',
  seeds: [
    'user',
    'I\u00adX',
    '\u00aa',
    '\u2168',
    '\u0007',
    '\u0627\u0031',
    'contraseña',
    'e\u0301',
    '\ufb01\u00a0x',
    'אבג',
  ],
  words: [
    '\u00ad',
    '\u200b',
    '\u200e',
    '\u0340',
    '\u0627',
    'א',
    '\u{1d173}',
    '\u{e0001}',
    '\ufdd0',
    '\ue000',
    '\u1680',
    '\u0301',
    '\u212a',
    '１',
    '\0',
    'ß',
  ],
  maxOctets: 256,
  run(input) {
    const { value, refused } = attempt(() => saslprep('password', textOf(input)), SettingsError);
    if (value === null) return endingOf(refused);
    expect(saslprep('password', value) === value, 'prepared once more it is another');
    expect(value !== '' && !/[\p{Cc}\p{Cs}]/u.test(value), 'a control character is let through');
    return `prepared ${value === textOf(input)} ${/^[ -~]+$/.test(value)}`;
  },
};
