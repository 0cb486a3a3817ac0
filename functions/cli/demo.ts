import { join } from 'node:path';
import { loadInbox, type OpenInbox } from '#local';
import { openAudience, openCampaign } from './campaigns.ts';
import type { Command } from './command.ts';
import { untilStopped } from './inbox.ts';
import { connectTo, embeddedRelay } from './relays.ts';
import { summaryOf } from './run-words.ts';
import { runCampaign } from './running.ts';
import { openStateOf, STATE_OPTION, stateFolder } from './states.ts';

const CAMPAIGN = 'newsletter';
/** One of its subscribers. */
const RECIPIENT = 's.ashworth@example.com';
const HTTP_PORT = 8025;

export const demo: Command = {
  name: 'demo',
  summary: 'Watch a newsletter go out to the embedded server (npm start).',
  usage: ['demo [--state DIR]'],
  details: 'On a terminal the inbox page stays until Ctrl-C; elsewhere the demo ends with its summary.',
  options: { state: STATE_OPTION },
  examples: [['demo', 'the newsletter to 1,000 made-up subscribers, over TLS, into the inbox page']],
  async run(words, shell) {
    words.positional([]);
    const campaign = await openCampaign(CAMPAIGN, shell);
    const audience = await openAudience(campaign, undefined, shell);
    const state = openStateOf(words, shell);
    try {
      const inbox = await openInboxFor(join(stateFolder(words, shell), 'inbox'));
      try {
        const { server, page } = inbox;
        shell.note(
          `Embedded SMTP server on ${server.host}: STARTTLS on ${server.startTlsPort}, TLS on ${server.implicitTlsPort}, login required.`,
        );
        const relay = connectTo(embeddedRelay(server), { ca: server.ca }, inbox.store.folder, async () => {});
        const end = await runCampaign(
          {
            campaign,
            audience,
            state,
            openRelay: async () => relay,
            slot: null,
            another: true,
            once: false,
            rehearsal: true,
          },
          shell,
        );
        shell.out(summaryOf(end));
        if (shell.signal.aborted) {
          shell.note(`\`npx cartero run ${CAMPAIGN}\` goes on with it; \`npm start\` begins another.`);
          return end.exitCode;
        }
        if (end.started !== null) shell.out(nextSteps(end.started.run.id, shell.isTerminal ? page.url : null));
        if (shell.isTerminal && end.exitCode === 0) await untilStopped(shell);
        return end.exitCode;
      } finally {
        await inbox.close();
      }
    } finally {
      state.close();
    }
  },
};

/** On the usual port, or on any where that one is taken. */
async function openInboxFor(folder: string): Promise<OpenInbox> {
  const { openInbox } = await loadInbox();
  return openInbox({ folder, httpPort: HTTP_PORT }).catch(() => openInbox({ folder }));
}

function nextSteps(run: string, url: string | null): string {
  const steps = [
    ...(url === null ? [['inbox', 'the mails, on a page']] : []),
    [`status ${run} --recipients`, "everybody's outcome, reply and queue id"],
    [`transcript ${run} --recipient ${RECIPIENT}`, 'what was said about one mail'],
    ['plan invoice', 'what another campaign would do'],
    ['new my-campaign', 'a campaign of your own'],
    ['run my-campaign --relay "smtp://user:password@your-relay:587"', 'over your own relay'],
  ];
  return [
    ...(url === null ? [] : [`\nThe mails: ${url} (Ctrl-C ends it)`]),
    '\nNext, in this folder:',
    ...steps.map(([line, meaning]) => `  npx cartero ${line}\n      ${meaning}`),
    '',
  ].join('\n');
}
