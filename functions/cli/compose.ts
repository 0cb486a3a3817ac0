import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openAudience, openCampaign } from './campaigns.ts';
import { type Command, InputError, type Shell, UsageError } from './command.ts';
import { composeOne, now, recipientOf, rowOf, sampleRecipient } from './single-mail.ts';
import { stateFolder } from './states.ts';

export const compose: Command = {
  name: 'compose',
  summary: "Print one recipient's message, octet for octet as it would be sent.",
  usage: ['compose <campaign> [--recipient JSON | --row N [--audience FILE]] [--date ISO] [--state DIR] [--out FILE]'],
  details: `
Without --recipient and --row: the recipient of the campaign's sample.json.
Line ends are CRLF and lines that begin with a dot are as they are (not stuffed). Nothing is sent.`,
  options: {
    recipient: { type: 'string', value: 'JSON', description: 'the recipient as a JSON object' },
    row: { type: 'string', value: 'N', description: 'a row of the audience, from 1' },
    audience: { type: 'string', value: 'FILE', description: "with --row: recipients in place of the campaign's own" },
    date: { type: 'string', value: 'ISO', description: 'the moment of the Date field (default now)' },
    state: { type: 'string', value: 'DIR', description: 'whose key signs the link to leave a list (default .cartero)' },
    out: { type: 'string', value: 'FILE', description: 'write there instead of to standard output' },
  },
  examples: [
    ['compose newsletter --row 1', 'the message of the first subscriber'],
    ['compose invoice --row 3 --out invoice.eml', 'into a file that mail programs open'],
    ['compose birthday --date 2026-12-01T09:00:00Z', 'the message of its sample.json, the same octets each time'],
    [
      `compose birthday --recipient '{"email":"ana@example.com","given_name":"Ana","drink":"cortado"}'`,
      'of somebody who is in no list',
    ],
  ],
  async run(words, shell) {
    const [name = ''] = words.positional(['campaign']);
    const json = words.text('recipient');
    const row = words.count('row', { to: 1_000_000_000 });
    if (json !== undefined && row !== undefined) throw new UsageError('only one of --recipient and --row is wanted');
    if (row === undefined && words.text('audience') !== undefined) throw new UsageError('--audience goes with --row');
    const date = words.moment('date') ?? now();
    const campaign = await openCampaign(name, shell);
    const fields = await recipient();
    const { data } = await composeOne(campaign, fields, { date, state: stateFolder(words, shell), shell });
    const octets = Buffer.concat(data.pieces);
    const out = words.text('out');
    if (out === undefined) shell.out(octets);
    else await write(octets, out, shell);
    return 0;

    async function recipient(): Promise<Record<string, unknown>> {
      if (json !== undefined) return recipientOf(json, '--recipient');
      if (row === undefined) return sampleRecipient(campaign);
      return rowOf(await openAudience(campaign, words.text('audience'), shell), row);
    }
  },
};

async function write(octets: Uint8Array, file: string, { cwd }: Shell): Promise<void> {
  try {
    await writeFile(resolve(cwd, file), octets);
  } catch (error) {
    throw new InputError(
      `--out: ${JSON.stringify(file)} cannot be written (${(error as NodeJS.ErrnoException).code})`,
      {
        cause: error,
      },
    );
  }
}
