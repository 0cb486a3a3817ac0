/** Secrets Manager by a fake of it: the contract, what each of its refusals means, and that no secret gets out by one. */
import { createSecretKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSecretsManager } from '#aws/secrets';
import { Credentials, CredentialsError, namesBy, relayLoginOf } from '#mailing';
import { VirtualClock } from '../mailing/virtual-clock.ts';
import { CANARY, describeCredentialStore, shownOf } from '../ports/credential-store.contract.ts';
import { type FakeSecretsManager, startFakeSecretsManager } from './fake-secrets-manager.ts';

describeCredentialStore('Secrets Manager', async () => {
  const fake = await startFakeSecretsManager();
  return {
    store: openSecretsManager(fake.client),
    put: async (name, value) => fake.put(name, value),
    remove: () => fake.close(),
  };
});

describe('Secrets Manager', () => {
  let fake: FakeSecretsManager;
  const never = new AbortController().signal;
  beforeEach(async () => {
    fake = await startFakeSecretsManager();
    fake.put('cartero/smtp', JSON.stringify({ user: 'mailer', password: CANARY }));
  });
  afterEach(() => fake.close());

  const refused = async (): Promise<CredentialsError> => {
    const error = await openSecretsManager(fake.client)
      .read('cartero/smtp', never)
      .catch((found: unknown) => found);
    expect(error).toBeInstanceOf(CredentialsError);
    return error as CredentialsError;
  };

  test.each([
    ['AccessDeniedException', false, 'allow secretsmanager:GetSecretValue'],
    ['ResourceNotFoundException', false, 'there is no secret of this name in this account and region'],
    ['InvalidRequestException', false, 'it may be marked for deletion'],
    ['DecryptionFailure', false, 'allow kms:Decrypt'],
    ['ThrottlingException', true, 'takes no more requests at the moment'],
    ['InternalServiceError', true, 'has a fault of its own'],
    ['NewlyInventedException', true, 'says NewlyInventedException'],
    ['Line\nBreak\u001b[31m', true, 'says'],
  ])('%j may be otherwise later: %j', async (exception, temporary, problem) => {
    fake.mishaps.push({ exception });
    const error = await refused();
    expect(error.temporary).toBe(temporary);
    expect(error.message).toContain(problem);
    expect(error.message).not.toMatch(/[\n\u001b]/);
  });

  test.each([
    ['torn', `{"Name":"cartero/smtp","SecretString":"{\\"password\\":\\"${CANARY}`],
    ['no JSON', `<html>${CANARY}</html>`],
    ['JSON of another kind', `["${CANARY}"]`],
    ['empty', ''],
  ])('an answer that is %s quotes nothing of itself', async (_, body) => {
    fake.mishaps.push({ body });
    const error = await refused();
    expect(shownOf(error)).not.toContain(CANARY);
    expect(shownOf(error)).not.toContain(CANARY.slice(0, 6));
  });

  test('a connection that breaks is told by its code', async () => {
    fake.mishaps.push('reset');
    expect(await refused()).toMatchObject({ temporary: true });
  });

  test('one that never answers is given up, and its connection with it', async () => {
    const clock = new VirtualClock();
    const credentials = new Credentials(openSecretsManager(fake.client), clock);
    fake.mishaps.push('silence');
    const reading = credentials.relay('cartero/smtp');
    const ended = expect(reading).rejects.toThrow('its store has not answered within 10 seconds');
    while (fake.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.pass(10_000);
    await ended;
    expect(clock.timers).toBe(0);
    expect(relayLoginOf(await credentials.relay('cartero/smtp')).credentials).toMatchObject({ password: CANARY });
  });

  test('keys that name people come from there', async () => {
    const octets = Buffer.alloc(32, 7);
    const key = { id: 'k1', since: '2026-12-01T09:00:00Z', secret: octets.toString('base64url') };
    fake.put('cartero/log-keys', JSON.stringify({ keys: [key] }));
    const [found] = await new Credentials(openSecretsManager(fake.client), new VirtualClock()).keys('cartero/log-keys');
    const secret = found?.secret ?? createSecretKey(Buffer.alloc(32));
    expect(namesBy(secret)('ana@example.com')).toBe(namesBy(createSecretKey(octets))('ana@example.com'));
    expect(shownOf(found)).not.toContain(key.secret);
  });
});
