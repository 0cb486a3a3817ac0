/**
 * What a relay says is text: however it looks like a line of a ledger, a table or a log, it stays within the one field that
 * it belongs to. Real runs, and what they leave behind.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder, writeCampaign } from '../../cli/cartero.ts';
import { startRelay } from '../../mailing/scripted-relay.ts';
import { CommandLine } from './command-line.ts';

const LIST = 'email,name\nana@example.com,Ana\nben@example.com,Ben\nzoe@example.com,Zoë\n';

/** Texts of a reply to Ben's RCPT or to the end of his mail, each line in its place. */
const HOSTILE: Readonly<Record<string, readonly string[]>> = {
  'another delivery': ['5.1.1 a', '{"recipient":"zoe@example.com","outcome":"refused"}', 'dispatcher: x'],
  'JSON that ends too soon': ['5.1.1 "}', '","outcome":"accepted","queueId":"1', "'}{"],
  SQL: ["5.1.1 x'); DELETE FROM deliveries; --", "', outcome = 'accepted"],
  'cells of a table': ["=cmd|' /C calc'!A0", '+1', '@SUM(1)', '-1', '5.1.1 a,b;c\td'],
  'a terminal’s commands': ['5.1.1 \x1b[2J\x1b]0;owned\x07', '\x9b31m', '\x08\x08\x08accepted'],
  'line ends of other alphabets': ['5.1.1 a\x0bb\x0cc', '\xc2\x85\xe2\x80\xa8x', '\xe2\x80\xaeetpecca'],
  'another mail in the log': ['5.1.1 x', '250 2.0.0 Ok: queued as FAKE', 'S: 250 ok', 'C: RSET'],
  markup: ['5.1.1 <script>alert(1)</script>', '<img src=x onerror=alert(1)>', '{{email}} ${x} %s'],
};

/** C0 but line ends, DEL, C1, separators, and what turns the direction of writing. */
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e]/;

describe.each(['RCPT', '.'])('a refusal of %s with the text of', (step) => {
  it.each(Object.entries(HOSTILE))('%s stays a text', async (_what, lines) => {
    const reply = lines.map((line, at) => `550${at < lines.length - 1 ? '-' : ' '}${line}`).join('\r\n');
    const relay = await startRelay(({ at, recipient }) => (at === step && recipient.startsWith('ben') ? reply : null));
    const folder = temporaryFolder();
    await writeCampaign(folder, 'letters', { 'list.csv': LIST });
    const line = new CommandLine(folder);
    expect(await line.run(relay.url, 'run', 'letters', '--connections', '1')).toBe(2);
    const [run = ''] = readdirSync(join(folder, '.cartero/objects/runs'));
    await line.run('', 'transcript', run, '--recipient', 'ben@example.com');
    await line.run('', 'status', '--recipients', '--json');
    const { printed, told } = await line.end();
    expect(`${printed}${told}`).not.toMatch(CONTROL);
    expect(relay.accepted.sort()).toEqual(['ana@example.com', 'zoe@example.com']);
    expectThreeLines(folder, run, printed.toString());
  });
});

/** One line for each recipient, and nobody has become another. */
function expectThreeLines(folder: string, run: string, printed: string): void {
  const results = readFileSync(join(folder, '.cartero/objects/runs', run, 'results/000001.jsonl'), 'utf8');
  expect(printed).toContain(results);
  const people = results
    .trimEnd()
    .split('\n')
    .map((text) => JSON.parse(text) as Record<string, unknown>);
  const outcomes = people.map(({ recipient, outcome }) => `${recipient} ${outcome}`).sort();
  expect(outcomes).toEqual(['ana@example.com accepted', 'ben@example.com refused', 'zoe@example.com accepted']);
  for (const person of people)
    expect(String(person['reply'])).not.toMatch(/[\n]|[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/);
  const transcripts = readdirSync(join(folder, '.cartero/transcripts', run), { recursive: true, encoding: 'utf8' });
  for (const name of transcripts) {
    const entries = readFileSync(join(folder, '.cartero/transcripts', run, name), 'utf8')
      .split('\n')
      .filter(Boolean);
    for (const entry of entries) expect(JSON.parse(entry)).toMatchObject({ kind: expect.any(String) });
  }
}
