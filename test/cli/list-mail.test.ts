/** Mail of a list as its readers get it: a link that leaves the list, and is good for them alone. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLinkKeys } from '#local';
import { readToken } from '#mailing';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, temporaryFolder, writeCampaign } from './cartero.ts';

const LETTERS = {
  'campaign.json': JSON.stringify({
    from: 'News <news@example.com>',
    audience: 'list.csv',
    list: { id: 'News <news.example.com>', unsubscribe: 'https://example.com/u' },
  }),
  'body.txt.hbs': 'Hello {{name}}\n\nLeave: {{unsubscribe}}\n',
};

const tokenOf = (message: string) =>
  /^List-Unsubscribe: <https:\/\/example\.com\/u\?token=(.*)>\r$/m.exec(message)?.[1] ?? '';

async function folderWithList(): Promise<string> {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', LETTERS);
  return folder;
}

test('each reader has a link of their own, which the state opens; also the next run signs with its key', async () => {
  const folder = await folderWithList();
  const relay = await startRelay();
  for (const again of [[], ['--new']]) {
    const ended = await cartero(['run', 'letters', '--relay', relay.url, ...again], folder);
    expect(ended.code, ended.stderr).toBe(0);
  }
  const keys = readLinkKeys(join(folder, '.cartero'));
  expect(keys).toHaveLength(1);
  expect(relay.ended).toHaveLength(4);
  for (const { recipient, content = '' } of relay.ended) {
    const token = tokenOf(content);
    const claims = { purpose: 'unsubscribe', list: 'news.example.com', recipient };
    expect(readToken(token, 'unsubscribe', keys)).toEqual(claims);
    expect(content).toContain('\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n');
    expect(content.replaceAll('=\r\n', '').replaceAll('=3D', '=')).toContain(
      `Leave: https://example.com/u?token=${token}\r\n`,
    );
  }
});

test('compose signs with the key of the state, and with one that opens nothing where there is none', async () => {
  const folder = await folderWithList();
  const relay = await startRelay();
  const compose = async (...words: string[]) =>
    tokenOf((await cartero(['compose', 'letters', '--row', '1', ...words], folder)).octets.toString('latin1'));
  expect(await compose()).toMatch(/^v1\.specimen\./);
  await cartero(['run', 'letters', '--relay', relay.url, '--state', 'kept'], folder);
  const [key] = readLinkKeys(join(folder, 'kept'));
  expect(await compose()).toMatch(/^v1\.specimen\./);
  expect(await compose('--state', 'kept')).toMatch(new RegExp(`^v1\\.${key?.id}\\.`));
});

test('a file of keys that is damaged is told, and not replaced', async () => {
  const folder = await folderWithList();
  const relay = await startRelay();
  await cartero(['run', 'letters', '--relay', relay.url], folder);
  const file = join(folder, '.cartero/link-keys.json');
  writeFileSync(file, '{ "keys": [');
  const ended = await cartero(['run', 'letters', '--relay', relay.url, '--new'], folder);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('link-keys.json": it is not JSON, wanted { "keys": [{ "id", "since", "secret" }] }');
  expect(ended.stderr).not.toContain('    at ');
  expect(readFileSync(file, 'utf8')).toBe('{ "keys": [');
  expect(relay.ended).toHaveLength(2);
});
