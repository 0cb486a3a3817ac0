/** Keys that the command line makes, and the mails that it signs with them, as mailauth verifies them. */
import { readFileSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { describe, expect, test } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';

interface Made {
  readonly keys: readonly { file: string; name: string; value: string; strings: string[]; algorithm: string }[];
  readonly relay: { dkim: readonly { domain: string; selector: string; key: string }[] };
}

async function makeKeys(cwd: string, domain = 'example.com'): Promise<Made> {
  const { code, stdout, stderr } = await cartero(['dkim', 'new', domain, 's2026', '--json'], cwd);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

async function writeRelays(cwd: string, dkim: unknown): Promise<void> {
  const relay = { host: 'smtp.example.com', port: 587, security: 'starttls', secret: 'cartero/smtp', dkim };
  await mkdir(join(cwd, 'infra'), { recursive: true });
  await writeFile(join(cwd, 'infra', 'relays.json'), JSON.stringify({ relays: { default: relay } }));
}

async function writeLetter(cwd: string, from = 'News <news@example.com>'): Promise<void> {
  await writeCampaign(cwd, 'letter', {
    'campaign.json': JSON.stringify({ from, audience: 'people.csv' }),
    'subject.hbs': 'Hello\n',
    'body.txt.hbs': 'Dear {{email}}\n',
    'sample.json': '{"email":"ana@example.org"}',
    'people.csv': 'email\nana@example.org\n',
  });
}

async function verdicts(message: Buffer, made: Made): Promise<unknown[]> {
  const resolver = async (name: string) => made.keys.filter((key) => key.name === name).map(({ strings }) => strings);
  const { results } = await dkimVerify(message, { resolver });
  return results.map(({ status, signingDomain }) => [status.result, signingDomain]);
}

describe('cartero dkim new', () => {
  test('makes two keys that only their owner reads, records to publish, and what the relay needs', async () => {
    const cwd = temporaryFolder();
    const { keys, relay } = await makeKeys(cwd);
    expect(keys.map(({ algorithm, name }) => [algorithm, name])).toEqual([
      ['rsa-sha256', 's2026-rsa._domainkey.example.com'],
      ['ed25519-sha256', 's2026-ed25519._domainkey.example.com'],
    ]);
    for (const { file, strings, value } of keys) {
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(readFileSync(file, 'utf8')).toMatch(/^-----BEGIN PRIVATE KEY-----/);
      expect(strings.join('')).toBe(value);
      expect(strings.every((each) => each.length <= 255)).toBe(true);
    }
    expect(relay.dkim.map(({ key }) => key)).toEqual([
      'dkim/example.com.s2026-rsa.pem',
      'dkim/example.com.s2026-ed25519.pem',
    ]);
  });

  test('tells the same to people, without the keys', async () => {
    const { stdout } = await cartero(['dkim', 'new', 'example.com', 's2026', '--dir', 'keys'], temporaryFolder());
    expect(stdout).toContain('s2026-rsa._domainkey.example.com. IN TXT (');
    expect(stdout).toMatch(/"v=DKIM1; k=ed25519; p=[A-Za-z0-9+/=]{44}" \)/);
    expect(stdout).toContain('"key":"../keys/example.com.s2026-rsa.pem"');
    expect(stdout).not.toContain('PRIVATE');
  });

  test('writes no key over', async () => {
    const cwd = temporaryFolder();
    const { keys } = await makeKeys(cwd);
    const before = keys.map(({ file }) => readFileSync(file, 'utf8'));
    const again = await cartero(['dkim', 'new', 'example.com', 's2026'], cwd);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('not written over');
    expect(keys.map(({ file }) => readFileSync(file, 'utf8'))).toEqual(before);
  });

  test.each([
    [['dkim', 'old', 'example.com', 's'], '"old" is unknown'],
    [['dkim', 'new', 'a b', 's'], '<domain>'],
    [['dkim', 'new', 'example.com', 's;x'], '<selector>'],
    [['dkim', 'new', 'example.com'], '<selector> is missing'],
  ])('refuses %j', async (args, words) => {
    const { code, stderr } = await cartero(args, temporaryFolder());
    expect(code).toBe(1);
    expect(stderr).toContain(words);
  });
});

describe('a relay with keys', () => {
  test('has its mails signed by both, the same octets each time', async () => {
    const cwd = temporaryFolder();
    const made = await makeKeys(cwd);
    await writeRelays(cwd, made.relay.dkim);
    await writeLetter(cwd);
    const compose = () => cartero(['compose', 'letter', '--date', '2026-12-01T09:00:00Z'], cwd);
    const { code, octets } = await compose();
    expect(code).toBe(0);
    expect(await verdicts(octets, made)).toEqual([
      ['pass', 'example.com'],
      ['pass', 'example.com'],
    ]);
    expect((await compose()).octets.equals(octets)).toBe(true);
  });

  test('has its runs signed too, and typed mails', async () => {
    const cwd = temporaryFolder();
    const made = await makeKeys(cwd);
    await writeRelays(cwd, made.relay.dkim);
    await writeLetter(cwd);
    const { url, ended } = await startRelay();
    expect((await cartero(['run', 'letter', '--relay', url, '--json'], cwd)).code).toBe(0);
    const typed = ['--from', 'a@example.com', '--to', 'b@example.org', '--subject', 'x', '--text', 'y'];
    expect((await cartero(['send', ...typed, '--relay', url], cwd)).code).toBe(0);
    expect(ended).toHaveLength(2);
    for (const { content } of ended)
      expect(await verdicts(Buffer.from(content, 'latin1'), made)).toEqual([
        ['pass', 'example.com'],
        ['pass', 'example.com'],
      ]);
  });

  test('leaves the mails of another domain unsigned, and check says so', async () => {
    const cwd = temporaryFolder();
    await writeRelays(cwd, (await makeKeys(cwd, 'example.net')).relay.dkim);
    await writeLetter(cwd);
    expect((await cartero(['compose', 'letter'], cwd)).stdout).not.toContain('DKIM-Signature');
    const checked = await cartero(['check', 'letter', '--json'], cwd);
    expect(checked.code).toBe(0);
    expect(lastJson(checked)).toMatchObject({ errors: 0 });
    expect(checked.stdout).toContain('"rule":"dkim-domain"');
    expect((await cartero(['plan', 'letter'], cwd)).stderr).toContain('DKIM keys of example.net only');
  });

  test.each([
    ['a file that is missing', undefined, 'cannot be read (ENOENT)'],
    ['a file that is no key', 'my secret words', 'found no private key'],
  ])('stops before anything for %s, with file and field and nothing of the key', async (_what, text, words) => {
    const cwd = temporaryFolder();
    await writeRelays(cwd, [{ domain: 'example.com', selector: 's', key: 'own.pem' }]);
    await writeLetter(cwd);
    if (text !== undefined) await writeFile(join(cwd, 'infra', 'own.pem'), text);
    for (const command of ['compose', 'run', 'check']) {
      const { code, stdout, stderr } = await cartero([command, 'letter'], cwd, {
        CARTERO_RELAY: 'smtps://b.example',
      });
      expect(code).toBe(1);
      expect(stdout + stderr).toContain('relays.default.dkim.0.key: "own.pem"');
      expect(stdout + stderr).toContain(words);
      expect(stdout + stderr).not.toContain('secret words');
    }
  });
});
