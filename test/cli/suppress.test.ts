/** The suppression list as typed: before a run, in its plan, and while it is under way in another process. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, jsonLines, lastJson, startCartero, temporaryFolder, writeCampaign } from './cartero.ts';

test('whoever is on the list is planned as suppressed, and gets nothing', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters');
  const added = await cartero(['suppress', 'add', 'ANA@Example.com', '--reason', 'asked by phone', '--json'], folder);
  expect(added.code, added.stderr).toBe(0);
  expect(lastJson(added)).toEqual({ added: 1, unchanged: 0 });
  const planned = await cartero(['plan', 'letters', '--json'], folder);
  expect(lastJson(planned)).toMatchObject({ recipients: 2, suppressed: 1, toSend: 1 });
  const relay = await startRelay();
  const ended = await cartero(['run', 'letters', '--relay', relay.url, '--json'], folder);
  expect(ended.code, ended.stderr).toBe(0);
  expect(lastJson(ended)).toMatchObject({ recipients: 2, accepted: 1, suppressed: 1 });
  expect(relay.accepted).toEqual(['zoe@example.com']);
});

test('somebody who is added while a run is under way gets nothing more', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  const people = Array.from({ length: 20 }, (_, index) => `p${index}@example.com,P${index}\n`).join('');
  await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${people}` });
  let reached = () => {};
  const begun = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const relay = await startRelay(({ at }) => {
    if (at === 'MAIL') reached();
    return null;
  });
  const run = ['run', 'letters', '--relay', relay.url, '--rate', '4', '--connections', '1', '--json'];
  const { ended } = startCartero(run, folder);
  await begun;
  expect(await cartero(['suppress', 'add', 'P19@example.com'], folder)).toMatchObject({ code: 0 });
  const end = await ended;
  expect(end.code, end.stderr).toBe(0);
  expect(lastJson(end)).toMatchObject({ accepted: 19, suppressed: 1, uncertain: 0, deferred: 0 });
  expect(relay.ended.map(({ recipient }) => recipient)).not.toContain('p19@example.com');
});

test('a file is imported whole or not at all, listed, and taken off again', { timeout: 60_000 }, async () => {
  const folder = temporaryFolder();
  await writeFile(join(folder, 'good.csv'), 'email,since\r\nana@example.com,2024\r\n\r\n"ben@example.com",2025\r\n');
  await writeFile(join(folder, 'bad.csv'), 'cleo@example.com\nnobody\n');
  expect(lastJson(await cartero(['suppress', 'add', '--file', 'good.csv', '--json'], folder))).toEqual({
    added: 2,
    unchanged: 0,
  });
  expect(await cartero(['suppress', 'add', '--file', 'bad.csv'], folder)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('bad.csv:2: "nobody" is no address') as unknown,
  });
  const listed = jsonLines(await cartero(['suppress', 'list', '--json'], folder));
  expect(listed.map(({ recipient }) => recipient)).toEqual(['ana@example.com', 'ben@example.com']);
  const removed = await cartero(['suppress', 'remove', 'Ben@example.com', 'dora@example.com', '--json'], folder);
  expect(lastJson(removed)).toEqual({ removed: 1, unchanged: 1 });
  for (const wrong of [['suppress'], ['suppress', 'ad'], ['suppress', 'add'], ['suppress', 'list', 'x@example.com']])
    expect((await cartero(wrong, folder)).code).toBe(1);
});
