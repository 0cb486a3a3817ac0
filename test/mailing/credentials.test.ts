/** How long secrets are remembered, who asks for them, and what happens while they cannot be had. */
import { beforeEach, describe, expect, test } from 'vitest';
import { type CredentialStore, Credentials, CredentialsError, relayLoginOf, Secret } from '#mailing';
import { CANARY, shownOf } from '../ports/credential-store.contract.ts';
import { VirtualClock } from './virtual-clock.ts';

const MINUTE = 60_000;

/** A store that answers with what a test puts there, when the test lets it. */
class ScriptedStore implements CredentialStore {
  password = 'first';
  asked = 0;
  problem: Error | null = null;
  isSilent = false;

  async read(name: string): Promise<Secret> {
    this.asked += 1;
    if (this.isSilent) return new Promise(() => {});
    if (this.problem !== null) throw this.problem;
    return new Secret(name, JSON.stringify({ user: 'mailer', password: this.password }));
  }
}

const isAway = new CredentialsError('smtp', 'its store is away', { temporary: true });
const isGone = new CredentialsError('smtp', 'there is none');

let clock: VirtualClock;
let store: ScriptedStore;
let credentials: Credentials;
const password = async () => {
  const { credentials: found } = relayLoginOf(await credentials.relay('smtp'));
  return found !== undefined && 'password' in found ? found.password : null;
};

beforeEach(() => {
  clock = new VirtualClock();
  store = new ScriptedStore();
  credentials = new Credentials(store, clock);
});

describe('a secret', () => {
  test('is remembered for five minutes', async () => {
    expect(await password()).toBe('first');
    store.password = 'second';
    await clock.pass(5 * MINUTE - 1);
    expect(await password()).toBe('first');
    await clock.pass(1);
    expect(await password()).toBe('second');
    expect(store.asked).toBe(2);
  });

  test('is asked for once by all who want it at one time', async () => {
    expect(await Promise.all(Array.from({ length: 50 }, password))).toEqual(Array.from({ length: 50 }, () => 'first'));
    expect(store.asked).toBe(1);
  });

  test('is asked for again where the clock was set, whichever way', async () => {
    const set = { ms: 0 };
    const jumping = {
      now: () => clock.now() + set.ms,
      monotonic: () => clock.monotonic(),
      after: (ms: number, fn: () => void) => clock.after(ms, fn),
    };
    credentials = new Credentials(store, jumping);
    for (const ms of [0, 6 * MINUTE, -60 * MINUTE]) {
      set.ms = ms;
      await password();
      await password();
    }
    expect(store.asked).toBe(3);
  });

  test('that was refused is asked for anew, and by one of those who were', async () => {
    const refused = await credentials.relay('smtp');
    store.password = 'second';
    const newer = await Promise.all(Array.from({ length: 8 }, () => credentials.relay('smtp', refused)));
    expect(store.asked).toBe(2);
    for (const secret of newer) expect(secret.equals(refused)).toBe(false);
    // Whoever is refused with the old one later finds the new one there.
    await credentials.relay('smtp', refused);
    expect(store.asked).toBe(2);
  });

  test('goes on while its store is away, which is asked every half minute', async () => {
    await password();
    store.problem = isAway;
    await clock.pass(5 * MINUTE);
    for (let count = 0; count < 10; count += 1) expect(await password()).toBe('first');
    expect(store.asked).toBe(2);
    await clock.pass(30_000);
    store.problem = null;
    store.password = 'second';
    expect(await password()).toBe('second');
  });

  test('goes on no longer where its store says no, nor for who was refused with it', async () => {
    const refused = await credentials.relay('smtp');
    store.problem = isAway;
    await expect(credentials.relay('smtp', refused)).rejects.toBe(isAway);
    await clock.pass(5 * MINUTE);
    store.problem = isGone;
    await expect(password()).rejects.toBe(isGone);
  });

  test('that is not in order is not remembered', async () => {
    store.password = '';
    await expect(password()).rejects.toThrow('"password" is empty');
    store.password = 'mended';
    expect(await password()).toBe('mended');
  });

  test('that never comes is given up after ten seconds, and asked for again by the next', async () => {
    store.isSilent = true;
    const waiting = Array.from({ length: 3 }, password);
    const ended = Promise.all(
      waiting.map((each) => expect(each).rejects.toThrow('has not answered within 10 seconds')),
    );
    await clock.pass(10_000);
    await ended;
    store.isSilent = false;
    expect(await password()).toBe('first');
    expect(store.asked).toBe(2);
    expect(clock.timers).toBe(0);
  });

  test('is shown by nothing that remembers it', async () => {
    store.password = CANARY;
    const secret = await credentials.relay('smtp');
    expect(shownOf({ credentials, secret })).not.toContain(CANARY);
  });
});

describe('keys', () => {
  const answering = (text: string) => new Credentials({ read: async (name) => new Secret(name, text) }, clock);

  test('are a list, or one alone as a template has it made', async () => {
    const key = (id: string) => ({ id, since: '2026-12-01T09:00:00Z', secret: `${id}`.repeat(32) });
    const found = async (json: object) =>
      (await answering(JSON.stringify(json)).keys('cartero/log-keys')).map(({ id, since, secret }) => [
        id,
        since,
        secret.symmetricKeySize,
      ]);
    const since = Date.parse('2026-12-01T09:00:00Z');
    expect(await found(key('k1'))).toEqual([['k1', since, 48]]);
    expect(await found({ keys: [key('k1'), key('k2')] })).toEqual([
      ['k1', since, 48],
      ['k2', since, 48],
    ]);
  });

  test.each([
    [CANARY, 'it is not JSON'],
    ['{}', 'it has no keys'],
    ['{"keys":[{"id":"a","since":"2026-01-01","secret":"c2hvcnQ"}]}', 'keys.0.secret has 5 octets, 32'],
    [`{"keys":[{"id":"a","since":"${CANARY}","secret":""}]}`, 'keys.0.since is no moment'],
  ])('that are none: %j', async (text, problem) => {
    const error = await answering(text)
      .keys('cartero/log-keys')
      .catch((found: unknown) => found);
    expect(String(error)).toContain(`Cannot use the secret "cartero/log-keys": ${problem}`);
    expect(shownOf(error)).not.toContain(CANARY);
  });
});
