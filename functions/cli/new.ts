import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PROJECT } from './campaigns.ts';
import { type Command, UsageError } from './command.ts';

export const newCampaign: Command = {
  name: 'new',
  summary: 'Make a campaign folder to start from.',
  usage: ['new <name>'],
  details:
    'The folder comes under templates/ of the current folder, with every file that a campaign has. Nothing that is there is written over.',
  options: {},
  examples: [['new spring-sale', 'makes templates/spring-sale; then `npx cartero check spring-sale`']],
  async run(words, shell) {
    const [name = ''] = words.positional(['name']);
    if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name))
      throw new UsageError(
        `${JSON.stringify(name)} is no name for a campaign: wanted small letters, digits and hyphens, such as spring-sale`,
      );
    const folder = join(shell.cwd, 'templates', name);
    if (existsSync(folder)) throw new UsageError(`templates/${name} is there already; choose another name`);
    const schema = relative(folder, join(PROJECT, 'templates', 'campaign.schema.json'));
    await mkdir(folder, { recursive: true });
    for (const [file, content] of Object.entries(filesOf(name, schema)))
      await writeFile(join(folder, file), content, { flag: 'wx' });
    shell.out(
      [
        `Made templates/${name}:`,
        '  campaign.json                who sends, to whom, how fast',
        '  subject.hbs                  the subject',
        '  body.html.hbs body.txt.hbs   the mail',
        '  sample.json                  one recipient, to try it with',
        '  recipients.csv               the audience: a column per variable',
        '',
        'Next:',
        `  npx cartero check ${name}`,
        `  npx cartero send ${name} --to you@example.com`,
        `  npx cartero run ${name}`,
        '',
      ].join('\n'),
    );
    return 0;
  },
};

function filesOf(name: string, schema: string): Record<string, string> {
  const campaign = {
    $schema: schema,
    from: 'Your Name <you@example.com>',
    audience: 'recipients.csv',
    relay: 'default',
    pace: { messagesPerSecond: 10, connections: 2 },
  };
  return {
    'campaign.json': `${JSON.stringify(campaign, null, 2)}\n`,
    'subject.hbs': `Hello {{default name "there"}}, this is ${name}\n`,
    'body.html.hbs': `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>${name}</title></head>
<body style="font-family: Helvetica, Arial, sans-serif; font-size: 16px; line-height: 24px;">
<p>Hello {{default name "there"}},</p>
<p>this is the first mail of <b>${name}</b> for {{email}}. Each column of recipients.csv is a variable here.</p>
{{#if city}}<p>How is the weather in {{city}}?</p>{{/if}}
</body>
</html>
`,
    'body.txt.hbs': `Hello {{default name "there"}},

this is the first mail of ${name} for {{email}}.
Each column of recipients.csv is a variable here.
{{#if city}}

How is the weather in {{city}}?
{{/if}}
`,
    'sample.json': `${JSON.stringify({ email: 'ana@example.com', name: 'Ana', city: 'Sevilla' }, null, 2)}\n`,
    'recipients.csv': 'email,name,city\nana@example.com,Ana,Sevilla\nzoe@example.com,Zoë,\n',
  };
}
