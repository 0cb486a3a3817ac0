import { dirname, join, resolve } from 'node:path';
import { loadPreview, type PreviewSource, type Watched } from '#local';
import { campaignNames, campaignsFolder, findCampaign, PROJECT } from './campaigns.ts';
import { type Command, InputError, type Shell } from './command.ts';
import { untilStopped } from './inbox.ts';
import { type PreviewOptions, previewMail, previewRows } from './preview-campaign.ts';
import { inWords } from './preview-problems.ts';
import { relaysFile } from './relays.ts';
import { stateFolder } from './states.ts';

const PORT = 8026;

export const preview: Command = {
  name: 'preview',
  summary: "Show a campaign's mail on a web page that reloads when a file is saved.",
  usage: ['preview [campaign] [--audience FILE] [--port PORT] [--state DIR]'],
  details: `
HTML (wide, phone and dark), text, source and headers of the sample, of any row, or of one that you type, in any language;
beside it what check says of it, with file and line. Without a name: all campaigns under templates/, one of them at a time.
Loopback only; nothing is sent.
Dark is what a mail program that prefers dark colours asks a mail's own styles for; programs that turn colours round do more.`,
  options: {
    audience: { type: 'string', value: 'FILE', description: "recipients in place of the campaign's own" },
    port: { type: 'string', value: 'PORT', description: `of the page (default ${PORT}; 0 is any that is free)` },
    state: { type: 'string', value: 'DIR', description: 'whose key signs the link to leave a list (default .cartero)' },
  },
  examples: [
    ['preview', 'all campaigns to choose from'],
    ['preview newsletter', `one campaign, at http://127.0.0.1:${PORT}`],
    ['preview newsletter --audience november.csv --port 0', 'other recipients, any port'],
  ],
  async run(words, shell) {
    const [name] = words.positional(['campaign'], { optional: 1 });
    const port = words.count('port', { from: 0, to: 65_535 }) ?? PORT;
    const options = { audienceFile: words.text('audience'), state: stateFolder(words, shell), shell };
    const source = await sourceOf(name, options);
    const { startPreviewPage } = await loadPreview();
    const page = await startPreviewPage(source, port);
    try {
      shell.note(`Preview    ${page.url}`);
      shell.note('\nSave a file, and the page shows it. Ctrl-C ends it.');
      await untilStopped(shell);
      return 0;
    } finally {
      await page.close();
    }
  },
};

/** @throws InputError where there is no campaign of the name, none at all, or no such audience */
async function sourceOf(name: string | undefined, options: Omit<PreviewOptions, 'campaigns'>): Promise<PreviewSource> {
  const { shell, audienceFile } = options;
  const campaigns = async () => (name === undefined ? await campaignNames(shell) : [name]);
  if ((await campaigns()).length === 0)
    throw new InputError('there is no campaign under templates/; make one with `cartero new <name>`');
  return {
    watched: [...(await watchedOf(name, shell)), ...given(audienceFile, shell)],
    campaigns,
    mail: (campaign, choice) => previewMail(campaign, choice, { ...options, campaigns }),
    rows: (campaign, query) => previewRows(campaign, query, { ...options, campaigns }),
    explain: inWords,
  };
}

/** The campaign's own folder, or that of all of them, and whatever else their mails are made of. */
async function watchedOf(name: string | undefined, shell: Shell): Promise<Watched[]> {
  const own = name === undefined ? await campaignsFolder(shell) : (await findCampaign(name, shell)).identity;
  const beside = [name === undefined ? own : dirname(own), join(PROJECT, 'templates')];
  const shared = beside.flatMap((folder) => [join(folder, '_layouts'), join(folder, '_partials')]);
  const folders = [own, ...shared].filter((path) => path === own || !path.startsWith(`${own}/`));
  const relays = relaysFile(shell);
  return [
    ...[...new Set(folders)].map((path) => ({ path, isFile: false })),
    ...(relays === undefined ? [] : [{ path: relays, isFile: true }]),
  ];
}

function given(audienceFile: string | undefined, { cwd }: Shell): Watched[] {
  return audienceFile === undefined ? [] : [{ path: resolve(cwd, audienceFile), isFile: true }];
}
