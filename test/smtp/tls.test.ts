/** Whom the client believes to be the server, over real TLS on loopback. */
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openSession, type SessionSettings } from '#smtp';
import { type Authority, createAuthority, createSelfSigned, type Identity } from './certificates.ts';
import { mailData } from './mails.ts';
import { type Client, type Script, serve } from './scripted-server.ts';
import { send } from './sessions.ts';
import { CREDENTIALS, greets, quietly, visit } from './tls-visits.ts';
import { VirtualTime } from './virtual-time.ts';

let authority: Authority;
let stranger: Authority;
let good: Identity;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([createAuthority(), createAuthority()]);
  good = await authority.issue({ names: ['mail.example.com', '127.0.0.1'] });
});

const open = (script: Script, settings: Partial<SessionSettings> = {}) =>
  visit(script, { ca: authority.ca, ...settings });

afterEach(() => vi.unstubAllEnvs());

describe('a certificate', () => {
  it('is good where chain and name are', async () => {
    const { how, peer, records, servername } = await open(greets(good), { servername: 'mail.example.com' });
    expect(how).toBe('ready');
    expect(servername).toBe('mail.example.com');
    expect(peer).toMatchObject({
      subject: 'CN=mail server, O=Example',
      issuer: 'CN=Test CA',
      names: 'DNS:mail.example.com, IP Address:127.0.0.1',
      protocol: 'TLSv1.3',
    });
    expect(peer?.fingerprint).toMatch(/^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
    const notes = records.filter(({ by }) => by === 'note').map(({ text }) => text);
    expect(notes).toContain('certificate subject: CN=mail server, O=Example');
    expect(notes).toContain('certificate issuer: CN=Test CA');
    expect(notes).toContain(`certificate SHA-256 fingerprint: ${peer?.fingerprint}`);
    expect(notes).toContain(`certificate valid: ${peer?.validFrom} to ${peer?.validTo}`);
    expect(notes).toContain(`TLS: TLSv1.3, ${peer?.cipher}`);
  });

  it('is asked for by name, and by no name where the host is an address', async () => {
    expect((await open(greets(good))).servername).toBe(false);
    expect((await open(greets(good), { servername: 'mail.example.com.' })).servername).toBe('mail.example.com');
  });

  it('may be shown over TLS 1.2', async () => {
    const { how, peer } = await open(greets(good, { maxVersion: 'TLSv1.2' }));
    expect(how).toBe('ready');
    expect(peer?.protocol).toBe('TLSv1.2');
  });

  const faults: readonly (readonly [fault: string, identity: () => Promise<Identity>, servername: string | null])[] = [
    ['self-signed', () => createSelfSigned(['127.0.0.1']), null],
    ['of an unknown authority', () => stranger.issue({ names: ['127.0.0.1'] }), null],
    ['of another name', () => authority.issue({ names: ['other.example.com'] }), 'mail.example.com'],
    ['of another address', () => authority.issue({ names: ['127.0.0.2'] }), null],
    ['of a name where an address is wanted', () => authority.issue({ names: ['mail.example.com'] }), null],
    ['of an address written as a name', () => authority.issue({ names: ['x127.0.0.1'] }), null],
    ['expired', () => authority.issue({ names: ['127.0.0.1'], days: [-30, -1] }), null],
    ['not yet valid', () => authority.issue({ names: ['127.0.0.1'], days: [1, 30] }), null],
    [
      'named by its common name only',
      () => authority.issue({ names: null, subject: 'CN=mail.example.com' }),
      'mail.example.com',
    ],
    [
      'named by its common name, beside another name',
      () => authority.issue({ names: ['other.example.com'], subject: 'CN=mail.example.com' }),
      'mail.example.com',
    ],
    [
      'named by its common name, beside a mail address',
      () => authority.issue({ names: ['postmaster@mail.example.com'], subject: 'CN=mail.example.com' }),
      'mail.example.com',
    ],
    [
      'named by its common name, beside an address',
      () => authority.issue({ names: ['192.0.2.1'], subject: 'CN=mail.example.com' }),
      'mail.example.com',
    ],
    [
      'of an empty list of names',
      () => authority.issue({ names: [], subject: 'CN=mail.example.com' }),
      'mail.example.com',
    ],
    ['of a wildcard for everything', () => authority.issue({ names: ['*'] }), 'localhost'],
    ['of a wildcard within a label', () => authority.issue({ names: ['m*.b*d.example.com'] }), 'mail.bad.example.com'],
    ['of a wildcard where an address is wanted', () => authority.issue({ names: ['*.0.0.1'] }), null],
    [
      'of a name with a NUL behind the one that is wanted',
      () => authority.issue({ names: ['mail.example.com\0.evil.test'] }),
      'mail.example.com',
    ],
    [
      'of a name that holds a list of names',
      () => authority.issue({ names: ['evil.test, DNS:mail.example.com'] }),
      'mail.example.com',
    ],
    [
      'of a subject that holds a list of names',
      () => authority.issue({ names: ['evil.test'], subject: 'CN="x\\nsubjectAltName=DNS:mail.example.com"' }),
      'mail.example.com',
    ],
    ['of a key of 1,024 bits', () => authority.issue({ names: ['127.0.0.1'], keys: 'RSA-1024' }), null],
    ['signed over SHA-1', () => authority.issue({ names: ['127.0.0.1'], hash: 'SHA-1' }), null],
    ['for clients only', () => authority.issue({ names: ['127.0.0.1'], usage: 'clientAuth' }), null],
    ['by who is no authority', () => authority.issue({ names: ['127.0.0.1'], byLeaf: true }), null],
    ['of a wildcard two labels deep', () => authority.issue({ names: ['*.example.com'] }), 'a.mail.example.com'],
  ];
  it.each(faults)('that is %s is refused, and nothing is said', async (_fault, make, servername) => {
    const identity = await make();
    for (const environment of ['', '0']) {
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', environment);
      // Servers that show what is weak must be let.
      const server = quietly(greets(identity, { ciphers: 'DEFAULT@SECLEVEL=0' }));
      const { how, heard, message } = await open(server, servername === null ? {} : { servername });
      expect(how).toBe('ERR_SMTP_TLS');
      expect(message).toMatch(/^Cannot start TLS: /);
      expect(heard).toBe('');
    }
  });

  it.each([
    ['self-signed', () => createSelfSigned(['127.0.0.1']), 'self-signed certificate'],
    [
      'of an unknown authority',
      async () => (await createAuthority('Unknown CA')).issue({ names: ['127.0.0.1'] }),
      'unable to verify the first certificate',
    ],
  ] as const)('that is %s is refused without advice on how to start Node', async (_fault, make, why) => {
    const { message, error, records } = await open(quietly(greets(await make())));
    expect(message).toBe(`Cannot start TLS: ${why}`);
    expect(records.at(-1)?.text).toBe(message);
    expect(error?.cause).toMatchObject({ message: expect.stringContaining(why) });
  });

  it.each([
    ['a short key', { keys: 'RSA-1024' }, 'EE certificate key too weak'],
    ['a weak hash', { hash: 'SHA-1' }, 'CA signature digest algorithm too weak'],
  ] as const)('with %s is refused for that', async (_what, weakness, why) => {
    const identity = await authority.issue({ names: ['127.0.0.1'], ...weakness });
    const { message } = await open(quietly(greets(identity, { ciphers: 'DEFAULT@SECLEVEL=0' })));
    expect(message).toContain(why);
  });

  it('with a key of 2,048 bits is good', async () => {
    const identity = await authority.issue({ names: ['127.0.0.1'], keys: 'RSA-2048' });
    expect((await open(greets(identity))).how).toBe('ready');
  });

  it('is not verified with the names of the system when the settings name a root', async () => {
    const { how } = await open(quietly(greets(good)), { ca: stranger.ca });
    expect(how).toBe('ERR_SMTP_TLS');
  });

  it('of the system is what counts where the settings name no root', async () => {
    const script = quietly(greets(good));
    await using server = await serve(script);
    const { port } = server;
    const settings = { host: '127.0.0.1', port, security: 'implicit-tls', clientName: 'client.example.com' } as const;
    await expect(openSession(settings, { time: new VirtualTime(), record: () => {} })).rejects.toThrow(
      'Cannot start TLS',
    );
  });
});

describe('TLS', () => {
  it.each(['TLSv1', 'TLSv1.1'] as const)('as old as %s is refused', async (version) => {
    const { how, heard, message } = await open(
      quietly(greets(good, { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' })),
    );
    expect(how).toBe('ERR_SMTP_TLS');
    expect(heard).toBe('');
    // OpenSSL's words without its addresses, files and lines.
    expect(message).toMatch(/^Cannot start TLS: [a-z0-9 ]+$/);
  });

  it('that the server does not speak is refused with the setting to change', async () => {
    const { how, message, records } = await open(async (client) => client.say('220 mail.example.com ESMTP\r\n'));
    expect(how).toBe('ERR_SMTP_TLS');
    expect(message).toBe(
      'Cannot start TLS: wrong version number; the server speaks no TLS here, security "starttls" may be what this port wants',
    );
    expect(records.at(-1)?.text).toBe(message);
  });

  it('that comes octet by octet is given up at the deadline, which no octet moves', async () => {
    await using server = await serve(async (client) => client.closed());
    const time = new VirtualTime();
    const settings = { host: '127.0.0.1', port: server.port, security: 'implicit-tls', ca: authority.ca } as const;
    const opening = openSession({ ...settings, clientName: 'client.example.com' }, { time, record: () => {} });
    const ended = expect(opening).rejects.toMatchObject({ code: 'ERR_SMTP_TIMEOUT', step: 'TLS' });
    const client = await server.client;
    await client.hears();
    // A record of 16,384 octets is announced, and begins.
    for (const octet of '\x16\x03\x03\x40\x00\x02\x00\x3f\xfc') {
      client.say(octet);
      await new Promise((resolve) => setTimeout(resolve, 1));
      time.advance(3_000);
    }
    expect(time.pending).toBe(1);
    time.advance(3_000);
    await ended;
    await client.closed();
    expect(time.pending).toBe(0);
  });

  it.each(['FIN without a close_notify', 'reset'])('cut by a %s within a reply leaves no reply', async (how) => {
    const cut = (client: Client) => (how === 'reset' ? client.reset() : client.truncate());
    const replies = ['220 mail.exam', '220 mail.example.com\r', '220-mail.example.com\r\n', '220-a\r\n220 b\r'];
    for (const reply of replies) {
      const { how: ended, heard } = await open(async (client) => {
        await client.secure(good);
        client.say(reply);
        await new Promise((resolve) => setTimeout(resolve, 5));
        cut(client);
      });
      expect([reply, ended, heard]).toEqual([reply, 'ERR_SMTP_CONNECTION_LOST', '']);
    }
  });

  const ends: readonly (readonly [reply: string, outcome: object])[] = [
    ['2', { outcome: 'uncertain' }],
    ['250', { outcome: 'uncertain' }],
    ['250 ok', { outcome: 'uncertain' }],
    ['250 ok\r', { outcome: 'uncertain' }],
    ['250-ok\r\n', { outcome: 'uncertain' }],
    ['550 n', { outcome: 'uncertain' }],
    ['250 ok\r\n', { outcome: 'accepted' }],
    ['550 no\r\n', { outcome: 'refused' }],
  ];
  it.each(ends)('cut without a close_notify behind %j to the indicator: %j', async (reply, expected) => {
    await using server = await serve(async (client) => {
      await client.secure(good);
      client.say('220 mail.example.com\r\n');
      for (const [heard, said] of [
        ['EHLO client.example.com\r\n', '250 mail.example.com\r\n'],
        ['MAIL FROM:<news@example.com>\r\n', '250 ok\r\n'],
        ['RCPT TO:<person@example.org>\r\n', '250 ok\r\n'],
        ['DATA\r\n', '354 go\r\n'],
        ['a\r\n.\r\n', reply],
      ] as const) {
        await client.hear(heard);
        client.say(said);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
      client.truncate();
      await client.closed();
    });
    const settings = { host: '127.0.0.1', port: server.port, security: 'implicit-tls', ca: authority.ca } as const;
    const time = new VirtualTime();
    const session = await openSession({ ...settings, clientName: 'client.example.com' }, { time, record: () => {} });
    const { recipients } = await send(session, { data: mailData('a\r\n') });
    expect(recipients).toMatchObject([expected]);
    await vi.waitFor(() => expect(session.usable).toBe(false));
    await server.done;
    expect(time.pending).toBe(0);
  });

  it('that the server leaves in the middle is refused', async () => {
    const { how } = await open(async (client) => client.hangUp());
    expect(how).toBe('ERR_SMTP_TLS');
  });
});

describe('credentials', () => {
  it('are refused on a session in clear before anything is sent', async () => {
    const settings = {
      host: '127.0.0.1',
      port: 1,
      security: 'none',
      clientName: 'client.example.com',
      credentials: CREDENTIALS,
    } as const;
    const connect = () => expect.unreachable('it connects');
    await expect(openSession(settings, { time: new VirtualTime(), record: () => {}, connect })).rejects.toMatchObject({
      code: 'ERR_SMTP_TLS_REQUIRED',
      step: 'AUTH',
    });
  });
});
