/** What the client shows of itself, and the one certificate that the settings want of the server. */
import { createPrivateKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ClientCertificate, openSession, type SessionSettings, SettingsError, SmtpError } from '#smtp';
import { type Authority, createAuthority, type Identity } from './certificates.ts';
import { startTlsServer } from './tls-server.ts';
import { VirtualTime } from './virtual-time.ts';

const PASSPHRASE = 'S3cr3t-CANARY';

let authority: Authority;
let good: Identity;
let client: Identity;

beforeAll(async () => {
  authority = await createAuthority();
  good = await authority.issue({ names: ['127.0.0.1'] });
  client = await authority.issue({ names: ['mailer.example.com'], subject: 'CN=mailer' });
});

function settingsFor(port: number, more: Partial<SessionSettings> = {}): SessionSettings {
  const to = { host: '127.0.0.1', port, security: 'implicit-tls' } as const;
  return { ...to, clientName: 'client.example.com', ca: authority.ca, ...more };
}

/** @returns the peer's fingerprint, or the error */
async function visit(settings: SessionSettings): Promise<string | Error> {
  const time = new VirtualTime();
  try {
    const session = await openSession(settings, { time, record: () => {} });
    await session.quit();
    return session.peer?.fingerprint ?? '';
  } catch (error) {
    if (error instanceof SmtpError || error instanceof SettingsError) return error;
    throw error;
  } finally {
    expect(time.pending).toBe(0);
  }
}

function shownBy({ cert, key }: Identity): ClientCertificate {
  return { certificate: cert, key };
}

function encrypted(key: string): string {
  const options = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE } as const;
  return createPrivateKey(key).export(options).toString();
}

describe('a client certificate', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('is shown to a server that asks for it, %s', async (version) => {
    const asks = { requestCert: true, rejectUnauthorized: true, ca: authority.ca };
    await using server = await startTlsServer({ ...good, ...asks, minVersion: version, maxVersion: version });
    expect(await visit(settingsFor(server.port, { clientCertificate: shownBy(client) }))).toMatch(/^[0-9A-F:]{95}$/);
    expect(server.seen.map(({ client: who }) => who)).toEqual(['mailer']);
  });

  it('is shown behind STARTTLS', async () => {
    const asks = { requestCert: true, rejectUnauthorized: true, ca: authority.ca };
    await using server = await startTlsServer({ ...good, ...asks }, { startTls: true });
    const settings = settingsFor(server.port, { security: 'starttls', clientCertificate: shownBy(client) });
    expect(await visit(settings)).toMatch(/^[0-9A-F:]{95}$/);
    expect(server.seen.map(({ client: who }) => who)).toEqual(['mailer']);
  });

  it('is shown with what leads to its root', async () => {
    const asks = { requestCert: true, rejectUnauthorized: false, ca: authority.ca };
    await using server = await startTlsServer({ ...good, ...asks });
    const chain = { certificate: `${client.cert}\n${good.cert}`, key: client.key };
    await visit(settingsFor(server.port, { clientCertificate: chain }));
    expect(server.seen.map(({ client: who }) => who)).toEqual(['mailer']);
  });

  it('may have a key under a passphrase', async () => {
    const asks = { requestCert: true, rejectUnauthorized: true, ca: authority.ca };
    await using server = await startTlsServer({ ...good, ...asks });
    const locked = { certificate: client.cert, key: encrypted(client.key), passphrase: PASSPHRASE };
    const settings = settingsFor(server.port, { clientCertificate: locked });
    for (const _ of [1, 2]) expect(await visit(settings)).toMatch(/^[0-9A-F:]{95}$/);
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('that the server wants and does not get is missed, %s', async (version) => {
    const asks = { requestCert: true, rejectUnauthorized: true, ca: authority.ca };
    await using server = await startTlsServer({ ...good, ...asks, minVersion: version, maxVersion: version });
    const error = await visit(settingsFor(server.port));
    expect(error).toBeInstanceOf(SmtpError);
    expect(server.seen.map(({ heard }) => heard).join('')).not.toMatch(/AUTH|MAIL/);
  });

  const faults: readonly (readonly [what: string, pair: () => ClientCertificate, problem: string])[] = [
    ['is no certificate', () => ({ certificate: client.key, key: client.key }), 'client certificate cannot be read'],
    ['is empty', () => ({ certificate: '', key: client.key }), 'client certificate cannot be read'],
    ['has no key', () => ({ certificate: client.cert, key: client.cert }), "certificate's key cannot be read"],
    ['has another’s key', () => ({ certificate: client.cert, key: good.key }), 'is not that of its key'],
    [
      'has a locked key',
      () => ({ certificate: client.cert, key: encrypted(client.key) }),
      'is encrypted, its passphrase is wanted',
    ],
    [
      'has a key that another passphrase opens',
      () => ({ certificate: client.cert, key: encrypted(client.key), passphrase: 'wr0ng-CANARY' }),
      'is encrypted, and the passphrase does not open it',
    ],
  ];
  it.each(faults)('that %s is refused before anything is connected', async (_what, pair, problem) => {
    const connect = () => expect.unreachable('it connects');
    const opening = openSession(settingsFor(465, { clientCertificate: pair() }), {
      time: new VirtualTime(),
      record: () => {},
      connect,
    });
    const error: unknown = await opening.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'ERR_SMTP_SETTINGS', message: expect.stringContaining(problem) });
    expect(told(error)).not.toMatch(/CANARY|PRIVATE KEY-|MII/);
  });

  it('says nothing without TLS', async () => {
    const error = await visit(settingsFor(25, { security: 'none', clientCertificate: shownBy(client) }));
    expect(error).toMatchObject({ code: 'ERR_SMTP_SETTINGS', field: 'client certificate' });
  });
});

describe('a fingerprint', () => {
  const forms: readonly (readonly [how: string, form: (fingerprint: string) => string])[] = [
    ['with colons', (it) => it],
    ['in small letters', (it) => it.toLowerCase()],
    ['in plain hex', (it) => it.replaceAll(':', '')],
    ['in plain hex and small letters', (it) => it.replaceAll(':', '').toLowerCase()],
  ];
  it.each(forms)('written %s lets its certificate in', async (_how, form) => {
    await using server = await startTlsServer(good);
    const own = String(await visit(settingsFor(server.port)));
    expect(await visit(settingsFor(server.port, { fingerprint: form(own) }))).toBe(own);
  });

  it('lets no other certificate in, however good, and names both', async () => {
    const renewed = await authority.issue({ names: ['127.0.0.1'] });
    await using before = await startTlsServer(good);
    await using server = await startTlsServer(renewed);
    const wanted = String(await visit(settingsFor(before.port)));
    const found = String(await visit(settingsFor(server.port)));
    expect(await visit(settingsFor(server.port, { fingerprint: wanted }))).toMatchObject({
      code: 'ERR_SMTP_TLS',
      message: `Cannot start TLS: the certificate has the SHA-256 fingerprint ${found}, ${wanted} is wanted by the settings`,
    });
    const [, ...refused] = server.seen;
    expect(refused.map(({ heard }) => heard).join('')).toBe('');
  });

  it('is no way past chain and name', async () => {
    const other = await authority.issue({ names: ['other.example.com'] });
    const stranger = await (await createAuthority('Unknown CA')).issue({ names: ['127.0.0.1'] });
    for (const [identity, roots, servername] of [
      [other, authority.ca, 'other.example.com'],
      [stranger, undefined, undefined],
    ] as const) {
      await using server = await startTlsServer(identity);
      const named = servername === undefined ? {} : { servername };
      const found = roots === undefined ? 'AB'.repeat(32) : String(await visit(settingsFor(server.port, named)));
      const error = await visit(settingsFor(server.port, { fingerprint: found }));
      expect(error).toMatchObject({ code: 'ERR_SMTP_TLS' });
      expect(String(error)).not.toContain('fingerprint');
    }
  });

  it.each([
    '',
    'ab',
    'ab'.repeat(31),
    'ab'.repeat(33),
    `${'ab:'.repeat(31)}a`,
    `${'ab '.repeat(31)}ab`,
    'zz'.repeat(32),
  ])('written %j is none', async (fingerprint) => {
    expect(await visit(settingsFor(465, { fingerprint }))).toMatchObject({
      code: 'ERR_SMTP_SETTINGS',
      field: 'fingerprint',
    });
  });

  it('says nothing without TLS', async () => {
    const error = await visit(settingsFor(25, { security: 'none', fingerprint: 'ab'.repeat(32) }));
    expect(error).toMatchObject({ code: 'ERR_SMTP_SETTINGS', field: 'fingerprint' });
  });
});

describe('settings', () => {
  const refused: readonly (readonly [field: string, more: object])[] = [
    ['host', { host: '' }],
    ['host', { host: 'mail.example.com\r\nRSET' }],
    ['host', { host: 'mail example.com' }],
    ['host', { host: 'a'.repeat(256) }],
    ['port', { port: 0 }],
    ['port', { port: 65_536 }],
    ['port', { port: 25.5 }],
    ['depth', { depth: 0 }],
    ['depth', { depth: 10_000 }],
    ['depth', { depth: 1.5 }],
    ['depth', { depth: Number.NaN }],
    ['without', { without: ['STARTTLS'] }],
  ];
  it.each(refused)('with a bad %s are refused: %o', async (field, more) => {
    expect(await visit(settingsFor(465, more))).toMatchObject({ code: 'ERR_SMTP_SETTINGS', field });
  });
});

function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return `${error.message}\n${error.stack}\n${JSON.stringify(error)}\n${told(error.cause)}`;
}
