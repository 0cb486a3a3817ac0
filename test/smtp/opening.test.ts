/** What a server may answer on the way to a session, and what the client makes of it. */
import { describe, expect, it } from 'vitest';
import { AuthError } from '#smtp';
import type { Reaction } from './memory-wire.ts';
import { scene, send } from './sessions.ts';

const EHLO = 'EHLO client.example.com\r\n';
const HELO = 'HELO client.example.com\r\n';
const credentials = { user: 'usuaria', password: 'contraseña' };

describe('a server that refuses EHLO', () => {
  it.each(['500 what\r\n', '502 not implemented\r\n', '504 not so\r\n'])('with %j gets HELO', async (reply) => {
    const { wire, open } = scene({ [EHLO]: [reply], [HELO]: ['250 old.example.edu\r\n'] });
    const session = await open();
    expect(wire.heard).toBe(EHLO + HELO);
    expect(session.extensions.has('8BITMIME')).toBe(false);
    expect((await send(session)).recipients).toMatchObject([{ outcome: 'accepted' }]);
    expect(wire.heard).toContain('MAIL FROM:<news@example.com>\r\n');
  });

  it.each(['501 bad name\r\n', '550 not you\r\n', '421 closing\r\n', '451 later\r\n'])(
    'with %j does not',
    async (reply) => {
      const { wire, open } = scene({ [EHLO]: [reply] });
      await expect(open()).rejects.toMatchObject({ code: 'ERR_SMTP_REPLY', step: 'EHLO' });
      expect(wire.heard).not.toContain('HELO');
    },
  );

  it.each([
    ['implicit-tls', undefined, 'ERR_SMTP_REPLY'],
    ['implicit-tls', credentials, 'ERR_SMTP_REPLY'],
    ['starttls', undefined, 'ERR_SMTP_TLS_REQUIRED'],
    ['starttls', credentials, 'ERR_SMTP_TLS_REQUIRED'],
  ] as const)('gets no HELO under security %s', async (security, login, code) => {
    const { wire, open } = scene({ [EHLO]: ['502 what\r\n'] }, { tlsFirst: security === 'implicit-tls' });
    await expect(open({ security, ...(login === undefined ? {} : { credentials: login }) })).rejects.toMatchObject({
      code,
    });
    expect(wire.heard.replace('<TLS>', '')).toBe(`${EHLO}QUIT\r\n`);
  });
});

describe('a greeting', () => {
  it.each(['521 5.3.2 takes no mail\r\n', '554 no service\r\n', '451 later\r\n'])(
    '%j is answered with QUIT alone',
    async (greeting) => {
      const { wire, open } = scene({ greeting: [greeting] });
      await expect(open()).rejects.toMatchObject({ code: 'ERR_SMTP_REPLY', step: 'greeting' });
      expect(wire.heard).toBe('QUIT\r\n');
      expect(wire.closed).toBe('ended');
    },
  );

  it('is waited for: nothing is said before it', async () => {
    const { wire, open, time } = scene({ greeting: 'nothing' });
    const opening = open();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(wire.heard).toBe('');
    wire.say('220 mail.example.com\r\n');
    await opening;
    expect(wire.heard).toBe(EHLO);
    expect(time.pending).toBe(0);
  });
});

describe('a login', () => {
  const offers = (mechanism: string, answers: Record<string, Reaction>) => (heard: string) =>
    heard === EHLO ? [`250-mail.example.com\r\n250 AUTH ${mechanism}\r\n`] : (answers[heard] ?? ['235 ok\r\n']);

  it('says user and password in UTF-8, as they are', async () => {
    // The second has its tilde as a character of its own: preparing the two for comparison is the server's (RFC 4616 §2).
    for (const password of [credentials.password, 'contrasen\u0303a']) {
      const plain = scene({}, { hears: offers('PLAIN', {}), tlsFirst: true });
      await plain.open({ security: 'implicit-tls', credentials: { ...credentials, password } });
      const response = /AUTH PLAIN (.*)\r\n/.exec(plain.wire.heard)?.[1] ?? '';
      expect(Buffer.from(response, 'base64')).toEqual(Buffer.from(`\0usuaria\0${password}`, 'utf8'));
    }
    const challenges: Record<string, Reaction> = {
      'AUTH LOGIN\r\n': ['334 VXNlcm5hbWU6\r\n'],
      'dXN1YXJpYQ==\r\n': ['334 UGFzc3dvcmQ6\r\n'],
    };
    const login = scene({}, { hears: offers('LOGIN', challenges), tlsFirst: true });
    await login.open({ security: 'implicit-tls', credentials });
    expect(login.wire.heard).toBe(`<TLS>${EHLO}AUTH LOGIN\r\ndXN1YXJpYQ==\r\nY29udHJhc2XDsWE=\r\n`);
  });

  it.each([
    ['421 closing', true],
    ['432 4.7.12 a password transition is needed', true],
    ['454 4.7.0 temporary authentication failure', true],
    ['500 5.5.6 line too long', false],
    ['504 no such mechanism', false],
    ['530 5.7.0 authentication required', false],
    ['534 5.7.9 mechanism is too weak', false],
    ['535 5.7.8 credentials invalid', false],
    ['538 5.7.11 encryption required', false],
  ])('refused with %j may be good later: %s', async (reply, temporary) => {
    const answers = { 'AUTH PLAIN AHVzdWFyaWEAY29udHJhc2XDsWE=\r\n': [`${reply}\r\n`] };
    const { wire, open } = scene({}, { hears: offers('PLAIN', answers), tlsFirst: true });
    const error = await open({ security: 'implicit-tls', credentials }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({ code: 'ERR_SMTP_AUTH', step: 'AUTH', temporary });
    // Once a session, and no mail after it.
    expect(wire.heard.match(/AUTH/g)).toHaveLength(1);
    expect(wire.heard).not.toContain('MAIL');
  });

  it.each(['354 go\r\n', '250 ok\r\n', '334 AAAA\r\n'])('is not made by %j', async (reply) => {
    const answers = { 'AUTH PLAIN AHVzdWFyaWEAY29udHJhc2XDsWE=\r\n': [reply], '*\r\n': ['501 cancelled\r\n'] };
    const { wire, open } = scene({}, { hears: offers('PLAIN', answers), tlsFirst: true });
    await expect(open({ security: 'implicit-tls', credentials })).rejects.toMatchObject({ code: 'ERR_SMTP_AUTH' });
    expect(wire.closed).not.toBeNull();
  });
});
