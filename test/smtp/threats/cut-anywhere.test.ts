/** TCP knows no replies: whatever the server says arrives in any pieces, and must be read the same. */
import { describe, expect, it } from 'vitest';
import { type Credentials, type MechanismName, openSession } from '#smtp';
import { LETTER } from '../mails.ts';
import { MemoryWire, type Octets } from '../memory-wire.ts';
import { ENVELOPE } from '../sessions.ts';
import { VirtualTime } from '../virtual-time.ts';
import { serverFinal, serverFirst } from './scram-server.ts';

const PASSWORD = 'pencil';
const user = 'user';
const credentials: Credentials = { user, password: PASSWORD };
const bearer: Credentials = { user, token: async () => 'token' };

type Cut = (reply: Octets) => readonly Octets[];

const OFFERS = [
  ['lockstep', '250-mail.example.com\r\n250-SIZE 1000\r\n250 AUTH'],
  ['pipelining', '250-mail.example.com\r\n250-PIPELINING\r\n250 AUTH'],
  ['chunking', '250-mail.example.com\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-8BITMIME\r\n250 AUTH'],
] as const;
const LOGINS: readonly (readonly [mechanism: MechanismName, credentials: Credentials])[] = [
  ['PLAIN', credentials],
  ['LOGIN', credentials],
  ['CRAM-MD5', credentials],
  ['SCRAM-SHA-256', credentials],
  ['XOAUTH2', bearer],
  ['OAUTHBEARER', bearer],
];

/** A whole session, one mail in it. @returns what the client said and what became of it */
async function spoken(mechanism: MechanismName, login: Credentials, offer: string, cut: Cut): Promise<string> {
  const server = new Server(mechanism, offer);
  const wire = new MemoryWire({
    greeting: cut('220-mail.example.com\r\n220 ESMTP\r\n'),
    hears: (heard) => cut(server.answer(heard)),
    tlsFirst: true,
  });
  const time = new VirtualTime();
  const session = await openSession(
    {
      host: 'mail.example.com',
      port: 465,
      security: 'implicit-tls',
      clientName: 'client.example.com',
      credentials: login,
      mechanism,
    },
    { time, connect: wire.connect, record: () => {}, random: (octets) => Buffer.alloc(octets, 7) },
  );
  const { recipients } = await session.transact(ENVELOPE, LETTER, { release: async () => true, record: () => {} });
  await session.quit();
  expect(time.pending).toBe(0);
  const result = recipients[0];
  return JSON.stringify({ heard: wire.heard, mode: session.mode, result });
}

/** Says yes, and knows each mechanism. */
class Server {
  readonly #mechanism: MechanismName;
  readonly #offer: string;
  #clientFirst = '';
  #awaits: 'command' | 'response' | 'proof' | 'nothing' | 'content' = 'command';

  constructor(mechanism: MechanismName, offer: string) {
    this.#mechanism = mechanism;
    this.#offer = offer;
  }

  answer(heard: Octets): Octets {
    if (this.#awaits === 'content') {
      this.#awaits = 'command';
      return heard.endsWith('\r\n.\r\n') || heard === '.\r\n'
        ? '250-2.0.0 taken\r\n250 2.0.0 queued as 1\r\n'
        : this.#more();
    }
    if (this.#awaits !== 'command') return this.#response(heard.trimEnd());
    return heard
      .split('\r\n')
      .slice(0, -1)
      .map((line) => this.#command(line))
      .join('');
  }

  /** Mail data whose end is still to come. */
  #more(): Octets {
    this.#awaits = 'content';
    return '';
  }

  #command(line: string): Octets {
    if (line.startsWith('EHLO')) return `${this.#offer} ${this.#mechanism}\r\n`;
    if (line.startsWith('AUTH')) return this.#auth(line.split(' ')[2]);
    if (line === 'DATA') {
      this.#awaits = 'content';
      return '354 go ahead\r\n';
    }
    if (line.startsWith('BDAT')) return '250-2.0.0 taken\r\n250 2.0.0 queued as 1\r\n';
    if (line === 'QUIT') return '221 bye\r\n';
    return /^(?:MAIL|RCPT)/.test(line) ? '250-2.1.0 yes\r\n250 2.1.0 ok\r\n' : '';
  }

  #auth(initial: string | undefined): Octets {
    this.#awaits = 'response';
    if (initial !== undefined) return this.#response(initial);
    return challenge(this.#mechanism === 'LOGIN' ? 'Username:' : '<1896@mail.example.com>');
  }

  #response(line: string): Octets {
    const said = Buffer.from(line, 'base64').toString();
    if (this.#mechanism.startsWith('SCRAM') && this.#awaits === 'response') {
      this.#awaits = 'proof';
      this.#clientFirst = said;
      return challenge(serverFirst(said));
    }
    if (this.#awaits === 'proof') {
      this.#awaits = 'nothing';
      return challenge(serverFinal(PASSWORD, this.#clientFirst, said));
    }
    if (this.#mechanism === 'LOGIN' && said === user) return challenge('Password:');
    this.#awaits = 'command';
    return '235-2.7.0 welcome\r\n235 2.7.0 in\r\n';
  }
}

function challenge(text: string): Octets {
  return `334 ${Buffer.from(text).toString('base64')}\r\n`;
}

const WHOLE: Cut = (reply) => (reply === '' ? [] : [reply]);
const LONGEST_REPLY = 110;

describe.each(OFFERS)('a session in %s', (mode, offer) => {
  it.each(LOGINS)(
    'with a login by %s says the same octet by octet, and cut at every offset',
    async (mechanism, login) => {
      const whole = await spoken(mechanism, login, offer, WHOLE);
      expect(JSON.parse(whole)).toMatchObject({ mode, result: { outcome: 'accepted', queueId: '1' } });
      expect(await spoken(mechanism, login, offer, (reply) => [...reply])).toBe(whole);
      for (let at = 1; at < LONGEST_REPLY; at += 1) {
        const inTwo: Cut = (reply) => [reply.slice(0, at), reply.slice(at)].filter((part) => part !== '');
        expect(await spoken(mechanism, login, offer, inTwo)).toBe(whole);
      }
    },
  );
});
