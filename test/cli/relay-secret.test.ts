/** A relay of infra/relays.json whose login is a secret, in a folder of files. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cartero, lastJson } from './cartero.ts';
import { expectNobodyBurnt, type Place, place } from './relay-place.ts';

const CANARY = 'S3cr3t-CANARY';
const FOLDER = { CARTERO_SECRETS: 'secrets' };

async function here(secret: object | string | null, change: object = {}): Promise<Place> {
  const found = await place();
  const relay = {
    host: '127.0.0.1',
    port: found.server.implicitTlsPort,
    security: 'implicit-tls',
    ca: '../ca.pem',
    secret: 'cartero/smtp',
    ...change,
  };
  const files = {
    'infra/relays.json': JSON.stringify({ relays: { default: relay } }),
    ...(secret === null
      ? {}
      : { 'secrets/cartero/smtp.json': typeof secret === 'string' ? secret : JSON.stringify(secret) }),
  };
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(found.folder, file)), { recursive: true });
    await writeFile(join(found.folder, file), text);
  }
  return found;
}

const run = (folder: string, env: Record<string, string> = FOLDER, ...more: string[]) =>
  cartero(['run', 'letters', '--once', ...more, '--json'], folder, env);

test('is sent to with user and password out of the secret', async () => {
  const { folder } = await here({ user: 'ana', password: CANARY });
  const ended = await run(folder);
  expect(ended.code, ended.stderr).toBe(0);
  expect(lastJson(ended)).toMatchObject({ accepted: 2 });
  expect(ended.stdout + ended.stderr).not.toContain(CANARY);
});

test('is sent to by several processes, each with the secret', async () => {
  const { folder } = await here({ user: 'ana', password: CANARY });
  const ended = await run(folder, FOLDER, '--workers', '2');
  expect(ended.code, ended.stderr).toBe(0);
  expect(lastJson(ended)).toMatchObject({ accepted: 2 });
});

test('that refuses the login burns nobody, and says which secret is meant', async () => {
  const { folder } = await here({ user: 'ana', password: `${CANARY}-old` });
  const ended = await run(folder);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('Check what is in the secret "cartero/smtp"');
  expect(ended.stdout + ended.stderr).not.toContain(CANARY);
  await expectNobodyBurnt(folder);
});

test.each<[string, object | string | null, object, Record<string, string>, string]>([
  [
    'has no folder',
    {},
    {},
    {},
    'its login is the secret "cartero/smtp"; set CARTERO_SECRETS to the folder that has "cartero/smtp.json"',
  ],
  ['is not there', null, {}, FOLDER, 'Cannot use the secret "cartero/smtp": there is no file "cartero/smtp.json" in'],
  ['lacks a key', { user: 'ana' }, {}, FOLDER, 'Cannot use the secret "cartero/smtp": the key "password" is missing'],
  ['is no JSON', `password=${CANARY}`, {}, FOLDER, 'Cannot use the secret "cartero/smtp": it is not JSON'],
  [
    'would go in clear',
    { user: 'ana', password: CANARY },
    { security: 'none', ca: undefined },
    FOLDER,
    'credentials are never sent without TLS',
  ],
])('whose secret %s is not sent to', async (_, secret, change, env, problem) => {
  const { folder } = await here(secret, change);
  const ended = await run(folder, env);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain(problem);
  expect(ended.stdout + ended.stderr).not.toContain(CANARY);
  expect(ended.stderr).not.toContain('    at ');
});
