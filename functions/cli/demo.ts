import { join } from 'node:path';
import { InboxStore, startEmbeddedServer, startInboxPage } from '#local';
import { openAudience, openCampaign } from './campaigns.ts';
import type { Command } from './command.ts';
import { untilStopped } from './inbox.ts';
import { connectTo, embeddedRelay } from './relays.ts';
import { runCampaign, summaryOf } from './running.ts';
import { openStateOf, STATE_OPTION, stateFolder } from './states.ts';

const CAMPAIGN = 'newsletter';
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
      const store = await InboxStore.open(join(stateFolder(words, shell), 'inbox'));
      const server = await startEmbeddedServer({ store });
      const page = await startInboxPage({ store, port: HTTP_PORT }).catch(() => startInboxPage({ store, port: 0 }));
      try {
        shell.note(
          `Embedded SMTP server on ${server.host}: STARTTLS on ${server.startTlsPort}, TLS on ${server.implicitTlsPort}, login required.`,
        );
        const relay = connectTo(embeddedRelay(server), server.ca, store.folder, async () => {});
        const end = await runCampaign(
          { campaign, audience, state, openRelay: async () => relay, slot: null, another: true },
          shell,
        );
        shell.out(summaryOf(end));
        if (end.started !== null) shell.out(nextSteps(end.started.run.id, shell.isTerminal ? page.url : null));
        if (shell.isTerminal && end.exitCode === 0) await untilStopped(shell);
        return end.exitCode;
      } finally {
        await page.close();
        await server.close();
      }
    } finally {
      state.close();
    }
  },
};

function nextSteps(run: string, url: string | null): string {
  const lines = [
    ...(url === null ? [] : [`\nThe mails: ${url} (Ctrl-C ends it)`]),
    '\nNext, in this folder:',
    ...(url === null ? ['  npx cartero inbox                                  the mails, on a page'] : []),
    `  npx cartero status ${run} --recipients       everybody's outcome, reply and queue id`,
    `  npx cartero transcript ${run} --recipient s.ashworth@example.com`,
    '  npx cartero plan invoice                           what another campaign would do',
    '  npx cartero new my-campaign                        a campaign of your own',
    '  npx cartero run my-campaign --relay "smtp://user:password@your-relay:587"',
    '',
  ];
  return lines.join('\n');
}
