/** Logins by access token: the source, its one refresh, and what servers may answer. */
import { describe, expect, it } from 'vitest';
import { AuthError, type TokenCredentials } from '#smtp';
import { type Reaction, settled } from '../memory-wire.ts';
import { scene } from '../sessions.ts';
import { attempt, base64, EHLO, offers } from './logins.ts';

const XOAUTH2 = (token: string) => base64(`user=ana@example.com\u0001auth=Bearer ${token}\u0001\u0001`);
const OAUTHBEARER = (token: string) =>
  base64(`n,a=ana@example.com,\u0001host=mail.example.com\u0001port=25\u0001auth=Bearer ${token}\u0001\u0001`);
const EXPIRED = base64('{"status":"invalid_token","schemes":"bearer"}');

/** A source that gives these, one after the other, and tells what it was asked. */
function source(...tokens: (string | Error)[]): TokenCredentials & { readonly asked: boolean[] } {
  const asked: boolean[] = [];
  const token = async ({ refresh }: { refresh: boolean }): Promise<string> => {
    asked.push(refresh);
    const next = tokens.shift() ?? new Error('asked too often');
    if (next instanceof Error) throw next;
    return next;
  };
  return { user: 'ana@example.com', token, asked };
}

/** Each mechanism: its message, and how it answers the challenge in which a server refuses. */
const KINDS = [
  { mechanism: 'OAUTHBEARER', message: OAUTHBEARER, finish: 'AQ==' },
  { mechanism: 'XOAUTH2', message: XOAUTH2, finish: '' },
] as const;

describe.each(KINDS)('a login by $mechanism', ({ mechanism, message, finish }) => {
  const auth = (token: string) => `AUTH ${mechanism} ${message(token)}\r\n`;

  it('is made by one line', async () => {
    const credentials = source('t0ken');
    const { outcome, said, shown } = await attempt(offers(mechanism, { [auth('t0ken')]: ['235 2.7.0 welcome\r\n'] }), {
      credentials,
    });
    expect(outcome).toMatchObject({ usable: true });
    expect(said).toBe(auth('t0ken'));
    expect(shown).toEqual([`client AUTH ${mechanism} <…>`, 'server 235 2.7.0 welcome']);
    expect(credentials.asked).toEqual([false]);
  });

  it('asks for a newer token once, and logs in with it', async () => {
    const credentials = source('old', 'new');
    const { outcome, said } = await attempt(
      offers(mechanism, {
        [auth('old')]: [`334 ${EXPIRED}\r\n`],
        [`${finish}\r\n`]: ['535 5.7.8 expired\r\n'],
        [auth('new')]: ['235 ok\r\n'],
      }),
      { credentials },
    );
    expect(outcome).toMatchObject({ usable: true });
    expect(said).toBe(`${auth('old')}${finish}\r\n${auth('new')}`);
    expect(credentials.asked).toEqual([false, true]);
  });

  it('asks no third time', async () => {
    const credentials = source('old', 'new', 'newest');
    const { outcome, said } = await attempt(offers(mechanism), { credentials });
    expect(outcome).toBeInstanceOf(AuthError);
    expect(outcome).toMatchObject({ temporary: false, reply: { code: 535 } });
    expect(said).toBe(auth('old') + auth('new'));
    expect(credentials.asked).toEqual([false, true]);
  });

  it.each([
    ['has no newer one', new Error('no refresh token')],
    ['gives the same again', 'old'],
    ['gives one that is none', 'not a token'],
  ])('fails with what the server said where the source %s', async (_what, second) => {
    const credentials = source('old', second);
    const { outcome, said } = await attempt(
      offers(mechanism, { [auth('old')]: [`334 ${EXPIRED}\r\n`], [`${finish}\r\n`]: ['535 5.7.8 expired\r\n'] }),
      { credentials },
    );
    expect(String(outcome)).toBe(
      `AuthError: Cannot log in: server replied "535 5.7.8 expired" to AUTH ${mechanism} (invalid_token), the settings need a user and token that it takes`,
    );
    expect(said).toBe(`${auth('old')}${finish}\r\n`);
  });

  it.each(['454 4.7.0 later\r\n', '432 4.7.12 transition\r\n', '421 closing\r\n', '504 5.5.4 no\r\n', '530 no\r\n'])(
    'keeps to its token when the server says %j, which is not about it',
    async (reply) => {
      const credentials = source('old', 'new');
      const { outcome } = await attempt(offers(mechanism, { [auth('old')]: [reply] }), { credentials });
      expect(outcome).toMatchObject({ code: 'ERR_SMTP_AUTH', temporary: reply.startsWith('4') });
      expect(credentials.asked).toEqual([false]);
    },
  );

  it.each(['235 2.7.0 welcome\r\n', '250 ok\r\n', '334 \r\n'])('is not made by %j after a refusal', async (reply) => {
    const credentials = source('old', 'new');
    const { outcome, wire } = await attempt(
      offers(mechanism, { [auth('old')]: [`334 ${EXPIRED}\r\n`], [`${finish}\r\n`]: [reply] }),
      { credentials },
    );
    expect(outcome).toMatchObject({ code: 'ERR_SMTP_AUTH', temporary: false });
    expect(wire.closed).not.toBeNull();
    expect(credentials.asked).toEqual([false]);
  });

  it.each(['334 \r\n', '334 e30\r\n', `334 ${base64('{"status')}\r\n`, `334 ${base64('Password:')}\r\n`])(
    'is given up at the challenge %j',
    async (reply) => {
      const credentials = source('old', 'new');
      const { outcome, said } = await attempt(offers(mechanism, { [auth('old')]: [reply] }), { credentials });
      expect(outcome).toMatchObject({ code: 'ERR_SMTP_AUTH', temporary: false, reply: { code: 501 } });
      expect(said).toBe(`${auth('old')}*\r\n`);
      expect(credentials.asked).toEqual([false]);
    },
  );

  it('waits to be asked for a token that makes AUTH longer than a command line', async () => {
    // Its line stays below the 12,288 octets of an AUTH exchange.
    const long = 'x'.repeat(9_000);
    const credentials = source(long);
    const { outcome, said, shown } = await attempt(
      offers(mechanism, { [`AUTH ${mechanism}\r\n`]: ['334 \r\n'], [`${message(long)}\r\n`]: ['235 ok\r\n'] }),
      { credentials },
    );
    expect(outcome).toMatchObject({ usable: true });
    expect(said).toBe(`AUTH ${mechanism}\r\n${message(long)}\r\n`);
    expect(shown).toEqual([`client AUTH ${mechanism}`, 'server 334', 'client <…>', 'server 235 ok']);
  });

  it.each([
    ['a challenge that asks for something', [`334 ${base64('Username:')}\r\n`], '*\r\n'],
    ['a refusal', ['504 5.5.4 no such mechanism\r\n'], ''],
    ['a welcome', ['235 ok\r\n'], ''],
  ] as const)('says no such token after %s', async (_what, reply, after) => {
    const credentials = source('x'.repeat(600));
    const { outcome, said } = await attempt(offers(mechanism, { [`AUTH ${mechanism}\r\n`]: reply }), { credentials });
    expect(outcome).toMatchObject({ code: 'ERR_SMTP_AUTH' });
    expect(said).toBe(`AUTH ${mechanism}\r\n${after}`);
  });

  it('says AUTH with its message on a line of 512 octets, and not on one of more', async () => {
    const lengths: number[] = [];
    for (let length = 200; length < 400; length += 1) {
      const { said } = await attempt(offers(mechanism), { credentials: source('x'.repeat(length)) });
      if (said.startsWith(`AUTH ${mechanism} `)) lengths.push(said.length);
    }
    expect(Math.max(...lengths)).toBeLessThanOrEqual(512);
    expect(Math.max(...lengths)).toBeGreaterThan(508);
  });
});

describe('a token', () => {
  it.each(['', 'a b', 'a\u0001auth=Bearer b', 'a\r\nRSET', 'a=b', '=', 'ñ', null, undefined, 7])(
    'is no token as %j, and no AUTH is said',
    async (token) => {
      const credentials = { user: 'ana@example.com', token: async () => token as string };
      const { outcome, said } = await attempt(offers('XOAUTH2'), { credentials });
      expect(String(outcome)).toBe('AuthError: Cannot log in: the token is no bearer token (RFC 6750)');
      expect(outcome).toMatchObject({ temporary: false });
      expect(said).toBe('');
    },
  );

  it('that is not to be had is a failure that may be none later', async () => {
    const cause = new Error('the token endpoint is down');
    const { outcome, said } = await attempt(offers('XOAUTH2'), { credentials: source(cause) });
    expect(String(outcome)).toBe('AuthError: Cannot log in: no access token was to be had');
    expect(outcome).toMatchObject({ temporary: true, cause });
    expect(said).toBe('');
  });

  it.each([{ user: '' }, { user: 'a\u0001b' }, { user: 'a\nb' }, { token: 'a token itself' }])(
    'has a user and a source, not %j, or nothing is sent',
    async (wrong) => {
      const { wire, open } = scene();
      const credentials = { ...source('t'), ...wrong } as TokenCredentials;
      await expect(open({ security: 'starttls', credentials })).rejects.toMatchObject({ code: 'ERR_SMTP_SETTINGS' });
      expect(wire.heard).toBe('');
    },
  );
});

describe('a token source that takes its time', () => {
  const never: TokenCredentials = { user: 'ana@example.com', token: () => new Promise(() => {}) };
  const start = () => {
    const stage = scene({}, { hears: offers('XOAUTH2'), tlsFirst: true });
    const opening = stage.open({ security: 'implicit-tls', credentials: never }).catch((thrown: Error) => thrown);
    return { ...stage, opening };
  };

  it('is waited for no longer than for a reply', async () => {
    const { opening, time, wire } = start();
    await settled();
    time.advance(119_999);
    expect(wire.closed).toBeNull();
    time.advance(1);
    expect(String(await opening)).toBe('TimeoutError: Cannot log in: the access token did not come within 120 s');
    expect(wire.closed).toBe('destroyed');
    expect(time.pending).toBe(0);
  });

  it.each<[string, Reaction]>([
    ['something', ['250 ok\r\n']],
    ['that it closes', ['421 closing\r\n']],
  ])('is not waited for when the server says %s', async (_what, reaction) => {
    const { opening, time, wire } = start();
    await settled();
    for (const segment of reaction) wire.say(String(segment));
    expect(await opening).toMatchObject({ step: 'AUTH' });
    expect(wire.heard).toBe(`<TLS>${EHLO}`);
    expect(time.pending).toBe(0);
  });

  it('is not waited for when the connection is gone', async () => {
    const { opening, time, wire } = start();
    await settled();
    wire.cut();
    expect(await opening).toMatchObject({ code: 'ERR_SMTP_CONNECTION_LOST', step: 'AUTH' });
    expect(time.pending).toBe(0);
  });
});
