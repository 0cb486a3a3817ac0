/** `settle` as typed: who is uncertain, with the evidence, and a person's word. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, jsonLines, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';

const PEOPLE = ['ana', 'ben', 'cleo', 'dora'];

/** A run of four: the connection is lost behind the mail data of the first three. */
async function inDoubt() {
  const folder = temporaryFolder();
  const rows = PEOPLE.map((name) => `${name}@example.com,${name}\n`).join('');
  await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${rows}` });
  const relay = await startRelay(({ at, recipient }) => (at === '.' && !recipient.startsWith('dora') ? 'reset' : null));
  const words = ['run', 'letters', '--relay', relay.url, '--connections', '1', '--json'];
  const ended = await cartero(words, folder);
  expect(ended.code, ended.stderr).toBe(2);
  expect(lastJson(ended)).toMatchObject({ accepted: 1, uncertain: 3 });
  return { folder, run: String(lastJson(ended).run), again: () => cartero(words, folder), relay };
}

test('whoever is uncertain is listed with the evidence, and settled by a word', { timeout: 120_000 }, async () => {
  const { folder, run, again, relay } = await inDoubt();
  const listed = await cartero(['settle', run], folder);
  expect(listed.code, listed.stderr).toBe(0);
  expect(listed.stdout).toMatch(/^ana@example\.com: nobody knows how attempt 1 ended, 20\S+Z\n {2}Cannot /);
  expect(listed.stdout).toMatch(/Message-ID <[0-9a-f]{32}@example\.com>\n {2}\d\d:\d\d:\d\d\.\d{3} .* [CS*]:? /);
  expect(listed.stdout).toContain(`npx cartero transcript ${run} --recipient ana@example.com\n`);
  expect(listed.stdout).not.toContain('dora@');
  expect(jsonLines(await cartero(['settle', run, '--json'], folder))).toMatchObject(
    ['ana', 'ben', 'cleo'].map((name) => ({ recipient: `${name}@example.com`, attempt: 1, uncertainAttempts: 1 })),
  );
  const settled = await cartero(
    ['settle', run, '--recipient', 'ana@EXAMPLE.com', '--as', 'accepted', '--reason', 'seen in mail.log', '--json'],
    folder,
  );
  expect(settled.code, settled.stderr).toBe(0);
  expect(lastJson(settled)).toEqual({ run, as: 'accepted', settled: 1, known: 0, unsettled: [] });
  await writeFile(join(folder, 'bounced.csv'), 'email\nben@example.com\nana@example.com\neve@example.com\n');
  const many = await cartero(['settle', run, '--file', 'bounced.csv', '--as', 'refused', '--json'], folder);
  expect(many.code).toBe(1);
  expect(many.stderr).toContain('bounced.csv:3: ana@example.com is accepted after 1 attempt, and not uncertain');
  expect(many.stderr).toContain('bounced.csv:4: eve@example.com is no recipient of this run');
  expect(lastJson(many)).toMatchObject({ settled: 1, known: 0 });
  const people = jsonLines(await cartero(['status', run, '--recipients', '--json'], folder));
  expect(people.map(({ outcome }) => outcome)).toEqual(['accepted', 'refused', 'uncertain', 'accepted']);
  expect(people[0]?.problem).toMatch(/^settled by hand: seen in mail\.log; before: Cannot /);
  const results = await readFile(join(folder, '.cartero/objects/runs', run, 'results/000001.jsonl'), 'utf8');
  expect(
    results
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(people);
  // Only who was settled as refused is sent to again, and only by a retry.
  expect(lastJson(await cartero(['retry', run, '--json'], folder))).toEqual({ run, retried: 1 });
  const late = await cartero(['settle', run, '--recipient', 'ben@example.com', '--as', 'accepted'], folder);
  expect([late.code, late.stderr]).toEqual([1, expect.stringContaining('is pending after 1 attempt')]);
  expect(lastJson(await again())).toMatchObject({ accepted: 2, uncertain: 2 });
  expect(relay.ended.map(({ recipient }) => recipient.slice(0, 3))).toEqual(['ana', 'ben', 'cle', 'dor', 'ben']);
});

test('words that do not go together are refused before anybody is moved', { timeout: 120_000 }, async () => {
  const { folder, run } = await inDoubt();
  for (const [words, problem] of [
    [['--as', 'accepted'], 'whom is it said of'],
    [['--as', 'pending', '--recipient', 'ana@example.com'], 'wanted one of accepted, refused'],
    [['--as', 'accepted', '--recipient', 'ana@example.com', '--file', 'x.csv'], 'whom is it said of'],
    [['--reason', 'x'], '--reason wants --as'],
    [['--as', 'refused', '--file', 'nowhere.csv'], 'cannot read "nowhere.csv"'],
    [
      ['--as', 'refused', '--recipient', 'ana@example.com', '--attempt', '2'],
      'uncertain by attempt 1, not by attempt 2',
    ],
  ] as const)
    expect(await cartero(['settle', run, ...words], folder)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(problem) as unknown,
    });
  expect(jsonLines(await cartero(['status', run, '--json'], folder))[0]).toMatchObject({ uncertain: 3 });
});
