import { join } from 'node:path';
import { systemClock } from '#local';
import { MissedStartError, noTotals, UnconfirmedError } from '#mailing';
import { askedWords } from './asked.ts';
import { openAudience, openCampaign } from './campaigns.ts';
import { type Command, InputError, type Shell, UsageError } from './command.ts';
import { chooseRelay } from './relays.ts';
import { slotWarnings } from './resting.ts';
import { logWords } from './run-log.ts';
import { openEnds, type RunEnd, type RunRequest, runCampaign, runJson, slotOf, summaryOf } from './running.ts';
import { openStateOf, STATE_OPTION, stateFolder } from './states.ts';

const POLICIES = ['hold', 'resend', 'skip'] as const;

export const run: Command = {
  name: 'run',
  summary: 'Send a campaign: plan it, send it, settle every recipient.',
  usage: [
    'run <campaign> [--audience FILE] [--relay URL] [--state DIR] [--at ISO] [--connections N] [--depth N] [--rate N]',
    '    [--on-uncertain hold|resend|skip] [--plan HASH] [--new | --resume RUN] [--workers N] [--once]',
    '    [--log FILE [--log-addresses]] [--json]',
  ],
  details: `
<campaign> is a name under templates/ or the path of a campaign folder.
Relays: smtps://user:password@host:465 · smtp://user:password@host:587 (STARTTLS) · smtp+insecure://127.0.0.1:25,
with ?ca=FILE, servername=NAME, name=EHLO-NAME, auth=MECHANISM. Without --relay: the variable CARTERO_RELAY, else the
campaign's relay in infra/relays.json, else the embedded server. A relay of infra/relays.json whose login is a secret has it
in the folder CARTERO_SECRETS: { "user", "password" } in <secret>.json.
It goes on until nobody is left to send to: whoever is deferred is asked for again, later and later, until the campaign's
expiresAfter. A run that was stopped or killed goes on where it was.
With a schedule, mail goes in its window only, and with --at not before that moment: meanwhile the run rests. A start that
was missed is made good as "missed" says; one that is not ends with 0.
--log adds a JSON line for each thing that happens: the run, its connections, each mail's outcome. People have a hash there in
place of the address, also in replies: \`cartero trace ADDRESS\` tells it. A file that is moved away is begun anew within a
second; one that cannot be written is told once and stops no mail.
The same templates and audience a second time, under whatever name or slot, and an audience that grew by more than the
campaign's "growth" (50%) are sent to only where --plan with the plan's hash, or --new, says that it is meant.`,
  options: {
    audience: {
      type: 'string',
      value: 'FILE',
      description: "recipients, .csv or .jsonl, .gz or not, in place of the campaign's own",
    },
    relay: { type: 'string', value: 'URL', description: 'the relay to send to' },
    state: STATE_OPTION,
    at: {
      type: 'string',
      value: 'ISO',
      description: 'the slot that this run stands for: its identity, and who has a birthday',
    },
    connections: {
      type: 'string',
      value: 'N',
      description: "connections at the most (default: the campaign's and relay's, or 4)",
    },
    depth: {
      type: 'string',
      value: 'N',
      description:
        "mails in flight on a connection at the most, where the relay offers CHUNKING (default: the relay's, or 16)",
    },
    rate: { type: 'string', value: 'N', description: 'mails per second at the most' },
    'on-uncertain': {
      type: 'string',
      value: 'POLICY',
      description: 'hold (default), resend or skip those of whom nobody can know',
    },
    plan: { type: 'string', value: 'HASH', description: 'send only if this is still the plan' },
    new: { type: 'boolean', description: 'start another run, even of the same content' },
    resume: { type: 'string', value: 'RUN', description: 'go on with this unfinished run of the campaign' },
    workers: { type: 'string', value: 'N', description: 'processes that send, and share the connections (default 1)' },
    once: { type: 'boolean', description: 'one attempt for whoever is due, then end' },
    log: {
      type: 'string',
      value: 'FILE',
      description: 'add what happens to this file, as JSON Lines without addresses',
    },
    'log-addresses': { type: 'boolean', description: 'write addresses into the log as they are' },
    json: { type: 'boolean', description: 'one JSON object as the last line' },
  },
  examples: [
    ['run newsletter', 'to the embedded server: look at it with `npx cartero inbox`'],
    ['run newsletter --relay "smtp://user:password@smtp.example.com:587"', 'over your own relay'],
    ['run invoice --audience november.csv --rate 20 --json', 'other recipients, slowly, with a result for machines'],
    ['run newsletter --log run.log', 'then: grep "$(npx cartero trace ana@example.com | grep -o \'hash:.*\')" run.log'],
    ['run birthday --at 2026-12-01T00:00:00Z', 'the run of that day: started twice it is still one'],
  ],
  async run(words, shell) {
    const [name = ''] = words.positional(['campaign']);
    const depth = words.count('depth', { to: 9999 });
    const workers = words.count('workers', { to: 64 }) ?? 1;
    const connections = words.count('connections', { to: 1000 });
    const messagesPerSecond = words.rate('rate');
    const onUncertain = words.oneOf('on-uncertain', POLICIES);
    const planHash = words.text('plan');
    const slot = slotOf(words.moment('at'));
    const resume = words.text('resume');
    if (words.flag('log-addresses') && words.text('log') === undefined)
      throw new UsageError('--log-addresses goes with --log');
    const log = logWords(words.text('log'), words.flag('log-addresses'), shell.cwd);
    if (resume !== undefined && (words.flag('new') || slot !== null))
      throw new UsageError('--resume names a run; leave --new and --at out');
    const campaign = await openCampaign(name, shell);
    const audience = await openAudience(campaign, words.text('audience'), shell);
    const inbox = join(stateFolder(words, shell), 'inbox');
    const relayWords = { url: words.text('relay'), name: campaign.campaign.relay, inbox, depth };
    const relay = await chooseRelay(relayWords, shell);
    const state = openStateOf(words, shell);
    for (const line of slotWarnings(campaign, slot, systemClock().now())) shell.note(line);
    try {
      const end = await runUnlessMissed(
        {
          campaign,
          audience,
          state,
          openRelay: relay.open,
          slot,
          another: words.flag('new'),
          once: words.flag('once'),
          rehearsal: relay.isEmbedded,
          log,
          ...(workers > 1 ? { workers: { count: workers, relay: relayWords } } : {}),
          ...(resume === undefined ? {} : { resume }),
          ...(onUncertain === undefined ? {} : { onUncertain }),
          ...(planHash === undefined ? {} : { planHash }),
          ...(connections === undefined ? {} : { connections }),
          ...(messagesPerSecond === undefined ? {} : { messagesPerSecond }),
        },
        shell,
      );
      const ends = end.started === null ? [] : await openEnds(state, end.started.run, end.totals);
      for (const line of ends) shell.note(line);
      shell.out(words.flag('json') ? `${JSON.stringify(runJson(end, campaign.source.name))}\n` : summaryOf(end));
      return end.exitCode;
    } catch (error) {
      if (error instanceof UnconfirmedError) throw new InputError(askedWords(error, words, campaign.source.name));
      throw error;
    } finally {
      state.close();
    }
  },
};

/** A start that its campaign does not want to be made good leaves nothing to do. */
async function runUnlessMissed(request: RunRequest, shell: Shell): Promise<RunEnd> {
  try {
    return await runCampaign(request, shell);
  } catch (error) {
    if (!(error instanceof MissedStartError)) throw error;
    return { started: null, totals: noTotals(), seconds: 0, exitCode: 0 };
  }
}
