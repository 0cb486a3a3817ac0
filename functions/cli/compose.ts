import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { openAudience, openCampaign } from './campaigns.ts';
import { type Command, UsageError } from './command.ts';
import { composeOne, now, recipientOf, rowOf } from './single-mail.ts';

export const compose: Command = {
  name: 'compose',
  summary: "Print one recipient's message, octet for octet as it would be sent.",
  usage: ['compose <campaign> (--recipient JSON | --row N) [--audience FILE] [--date ISO] [--out FILE]'],
  details: 'Line ends are CRLF and lines that begin with a dot are as they are (not stuffed). Nothing is sent.',
  options: {
    recipient: { type: 'string', value: 'JSON', description: 'the recipient as a JSON object' },
    row: { type: 'string', value: 'N', description: 'a row of the audience, from 1' },
    audience: { type: 'string', value: 'FILE', description: "recipients in place of the campaign's own" },
    date: { type: 'string', value: 'ISO', description: 'the moment of the Date field (default now)' },
    out: { type: 'string', value: 'FILE', description: 'write there instead of to standard output' },
  },
  examples: [
    ['compose newsletter --row 1', 'the message of the first subscriber'],
    ['compose invoice --row 3 --out invoice.eml', 'into a file that mail programs open'],
    [
      'compose birthday --recipient \'{"email":"ana@example.com","name":"Ana","given_name":"Ana"}\' --date 2026-12-01T09:00:00Z',
      'the same octets each time',
    ],
  ],
  async run(words, shell) {
    const [name = ''] = words.positional(['campaign']);
    const json = words.text('recipient');
    const row = words.count('row', { to: 1_000_000_000 });
    if ((json === undefined) === (row === undefined)) throw new UsageError('one of --recipient and --row is wanted');
    if (json !== undefined && words.text('audience') !== undefined) throw new UsageError('--audience goes with --row');
    const date = words.moment('date') ?? now();
    const campaign = await openCampaign(name, shell);
    const fields =
      json !== undefined
        ? recipientOf(json, '--recipient')
        : await rowOf(await openAudience(campaign, words.text('audience'), shell), row ?? 1);
    const { data } = await composeOne(campaign, fields, { date });
    const octets = Buffer.concat(data.pieces);
    const out = words.text('out');
    if (out === undefined) shell.out(octets);
    else await writeFile(resolve(shell.cwd, out), octets);
    return 0;
  },
};
