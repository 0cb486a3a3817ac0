/** Links by which one subscriber leaves one list: what they say, and that nobody else can make or bend one. */
import { createHmac, createSecretKey } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { openCampaignFolder } from '#local';
import {
  keyOfRun,
  type LinkKey,
  linkWith,
  loadCampaign,
  MailComposer,
  Planner,
  readToken,
  signedToken,
} from '#mailing';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';

const key = (id: string, since = 0): LinkKey => ({ id, since, secret: createSecretKey(Buffer.alloc(32, id)) });
const KEY = key('k1');
const CLAIMS = { purpose: 'unsubscribe', list: 'news.example.com', recipient: 'ana@example.org' } as const;

describe('a token', () => {
  it('is version, key id, claims and HMAC-SHA-256 over them, in base64url', () => {
    const claims = Buffer.from('["unsubscribe","news.example.com","ana@example.org"]').toString('base64url');
    const signature = createHmac('sha256', Buffer.alloc(32, 'k1')).update(`v1.k1.${claims}`).digest('base64url');
    expect(signedToken(KEY, CLAIMS)).toBe(`v1.k1.${claims}.${signature}`);
  });

  it.each(['ana@example.org', '"a b"@example.org', 'jörg@example.com', '用户@example.com', "o'neil+x@example.org"])(
    'says %s to whoever has the key',
    (recipient) => {
      const token = signedToken(KEY, { ...CLAIMS, recipient });
      expect(token).toMatch(/^[A-Za-z0-9_.-]+$/);
      expect(readToken(token, 'unsubscribe', [key('k0'), KEY])).toEqual({ ...CLAIMS, recipient });
    },
  );

  it('is good no longer when a single sign of it is another', () => {
    const token = signedToken(KEY, CLAIMS);
    for (let at = 0; at < token.length; at++) {
      for (const sign of ['A', 'B', 'Q', 'g', 'w', '.', '-']) {
        if (token[at] === sign) continue;
        expect(readToken(token.slice(0, at) + sign + token.slice(at + 1), 'unsubscribe', [KEY])).toBeNull();
      }
    }
  });

  it.each([
    ['of another key', signedToken({ ...KEY, secret: key('x').secret }, CLAIMS)],
    ['of an id that is not known', signedToken(key('k2'), CLAIMS)],
    ['cut short', signedToken(KEY, CLAIMS).slice(0, -1)],
    ['with something behind it', `${signedToken(KEY, CLAIMS)}A`],
    ['without signature', signedToken(KEY, CLAIMS).split('.').slice(0, 3).join('.')],
    ['of a later version', signedToken(KEY, CLAIMS).replace('v1', 'v2')],
    ['of nothing', ''],
    ['of a megabyte', `v1.k1.${'A'.repeat(1 << 20)}.${'A'.repeat(43)}`],
    ['signed by a mail that was only looked at', signedToken(keyOfRun([], 0), CLAIMS)],
  ])('%s opens nothing', (_what, token) => {
    expect(readToken(token, 'unsubscribe', [KEY])).toBeNull();
  });

  it('for one purpose does nothing else', () => {
    const claims = Buffer.from('["view","news.example.com","ana@example.org"]').toString('base64url');
    const signature = createHmac('sha256', KEY.secret).update(`v1.k1.${claims}`).digest('base64url');
    expect(readToken(`v1.k1.${claims}.${signature}`, 'unsubscribe', [KEY])).toBeNull();
  });
});

describe('keyOfRun', () => {
  it.each([
    [150, 'a'],
    [200, 'b'],
    [999, 'b'],
    [1000, 'c'],
    [50, 'a'],
  ])('at %d is %s: the newest that was there, else the oldest', (startedAt, id) => {
    expect(keyOfRun([key('c', 1000), key('a', 100), key('b', 200)], startedAt).id).toBe(id);
  });
});

describe('linkWith', () => {
  it('puts the token into the query, also behind another one', () => {
    expect(linkWith('https://example.com/u', 't')).toBe('https://example.com/u?token=t');
    expect(linkWith('https://example.com/u?list=1', 't')).toBe('https://example.com/u?list=1&token=t');
  });
});

test('each mail of a campaign links to its own recipient, in both fields of one click', async () => {
  const root = temporaryFolder();
  const folder = await writeCampaign(root, 'letters', {
    'subject.hbs': 'News',
    'body.txt.hbs': 'Hello\nLeave: {{unsubscribe}}\n',
    'campaign.json': JSON.stringify({
      from: 'a@example.com',
      list: { id: 'News <news.example.com>', unsubscribe: 'https://example.com/u' },
    }),
  });
  const loaded = await loadCampaign(await openCampaignFolder(folder, { projectTemplates: root }));
  const composer = await MailComposer.open(loaded, {
    date: 5,
    readFile: async () => new Uint8Array(),
    linkKeys: [KEY, key('young', 6)],
  });
  const links = [];
  for (const recipient of ['Ana@Example.org', 'bob@example.org']) {
    const { data } = await composer.compose({ recipient, messageId: 'a@example.com', fields: {} });
    const message = Buffer.concat(data.pieces).toString();
    expect(message).toContain('\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\nList-Id: News <news.');
    const [, inBody] = /\r\nLeave: (.*)\r\n/.exec(message) ?? [];
    expect(message).toContain(`\r\nList-Unsubscribe: <${inBody}>\r\n`);
    const [, token = ''] = /\r\nList-Unsubscribe: <https:\/\/example\.com\/u\?token=([^>]+)>\r\n/.exec(message) ?? [];
    links.push(readToken(token, 'unsubscribe', [KEY])?.recipient);
  }
  expect(links).toEqual(['Ana@example.org', 'bob@example.org']);
});

test.each([
  ['of one click', { unsubscribe: 'https://example.com/u' }, 'valid'],
  ['of a page for all', { unsubscribe: 'https://example.com/u', oneClick: false }, 'valid'],
  ['of none', {}, 'invalid'],
])('a list %s: a row that lacks the variable "unsubscribe"', async (_what, change, expected) => {
  const root = temporaryFolder();
  const folder = await writeCampaign(root, 'letters', {
    'body.txt.hbs': '{{unsubscribe}}\n',
    'campaign.json': JSON.stringify({ from: 'a@example.com', list: { id: '<a.b>', ...change } }),
  });
  const loaded = await loadCampaign(await openCampaignFolder(folder, { projectTemplates: root }));
  const audience = { name: 'list.csv', open: () => loaded.source.files.stream('list.csv') };
  const planner = new Planner(loaded, audience, '', { run: 'r', at: 0, pinFile: async () => '' });
  const composer = await MailComposer.open(loaded, { date: 0, readFile: async () => new Uint8Array() });
  for await (const row of planner.deliveries()) {
    expect(row.state === 'invalid' ? 'invalid' : 'valid').toBe(expected);
    if (row.fields === undefined) continue;
    const { data } = await composer.compose({ ...row, fields: row.fields });
    expect(Buffer.concat(data.pieces).toString()).toMatch(/\r\n\r\nhttps:\/\/example\.com\/u(\?token=v1\.\S+)?\r\n$/);
  }
  expect(planner.recipients).toBe(2);
});
