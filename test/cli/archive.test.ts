/** `archive`, as typed, of runs over real servers: what it gives is what they received. */
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { archive } from '../../functions/cli/archive.ts';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, jsonLines, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';
import { typed } from './typed.ts';

const SETTINGS = { from: 'News <news@example.com>', audience: 'list.csv', archive: true };
const campaign = (more: object = {}) => JSON.stringify({ ...SETTINGS, ...more });

/** Dots at the beginnings of lines, letters beyond ASCII, a shared attachment, and one of each recipient's own. */
async function folderWithMails(): Promise<string> {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', {
    'campaign.json': campaign({ attachments: [{ object: 'terms.pdf' }, { object: '{{file}}' }] }),
    'body.txt.hbs': '.\n..\nHello {{name}}, ¿qué tal?\n.end\n',
    'list.csv': 'email,name,file\nana@example.com,Ana,a.pdf\nzoe@example.com,Zoë,b.pdf\nbo@example.com,Bo,a.pdf\n',
    'terms.pdf': randomBytes(20_000),
    'a.pdf': randomBytes(3000),
    'b.pdf': randomBytes(9000),
  });
  return folder;
}

const PEOPLE = ['ana@example.com', 'bo@example.com', 'zoe@example.com'];

const octetsFor = async (folder: string, run: string, recipient: string) =>
  (await cartero(['archive', run, '--recipient', recipient], folder)).octets;

test('gives the octets that the embedded server received, those of a shared attachment too', {
  timeout: 60_000,
}, async () => {
  const folder = await folderWithMails();
  const ended = await cartero(['run', 'letters', '--json'], folder);
  expect(ended.code, ended.stderr).toBe(0);
  const run = String(lastJson(ended).run);
  const received = [1, 2, 3].map((number) => readFileSync(join(folder, `.cartero/inbox/00000${number}.eml`)));
  for (const recipient of PEOPLE) {
    const octets = await octetsFor(folder, run, recipient);
    const mail = received.find((each) => each.includes(`To: ${recipient}`) || each.includes(`<${recipient}>`));
    expect(mail?.equals(octets), recipient).toBe(true);
  }
});

/** The lab's relay, which takes mail by BDAT and writes down the hash of each. */
test('gives the octets that went by BDAT, several mails at a time', { timeout: 60_000 }, async () => {
  const folder = await folderWithMails();
  const place = join(folder, 'relays');
  mkdirSync(join(place, 'lab'), { recursive: true });
  writeFileSync(
    join(place, 'lab', 'relay.json'),
    JSON.stringify({ course: 'chunking', faults: false, delayMs: 0, seed: 1 }),
  );
  const program = fileURLToPath(new URL('../../lab/oracle/server.ts', import.meta.url));
  const oracle = spawn(process.execPath, [program, place], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    oracle.kill('SIGKILL');
  });
  const [port] = (await once(oracle.stdout, 'data')) as [Buffer];
  const relay = `smtp+insecure://127.0.0.1:${port.toString().trim()}?name=lab.lab.test`;
  const ended = await cartero(['run', 'letters', '--relay', relay, '--json'], folder);
  expect(ended.code, ended.stderr).toBe(0);
  const records = readFileSync(join(place, 'lab', 'oracle.jsonl'), 'utf8')
    .trim()
    .split('\n');
  expect(records).toHaveLength(3);
  for (const record of records) {
    const { recipient, content } = JSON.parse(record) as { recipient: string; content: string };
    const octets = await octetsFor(folder, String(lastJson(ended).run), recipient);
    expect(createHash('sha256').update(octets).digest('hex'), recipient).toBe(content);
  }
});

const PRIVATE = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' });

test('gives the signature as well, and each attempt by its number', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'infra'));
  writeFileSync(join(folder, 'infra/key.pem'), PRIVATE, { mode: 0o600 });
  const key = { domain: 'example.com', selector: 's1', key: 'key.pem' };
  const relays = { relays: { default: { host: '127.0.0.1', port: 25, security: 'none', dkim: [key] } } };
  writeFileSync(join(folder, 'infra/relays.json'), JSON.stringify(relays));
  await writeCampaign(folder, 'letters', { 'campaign.json': campaign() });
  let turns = 0;
  const relay = await startRelay(({ at, recipient }) => {
    if (at === 'RCPT' && recipient === 'zoe@example.com') return '550 5.1.1 nobody here';
    if (at !== '.') return null;
    turns += 1;
    return turns === 1 ? '451 4.3.0 not now' : null;
  });
  const first = await cartero(['run', 'letters', '--relay', relay.url, '--once', '--json'], folder);
  expect(first.code, first.stderr).toBe(2);
  const run = String(lastJson(first).run);
  expect(await cartero(['retry', run, '--outcome', 'deferred'], folder)).toMatchObject({ code: 0 });
  const second = await cartero(['run', 'letters', '--relay', relay.url, '--once', '--json'], folder);
  expect(lastJson(second)).toMatchObject({ accepted: 1, refused: 1 });

  const sent = Buffer.from(relay.ended[1]?.content ?? '', 'latin1');
  const last = await cartero(['archive', run, '--recipient', 'ana@EXAMPLE.com'], folder);
  expect(last.octets.equals(sent)).toBe(true);
  expect(last.stdout).toContain('DKIM-Signature:');
  expect(last.stderr).toContain('attempt 2 (of 2 so far): was handed to the relay; accepted');
  const before = await cartero(['archive', run, '--recipient', 'ana@example.com', '--attempt', '1'], folder);
  expect(before.octets.equals(sent), 'every attempt is the same').toBe(true);
  expect(before.stderr).toContain('attempt 1 (of 2 so far): was handed to the relay; after later attempts');
  expect(jsonLines(await cartero(['archive', run, '--json'], folder))).toMatchObject([
    { recipient: 'ana@example.com', row: 1, attempt: 1, attempts: 2, octets: sent.length, sent: true },
    { recipient: 'ana@example.com', row: 1, attempt: 2, attempts: 2, sent: true, outcome: 'accepted' },
  ]);
  const refused = await cartero(['archive', run, '--recipient', 'zoe@example.com'], folder);
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toContain(
    'are kept: no mail came so far that it could leave (refused, 550 5.1.1 nobody here)',
  );
});

describe('what is asked for', () => {
  async function folderWithRun(settings: object = {}): Promise<{ folder: string; run: string }> {
    const folder = temporaryFolder();
    await writeCampaign(folder, 'letters', { 'campaign.json': campaign(settings) });
    const ended = await cartero(['run', 'letters', '--json'], folder);
    expect(ended.code, ended.stderr).toBe(0);
    return { folder, run: String(lastJson(ended).run) };
  }

  test('goes into a file of its user alone, and the list tells which mails there are', {
    timeout: 60_000,
  }, async () => {
    const { folder, run } = await folderWithRun();
    const one = await typed(archive, [run, '--recipient', 'zoe@example.com', '--out', 'zoe.eml'], folder);
    expect(one).toMatchObject({ code: 0, out: '' });
    expect(readFileSync(join(folder, 'zoe.eml')).equals(await octetsFor(folder, run, 'zoe@example.com'))).toBe(true);
    const all = await typed(archive, [run], folder);
    expect(all.out).toMatch(
      /^ana@example\.com: \S+Z, \d+ octets: was handed to the relay; accepted\nzoe@example\.com: /,
    );
    expect(await typed(archive, [run, '--recipient', 'eve@example.com'], folder)).toMatchObject({
      code: 1,
      notes: expect.stringContaining('eve@example.com is no recipient of run') as unknown,
    });
    expect(await typed(archive, [run, '--recipient', 'ana@example.com', '--attempt', '2'], folder)).toMatchObject({
      code: 1,
      out: '',
      notes: expect.stringContaining('No octets of attempt 2 to ana@example.com') as unknown,
    });
    await expect(typed(archive, [run, '--out', 'x.eml'], folder)).rejects.toThrow('go with --recipient');
    await expect(typed(archive, [run, '--recipient', 'ana@example.com', '--out', 'no/x.eml'], folder)).rejects.toThrow(
      'cannot write "no/x.eml"',
    );
    expect(existsSync(join(folder, 'no'))).toBe(false);
  });

  test('is not there for a run that was planned without it', { timeout: 60_000 }, async () => {
    const { folder, run } = await folderWithRun({ archive: false });
    await writeCampaign(folder, 'letters', { 'campaign.json': campaign() });
    for (const words of [[run], [run, '--recipient', 'ana@example.com']]) {
      const { code, out, notes } = await typed(archive, words, folder);
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(notes).toContain('keeps no archive: campaign.json did not say "archive": true when it was planned');
    }
  });
});
