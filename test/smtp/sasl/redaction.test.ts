/** Canaries through logins of every kind: whatever a server repeats of them, nothing of them leaves the room. */
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { MechanismName, Session, SessionSettings } from '#smtp';
import type { Reaction } from '../memory-wire.ts';
import { send } from '../sessions.ts';
import { type Attempt, attempt, base64, clientCertificate, EHLO, EXPORTED, random } from './logins.ts';
import { ScramServer } from './scram-server.ts';

const USER = 'canary-user@example.com';
const PASSWORD = 'S3cr3t-CANARY';
const TOKEN = 'ya29.t0ken-CANARY_of~an+access/token==';
const NEWER = 'ya29.another-CANARY_of~an+access/token==';

interface Kind {
  readonly mechanism: MechanismName;
  readonly settings: () => Promise<Partial<SessionSettings>>;
  /** What the server says to each line of the exchange, in turn, before its verdict. */
  readonly challenges: readonly string[];
  /** What may come back in no form, whether it was said or not. */
  readonly canaries: readonly string[];
}

const password = async () => ({ credentials: { user: USER, password: PASSWORD } });
const token = async () => ({
  credentials: { user: USER, token: async ({ refresh }: { refresh: boolean }) => (refresh ? NEWER : TOKEN) },
});

const NAMED = [base64(USER)];
const BY_PASSWORD = { settings: password, canaries: [PASSWORD, base64(PASSWORD), ...NAMED] };
const BY_TOKEN = { settings: token, canaries: [TOKEN, base64(TOKEN), ...NAMED] };

const KINDS: readonly Kind[] = [
  { ...BY_PASSWORD, mechanism: 'PLAIN', challenges: [] },
  { ...BY_PASSWORD, mechanism: 'LOGIN', challenges: ['VXNlcm5hbWU6', 'UGFzc3dvcmQ6'] },
  { ...BY_PASSWORD, mechanism: 'CRAM-MD5', challenges: [base64('<CHALLENGE-canary@example.com>')] },
  { ...BY_TOKEN, mechanism: 'OAUTHBEARER', challenges: [] },
  { ...BY_TOKEN, mechanism: 'XOAUTH2', challenges: [] },
  {
    mechanism: 'EXTERNAL',
    settings: async () => ({
      credentials: { external: true, user: USER },
      clientCertificate: await clientCertificate(),
    }),
    challenges: [],
    canaries: NAMED,
  },
];

/** The token is refused in so many words, and a newer one said. */
const REFUSED: readonly Kind[] = [
  { ...BY_TOKEN, mechanism: 'OAUTHBEARER', challenges: [base64('{"status":"CHALLENGE-canary"}')] },
  { ...BY_TOKEN, mechanism: 'XOAUTH2', challenges: [base64('{"status":"401","scope":"CHALLENGE-canary"}')] },
];

/** The lines of an exchange as the client said them, and what is in them. */
function secretsIn(said: string): string[] {
  const lines = said.split('\r\n').flatMap((line) => line.replace(/^AUTH \S+ ?/, '') || []);
  const within = lines.flatMap((line) => {
    const text = Buffer.from(line, 'base64').toString('latin1');
    // A token, SCRAM's proof and CRAM-MD5's digest, each by itself.
    const [, one] = /(?:Bearer |,p=| )([A-Za-z0-9._~+/=-]{24,})(?:\u0001|$)/.exec(text) ?? [];
    return one === undefined ? [] : [one, base64(one), Buffer.from(one).toString('hex'), encodeURIComponent(one)];
  });
  return [...lines.filter((line) => line !== '*' && line !== '='), ...within];
}

const CHALLENGES = ['CHALLENGE-canary', base64('<CHALLENGE-canary@example.com>').slice(0, 12)];

function expectClean(evidence: unknown, secrets: Iterable<string>): void {
  const shown = `${inspect(evidence, { depth: null, showHidden: true, maxStringLength: null })}${JSON.stringify(evidence)}`;
  const letters = shown.toLowerCase();
  for (const secret of [...CHALLENGES, ...secrets]) {
    expect(letters).not.toContain(secret.slice(0, 10).toLowerCase());
    if (secret.length > 20) expect(letters).not.toContain(secret.slice(10, 20).toLowerCase());
  }
}

/** What a server that repeats what it hears may make of a secret. */
const ECHOES: readonly ((secret: string) => string)[] = [
  (secret) => `535 5.7.8 ${secret} is wrong\r\n`,
  (secret) => `535-${secret}\r\n535 ${secret.toUpperCase()}${secret.toLowerCase()}\r\n`,
  (secret) => `500 Command unrecognized: "AUTH PLAIN ${secret.slice(0, 14)}..."\r\n`,
  (secret) => `421 closing on ${secret}\r\n`,
  (secret) => `250 ${secret}\r\n`,
  (secret) => `334 ${secret}\r\n`,
  (secret) => `334-${secret}\r\n334 ${secret}\r\n`,
  (secret) => `334 ${secret}\n`,
  (secret) => `${secret}\r\n`,
];

/** The exchange up to its last line, where the server says what `verdict` makes of all that it has heard. */
async function exchange(kind: Kind, verdict: (said: string) => Reaction): Promise<Attempt> {
  let said = '';
  const left = [...kind.challenges];
  const hears = (heard: string): Reaction => {
    if (heard === EHLO) return [`250-mail.example.com\r\n250 AUTH ${kind.mechanism}\r\n`];
    if (heard === 'QUIT\r\n') return ['221 bye\r\n'];
    said += heard;
    const challenge = left.shift();
    return challenge === undefined ? verdict(said) : [`334 ${challenge}\r\n`];
  };
  return attempt(hears, await kind.settings());
}

describe.each([...KINDS, ...REFUSED])('a login by $mechanism', (kind) => {
  it.each(ECHOES.map((echo) => [echo('…').trimEnd(), echo] as const))(
    'lets no secret out when the server says %j',
    async (_form, echo) => {
      const { said } = await exchange(kind, () => ['454 later\r\n']);
      for (const secret of new Set([...secretsIn(said), ...kind.canaries])) {
        const { outcome, records, said: all } = await exchange(kind, () => [echo(secret)]);
        // A token that the server has refused is followed by another.
        expectClean({ outcome, records }, [...kind.canaries, ...secretsIn(all)]);
      }
    },
  );
});

describe.each(KINDS)('a session after a login by $mechanism', (kind) => {
  it('lets no secret out of what the server says of a mail', async () => {
    const secrets: string[] = [];
    const { outcome, records } = await exchange(kind, (said) => {
      if (!said.includes('MAIL')) {
        // As they were said; programs' own forms of them are looked for in refusals.
        secrets.push(...kind.canaries, ...secretsIn(said).filter((secret) => !/^[0-9a-f]{48,}$|%/.test(secret)));
        return ['235 ok\r\n'];
      }
      return [`250 ${secrets.join(' ')}\r\n`];
    });
    const result = await send(outcome as Session, { record: (entry) => records.push(entry) });
    expect(records.map(({ text }) => text).join()).toMatch(/250 (?:<…>|.)*<…>/);
    expectClean({ result, records, outcome }, secrets);
  });
});

describe.each(['SCRAM-SHA-256-PLUS', 'SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1'] as const)(
  'a login by %s',
  (mechanism) => {
    const binding = mechanism.endsWith('-PLUS') ? { binding: EXPORTED } : {};
    const credentials = { user: USER, password: PASSWORD };

    /** @param at which of the client's lines the verdict follows */
    const until = async (at: number, verdict: (said: string) => Reaction) => {
      const server = new ScramServer({ mechanism, ...credentials, ...binding });
      let said = '';
      let lines = 0;
      const hears = (heard: string): Reaction => {
        if (heard === EHLO || heard === 'QUIT\r\n') return server.hears(heard);
        said += heard;
        lines += 1;
        return lines < at ? server.hears(heard) : verdict(said);
      };
      return attempt(hears, { credentials }, { random, ...binding });
    };

    it.each([1, 2, 3])('lets no secret out after its line %i', async (at) => {
      const { said } = await until(at, () => ['535 no\r\n']);
      const secrets = secretsIn(said);
      for (const secret of [...secrets, ...BY_PASSWORD.canaries]) {
        for (const echo of ECHOES) {
          const { outcome, records } = await until(at, () => [echo(secret)]);
          expectClean({ outcome, records }, [...secrets, ...BY_PASSWORD.canaries]);
        }
      }
      // The proof itself is one of them from the second line on.
      expect(secrets.some((secret) => /^[A-Za-z0-9+/]{27,43}=$/.test(secret))).toBe(at > 1);
    });
  },
);
