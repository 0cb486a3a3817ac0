/** TLS sessions go on from connection to connection of the same settings, and of no others. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openSession, type PeerCertificate, type SessionSettings, SmtpError, type TranscriptRecord } from '#smtp';
import { type Authority, createAuthority, type Identity } from './certificates.ts';
import { mailData } from './mails.ts';
import { send } from './sessions.ts';
import { startTlsServer } from './tls-server.ts';
import { VirtualTime } from './virtual-time.ts';

let authority: Authority;
let good: Identity;
let client: Identity;

beforeAll(async () => {
  authority = await createAuthority();
  good = await authority.issue({ names: ['mail.example.com', 'mx.example.com', 'localhost', '127.0.0.1'] });
  client = await authority.issue({ names: ['mailer.example.com'], subject: 'CN=mailer' });
});

function settingsFor(port: number, more: Partial<SessionSettings> = {}): SessionSettings {
  const to = { host: '127.0.0.1', port, security: 'implicit-tls' } as const;
  return { ...to, clientName: 'client.example.com', ca: authority.ca, ...more };
}

interface Visit {
  readonly peer: PeerCertificate | null;
  readonly notes: readonly string[];
}

async function visit(settings: SessionSettings): Promise<Visit> {
  const records: TranscriptRecord[] = [];
  const time = new VirtualTime();
  const session = await openSession(settings, { time, record: (entry) => records.push(entry) });
  await session.quit();
  expect(time.pending).toBe(0);
  return { peer: session.peer, notes: records.filter(({ by }) => by === 'note').map(({ text }) => text) };
}

async function failure(settings: SessionSettings): Promise<string> {
  try {
    await visit(settings);
    return 'none';
  } catch (error) {
    if (!(error instanceof SmtpError)) throw error;
    return error.message;
  }
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session of %s', (version) => {
  const only = { minVersion: version, maxVersion: version } as const;

  it.each(['implicit-tls', 'starttls'] as const)('goes on in the next connection, security %s', async (security) => {
    await using server = await startTlsServer({ ...good, ...only }, { startTls: security === 'starttls' });
    const settings = settingsFor(server.port, { security });
    const [first, second, third] = [await visit(settings), await visit(settings), await visit(settings)];
    expect(server.seen.map(({ isReused, protocol }) => [isReused, protocol])).toEqual([
      [false, version],
      [true, version],
      [true, version],
    ]);
    expect([first, second, third].map(({ peer }) => peer?.isResumed)).toEqual([false, true, true]);
    // Whose it is stands in each transcript.
    const shown = { ...first.peer, isResumed: true };
    expect(first.peer?.subject).toBe('CN=mail server, O=Example');
    for (const { peer, notes } of [second, third]) {
      expect(peer).toEqual(shown);
      expect(notes).toContain(`TLS: ${version}, ${peer?.cipher}, resumed`);
      expect(notes).toContain(`certificate SHA-256 fingerprint: ${first.peer?.fingerprint}`);
    }
    expect(first.notes).toContain(`TLS: ${version}, ${first.peer?.cipher}`);
  });

  it('carries mail like any other', async () => {
    await using server = await startTlsServer({ ...good, ...only });
    const settings = settingsFor(server.port);
    for (const _ of [1, 2]) {
      const session = await openSession(settings, { time: new VirtualTime(), record: () => {} });
      expect((await send(session, { data: mailData('a\r\n') })).recipients).toMatchObject([{ outcome: 'accepted' }]);
      await session.quit();
    }
    const said = 'EHLO client.example.com\r\nMAIL FROM:<news@example.com>\r\nRCPT TO:<person@example.org>\r\nDATA\r\n';
    expect(server.seen.map(({ heard }) => heard)).toEqual(Array(2).fill(`${said}a\r\n.\r\nQUIT\r\n`));
    expect(server.seen.map(({ isReused }) => isReused)).toEqual([false, true]);
  });

  it('is not taken over by other settings, though they name the same host', async () => {
    await using server = await startTlsServer({ ...good, ...only, requestCert: true, rejectUnauthorized: false });
    const { peer } = await visit(settingsFor(server.port));
    const tenants: Partial<SessionSettings>[] = [
      {},
      { host: 'localhost' },
      { servername: 'mail.example.com' },
      { servername: 'mx.example.com' },
      { ca: `${authority.ca}\n` },
      { clientCertificate: { certificate: client.cert, key: client.key } },
      { fingerprint: peer?.fingerprint ?? '' },
      { credentials: { user: 'ana', password: 'S3cr3t-CANARY' } },
      { clientName: 'other.example.com' },
    ];
    const before = server.seen.length;
    for (const more of tenants) await visit(settingsFor(server.port, more)).catch(() => {});
    expect(server.seen.slice(before).map(({ isReused }) => isReused)).toEqual(tenants.map(() => false));
  });

  it('goes on for each of several tenants in turn, and always for its own', async () => {
    await using server = await startTlsServer({ ...good, ...only, requestCert: true, rejectUnauthorized: false });
    const ana = settingsFor(server.port, { servername: 'mail.example.com' });
    const shown = { certificate: client.cert, key: client.key };
    const ben = settingsFor(server.port, { servername: 'mx.example.com', clientCertificate: shown });
    for (const tenant of [ana, ben, ana, ben]) await visit(tenant);
    expect(server.seen.map(({ isReused, client: who }) => [isReused, who])).toEqual([
      [false, null],
      [false, 'mailer'],
      [true, null],
      [true, 'mailer'],
    ]);
    expect(server.seen.slice(0, 2).map(({ servername }) => servername)).toEqual(['mail.example.com', 'mx.example.com']);
  });

  it('whose certificate was refused is not kept', async () => {
    const wrong = await authority.issue({ names: ['other.example.com'] });
    await using server = await startTlsServer({ ...wrong, ...only });
    const settings = settingsFor(server.port);
    for (const _ of [1, 2, 3]) expect(await failure(settings)).toMatch(/^Cannot start TLS: /);
    expect(server.seen.filter(({ isReused }) => isReused)).toEqual([]);
    expect(server.seen.map(({ heard }) => heard).join('')).toBe('');
  });

  it('whose fingerprint is another is not kept', async () => {
    await using server = await startTlsServer({ ...good, ...only });
    const settings = settingsFor(server.port, { fingerprint: 'ab'.repeat(32) });
    for (const _ of [1, 2, 3]) expect(await failure(settings)).toContain('SHA-256 fingerprint');
    expect(server.seen.filter(({ isReused }) => isReused)).toEqual([]);
  });

  it('that the server does not know any more begins anew', async () => {
    const first = await startTlsServer({ ...good, ...only });
    const settings = settingsFor(first.port);
    await visit(settings);
    await first[Symbol.asyncDispose]();
    await using second = await startTlsServer({ ...good, ...only }, { port: first.port });
    expect((await visit(settings)).peer?.isResumed).toBe(false);
    expect((await visit(settings)).peer?.isResumed).toBe(true);
    expect(second.seen.map(({ isReused }) => isReused)).toEqual([false, true]);
  });

  it('is no way past the certificate of a server that took the place', async () => {
    const first = await startTlsServer({ ...good, ...only });
    const settings = settingsFor(first.port);
    await visit(settings);
    await first[Symbol.asyncDispose]();
    const stranger = await (await createAuthority('Unknown CA')).issue({ names: ['127.0.0.1'] });
    await using second = await startTlsServer({ ...stranger, ...only }, { port: first.port });
    expect(await failure(settings)).toMatch(/^Cannot start TLS: /);
    expect(second.seen.map(({ heard }) => heard).join('')).toBe('');
  });

  it('goes on for connections that open at one time', async () => {
    await using server = await startTlsServer({ ...good, ...only });
    const settings = settingsFor(server.port);
    await visit(settings);
    const visits = await Promise.all(Array.from({ length: 8 }, () => visit(settings)));
    for (const { peer } of visits) expect(peer?.subject).toBe('CN=mail server, O=Example');
    // A ticket of TLS 1.3 is good for one of them; the others begin anew.
    const resumed = server.seen.filter(({ isReused }) => isReused).length;
    expect(resumed).toBe(visits.filter(({ peer }) => peer?.isResumed).length);
    expect(resumed).toBeGreaterThanOrEqual(version === 'TLSv1.2' ? 8 : 1);
  });
});
