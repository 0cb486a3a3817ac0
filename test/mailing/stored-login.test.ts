/** Logins out of a store, against a server with TLS: what a 535 sets off, how often a server is asked, and what it is told. */
import { SMTPServer } from 'smtp-server';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { createCertificates, systemClock, systemRandom } from '#local';
import { type CredentialStore, Credentials, CredentialsError, Secret, StoredLogin } from '#mailing';
import { AuthError, openSession, type Session, type TranscriptRecord } from '#smtp';
import { CANARY, shownOf } from '../ports/credential-store.contract.ts';
import { VirtualClock } from './virtual-clock.ts';

const MINUTE = 60_000;
const never = new AbortController().signal;
const certificates = createCertificates({ now: Date.now() });

class ChangingStore implements CredentialStore {
  json: object = { user: 'mailer', password: 'old' };
  isAway = false;
  asked = 0;

  async read(name: string): Promise<Secret> {
    this.asked += 1;
    if (this.isAway) throw new CredentialsError(name, 'its store is away', { temporary: true });
    return new Secret(name, JSON.stringify(this.json));
  }
}

/** A server that knows one password, and one token. */
async function startServer(): Promise<{ port: number; ca: string; takes: string; readonly logins: string[] }> {
  const { ca, certificate: cert, key } = await certificates;
  const logins: string[] = [];
  const known = { takes: 'old' };
  const server = new SMTPServer({
    secure: true,
    cert,
    key,
    authMethods: ['PLAIN', 'XOAUTH2'],
    onAuth({ password, accessToken, username }, _session, done) {
      const given = password ?? accessToken ?? '';
      logins.push(given);
      if (given === known.takes) return done(null, { user: username });
      return done(Object.assign(new Error('wrong'), { responseCode: 535 }));
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const address = server.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return Object.assign(known, { port, ca, logins });
}

let clock: VirtualClock;
let store: ChangingStore;
let server: Awaited<ReturnType<typeof startServer>>;
let login: StoredLogin;
let records: TranscriptRecord[];

const open = async (): Promise<Session> => {
  const session = await login.open((record) => records.push(record), never);
  onTestFinished(() => session.destroy());
  return session;
};
const refusal = () =>
  open().then(
    () => null,
    (error: unknown) => error,
  );

beforeEach(async () => {
  clock = new VirtualClock();
  store = new ChangingStore();
  server = await startServer();
  records = [];
  login = new StoredLogin({
    credentials: new Credentials(store, clock),
    secret: 'cartero/smtp',
    clock,
    settings: {
      host: '127.0.0.1',
      port: server.port,
      security: 'implicit-tls',
      clientName: 'client.test',
      ca: server.ca,
    },
    open: (settings, record) => openSession(settings, { time: systemClock(), random: systemRandom, record }),
  });
});

describe('a login out of a store', () => {
  test('is made with what the store has, which is asked once for many sessions', async () => {
    await Promise.all(Array.from({ length: 5 }, open));
    expect(server.logins).toEqual(['old', 'old', 'old', 'old', 'old']);
    expect(store.asked).toBe(1);
  });

  test('that is refused is made once more, where the secret has changed', async () => {
    await open();
    store.json = { user: 'mailer', password: 'new' };
    server.takes = 'new';
    await open();
    expect(server.logins).toEqual(['old', 'old', 'new']);
    await open();
    expect(server.logins.slice(3)).toEqual(['new']);
    expect(store.asked).toBe(2);
  });

  test('that is refused ends there, where the secret is the same', async () => {
    server.takes = 'another';
    const error = await refusal();
    expect(error).toBeInstanceOf(AuthError);
    expect(error).toMatchObject({ temporary: false, reply: { code: 535 } });
    expect(server.logins).toEqual(['old']);
    expect(store.asked).toBe(2);
  });

  test('that is refused twice is made no third time', async () => {
    await open();
    server.takes = 'another';
    store.json = { user: 'mailer', password: 'new' };
    expect(await refusal()).toBeInstanceOf(AuthError);
    expect(server.logins).toEqual(['old', 'old', 'new']);
  });

  test('that was refused is not tried again by anybody before a quarter of an hour is over', async () => {
    server.takes = 'another';
    for (let count = 0; count < 20; count += 1) expect(await refusal()).toBeInstanceOf(AuthError);
    expect(server.logins).toEqual(['old']);
    await clock.pass(15 * MINUTE);
    expect(await refusal()).toBeInstanceOf(AuthError);
    expect(server.logins).toEqual(['old', 'old']);
  });

  test('is tried as soon as the secret has changed, and by the old one after a fault of the relay has passed', async () => {
    server.takes = 'new';
    await refusal();
    store.json = { user: 'mailer', password: 'new' };
    await open();
    expect(server.logins).toEqual(['old', 'new']);
  });

  test('that is refused while the store is away tells of the refusal', async () => {
    await open();
    server.takes = 'another';
    store.isAway = true;
    expect(await refusal()).toBeInstanceOf(AuthError);
    expect(server.logins).toEqual(['old', 'old']);
  });

  test('that cannot be had asks no server', async () => {
    store.isAway = true;
    await expect(open()).rejects.toBeInstanceOf(CredentialsError);
    store.isAway = false;
    store.json = { user: 'mailer' };
    await expect(open()).rejects.toThrow('Cannot use the secret "cartero/smtp": the key "password" is missing');
    expect(server.logins).toEqual([]);
  });

  test('is shown by nothing: not by the error of its refusal, not by the conversation', async () => {
    store.json = { user: 'mailer', password: CANARY };
    const error = await refusal();
    expect(server.logins).toEqual([CANARY]);
    const coded = Buffer.from(`\0mailer\0${CANARY}`).toString('base64');
    for (const secret of [CANARY, coded]) {
      expect(shownOf(error)).not.toContain(secret);
      expect(shownOf(records)).not.toContain(secret);
      expect(shownOf(login)).not.toContain(secret);
    }
    expect(records.map(({ text }) => text)).toContain('AUTH PLAIN <…>');
  });
});

describe('an access token out of a store', () => {
  const token = (accessToken: string) => ({ user: 'mailer@example.com', accessToken, mechanism: 'XOAUTH2' });
  beforeEach(() => {
    store.json = token('old');
  });

  test('that is refused is renewed on the same connection', async () => {
    await open();
    store.json = token('new');
    server.takes = 'new';
    await open();
    await open();
    expect(server.logins).toEqual(['old', 'old', 'new', 'new']);
    expect(store.asked).toBe(2);
    expect(records.filter(({ text }) => text.startsWith('220'))).toHaveLength(3);
  });

  test('that was refused and is the same is tried no more', async () => {
    server.takes = 'another';
    for (let count = 0; count < 5; count += 1) expect(await refusal()).toBeInstanceOf(AuthError);
    expect(server.logins).toEqual(['old']);
  });

  test('that was renewed to one that is refused as well is tried no more, and the next one is', async () => {
    await open();
    store.json = token('new');
    server.takes = 'newest';
    for (let count = 0; count < 3; count += 1) expect(await refusal()).toBeInstanceOf(AuthError);
    expect(server.logins).toEqual(['old', 'old', 'new']);
    store.json = token('newest');
    await open();
    expect(server.logins.slice(3)).toEqual(['newest']);
  });

  test('in whose place a password has come is no login any more, and the password is', async () => {
    await open();
    store.json = { user: 'mailer', password: 'word' };
    server.takes = 'word';
    await open();
    expect(server.logins).toEqual(['old', 'old', 'word']);
  });
});
