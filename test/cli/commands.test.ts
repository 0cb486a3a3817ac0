/** The commands as the contract has them: what they print, and how they end. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { startRelay } from '../mailing/scripted-relay.ts';
import { cartero, jsonLines, lastJson, temporaryFolder, writeCampaign } from './cartero.ts';

const RUN_KEYS =
  'run campaign rows recipients duplicates notSelected pending accepted refused deferred uncertain invalid suppressed expired quarantined cancelled seconds'.split(
    ' ',
  );
const PLAN_KEYS =
  'run campaign planHash rows recipients duplicates notSelected invalid suppressed toSend octets batches seconds dollars problems'.split(
    ' ',
  );

async function folderWithCampaign(files: Parameters<typeof writeCampaign>[2] = {}): Promise<string> {
  const folder = temporaryFolder();
  await writeCampaign(folder, 'letters', files);
  return folder;
}

describe('cartero', () => {
  const names = ['new', 'check', 'compose', 'preview', 'plan', 'run', 'send', 'status', 'transcript', 'inbox'];
  test('lists its commands, and each has help with examples', { timeout: 60_000 }, async () => {
    const folder = temporaryFolder();
    const { code, stdout } = await cartero(['--help'], folder);
    expect(code).toBe(0);
    for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
    for (const { code: end, stdout: help } of await Promise.all(
      names.map((name) => cartero([name, '--help'], folder)),
    )) {
      expect(end).toBe(0);
      expect(help).toMatch(/^Usage:$[\s\S]*^Examples:\n {2}npx cartero /m);
    }
  });
});

describe('cartero plan', () => {
  test('shows the next starts of a schedule, behind the slot that is planned', async () => {
    const folder = await folderWithCampaign({
      'campaign.json': JSON.stringify({
        from: 'news@example.com',
        audience: 'list.csv',
        schedule: { cron: '30 2 * * ? *', timezone: 'Europe/Madrid' },
      }),
      'list.csv': 'email,name\nana@example.com,Ana\n',
    });
    const words = ['plan', 'letters', '--at', '2026-03-28T12:00:00Z'];
    const plan = lastJson(await cartero([...words, '--json'], folder));
    // 02:30 on 29 March is jumped over.
    const starts = ['2026-03-30T00:30:00.000Z', '2026-03-31T00:30:00.000Z', '2026-04-01T00:30:00.000Z'];
    expect(plan.nextStarts).toEqual(starts);
    expect((await cartero(words, folder)).stdout).toContain(`next starts   ${starts.join(', ')}\n`);
  });

  test('prints the counts of the contract, and the hash that run --plan takes', async () => {
    const folder = await folderWithCampaign({
      'list.csv': 'email,name\nana@example.com,Ana\nana@EXAMPLE.com,Ana\nnobody,Eve\nben@example.com,\n',
    });
    const ended = await cartero(['plan', 'letters', '--json'], folder);
    expect(ended.code, ended.stderr).toBe(0);
    const plan = lastJson(ended);
    expect(Object.keys(plan)).toEqual(PLAN_KEYS);
    expect(plan).toMatchObject({
      campaign: 'letters',
      rows: 4,
      recipients: 3,
      duplicates: 1,
      notSelected: 0,
      invalid: 2,
      suppressed: 0,
      toSend: 1,
      batches: 1,
    });
    expect(plan.problems).toMatchObject([
      { file: 'templates/letters/list.csv', row: 3, field: 'email' },
      { file: 'templates/letters/list.csv', row: 4, field: 'name' },
    ]);
    const relay = await startRelay();
    const other = await cartero(
      ['run', 'letters', '--relay', relay.url, '--plan', String(plan.planHash).replace(/./g, '0')],
      folder,
    );
    expect(other.code).toBe(1);
    expect(relay.received).toEqual([]);
    const same = await cartero(
      ['run', 'letters', '--relay', relay.url, '--plan', String(plan.planHash), '--json'],
      folder,
    );
    expect(same.code).toBe(2);
    expect(lastJson(same)).toMatchObject({ run: plan.run, accepted: 1, invalid: 2 });
  });

  test('selects birthdays where people are, at the moment that --at names', async () => {
    const folder = await folderWithCampaign({
      'campaign.json': JSON.stringify({
        from: 'news@example.com',
        audience: 'list.csv',
        select: { birthday: 'birthday' },
      }),
      'list.csv':
        'email,name,birthday,timezone\nana@example.com,Ana,1990-12-01,Pacific/Auckland\nben@example.com,Ben,1990-12-01,America/Los_Angeles\n',
    });
    const at = async (moment: string) => lastJson(await cartero(['plan', 'letters', '--at', moment, '--json'], folder));
    expect(await at('2026-11-30T12:00:00Z')).toMatchObject({ rows: 2, recipients: 1, notSelected: 1, toSend: 1 });
    expect(await at('2026-12-01T09:00:00Z')).toMatchObject({ recipients: 2, notSelected: 0 });
    expect(await at('2026-12-02T07:00:00Z')).toMatchObject({ recipients: 1, notSelected: 1 });
  });
});

describe('cartero run', () => {
  test('prints the JSON of the contract as its last line, with rows that add up', async () => {
    const relay = await startRelay(({ at, line }) =>
      at === 'RCPT' && line.includes('ben@') ? '550 5.1.1 no such user' : null,
    );
    const folder = await folderWithCampaign({
      'list.csv': 'email,name\nana@example.com,Ana\nben@example.com,Ben\nana@example.com,Ana\n',
    });
    const ended = await cartero(['run', 'letters', '--relay', relay.url, '--json'], folder);
    expect(ended.code).toBe(2);
    const result = lastJson(ended);
    expect(Object.keys(result)).toEqual(RUN_KEYS);
    expect(result).toMatchObject({
      campaign: 'letters',
      rows: 3,
      recipients: 2,
      duplicates: 1,
      accepted: 1,
      refused: 1,
    });
  });

  test('is harmless to repeat: the same content has nothing to do, --new starts another', async () => {
    const relay = await startRelay();
    const folder = await folderWithCampaign();
    const args = ['run', 'letters', '--relay', relay.url, '--json'];
    const first = lastJson(await cartero(args, folder));
    const second = await cartero(args, folder);
    expect(second.code).toBe(0);
    expect(second.stderr).toContain('nothing to do');
    expect(lastJson(second).run).toBe(first.run);
    expect(relay.accepted).toHaveLength(2);
    const third = lastJson(await cartero([...args, '--new'], folder));
    expect(third.run).not.toBe(first.run);
    expect(relay.accepted).toHaveLength(4);
    expect(jsonLines(await cartero(['status', '--json'], folder)).map(({ run }) => run)).toEqual([
      first.run,
      third.run,
    ]);
  });

  test('is one run for one slot, whatever the files say later', async () => {
    const relay = await startRelay();
    const folder = await folderWithCampaign();
    const args = ['run', 'letters', '--relay', relay.url, '--json', '--at', '2026-12-01T09:00:00Z'];
    expect(lastJson(await cartero(args, folder)).run).toBe('letters-at-20261201T090000Z');
    await writeCampaign(folder, 'letters', { 'list.csv': 'email,name\nnew@example.com,New\n' });
    expect((await cartero(args, folder)).code).toBe(0);
    expect(relay.accepted).toEqual(['ana@example.com', 'zoe@example.com']);
  });

  test('goes on from its frozen copy, and says what has changed since', async () => {
    const folder = await folderWithCampaign();
    const down = await startRelay(({ at }) => (at === 'greeting' ? '554 no' : null));
    await cartero(['run', 'letters', '--relay', down.url], folder);
    await writeCampaign(folder, 'letters', { 'body.txt.hbs': 'Changed for {{name}}\n' });
    const relay = await startRelay();
    const ended = await cartero(['run', 'letters', '--relay', relay.url], folder);
    expect(ended.stderr).toContain('Changed since this run was planned: body.txt.hbs');
    expect(relay.ended[0]?.content).toContain('this is for you');
  });

  test('keeps to the pace that --rate names', async () => {
    const people = Array.from({ length: 12 }, (_, index) => `p${index}@example.com,P${index}\n`);
    const folder = await folderWithCampaign({ 'list.csv': `email,name\n${people.join('')}` });
    const relay = await startRelay();
    const ended = await cartero(['run', 'letters', '--relay', relay.url, '--rate', '10', '--json'], folder);
    // Twelve mails at ten a second: the last begins 1.1 s after the first.
    expect(lastJson(ended)).toMatchObject({ accepted: 12 });
    expect(Number(lastJson(ended).seconds)).toBeGreaterThan(1.05);
  });

  test('sends to the embedded server where no relay is named, and keeps its mail', async () => {
    const folder = await folderWithCampaign();
    const ended = await cartero(['run', 'letters', '--json'], folder);
    expect(ended.code, ended.stderr).toBe(0);
    expect(await readFile(join(folder, '.cartero', 'inbox', '000001.eml'), 'latin1')).toContain(
      'Subject: Hello Ana\r\n',
    );
  });

  test('takes the relay of CARTERO_RELAY, and --relay wins over it', async () => {
    const folder = await folderWithCampaign();
    const [named, given] = [await startRelay(), await startRelay()];
    await cartero(['run', 'letters'], folder, { CARTERO_RELAY: named.url });
    expect(named.accepted).toHaveLength(2);
    await cartero(['run', 'letters', '--new', '--relay', given.url], folder, { CARTERO_RELAY: named.url });
    expect([named.accepted.length, given.accepted.length]).toEqual([2, 2]);
  });

  test('reads an audience of JSON Lines, wherever it lies', async () => {
    const folder = await folderWithCampaign();
    await writeFile(
      join(folder, 'people.jsonl'),
      '{"email":"ünï@example.com","name":"x"}\n{"email":"ana@bücher.example","name":"Añá"}\n',
    );
    const relay = await startRelay();
    const ended = await cartero(
      ['run', 'letters', '--audience', 'people.jsonl', '--relay', relay.url, '--json'],
      folder,
    );
    expect(lastJson(ended)).toMatchObject({ recipients: 2, accepted: 1, invalid: 1 });
    expect(relay.accepted).toEqual(['ana@xn--bcher-kva.example']);
  });
});

describe('cartero status and transcript', () => {
  test('tell each recipient by the lines of the contract, and the conversation without content', async () => {
    const relay = await startRelay();
    const folder = await folderWithCampaign();
    const { run } = lastJson(await cartero(['run', 'letters', '--relay', relay.url, '--json'], folder));
    const [ana] = jsonLines(await cartero(['status', String(run), '--recipients', '--json'], folder));
    expect(ana).toMatchObject({
      recipient: 'ana@example.com',
      outcome: 'accepted',
      reply: '250 2.0.0 Ok: queued as Q1',
      enhancedStatus: '2.0.0',
      queueId: 'Q1',
      attempts: 1,
    });
    expect(String(ana?.messageId)).toMatch(/^[0-9a-f]{32}@example\.com$/);
    expect(Date.parse(String(ana?.at))).not.toBeNaN();
    const { code, stdout } = await cartero(['transcript', String(run), '--recipient', 'ana@EXAMPLE.com'], folder);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /S: 220 scripted\.test[\s\S]*C: MAIL FROM:<news@example\.com>[\s\S]*S: 250 2\.0\.0 Ok: queued as Q1/,
    );
    expect(stdout).not.toContain('this is for you');
    const said = jsonLines(
      await cartero(['transcript', String(run), '--recipient', 'ana@example.com', '--json'], folder),
    );
    expect(said[0]).toMatchObject({ recipient: 'ana@example.com', attempt: 1, part: 'session', by: 'note' });
    expect(said.find(({ text }) => text === 'MAIL FROM:<news@example.com>')).toMatchObject({
      part: 'transaction',
      by: 'client',
      octets: 'MAIL FROM:<news@example.com>\r\n'.length,
    });
    expect(stdout).toMatch(/ {2}30 {2}C: MAIL FROM:<news@example\.com>\n/);
    const unknown = await cartero(['transcript', String(run), '--recipient', 'eve@example.com'], folder);
    expect([unknown.code, unknown.stdout]).toEqual([1, '']);
  });
});

describe('cartero compose', () => {
  test('prints the octets that are sent, the same each time', async () => {
    const folder = await folderWithCampaign({ 'body.txt.hbs': '.Hello {{name}}\n..dots\n' });
    const relay = await startRelay();
    const args = ['compose', 'letters', '--row', '2', '--date', '2026-12-01T09:00:00Z'];
    const [one, two] = await Promise.all([cartero(args, folder), cartero(args, folder)]);
    expect(one.code, one.stderr).toBe(0);
    expect(one.octets.equals(two.octets)).toBe(true);
    const text = one.octets.toString('latin1');
    expect(text).toMatch(/^Date: Tue, 01 Dec 2026 09:00:00 \+0000\r\n/);
    expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    const mail = await PostalMime.parse(one.octets);
    expect(mail.to).toMatchObject([{ address: 'zoe@example.com', name: 'Zoë' }]);
    expect(mail.text).toBe('.Hello Zoë\r\n..dots\r\n');
    await cartero(['run', 'letters', '--relay', relay.url], folder);
    const sent = relay.ended.find(({ recipient }) => recipient === 'zoe@example.com')?.content;
    const undated = (content: string) => content.replace(/^(Date|Message-ID): .*\r\n/gm, '').replace(/=_[\w-]+/g, '=_');
    expect(undated(sent ?? '').replace(/^\.\./gm, '.')).toBe(undated(text).replace(/^\.\./gm, '.'));
  });

  test('takes a recipient as JSON, and writes into a file', async () => {
    const folder = await folderWithCampaign();
    const { code } = await cartero(
      ['compose', 'letters', '--recipient', '{"email":"x@example.com","name":"X"}', '--out', 'x.eml'],
      folder,
    );
    expect(code).toBe(0);
    expect(await readFile(join(folder, 'x.eml'), 'latin1')).toContain('To: X <x@example.com>\r\n');
  });
});

describe('cartero send', () => {
  test('sends a test message of a campaign, as sample.json or a row has it', async () => {
    const folder = await folderWithCampaign({ 'sample.json': '{"email":"sample@example.com","name":"Sample"}' });
    const relay = await startRelay();
    const first = await cartero(['send', 'letters', '--to', 'me@example.com', '--relay', relay.url], folder);
    expect(first.code, first.stderr).toBe(0);
    const second = await cartero(
      ['send', 'letters', '--to', 'me@example.com', '--row', '1', '--relay', relay.url],
      folder,
    );
    expect(second.stdout).toContain('me@example.com: accepted, 250 2.0.0 Ok: queued as Q1');
    expect(relay.accepted).toEqual(['me@example.com', 'me@example.com']);
    expect(relay.ended.map(({ content }) => /^Subject: (.*)\r$/m.exec(content)?.[1])).toEqual([
      'Hello Sample',
      'Hello Ana',
    ]);
  });

  test('sends a typed mail with text, HTML and attachments of any name', async () => {
    const folder = temporaryFolder();
    await writeFile(join(folder, 'page.html'), '<p>Grüße</p>');
    await writeFile(join(folder, 'Übersicht "2026".bin'), Buffer.from([0, 255, 13, 10, 46]));
    await writeFile(join(folder, 'empty.txt'), '');
    const relay = await startRelay();
    const args = [
      'send',
      '--from',
      'Zoë <zoe@example.com>',
      '--to',
      'Bob <bob@example.com>',
      '--subject',
      'Grüße',
      '--text',
      '.line',
      '--html-file',
      'page.html',
    ];
    const ended = await cartero(
      [...args, '--attach', 'Übersicht "2026".bin', '--attach', 'empty.txt', '--relay', relay.url],
      folder,
    );
    expect(ended.code, ended.stderr).toBe(0);
    const mail = await PostalMime.parse((relay.ended[0]?.content ?? '').replaceAll('\r\n..', '\r\n.'));
    expect(mail).toMatchObject({ subject: 'Grüße', from: { name: 'Zoë', address: 'zoe@example.com' } });
    expect(mail.attachments.map(({ filename }) => filename)).toEqual(['Übersicht "2026".bin', 'empty.txt']);
    expect(Buffer.from(mail.attachments[0]?.content as ArrayBuffer)).toEqual(Buffer.from([0, 255, 13, 10, 46]));
  });

  const ends: readonly [string, string, number][] = [
    ['RCPT', '550 5.1.1 no such user', 2],
    ['.', '451 4.3.0 later', 2],
    ['.', 'reset', 2],
    ['DATA', 'reset', 1],
    ['greeting', '554 no', 1],
  ];
  for (const [at, answer, expected] of ends) {
    test(`ends with ${expected} when the relay's answer at ${at} is ${answer}`, async () => {
      const relay = await startRelay((moment) => (moment.at === at ? answer : null));
      const args = [
        'send',
        '--from',
        'a@example.com',
        '--to',
        'b@example.com',
        '--subject',
        'x',
        '--text',
        'y',
        '--relay',
        relay.url,
      ];
      expect((await cartero(args, temporaryFolder())).code).toBe(expected);
    });
  }
});

describe('cartero new and check', () => {
  test('make a campaign that is in order and can be sent', async () => {
    const folder = temporaryFolder();
    expect((await cartero(['new', 'spring-sale'], folder)).code).toBe(0);
    const checked = await cartero(['check'], folder);
    expect([checked.code, checked.stdout]).toEqual([0, 'spring-sale: 2 rows in order\n']);
    const relay = await startRelay();
    expect((await cartero(['run', 'spring-sale', '--relay', relay.url], folder)).code).toBe(0);
    expect(relay.accepted).toEqual(['ana@example.com', 'zoe@example.com']);
  });

  test('tell every problem of every row, with file, row and field', async () => {
    const folder = await folderWithCampaign({
      'body.txt.hbs': '{{#if city}}From {{city}} to {{target}}{{else}}Hello {{name}}{{/if}}\n',
      'list.csv': 'email,name,city,target\nana@example.com,Ana,,\nben@example.com,Ben,Rome,\nnobody,Eve,,\n',
    });
    const { code, stdout } = await cartero(['check', 'letters'], folder);
    expect(code).toBe(1);
    expect(stdout).toMatch(/list\.csv:3 row 2: .*"target"/);
    expect(stdout).toMatch(/list\.csv:4 row 3: .*"email"/);
    expect(stdout).toContain('letters: 2 problems in 3 rows');
  });

  test("find this project's own campaigns in order", { timeout: 60_000 }, async () => {
    const { code, stdout } = await cartero(['check', 'newsletter', 'birthday', 'invoice'], temporaryFolder());
    expect([code, stdout]).toEqual([
      0,
      'newsletter: 1,000 rows in order\nbirthday: 366 rows in order\ninvoice: 12 rows in order\n',
    ]);
  });
});
