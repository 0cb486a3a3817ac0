/** A relay's secret: which shapes are logins, what the others lack, and that no value gets into the words about it. */
import { generateKeyPairSync } from 'node:crypto';
import { Ajv } from 'ajv';
import { beforeAll, describe, expect, test } from 'vitest';
import { createCertificates } from '#local';
import { relayLoginOf, Secret } from '#mailing';
import { MECHANISM_NAMES } from '#smtp';
import schema from '../../infra/relay-secret.schema.json' with { type: 'json' };
import { CANARY, shownOf } from '../ports/credential-store.contract.ts';

const isAsPublished = new Ajv().compile(schema);
let certificate = '';
let key = '';

beforeAll(async () => {
  const made = await createCertificates({ now: Date.parse('2026-06-01') });
  ({ certificate, key } = made);
});

const loginOf = (json: unknown) => relayLoginOf(new Secret('cartero/smtp', JSON.stringify(json)));
const alone = () => ({ certificate, key });

describe('a secret that is a login', () => {
  test('by user and password', () => {
    const json = { user: 'mailer', password: 'wonder land' };
    expect(loginOf(json)).toEqual({ credentials: json });
    expect(isAsPublished(json)).toBe(true);
  });

  test('by user and password, with a mechanism', () => {
    const json = { user: 'mailer', password: 'wonder land', mechanism: 'SCRAM-SHA-256' };
    expect(loginOf(json)).toEqual({
      credentials: { user: 'mailer', password: 'wonder land' },
      mechanism: 'SCRAM-SHA-256',
    });
    expect(isAsPublished(json)).toBe(true);
  });

  test('by an access token', async () => {
    const json = { user: 'mailer@example.com', accessToken: 'ya29.a0Af-_~+/=' };
    const { credentials } = loginOf(json);
    if (credentials === undefined || !('token' in credentials)) throw new Error('no token');
    expect(credentials.user).toBe('mailer@example.com');
    expect(await credentials.token({ refresh: false })).toBe(json.accessToken);
    expect(isAsPublished(json)).toBe(true);
  });

  test('by a client certificate, shown only, beside a password, or as the login itself', () => {
    const login = { user: 'mailer', password: 'wonder land' };
    for (const [json, wanted] of [
      [alone(), { clientCertificate: alone() }],
      [
        { ...alone(), ...login },
        { clientCertificate: alone(), credentials: login },
      ],
      [
        { ...alone(), mechanism: 'EXTERNAL' },
        { clientCertificate: alone(), mechanism: 'EXTERNAL', credentials: { external: true } },
      ],
      [
        { ...alone(), mechanism: 'EXTERNAL', user: 'news' },
        { clientCertificate: alone(), mechanism: 'EXTERNAL', credentials: { external: true, user: 'news' } },
      ],
    ]) {
      expect(loginOf(json)).toEqual(wanted);
      expect(isAsPublished(json)).toBe(true);
    }
  });
});

describe('a secret that is none', () => {
  const other = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  test.each<[unknown, string]>([
    [{}, 'the keys "user" and "password" are missing'],
    [{ user: CANARY }, 'the key "password" is missing beside "user" (or "accessToken")'],
    [{ password: CANARY }, 'the key "user" is missing beside "password"'],
    [{ accessToken: CANARY }, 'the key "user" is missing beside "accessToken"'],
    [{ user: 'a', password: CANARY, accessToken: CANARY }, 'it has both "password" and "accessToken"'],
    [{ user: 'a', passwort: CANARY }, 'did you mean "password"?'],
    [{ user: 'a', [CANARY]: '' }, 'it has a key that is unknown; known are user, password,'],
    [{ username: 'a', password: CANARY, host: 'b' }, 'it has 2 keys that are unknown'],
    [{ user: 'a', password: 12345678 }, '"password" is no text'],
    [{ user: 'a', password: { value: CANARY } }, '"password" is no text'],
    [{ user: 'a', password: '' }, '"password" is empty'],
    [{ user: 'a', password: `${CANARY}\n` }, '"password" has a control character, such as a line end'],
    [{ user: 'a\u0000b', password: CANARY }, '"user" has a control character'],
    [{ user: 'a', accessToken: `Bearer ${CANARY}` }, '"accessToken" is no bearer token (RFC 6750 §2.1)'],
    [{ user: 'a', password: CANARY, mechanism: 'MAGIC' }, '"mechanism" is no mechanism that is known'],
    [{ certificate: CANARY, key: CANARY }, '"certificate" is no certificate in PEM'],
    [{ key: `-----BEGIN PRIVATE KEY-----${CANARY}` }, 'the key "certificate" is missing beside "key"'],
    [{ passphrase: CANARY }, 'the key "key" is missing beside "passphrase"'],
    [{ mechanism: 'EXTERNAL' }, 'the key "certificate" is missing beside "mechanism"'],
    [{ mechanism: 'PLAIN' }, 'the key "user" is missing beside "mechanism"'],
    [CANARY, 'it is JSON, but no object'],
    [[CANARY], 'it is JSON, but no object'],
    [null, 'it is JSON, but no object'],
  ])('%j', (json, problem) => {
    const error = thrownBy(() => loginOf(json));
    expect(error).toMatchObject({ code: 'ERR_CREDENTIALS', secret: 'cartero/smtp', temporary: false });
    expect(error.message).toContain(problem);
    expect(shownOf(error)).not.toContain(CANARY);
    expect(isAsPublished(json)).toBe(false);
  });

  test.each<[string, () => unknown, string]>([
    ['without its key', () => ({ certificate }), 'the key "key" is missing beside "certificate"'],
    ['with the key of another', () => ({ certificate, key: other }), 'its client certificate is not that of its key'],
    ['with a torn key', () => ({ certificate, key: key.slice(0, 60) }), "its client certificate's key cannot be read"],
    ['beside a user alone', () => ({ ...alone(), user: 'a' }), 'the key "password" is missing beside "user"'],
  ])('a certificate %s', (_, json, problem) => {
    const error = thrownBy(() => loginOf(json()));
    expect(error.message).toContain(problem);
    expect(shownOf(error)).not.toContain(key.split('\n')[1]);
  });

  test('a mechanism that is not for it', () => {
    const json = { user: 'a', password: CANARY, mechanism: 'XOAUTH2' };
    const error = thrownBy(() => loginOf(json));
    expect(error.message).toContain('its mechanism XOAUTH2 is not for a user and password');
    expect(shownOf(error)).not.toContain(CANARY);
  });

  test.each(['', CANARY, `{"password":"${CANARY}`, `user=${CANARY}`, `{'password':'${CANARY}'}`])(
    'text that is no JSON: %j',
    (text) => {
      const error = thrownBy(() => relayLoginOf(new Secret('cartero/smtp', text)));
      expect(error.message).toContain('it is not JSON');
      expect(shownOf(error)).not.toContain('S3cr3t');
    },
  );
});

test('the schema knows the mechanisms of the engine', () => {
  expect(schema.properties.mechanism.enum).toEqual(MECHANISM_NAMES);
});

function thrownBy(work: () => unknown): Error {
  try {
    work();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}
