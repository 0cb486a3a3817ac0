/** What is not in order is told with file, row and field; it is held, the rest goes on, and not one octet of it is sent. */
import { describe, expect, test } from 'vitest';
import { type ScriptedRelay, startRelay } from '../mailing/scripted-relay.ts';
import { cartero, jsonLines, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';

type CampaignFiles = Readonly<Record<string, string | Uint8Array | null>>;

async function runWith(files: CampaignFiles, relay: ScriptedRelay) {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', files);
  const ended = await cartero(['run', 'letters', '--relay', relay.url, '--json'], folder);
  return { folder, ended };
}

const campaign = (more: Record<string, unknown>) =>
  JSON.stringify({ from: 'news@example.com', audience: 'list.csv', ...more }, null, 2);

/** The whole campaign is held: exit code 1, nothing connected. */
const heldCampaigns: readonly [what: string, files: CampaignFiles, told: readonly string[]][] = [
  [
    'an unknown key',
    { 'campaign.json': campaign({ audiense: 'x.csv' }) },
    ['templates/letters/campaign.json:4', '"audiense"', 'did you mean "audience"?'],
  ],
  [
    'a campaign.json that is not JSON',
    { 'campaign.json': '{ "from": "a@example.com", }' },
    ['templates/letters/campaign.json:1', 'not JSON'],
  ],
  ['no campaign.json', { 'campaign.json': null }, ['templates/letters/campaign.json', 'no such file']],
  ['a From that is no mailbox', { 'campaign.json': campaign({ from: 'News <news@>' }) }, ['campaign.json:2', '"from"']],
  ['a missing subject template', { 'subject.hbs': null }, ['templates/letters/subject.hbs', 'no such file']],
  ['no body template', { 'body.txt.hbs': null }, ['body.html.hbs or body.txt.hbs', 'no such file']],
  ['a broken Handlebars block', { 'body.txt.hbs': 'Hello\n{{#if name}}you\n' }, ['templates/letters/body.txt.hbs:']],
  ['an unknown helper', { 'body.txt.hbs': 'Hello\n{{shout name}}\n' }, ['templates/letters/body.txt.hbs:2', 'shout']],
  ['a template that is not UTF-8', { 'body.txt.hbs': Buffer.from('Gr\xfc\xdfe', 'latin1') }, ['body.txt.hbs', 'UTF-8']],
  [
    'a missing attachment',
    { 'campaign.json': campaign({ attachments: [{ object: 'gone.pdf' }] }) },
    ['templates/letters/gone.pdf', 'no such file', 'attachments.0'],
  ],
  [
    'an attachment outside the folder',
    { 'campaign.json': campaign({ attachments: [{ object: '../../secret.txt' }] }) },
    ['campaign.json', 'attachments.0.object'],
  ],
  ['an empty CSV', { 'list.csv': '' }, ['list.csv', 'no rows', 'header row']],
  ['a CSV with a header alone', { 'list.csv': 'email,name\n' }, ['list.csv', 'no rows']],
  ['a CSV without a column email', { 'list.csv': 'mail,name\nana@example.com,Ana\n' }, ['list.csv', 'email', 'mail']],
  [
    'a torn quote',
    { 'list.csv': 'email,name\nana@example.com,Ana\nben@example.com,"Ben\ncleo@example.com,Cleo\n' },
    ['list.csv', 'row 2', 'quote'],
  ],
];

/** One row is held: it is `invalid`, the others are accepted, exit code 2. */
const heldRows: readonly [what: string, files: CampaignFiles, told: readonly string[]][] = [
  [
    'an address with a line break and a command',
    { 'list.csv': 'email,name\n"a@b.c\r\nRCPT TO:<e@z>",Eve\nana@example.com,Ana\n' },
    ['list.csv', 'row 1', '"email"'],
  ],
  [
    'an address that is none',
    { 'list.csv': 'email,name\nnobody,Eve\nana@example.com,Ana\n' },
    ['row 1', '"email"', 'nobody'],
  ],
  ['no address', { 'list.csv': 'email,name\n,Eve\nana@example.com,Ana\n' }, ['row 1', '"email"']],
  [
    'an empty variable',
    { 'list.csv': 'email,name\neve@example.com,\nana@example.com,Ana\n' },
    ['row 1', '"name"', 'subject.hbs:1'],
  ],
  [
    'a row with too many columns',
    { 'list.csv': 'email,name\neve@example.com,Eve,more\nana@example.com,Ana\n' },
    ['row 1', 'columns'],
  ],
  [
    "a missing file of one recipient's own",
    {
      'campaign.json': campaign({ attachments: [{ object: 'files/{{file}}.pdf' }] }),
      'list.csv': 'email,name,file\neve@example.com,Eve,gone\nana@example.com,Ana,ana\n',
      'files/ana.pdf': '%PDF-1.4 ana',
    },
    ['row 1', 'attachments.0', 'files/gone.pdf'],
  ],
  [
    "a file of one recipient's own that leads out of the folder",
    {
      'campaign.json': campaign({ attachments: [{ object: 'files/{{file}}' }] }),
      'list.csv': 'email,name,file\neve@example.com,Eve,../../../../etc/passwd\nana@example.com,Ana,ana.pdf\n',
      'files/ana.pdf': '%PDF-1.4 ana',
    },
    ['row 1', 'attachments.0', '".."'],
  ],
];

describe('cartero run', () => {
  for (const [what, files, told] of heldCampaigns) {
    test(`holds a campaign with ${what}, and connects to nobody`, async () => {
      const relay = await startRelay();
      const { ended } = await runWith(files, relay);
      expect(ended.code, ended.stderr).toBe(1);
      for (const words of told) expect(ended.stderr).toContain(words);
      expect(ended.stderr).not.toContain('    at ');
      expect(relay.received).toEqual([]);
    });
  }

  for (const [what, files, told] of heldRows) {
    test(`holds a row with ${what}, and sends the others`, async () => {
      const relay = await startRelay();
      const { ended } = await runWith(files, relay);
      expect(ended.code, ended.stderr).toBe(2);
      expect(lastJson(ended)).toMatchObject({ rows: 2, recipients: 2, invalid: 1, accepted: 1 });
      for (const words of told) expect(ended.stderr).toContain(words);
      expect(relay.accepted).toEqual(['ana@example.com']);
      expect(relay.received.join('')).not.toMatch(/eve@|\bEve\b|e@z|nobody/);
    });
  }

  test('holds a row whose column breaks the subject line', async () => {
    const relay = await startRelay();
    const { ended, folder } = await runWith(
      { 'list.csv': 'email,name\neve@example.com,"Eve\nBcc: mallory@example.com"\nana@example.com,Ana\n' },
      relay,
    );
    expect(ended.code).toBe(2);
    expect(lastJson(ended)).toMatchObject({ invalid: 1, accepted: 1 });
    expect(relay.received.join('')).not.toMatch(/eve@|\bEve\b|mallory/);
    const [eve] = jsonLines(await cartero(['status', '--recipients', '--json'], folder));
    expect(eve).toMatchObject({ recipient: 'eve@example.com', outcome: 'invalid', attempts: 0 });
    expect(String(eve?.problem)).toMatch(/"name".*subject\.hbs/s);
  });

  test('reads a BOM, Windows line ends, quotes and blank lines, and leaves duplicates out', async () => {
    const relay = await startRelay();
    const list =
      '\ufeffemail,name\r\nana@example.com,"Ana ""la"" Sol"\r\n\r\nAna@EXAMPLE.com,Ana\r\nana@Example.COM,Again\r\nben@example.com,Ben\r\n';
    const { ended } = await runWith({ 'list.csv': list }, relay);
    expect(ended.code, ended.stderr).toBe(0);
    // RFC 5321 §2.4: the domain knows no case, the local part may.
    expect(lastJson(ended)).toMatchObject({ rows: 4, recipients: 3, duplicates: 1, accepted: 3 });
    expect(relay.accepted).toEqual(['ana@example.com', 'Ana@example.com', 'ben@example.com']);
  });

  test('goes on with a mended audience after one that could not be read', async () => {
    const relay = await startRelay();
    const folder = temporaryFolder();
    const args = ['run', 'letters', '--relay', relay.url, '--json', '--at', '2026-12-01T09:00:00Z'];
    await writeCampaign(folder, 'letters', { 'list.csv': 'email,name\nana@example.com,Ana\nben@example.com,"Ben\n' });
    expect((await cartero(args, folder)).code).toBe(1);
    await writeCampaign(folder, 'letters', { 'list.csv': 'email,name\nana@example.com,Ana\nben@example.com,Ben\n' });
    const ended = await cartero(args, folder);
    expect(ended.code, ended.stderr).toBe(0);
    expect(relay.accepted).toEqual(['ana@example.com', 'ben@example.com']);
  });

  const words: readonly [args: readonly string[], told: string][] = [
    [['run'], '<campaign> is missing'],
    [['run', 'letters', 'more'], 'one word too many'],
    [['run', 'letters', '--frobnicate'], '--frobnicate'],
    [['run', 'letters', '--connections', '0'], '--connections'],
    [['run', 'letters', '--rate', '-5'], '--rate'],
    [['run', 'letters', '--at', 'tomorrow'], 'ISO 8601'],
    [['run', 'letters', '--on-uncertain', 'maybe'], 'hold, resend, skip'],
    [['run', 'nobody'], 'there is no campaign "nobody"; there are letters'],
    [['run', 'letters', '--audience', 'gone.csv'], 'gone.csv'],
    [['run', 'letters', '--relay', 'mail.example.com'], 'smtps://'],
    [['run', 'letters', '--relay', 'smtp+insecure://mail.example.com'], 'not loopback'],
    [['run', 'letters', '--plan', 'abcdef0123'], 'the plan is now'],
    [['compose', 'letters'], 'there is no templates/letters/sample.json'],
    [['compose', 'letters', '--row', '9'], 'there is no row 9'],
    [['compose', 'letters', '--recipient', '{"email"'], 'not JSON'],
    [['send', 'letters'], '--to is missing'],
    [
      ['send', '--from', 'a@example.com', '--to', 'b@example.com\r\nDATA', '--subject', 'x', '--text', 'y'],
      '--to is "b@example.com\\r\\nDATA"',
    ],
    [
      ['send', '--from', 'a@example.com', '--to', 'b@example.com', '--subject', 'x\r\nBcc: e@z', '--text', 'y'],
      'Subject',
    ],
    [['send', '--from', 'a@example.com', '--to', 'b@example.com', '--subject', 'x'], '--text'],
    [['status'], 'there is no state'],
    [['transcript', 'x', '--recipient', 'a@example.com'], 'there is no state'],
    [['new', '../escape'], 'no name for a campaign'],
    [['new', 'letters'], 'there already'],
    [['frobnicate'], 'There is no command "frobnicate"'],
  ];
  for (const [args, told] of words) {
    test(`cartero ${args.join(' ').replace(/[\r\n]/g, '·')} ends with 1 and says what to change`, async () => {
      const folder = temporaryFolder();
      await writeCampaign(folder, 'letters');
      const { code, stderr } = await cartero(args, folder);
      expect(code).toBe(1);
      expect(stderr).toContain(told);
      expect(stderr).not.toContain('    at ');
    });
  }
});
