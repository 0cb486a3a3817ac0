/** What help shows can be typed: each example, read from the help text, does its work on this project's own campaigns. */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { PROJECT } from '../../functions/cli/campaigns.ts';
import { check } from '../../functions/cli/check.ts';
import { type Command, helpOf } from '../../functions/cli/command.ts';
import { compose } from '../../functions/cli/compose.ts';
import { newCampaign } from '../../functions/cli/new.ts';
import { plan } from '../../functions/cli/plan.ts';
import { preview } from '../../functions/cli/preview.ts';
import { send } from '../../functions/cli/send.ts';
import { temporaryFolder } from './cartero.ts';
import { type Heard, typed } from './typed.ts';

const COMMANDS = [newCampaign, check, compose, plan, preview, send];

function examplesOf(command: Command): string[] {
  const [, examples = ''] = helpOf(command).split('\nExamples:\n');
  return examples.split('\n').flatMap((line) => /^ {2}npx cartero (.+)$/.exec(line)?.slice(1) ?? []);
}

/** The words as a shell takes them: blanks part them, but not within quotes. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g)].map(([word]) =>
    word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'),
  );
}

/** The files that examples speak of. */
async function folderOfAUser(): Promise<string> {
  const folder = temporaryFolder();
  await copyFile(join(PROJECT, 'templates', 'newsletter', 'subscribers.csv'), join(folder, 'november.csv'));
  await writeFile(join(folder, 'report.pdf'), '%PDF-1.7 report');
  return folder;
}

function type(command: Command, line: string, cwd: string): Promise<Heard> {
  const [name, ...args] = wordsOf(line);
  expect(name).toBe(command.name);
  // The only thing that this machine lacks is somebody's relay: the embedded server stands in for it.
  const relay = args.indexOf('--relay');
  if (relay >= 0) args.splice(relay, 2);
  // Another program may have the port that people know by heart; and whoever looks at the page ends it.
  if (command === preview && !args.includes('--port')) args.push('--port', '0');
  return typed(command, args, cwd, { stopAt: 'Ctrl-C ends it.' });
}

describe.each(COMMANDS.map((command) => [command.name, command] as const))(
  'the examples of cartero %s',
  (_, command) => {
    test.each(examplesOf(command).map((line) => [line]))('npx cartero %s', { timeout: 60_000 }, async (line) => {
      const { code, out, notes } = await type(command, line, await folderOfAUser());
      expect(code, notes).toBe(0);
      expect(notes).not.toMatch(/cannot|problem|invalid/i);
      if (command === send) expect(out).toContain(': accepted, 250 ');
    });

    test('are there', () => {
      expect(examplesOf(command)).not.toEqual([]);
    });
  },
);

test('an example with --out writes the message into that file', async () => {
  const line = examplesOf(compose).find((each) => each.includes('--out')) ?? '';
  const folder = await folderOfAUser();
  expect(await type(compose, line, folder)).toMatchObject({ code: 0, out: '' });
  expect(await readFile(join(folder, wordsOf(line).at(-1) ?? ''), 'latin1')).toMatch(/^Date: .*\r\n/);
});

test('an example with --date composes the same octets each time', async () => {
  const line = examplesOf(compose).find((each) => each.includes('--date')) ?? '';
  const folder = await folderOfAUser();
  const first = await type(compose, line, folder);
  expect(first.out).toContain('Date: Tue, 01 Dec 2026 09:00:00 +0000\r\n');
  expect(await type(compose, line, folder)).toEqual(first);
});
