import { dirname, join, resolve } from 'node:path';
import { readAudience } from '#audience';
import { type Choice, loadPreview } from '#local';
import { findCampaign, openAudience, openCampaign, PROJECT } from './campaigns.ts';
import type { Command, Shell, Words } from './command.ts';
import { explain } from './explain.ts';
import { untilStopped } from './inbox.ts';
import { composeOne, now, recipientOf, rowOf, sampleRecipient } from './single-mail.ts';
import { stateFolder } from './states.ts';

const PORT = 8026;
const ROWS = 100;

export const preview: Command = {
  name: 'preview',
  summary: "Show a campaign's mail on a web page that reloads when a file is saved.",
  usage: ['preview <campaign> [--audience FILE] [--port PORT] [--state DIR]'],
  details: `
HTML (wide, phone and dark), text, headers and source of any row, or of one that you type. Loopback only; nothing is sent.
Dark is what a mail program that prefers dark colours asks a mail's own styles for; programs that turn colours round do more.`,
  options: {
    audience: { type: 'string', value: 'FILE', description: "recipients in place of the campaign's own" },
    port: { type: 'string', value: 'PORT', description: `of the page (default ${PORT}; 0 is any that is free)` },
    state: { type: 'string', value: 'DIR', description: 'whose key signs the link to leave a list (default .cartero)' },
  },
  examples: [
    ['preview newsletter', `the page at http://127.0.0.1:${PORT}`],
    ['preview invoice --audience /tmp/customers.csv --port 0', 'other recipients, any port'],
  ],
  async run(words, shell) {
    const [name = ''] = words.positional(['campaign']);
    const port = words.count('port', { from: 0, to: 65_535 }) ?? PORT;
    const { startPreviewPage } = await loadPreview();
    const page = await startPreviewPage(await sourceOf(name, words, shell), port);
    try {
      shell.note(`Preview    ${page.url}`);
      shell.note('\nSave a file of the campaign, and the page shows it. Ctrl-C ends it.');
      await untilStopped(shell);
      return 0;
    } finally {
      await page.close();
    }
  },
};

async function sourceOf(name: string, words: Words, shell: Shell) {
  const { identity, location } = await findCampaign(name, shell);
  const audienceFile = words.text('audience');
  const state = stateFolder(words, shell);
  const { searchRows } = await loadPreview();
  const beside = [dirname(identity), join(PROJECT, 'templates')];
  const shared = new Set(beside.flatMap((folder) => [join(folder, '_layouts'), join(folder, '_partials')]));
  const audienceFolder = audienceFile === undefined ? [] : [dirname(resolve(shell.cwd, audienceFile))];
  return {
    campaign: location,
    folders: [identity, ...shared, ...audienceFolder],
    async compose({ row, json, locale }: Choice): Promise<Uint8Array> {
      const campaign = await openCampaign(name, shell);
      const fields =
        json !== null
          ? recipientOf(json, 'what you typed')
          : row !== null
            ? await rowOf(await openAudience(campaign, audienceFile, shell), row)
            : await sampleRecipient(campaign);
      const chosen = locale === null ? fields : { ...fields, locale };
      return Buffer.concat((await composeOne(campaign, chosen, { date: now(), state, shell })).data.pieces);
    },
    async rows({ search, after }: { readonly search: string; readonly after: number }) {
      const audience = await openAudience(await openCampaign(name, shell), audienceFile, shell);
      return searchRows(readAudience(audience.open(), { name: audience.name }), { search, after, limit: ROWS });
    },
    explain: (error: unknown) => explain(error, 'preview').replace(/^cartero preview: /, ''),
  };
}
