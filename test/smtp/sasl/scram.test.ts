/** SCRAM against a server of its own kind, and against servers that are none. */
import { describe, expect, it } from 'vitest';
import { AuthError, type ChannelBinding, type MechanismName } from '#smtp';
import type { Reaction } from '../memory-wire.ts';
import { attempt, base64, EXPORTED, PASSWORD, random } from './logins.ts';
import { challenge, ScramServer, type ScramServerOptions } from './scram-server.ts';

const MECHANISM = 'SCRAM-SHA-256';

async function logIn(options: Partial<ScramServerOptions> = {}, settings: object = {}, binding?: ChannelBinding) {
  const server = new ScramServer({ mechanism: MECHANISM, ...options });
  const means = binding === undefined ? { random } : { random, binding };
  return { server, ...(await attempt(server.hears, settings, means)) };
}

const FAMILIES: readonly MechanismName[] = ['SCRAM-SHA-256', 'SCRAM-SHA-1'];
const END_POINT: ChannelBinding = { type: 'tls-server-end-point', data: Buffer.alloc(32, 9) };

describe('a login by SCRAM', () => {
  it.each(FAMILIES)('with %s is made, and the password is never said', async (mechanism) => {
    const { outcome, said, shown, server } = await logIn({ mechanism });
    expect(outcome).toMatchObject({ usable: true });
    expect(said.split('\r\n')).toEqual([
      `AUTH ${mechanism} ${base64('n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL')}`,
      expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
      // Its answer to the server's proof.
      '',
      '',
    ]);
    expect(server.heard[1]).toMatch(/^c=biws,r=fyko\+d2lbbFgONRv9qkxdawL%hvYDpWUa2RaTCAfuxFIlj\)hNlF\$k0,p=[^,]+$/);
    expect(shown).toEqual([
      `client AUTH ${mechanism} <…>`,
      'server 334 <…>',
      'client <…>',
      'server 334 <…>',
      'client <…>',
      'server 235 2.7.0 welcome',
    ]);
  });

  it.each(FAMILIES)('with %s-PLUS is bound to its connection', async (family) => {
    for (const binding of [EXPORTED, END_POINT]) {
      const mechanism = `${family}-PLUS` as MechanismName;
      const { outcome, server } = await logIn({ mechanism, binding }, {}, binding);
      expect(outcome).toMatchObject({ usable: true });
      expect(server.heard[0]).toBe(`p=${binding.type},,n=user,r=fyko+d2lbbFgONRv9qkxdawL`);
      const bound = Buffer.concat([Buffer.from(`p=${binding.type},,`), binding.data]).toString('base64');
      expect(server.heard[1]).toMatch(new RegExp(`^c=${bound.replaceAll('+', '\\+')},r=`));
    }
  });

  it.each([
    // RFC 5802 §6.
    ['y', 'that could be bound, where the server seems not to bind', 'SCRAM-SHA-256 PLAIN', undefined, EXPORTED],
    [
      'n',
      'that could be bound, where the settings do without',
      'SCRAM-SHA-256-PLUS SCRAM-SHA-256',
      MECHANISM,
      EXPORTED,
    ],
    ['n', 'that cannot be bound', 'SCRAM-SHA-256 PLAIN', undefined, undefined],
    ['n', 'that cannot be bound to a server that would', 'SCRAM-SHA-256-PLUS SCRAM-SHA-256', undefined, undefined],
  ] as const)('says "%s" of a connection %s', async (flag, _what, offers, mechanism, binding) => {
    const { outcome, server } = await logIn({ offers }, mechanism === undefined ? {} : { mechanism }, binding);
    expect(outcome).toMatchObject({ usable: true });
    expect(server.heard[0]).toBe(`${flag},,n=user,r=fyko+d2lbbFgONRv9qkxdawL`);
    expect(server.heard[1]).toMatch(new RegExp(`^c=${base64(`${flag},,`)},r=`));
  });

  it('prepares user and password as the server does', async () => {
    const prepared = { user: 'José', password: 'contraseña IX' };
    const credentials = { user: 'Jose\u0301', password: 'contrasen\u0303a\u00a0\u2168' };
    expect((await logIn(prepared, { credentials })).outcome).toMatchObject({ usable: true });
  });

  it.each([4096, 4097, 600_000])('works %i iterations', async (iterations) => {
    expect((await logIn({ iterations })).outcome).toMatchObject({ usable: true });
  });

  it('passes over what the server says more by the grammar', async () => {
    const { outcome } = await logIn({ extensions: ',x=1,y=a=b', final: (message) => challenge(`${message},z=1`) });
    expect(outcome).toMatchObject({ usable: true });
  });

  it('with a wrong password is refused in the words of the RFC', async () => {
    const { outcome, said } = await logIn({ password: 'pen' });
    expect(outcome).toBeInstanceOf(AuthError);
    expect(outcome).toMatchObject({ temporary: false, reply: { code: 535 } });
    expect(String(outcome)).toContain(
      'server replied "535 5.7.8 no" to AUTH SCRAM-SHA-256 (invalid-proof), the settings need a user and password that it takes',
    );
    expect(said.split('\r\n')).toHaveLength(4);
  });

  it('bound to another connection is refused: somebody is in between', async () => {
    const { outcome } = await logIn({ mechanism: 'SCRAM-SHA-256-PLUS', binding: END_POINT }, {}, EXPORTED);
    expect(String(outcome)).toContain('(channel-bindings-dont-match)');
  });
});

/** What a server that does not know the password may try; each with what the client says of it. */
const FIRSTS: Record<string, [first: NonNullable<ScramServerOptions['first']>, problem: string]> = {
  "a nonce that does not begin with the client's": [
    (message) => challenge(message.replace('r=f', 'r=g')),
    "nonce is not the client's and more",
  ],
  "a nonce that is the client's and nothing more": [
    (_, nonce) => challenge(`r=${nonce},s=QSXCR+Q6sek8bf92,i=4096`),
    "nonce is not the client's and more",
  ],
  'a nonce that ends within the client’s': [
    (_, nonce) => challenge(`r=${nonce.slice(0, 5)},s=QSXCR+Q6sek8bf92,i=4096`),
    "nonce is not the client's and more",
  ],
  'one iteration': [(message) => challenge(message.replace('4096', '1')), 'with 1 iterations'],
  'an iteration too few': [(message) => challenge(message.replace('4096', '4095')), 'with 4095 iterations'],
  'an iteration too many': [(message) => challenge(message.replace('4096', '600001')), 'with 600001 iterations'],
  '2^31 iterations': [(message) => challenge(message.replace('4096', '2147483648')), 'with 2147483648 iterations'],
  '10^20 iterations': [
    (message) => challenge(message.replace('4096', `1${'0'.repeat(20)}`)),
    'no server-first-message',
  ],
  'no iterations': [(message) => challenge(message.replace('4096', '0')), 'no server-first-message'],
  'iterations below nought': [(message) => challenge(message.replace('4096', '-4096')), 'no server-first-message'],
  'iterations in another notation': [(message) => challenge(message.replace('4096', '4e3')), 'no server-first-message'],
  'iterations with a nought before': [
    (message) => challenge(message.replace('4096', '04096')),
    'no server-first-message',
  ],
  'an extension that is mandatory': [(message) => challenge(`m=x,${message}`), 'mandatory and unknown'],
  'one that stands elsewhere': [(message) => challenge(`${message},m=x`), 'mandatory and unknown'],
  'a salt that is no base64': [(message) => challenge(message.replace(/s=[^,]+/, 's=QSX')), 'no server-first-message'],
  'a salt with stray bits': [(message) => challenge(message.replace(/s=[^,]+/, 's=QR==')), 'no server-first-message'],
  'no salt': [(message) => challenge(message.replace(/,s=[^,]+/, '')), 'no server-first-message'],
  'an empty salt': [(message) => challenge(message.replace(/s=[^,]+/, 's=')), 'no server-first-message'],
  'its parts in another order': [
    (message) => challenge(message.split(',').toReversed().join(',')),
    'no server-first-message',
  ],
  'a line end in it': [(message) => challenge(`${message}\r\n`), 'no server-first-message'],
  'a NUL in it': [(message) => challenge(`${message},x=\0`), 'no server-first-message'],
  'its proof at once': [() => challenge('v=rmF9pqV8S7suAoZWja4dJRkFsKQ='), 'no server-first-message'],
  'an error at once': [() => challenge('e=other-error'), 'no server-first-message'],
  nothing: [() => ['334 \r\n'], 'no server-first-message'],
  'what is no base64': [() => ['334 r=abc\r\n'], 'that is no base64'],
  'base64 with a blank': [() => ['334 cj0 =\r\n'], 'that is no base64'],
  'base64 that is cut': [() => ['334 cj0\r\n'], 'that is no base64'],
  'base64 in the URL alphabet': [() => ['334 _-==\r\n'], 'that is no base64'],
  'base64 with padding in between': [() => ['334 cj0=cj0=\r\n'], 'that is no base64'],
  'a challenge of two lines': [() => ['334-cj0x\r\n334 cj0x\r\n'], 'that is no base64'],
};

const FINALS: Record<string, [final: NonNullable<ScramServerOptions['final']>, problem: string]> = {
  'a signature of zeros': [() => challenge(`v=${base64(new Uint8Array(32))}`), 'server signature of somebody'],
  'a signature with one bit changed': [
    (message) => {
      const signature = Buffer.from(message.slice(2), 'base64');
      signature.writeUInt8(signature.readUInt8(31) ^ 1, 31);
      return challenge(`v=${base64(signature)}`);
    },
    'server signature of somebody',
  ],
  'a signature that is cut': [
    (message) => challenge(`v=${base64(Buffer.from(message.slice(2), 'base64').subarray(0, 31))}`),
    'server signature of somebody',
  ],
  'a signature and more': [
    (message) => challenge(`v=${base64(Buffer.concat([Buffer.from(message.slice(2), 'base64'), Buffer.alloc(1)]))}`),
    'server signature of somebody',
  ],
  'no signature': [() => challenge('v='), 'no server-final-message'],
  'a signature that is no base64': [() => challenge('v=abc'), 'no server-final-message'],
  'something else': [() => challenge('x=1'), 'no server-final-message'],
  nothing: [() => ['334 \r\n'], 'no server-final-message'],
  'what is no base64': [() => ['334 v=1\r\n'], 'that is no base64'],
  'a server-first-message again': [() => challenge('r=abc,s=QSXCR+Q6sek8bf92,i=4096'), 'no server-final-message'],
};

describe('a server that does not know the password', () => {
  const given = (problem: string) =>
    new RegExp(`^AuthError: Cannot log in: server sent a challenge .*${problem}.* in AUTH SCRAM-SHA-256$`);

  it.each(Object.entries(FIRSTS))('is given up when it begins with %s', async (_what, [first, problem]) => {
    const { outcome, said, wire } = await logIn({ first });
    expect(String(outcome)).toMatch(given(problem));
    expect(outcome).toMatchObject({ code: 'ERR_SMTP_AUTH', temporary: false, reply: { code: 501 } });
    // Nothing that the password is in.
    expect(said).toBe(`AUTH SCRAM-SHA-256 ${base64('n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL')}\r\n*\r\n`);
    expect(wire.closed).toBe('ended');
  });

  it.each(Object.entries(FINALS))('is given up when it ends with %s', async (_what, [final, problem]) => {
    const { outcome, said } = await logIn({ final });
    expect(String(outcome)).toMatch(given(problem));
    expect(said.split('\r\n').slice(2)).toEqual(['*', '']);
  });

  it('is not believed when it takes the exchange for given up, and the client for logged in', async () => {
    const server = new ScramServer({ mechanism: MECHANISM, final: () => challenge('v=AAAA') });
    const hears = (heard: string): Reaction => (heard === '*\r\n' ? ['235 welcome\r\n'] : server.hears(heard));
    const { outcome, wire } = await attempt(hears);
    expect(outcome).toMatchObject({ code: 'ERR_SMTP_AUTH' });
    expect(wire.closed).toBe('destroyed');
    expect(wire.heard).not.toContain('QUIT');
  });

  it.each([
    ['instead of its first message', { first: () => ['235 2.7.0 welcome\r\n'] }],
    ['instead of its proof', { final: () => ['235 2.7.0 welcome\r\n'] }],
    ['with its proof in it, where none can be', { final: (m: string) => [`235 ${base64(m)}\r\n`] }],
    ['with its proof in it, in clear', { final: (m: string) => [`235 2.7.0 ${m}\r\n`] }],
    ['after an error', { password: 'pen', final: () => ['235 welcome\r\n'] }],
  ] as const)('is not believed when it says 235 %s', async (what, options) => {
    const server = new ScramServer({ mechanism: MECHANISM, ...options });
    const hears = (heard: string): Reaction =>
      heard === '\r\n' && what === 'after an error' ? ['235 welcome\r\n'] : server.hears(heard);
    const { outcome, wire } = await attempt(hears);
    expect(outcome).toMatchObject({ code: 'ERR_SMTP_AUTH', temporary: false });
    expect(String(outcome)).toContain('235 at the end of the exchange is wanted');
    expect(wire.closed).toBe('destroyed');
    expect(wire.heard).not.toContain('MAIL');
  });

  it('is given up when it goes on asking after its proof', async () => {
    const server = new ScramServer({ mechanism: MECHANISM });
    const hears = (heard: string): Reaction => (heard === '\r\n' ? challenge('r=more') : server.hears(heard));
    const { outcome, said } = await attempt(hears);
    expect(String(outcome)).toMatch(given('where none is foreseen'));
    expect(said.endsWith('\r\n\r\n*\r\n')).toBe(true);
  });

  it('gets no word of its own into the error', async () => {
    const errors = ['e=S3cr3t CANARY', 'e=\u001b[31m', `e=${'x'.repeat(100)}`];
    for (const error of errors) {
      const server = new ScramServer({ mechanism: MECHANISM, final: () => challenge(error) });
      const hears = (heard: string): Reaction => (heard === '\r\n' ? ['535 no\r\n'] : server.hears(heard));
      const { outcome } = await attempt(hears, { credentials: PASSWORD });
      expect(String(outcome)).toContain('(other-error)');
    }
  });

  it('does not keep the client working: what it says in the meantime is unasked', async () => {
    const first = (message: string): Reaction => {
      const [segment = ''] = challenge(message.replace('4096', '600000')) as readonly string[];
      return [segment, '235 2.7.0 welcome\r\n'];
    };
    const { outcome, wire, time } = await logIn({ first });
    expect(outcome).toMatchObject({ code: 'ERR_SMTP_PROTOCOL', step: 'AUTH' });
    expect(wire.closed).toBe('destroyed');
    expect(time.pending).toBe(0);
  });
});
