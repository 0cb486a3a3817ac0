/** PLAIN, LOGIN, CRAM-MD5 and EXTERNAL with servers that go along, refuse, or ask at the wrong place. */
import { describe, expect, it } from 'vitest';
import type { MechanismName, SessionSettings } from '#smtp';
import type { Reaction } from '../memory-wire.ts';
import { attempt, base64, clientCertificate, offers } from './logins.ts';

const TIM = { user: 'tim', password: 'tanstaaftanstaaf' };
const CHALLENGE = '334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n';

/** Each mechanism's exchange: what the server says to what the client says, up to its verdict. */
interface Exchange {
  readonly mechanism: MechanismName;
  readonly settings: () => Promise<Partial<SessionSettings>>;
  readonly turns: readonly (readonly [heard: string, said: string])[];
  readonly last: string;
  readonly shown: readonly string[];
}

const EXCHANGES: readonly Exchange[] = [
  {
    mechanism: 'PLAIN',
    settings: async () => ({ credentials: TIM }),
    turns: [],
    last: `AUTH PLAIN ${base64('\0tim\0tanstaaftanstaaf')}\r\n`,
    shown: ['client AUTH PLAIN <…>'],
  },
  {
    mechanism: 'LOGIN',
    settings: async () => ({ credentials: TIM }),
    turns: [
      ['AUTH LOGIN\r\n', '334 VXNlcm5hbWU6\r\n'],
      [`${base64('tim')}\r\n`, '334 UGFzc3dvcmQ6\r\n'],
    ],
    last: `${base64('tanstaaftanstaaf')}\r\n`,
    shown: ['client AUTH LOGIN', 'server 334 VXNlcm5hbWU6', 'client <…>', 'server 334 UGFzc3dvcmQ6', 'client <…>'],
  },
  {
    mechanism: 'CRAM-MD5',
    settings: async () => ({ credentials: TIM }),
    turns: [['AUTH CRAM-MD5\r\n', CHALLENGE]],
    // RFC 2195 §2.
    last: 'dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n',
    shown: ['client AUTH CRAM-MD5', 'server 334 <…>', 'client <…>'],
  },
  {
    mechanism: 'EXTERNAL',
    settings: async () => ({ credentials: { external: true }, clientCertificate: await clientCertificate() }),
    turns: [],
    last: 'AUTH EXTERNAL =\r\n',
    shown: ['client AUTH EXTERNAL <…>'],
  },
];

describe.each(EXCHANGES)('a login by $mechanism', ({ mechanism, settings, turns, last, shown }) => {
  const upTo = (verdict: Reaction) =>
    offers(mechanism, { ...Object.fromEntries(turns.map(([heard, said]) => [heard, [said]])), [last]: verdict });
  const all = turns.map(([heard]) => heard).join('') + last;

  it('is made as its RFC has it, and shown without what is secret', async () => {
    const result = await attempt(upTo(['235 2.7.0 welcome\r\n']), await settings());
    expect(result.outcome).toMatchObject({ usable: true });
    expect(result.said).toBe(all);
    expect(result.shown).toEqual([...shown, 'server 235 2.7.0 welcome']);
  });

  it.each([
    ['535 5.7.8 no\r\n', false],
    ['454 4.7.0 later\r\n', true],
  ])('is refused by %j, and not tried again', async (reply, temporary) => {
    const result = await attempt(upTo([reply]), await settings());
    expect(result.outcome).toMatchObject({
      code: 'ERR_SMTP_AUTH',
      temporary,
      reply: { code: Number(reply.slice(0, 3)) },
    });
    expect(result.said).toBe(all);
  });

  it.each(['334 \r\n', '334 VXNlcm5hbWU6\r\n', CHALLENGE, '334 =AAA\r\n', '334 go on\r\n'])(
    'is given up at one challenge more, %j',
    async (reply) => {
      const result = await attempt(upTo([reply]), await settings());
      expect(result.outcome).toMatchObject({ code: 'ERR_SMTP_AUTH', temporary: false, reply: { code: 501 } });
      expect(String(result.outcome)).not.toContain(reply.slice(4, -2) || '334');
      expect(result.said).toBe(`${all}*\r\n`);
      expect(result.wire.closed).toBe('ended');
    },
  );

  it.each(['235 welcome\r\n', '334 \r\n', '250 ok\r\n', '354 go\r\n'])(
    'is over when the server takes the end of it for %j',
    async (reply) => {
      const hears = upTo(['334 AAAA\r\n']);
      const result = await attempt((heard) => (heard === '*\r\n' ? [reply] : hears(heard)), await settings());
      expect(result.outcome).toMatchObject({ code: 'ERR_SMTP_AUTH', temporary: false });
      expect(result.said).toBe(`${all}*\r\n`);
      expect(result.wire.closed).toBe('destroyed');
    },
  );

  it.each(['250 ok\r\n', '354 go\r\n', '221 bye\r\n', '251 <other@example.org>\r\n', '551 <other@example.org>\r\n'])(
    'is not made by %j',
    async (reply) => {
      const result = await attempt(upTo([reply]), await settings());
      expect(result.outcome).toMatchObject({ code: 'ERR_SMTP_AUTH' });
      expect(result.said).toBe(all);
    },
  );
});

describe.each(EXCHANGES.filter(({ turns }) => turns.length > 0))('the exchange of $mechanism', (exchange) => {
  const { mechanism, settings, turns } = exchange;

  it.each(['235 welcome\r\n', '250 ok\r\n'])('is not cut short by %j', async (reply) => {
    for (const [index, [heard]] of turns.entries()) {
      const answers = Object.fromEntries(turns.map(([asked, said]) => [asked, [said]]));
      const result = await attempt(offers(mechanism, { ...answers, [heard]: [reply] }), await settings());
      expect(result.outcome).toMatchObject({ code: 'ERR_SMTP_AUTH' });
      expect(result.said).toBe(
        turns
          .slice(0, index + 1)
          .map(([asked]) => asked)
          .join(''),
      );
      expect(result.wire.closed).toBe('destroyed');
    }
  });
});

describe('LOGIN', () => {
  it.each([
    ['the password first', { 'AUTH LOGIN\r\n': ['334 UGFzc3dvcmQ6\r\n'] }, 'AUTH LOGIN\r\n'],
    [
      'the user twice',
      { 'AUTH LOGIN\r\n': ['334 VXNlcm5hbWU6\r\n'], 'dGlt\r\n': ['334 VXNlcm5hbWU6\r\n'] },
      'AUTH LOGIN\r\ndGlt\r\n',
    ],
    ['what is no base64', { 'AUTH LOGIN\r\n': ['334 Username:\r\n'] }, 'AUTH LOGIN\r\n'],
  ])('says no password to a server that asks for %s', async (_what, answers, said) => {
    const result = await attempt(offers('LOGIN', answers), { credentials: TIM });
    expect(result.outcome).toMatchObject({ code: 'ERR_SMTP_AUTH', temporary: false });
    expect(result.said).toBe(`${said}*\r\n`);
  });

  it('answers a server that asks in words of its own', async () => {
    const answers = {
      'AUTH LOGIN\r\n': [`334 ${base64('¿Quién es?')}\r\n`],
      'dGlt\r\n': ['334 \r\n'],
      [`${base64(TIM.password)}\r\n`]: ['235 ok\r\n'],
    };
    expect((await attempt(offers('LOGIN', answers), { credentials: TIM })).outcome).toMatchObject({ usable: true });
  });
});

describe('CRAM-MD5', () => {
  it.each(['334 \r\n', '334 <1896@host>\r\n', '334 PDE\r\n'])('has no digest for the challenge %j', async (reply) => {
    const answers = { 'AUTH CRAM-MD5\r\n': [reply] };
    const { outcome, said } = await attempt(offers('CRAM-MD5', answers), { credentials: TIM });
    expect(outcome).toMatchObject({ code: 'ERR_SMTP_AUTH', temporary: false });
    expect(said).toBe('AUTH CRAM-MD5\r\n*\r\n');
  });
});

describe('EXTERNAL', () => {
  it('names whom the client acts for', async () => {
    const settings = {
      credentials: { external: true, user: 'jose\u0301@example.com' } as const,
      clientCertificate: await clientCertificate(),
    };
    const line = `AUTH EXTERNAL ${base64('josé@example.com')}\r\n`;
    const { outcome, said } = await attempt(offers('EXTERNAL', { [line]: ['235 ok\r\n'] }), settings);
    expect(outcome).toMatchObject({ usable: true });
    expect(said).toBe(line);
  });
});
