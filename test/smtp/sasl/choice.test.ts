/** Which mechanism is used, and what is never said. */
import { describe, expect, it } from 'vitest';
import { AuthError, type Credentials, MECHANISM_NAMES, type MechanismName, SettingsError } from '#smtp';
import { scene } from '../sessions.ts';
import { attempt, base64, clientCertificate, EHLO, EXPORTED, offers, PASSWORD, random } from './logins.ts';

const TOKEN: Credentials = { user: 'user', token: async () => 'token' };
const ALL = MECHANISM_NAMES.join(' ');
const without = (...names: string[]) =>
  ALL.split(' ')
    .filter((name) => !names.includes(name))
    .join(' ');

/** The mechanism that the client named in AUTH; `null` where it sent none. */
async function used(mechanisms: string, settings: object = {}, options?: Parameters<typeof attempt>[2]) {
  const { said } = await attempt(offers(mechanisms), settings, options ?? { random, binding: EXPORTED });
  return /^AUTH (\S+)/.exec(said)?.[1] ?? null;
}

describe('the mechanism of a login', () => {
  it.each([
    [ALL, 'SCRAM-SHA-256-PLUS'],
    [without('SCRAM-SHA-256-PLUS'), 'SCRAM-SHA-256'],
    ['PLAIN SCRAM-SHA-1 SCRAM-SHA-1-PLUS', 'SCRAM-SHA-1-PLUS'],
    ['LOGIN PLAIN SCRAM-SHA-1', 'SCRAM-SHA-1'],
    ['CRAM-MD5 LOGIN PLAIN', 'PLAIN'],
    ['CRAM-MD5 LOGIN', 'LOGIN'],
    ['CRAM-MD5', 'CRAM-MD5'],
    ['plain login scram-sha-256', 'SCRAM-SHA-256'],
    ['OAUTHBEARER XOAUTH2 EXTERNAL', null],
    ['DIGEST-MD5 GSSAPI NTLM ANONYMOUS', null],
    ['', null],
  ])('for a password, of %s, is %s', async (offered, name) => expect(await used(offered)).toBe(name));

  it.each([
    [ALL, 'OAUTHBEARER'],
    [without('OAUTHBEARER'), 'XOAUTH2'],
    ['PLAIN LOGIN CRAM-MD5 SCRAM-SHA-256 EXTERNAL', null],
  ])('for a token, of %s, is %s', async (offered, name) => {
    expect(await used(offered, { credentials: TOKEN })).toBe(name);
  });

  it('for a client certificate is EXTERNAL alone', async () => {
    const settings = { credentials: { external: true } as const, clientCertificate: await clientCertificate() };
    expect(await used(ALL, settings)).toBe('EXTERNAL');
    expect(await used(without('EXTERNAL'), settings)).toBeNull();
  });

  it.each(MECHANISM_NAMES.filter((name) => !['OAUTHBEARER', 'XOAUTH2', 'EXTERNAL'].includes(name)))(
    'is %s where the settings name it, and none where the server has it not',
    async (mechanism) => {
      expect(await used(ALL, { mechanism })).toBe(mechanism);
      expect(await used(without(mechanism), { mechanism })).toBeNull();
    },
  );

  it('is none with channel binding on a connection that has none', async () => {
    expect(await used(ALL, {}, { random })).toBe('SCRAM-SHA-256');
    const { said, outcome } = await attempt(offers(ALL), { mechanism: 'SCRAM-SHA-256-PLUS' }, { random });
    expect(said).toBe('');
    expect(String(outcome)).toContain(
      'SCRAM-SHA-256-PLUS is wanted, and a TLS connection that a login can be bound to',
    );
  });

  it('is none with a nonce where there is no chance', async () => {
    expect(await used(ALL, {}, { binding: EXPORTED })).toBe('PLAIN');
    expect(await used('SCRAM-SHA-256', {}, {})).toBeNull();
  });

  it('has a nonce as long as it is asked for, or is not used', async () => {
    const { said, outcome } = await attempt(offers(ALL), {}, { random: () => new Uint8Array(3) });
    expect(String(outcome)).toBe('Error: Cannot make a nonce: 18 random octets are wanted');
    expect(said).toBe('');
  });
});

describe('a mechanism that the settings name', () => {
  const pairs: readonly (readonly [MechanismName, Credentials])[] = [
    ['PLAIN', TOKEN],
    ['SCRAM-SHA-256', TOKEN],
    ['EXTERNAL', PASSWORD],
    ['XOAUTH2', PASSWORD],
    ['OAUTHBEARER', { external: true }],
    ['CRAM-MD5', { external: true }],
  ];
  it.each(pairs)(
    '%s is refused with credentials of another kind, before anything is sent',
    async (mechanism, login) => {
      const { wire, open } = scene();
      const opening = open({ security: 'starttls', credentials: login, mechanism });
      await expect(opening).rejects.toMatchObject({ code: 'ERR_SMTP_SETTINGS', field: 'mechanism' });
      expect(wire.heard).toBe('');
    },
  );

  it.each(['SCRAM-SHA-256', 'SCRAM-SHA-1-PLUS'] as const)(
    '%s is refused with a user or password that SASLprep prohibits, before anything is sent',
    async (mechanism) => {
      for (const credentials of [
        { user: 'user', password: 'S3cr3t\u0007' },
        { user: 'us\u202eer', password: 'S3cr3t' },
      ]) {
        const { wire, open } = scene();
        const error = await open({ security: 'starttls', credentials, mechanism }).catch((thrown) => thrown);
        expect(error).toBeInstanceOf(SettingsError);
        expect(error.message).not.toContain('S3cr3t');
        expect(wire.heard).toBe('');
      }
    },
  );

  it('EXTERNAL is refused without a client certificate', async () => {
    const { wire, open } = scene();
    await expect(open({ security: 'starttls', credentials: { external: true } })).rejects.toMatchObject({
      code: 'ERR_SMTP_SETTINGS',
      field: 'credentials',
    });
    expect(wire.heard).toBe('');
  });
});

describe('a password that SASLprep prohibits', () => {
  const credentials = { user: 'user', password: 'S3cr3t\u0007' };

  it('is not said by another mechanism where SCRAM is the best', async () => {
    const { outcome, said } = await attempt(offers('SCRAM-SHA-256 PLAIN'), { credentials });
    expect(outcome).toBeInstanceOf(AuthError);
    expect(outcome).toMatchObject({ temporary: false });
    expect(String(outcome)).toContain('the password holds a control character');
    expect(String(outcome)).not.toContain('S3cr3t');
    expect(said).toBe('');
  });

  it('is said where the settings name a mechanism that takes it', async () => {
    const { said } = await attempt(offers('SCRAM-SHA-256 PLAIN'), { credentials, mechanism: 'PLAIN' });
    expect(said).toBe(`AUTH PLAIN ${base64('\0user\0S3cr3t\u0007')}\r\n`);
  });
});

describe('without TLS', () => {
  const kinds: readonly Credentials[] = [PASSWORD, TOKEN, { external: true }];

  it.each(kinds)('nothing of %j is said, whatever the server offers', async (credentials) => {
    const { wire, open } = scene({ [EHLO]: [`250-mail.example.com\r\n250 AUTH ${ALL}\r\n`] });
    const isExternal = 'external' in credentials;
    const settings = { credentials, ...(isExternal ? { clientCertificate: await clientCertificate() } : {}) };
    await expect(open({ ...settings, security: 'none' })).rejects.toMatchObject({
      code: isExternal ? 'ERR_SMTP_SETTINGS' : 'ERR_SMTP_TLS_REQUIRED',
    });
    expect(wire.heard).toBe('');
    await expect(open({ ...settings, security: 'starttls' })).rejects.toMatchObject({ code: 'ERR_SMTP_TLS_REQUIRED' });
    expect(wire.heard).toBe(`${EHLO}QUIT\r\n`);
  });

  it('an offer counts for nothing: what comes after TLS is the offer', async () => {
    const said = { plain: false };
    const hears = (heard: string) => {
      if (heard === 'STARTTLS\r\n') return ['220 go\r\n'];
      if (heard !== EHLO) return ['535 no\r\n'];
      const offer = said.plain ? 'PLAIN' : 'SCRAM-SHA-256';
      said.plain = true;
      return [`250-mail.example.com\r\n250-STARTTLS\r\n250 AUTH ${offer}\r\n`];
    };
    const { wire, open } = scene({}, { hears }, random);
    const mechanism = 'SCRAM-SHA-256';
    const opening = open({ security: 'starttls', credentials: PASSWORD, mechanism });
    await expect(opening).rejects.toMatchObject({ code: 'ERR_SMTP_AUTH' });
    expect(wire.heard).not.toContain('AUTH');
  });
});
