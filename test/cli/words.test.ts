/** What was typed, and what is said about it: the words that a person reads, told once and with what to change. */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseRelayUrl } from '#mailing';
import { TlsError, TlsRequiredError } from '#smtp';
import { check } from '../../functions/cli/check.ts';
import type { Command } from '../../functions/cli/command.ts';
import { compose } from '../../functions/cli/compose.ts';
import { demo } from '../../functions/cli/demo.ts';
import { explainRelay } from '../../functions/cli/explain.ts';
import { inbox } from '../../functions/cli/inbox.ts';
import { run } from '../../functions/cli/run.ts';
import { send } from '../../functions/cli/send.ts';
import { transcript } from '../../functions/cli/transcript.ts';
import { startRelay } from '../mailing/scripted-relay.ts';
import { temporaryFolder, writeCampaign } from './cartero.ts';
import { typed } from './typed.ts';

const refused: readonly [command: Command, args: string, told: string][] = [
  [send, 'letters --to a@example.com --to b@example.com', '--to is given twice, wanted once'],
  [run, 'letters --rate 5 --rate=50', '--rate is given twice, wanted once'],
  [run, 'letters --json --json', '--json is given twice, wanted once'],
  [send, 'letters --to a@example.com --audience list.csv', '--audience goes with --row'],
  [send, 'letters --to a@example.com --attach list.csv', '--attach goes with a typed mail, not with a campaign'],
  [send, 'letters --to a@example.com', 'there is no templates/letters/sample.json; give a row'],
  [compose, 'letters', 'there is no templates/letters/sample.json; give a row'],
  [compose, 'letters --audience list.csv', '--audience goes with --row'],
  [compose, 'letters --row 1 --recipient {}', 'only one of --recipient and --row is wanted'],
  [compose, 'letters --row 4', 'templates/letters/list.csv has 1 row, so there is no row 4'],
  [compose, 'letters --row 1 --out /nowhere/x.eml', '--out: "/nowhere/x.eml" cannot be written (ENOENT)'],
];

async function folderWithOneRow(files: Parameters<typeof writeCampaign>[2] = {}): Promise<string> {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', { 'list.csv': 'email,name\nana@example.com,Ana\n', ...files });
  return folder;
}

describe('what is refused', () => {
  for (const [command, args, told] of refused) {
    test(`cartero ${command.name} ${args}`, async () => {
      await expect(typed(command, args.split(' '), await folderWithOneRow())).rejects.toThrow(told);
    });
  }

  test('an option that may be repeated is not', async () => {
    const folder = temporaryFolder();
    const { url } = await startRelay();
    await writeFile(join(folder, 'a.txt'), 'a');
    const typedMail = '--from a@example.com --to b@example.com --subject x --text y --attach a.txt --attach a.txt';
    expect(await typed(send, [...typedMail.split(' '), '--relay', url], folder)).toMatchObject({ code: 0 });
  });
});

describe('a sample.json that is not in order', () => {
  test.each([
    ['{"email"', 'it is not JSON, wanted an object such as'],
    ['[1]', 'it is no JSON object, wanted one such as'],
  ])('%s is told with its path once', async (sample, problem) => {
    const folder = await folderWithOneRow({ 'sample.json': sample });
    const told = `templates/letters/sample.json: ${problem}`;
    await expect(typed(compose, ['letters'], folder)).rejects.toThrow(new RegExp(`^${told}`));
    const { code, out } = await typed(check, ['letters'], folder);
    expect([code, out.split('\n')[0]]).toEqual([1, expect.stringMatching(new RegExp(`^${told}`))]);
  });
});

test('cartero compose takes the recipient of sample.json where none is named', async () => {
  const folder = await folderWithOneRow({ 'sample.json': '{"email":"sam@example.com","name":"Sam"}' });
  const { code, out } = await typed(compose, ['letters'], folder);
  expect([code, out]).toEqual([0, expect.stringContaining('\r\nSubject: Hello Sam\r\n')]);
});

describe('cartero transcript', () => {
  test('answers an unknown run with the five newest', async () => {
    const folder = await folderWithOneRow();
    const { url } = await startRelay();
    const ids: string[] = [];
    for (let count = 0; count < 6; count++) {
      const { out } = await typed(run, ['letters', '--relay', url, '--new', '--json'], folder);
      ids.push(String((JSON.parse(out) as { run: unknown }).run));
    }
    const newest = ids.toReversed().slice(0, 5).join(', ');
    await expect(typed(transcript, ['nope', '--recipient', 'ana@example.com'], folder)).rejects.toThrow(
      `there is no run "nope"; there are ${newest}, … (6 in all, \`cartero status\` lists them)`,
    );
  });

  test('says that a conversation was lost, and does not say that there was none', async () => {
    const folder = await folderWithOneRow({ 'list.csv': 'email,name\nana@example.com,Ana\nben@example.com,\n' });
    const { url } = await startRelay();
    const { out } = await typed(run, ['letters', '--relay', url, '--json'], folder);
    const { run: id } = JSON.parse(out) as { run: string };
    // As a process that is killed leaves it: the ledger knows of the attempt, and nothing was written of what was said.
    await rm(join(folder, '.cartero', 'transcripts'), { recursive: true });
    const about = async (recipient: string) => (await typed(transcript, [id, '--recipient', recipient], folder)).out;
    expect(await about('ana@example.com')).toMatch(
      /accepted.*\n\nAttempt 1\n {2}its conversation was lost with the process/,
    );
    expect(await about('ben@example.com')).toMatch(/invalid.*\n {2}no conversation is kept: nothing was said/);
  });
});

test('cartero inbox --smtp 0 --http 0 listens on any free ports', async () => {
  const { code, notes } = await typed(inbox, ['--smtp', '0', '--http', '0'], temporaryFolder(), { stopAt: 'Ctrl-C' });
  expect(code).toBe(0);
  expect(notes).toMatch(/^Inbox {6}http:\/\/127\.0\.0\.1:[1-9]\d*\/\nSMTP {7}127\.0\.0\.1:[1-9]\d*,/);
});

describe('what is said of a relay', () => {
  const relay = parseRelayUrl('smtp://mail.example.com:587', 'here.example.com');
  const reply = { code: 454, lines: ['4.7.0 no certificate'], enhancedStatus: '4.7.0' };

  test('that offers no STARTTLS, or refuses it', () => {
    expect(explainRelay(new TlsRequiredError('x', { step: 'EHLO' }), relay)).toContain(
      'mail.example.com:587 offers no STARTTLS',
    );
    expect(explainRelay(new TlsRequiredError('x', { step: 'STARTTLS', reply }), relay)).toContain(
      'mail.example.com:587 refuses STARTTLS',
    );
  });

  test("is without Node's advice to whoever starts node by hand", () => {
    const problem =
      'unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca';
    expect(explainRelay(new TlsError(problem, { step: 'TLS' }), relay).split('\n')).toEqual([
      'mail.example.com:587: Cannot start TLS: unable to verify the first certificate',
      expect.stringContaining('?ca=FILE'),
    ]);
  });
});

describe('cartero demo', () => {
  test('sends the newsletter to everybody, and says what to type next in lines that fit', {
    timeout: 60_000,
  }, async () => {
    const { code, out } = await typed(demo, [], temporaryFolder());
    expect(code).toBe(0);
    expect(out).toMatch(/1,000 recipients of 1,000 rows.*\n {2}accepted +1,000\n/);
    expect(out.split('\n').filter((line) => line.length > 100)).toEqual([]);
  });

  test('ends at Ctrl-C while it sends: no page stays, and nothing is told to type next', async () => {
    const stopped = await typed(demo, [], temporaryFolder(), { isTerminal: true, stopAt: 'accepted 1' });
    expect(stopped.code).toBe(3);
    expect(stopped.out).not.toContain('Next');
    expect(stopped.notes).toContain('`npx cartero run newsletter` goes on with it');
  });
});
