import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openTemporaryScratch, systemClock } from '#local';
import {
  describePlan,
  estimate,
  type Foresight,
  foresee,
  formatProblem,
  isoTime,
  type Mail,
  MailComposer,
  MailError,
  nextStarts,
  type Outlook,
  type PlanCounts,
  type PlannedRow,
  type Problem,
  planBy,
  planDry,
  suppressionKeyOf,
  UnconfirmedError,
} from '#mailing';
import { askedWords } from './asked.ts';
import { openAudience, openCampaign } from './campaigns.ts';
import type { Command, Shell, Words } from './command.ts';
import { unsignedWarning } from './dkim-keys.ts';
import { grouped, size, span } from './progress.ts';
import { slotWarnings } from './resting.ts';
import { slotOf } from './running.ts';
import { DEFAULT_CONNECTIONS } from './sending.ts';
import { openExistingState, STATE_OPTION, stateFolder } from './states.ts';
import { ZoneTally, zoneLines } from './zone-times.ts';

/** Mails that are composed for the estimate of size. */
const SAMPLES = 25;
/** As long as the left side of every Message-ID. */
const SAMPLE_ID = '0'.repeat(32);
const SHOWN_PROBLEMS = 20;
const MAX_PROBLEMS = 100;
const SHOWN_STARTS = 3;

export const plan: Command = {
  name: 'plan',
  summary: 'Show who would get what: counts, problems, size, time and cost. Sends nothing.',
  usage: ['plan <campaign> [--audience FILE] [--at ISO] [--state DIR] [--json]'],
  details:
    'The plan hash stands for campaign, templates, attachments and recipients: `run --plan HASH` sends that and nothing else.\n' +
    'What a run of it over a relay would ask to be confirmed, since it went out before or goes to many more people, is told too.',
  options: {
    audience: { type: 'string', value: 'FILE', description: "recipients in place of the campaign's own" },
    at: {
      type: 'string',
      value: 'ISO',
      description: 'the slot to plan for (default now): who has a birthday, and who is sent to when',
    },
    state: { ...STATE_OPTION, description: 'whose suppression list counts (default .cartero in the current folder)' },
    json: { type: 'boolean', description: 'one JSON object' },
  },
  examples: [
    ['plan newsletter', 'counts, problems and the plan hash'],
    ['plan birthday --at 2026-12-01T00:00:00Z --json', 'who has a birthday that day, for machines'],
  ],
  async run(words, shell) {
    const [name = ''] = words.positional(['campaign']);
    const slot = slotOf(words.moment('at'));
    const clock = systemClock();
    const campaign = await openCampaign(name, shell);
    const audience = await openAudience(campaign, words.text('audience'), shell);
    const { relay, from } = campaign.campaign;
    const unsigned = await unsignedWarning({ relay, fromDomain: from.mailbox.domain }, shell);
    if (unsigned !== null) shell.note(unsigned);
    const now = clock.now();
    for (const line of slotWarnings(campaign, slot, now)) shell.note(line);
    const { run, contentHash, outlook } = await describePlan(campaign, audience, { slot, now });
    const samples: PlannedRow[] = [];
    let planned = 0;
    const list = suppressedIn(words, shell);
    const tally = new ZoneTally(campaign, slot, now);
    const { counts, problems: ofRows } = await planDry(campaign, audience, contentHash, {
      run,
      at: slot ?? now,
      times: tally.times,
      openScratch: openTemporaryScratch,
      messageIds: false,
      onRow: (row) => {
        planned += 1;
        tally.add(row);
        if (row.state === 'pending') list.count(row.recipient);
        if (planned % 10_000 === 0) shell.over(`Planning: ${grouped(planned)} recipients`);
        if (samples.length < SAMPLES && row.fields !== undefined) samples.push(row);
      },
    });
    const suppressed = await list.end();
    const foreseen = await foreseenProblems(words, shell, outlook, counts);
    const problems = [...foreseen, ...ofRows].slice(0, MAX_PROBLEMS);
    const zones = tally.zones();
    const toSend = Math.max(0, counts.recipients - counts.invalid - suppressed - tally.missed);
    const octets = Math.round((await meanOctets()) * toSend);
    const { pace } = campaign.campaign;
    const { seconds, dollars } = estimate(toSend, pace.connections ?? DEFAULT_CONNECTIONS, pace.messagesPerSecond);
    const { schedule } = campaign.campaign;
    const starts = schedule === null ? [] : nextStarts(schedule, slot ?? now, SHOWN_STARTS).map(isoTime);
    const isByZone = slot !== null && schedule !== null && tally.times !== null;
    const begin = isByZone ? isoTime(planBy(schedule, slot)) : null;
    const { planHash, rows, recipients, duplicates, notSelected, invalid, batches } = counts;
    const result = {
      run,
      campaign: campaign.source.name,
      planHash,
      rows,
      recipients,
      duplicates,
      notSelected,
      invalid,
      suppressed,
      toSend,
      octets,
      batches,
      seconds,
      dollars,
      ...(starts.length === 0 ? {} : { nextStarts: starts }),
      ...(begin === null ? {} : { planBy: begin }),
      ...(tally.times === null ? {} : { zones }),
    };
    if (words.flag('json')) {
      shell.out(
        `${JSON.stringify({ ...result, problems: problems.map(({ file, row, field, problem }) => ({ file, row: row ?? null, field: field ?? null, problem })) })}\n`,
      );
      return 0;
    }
    for (const problem of foreseen) shell.note(formatProblem(problem));
    for (const problem of ofRows.slice(0, SHOWN_PROBLEMS)) shell.note(formatProblem(problem));
    if (invalid > SHOWN_PROBLEMS)
      shell.note(`… ${grouped(invalid - SHOWN_PROBLEMS)} more problems; --json shows the first 100`);
    const table: readonly (readonly [string, string])[] = [
      ['rows', grouped(rows)],
      ['duplicates', grouped(duplicates)],
      ['not selected', grouped(notSelected)],
      ['recipients', grouped(recipients)],
      ['invalid', grouped(invalid)],
      ['suppressed', grouped(suppressed)],
      ['to send', grouped(toSend)],
      ['size', `about ${size(octets)}`],
      ['time', `about ${span(seconds)}`],
      ['cost on AWS', `about $${dollars.toFixed(dollars < 0.01 ? 4 : 2)}`],
      ...(starts.length === 0 ? [] : [['next starts', starts.join(', ')] as const]),
      ...(begin === null ? [] : [['start it by', `${begin}, when that day begins for the first of them`] as const]),
      ...zoneLines(zones).map((line, place) => [place === 0 ? 'where they are' : '', line] as const),
      ['run', run],
      ['plan hash', planHash],
    ];
    const width = zones.length === 0 ? 14 : 16;
    shell.out(table.map(([label, value]) => `${label.padEnd(width)}${value}\n`).join(''));
    return 0;

    async function meanOctets(): Promise<number> {
      const files = new Map<string, string>();
      for (const file of samples.flatMap((row) => row.files ?? []))
        if (file !== null) files.set(file.content, file.object);
      const composer = await MailComposer.open(campaign, {
        date: clock.now(),
        readFile: (content) => campaign.source.files.read(files.get(content) ?? ''),
      });
      let total = 0;
      let composed = 0;
      for (const row of samples) {
        const mail: Mail | null = await composer
          .compose({ ...row, messageId: `${SAMPLE_ID}@${from.mailbox.domain}`, fields: row.fields ?? {} })
          .catch((error: unknown) => {
            if (error instanceof MailError) return null;
            throw error;
          });
        if (mail === null) continue;
        total += mail.data.octets;
        composed += 1;
      }
      return composed === 0 ? 0 : total / composed;
    }
  },
};

/** What a start over a relay would be refused for, or be warned of, by what the state remembers. */
async function foreseenProblems(
  words: Words,
  shell: Shell,
  outlook: Outlook,
  counts: PlanCounts,
): Promise<readonly Problem[]> {
  if (!existsSync(join(stateFolder(words, shell), 'ledger.sqlite'))) return [];
  const { live, audience } = outlook;
  const state = openExistingState(words, shell);
  try {
    const { refusal, warning }: Foresight = await foresee(state, outlook, counts);
    const problem =
      refusal instanceof UnconfirmedError ? askedWords(refusal, words, live.source.name) : refusal?.message;
    return [
      ...(problem === undefined ? [] : [{ file: live.source.location, problem }]),
      ...(warning === null ? [] : [{ file: audience.name, problem: warning }]),
    ];
  } finally {
    state.close();
  }
}

/** Recipients that are asked about at once. */
const ASKED = 500;

/** Counts the suppressed of a state; where there is no state, nobody is. */
function suppressedIn(words: Words, shell: Shell): { count(recipient: string): void; end(): Promise<number> } {
  if (!existsSync(join(stateFolder(words, shell), 'ledger.sqlite'))) return { count: () => {}, end: async () => 0 };
  const state = openExistingState(words, shell);
  let keys: string[] = [];
  let total = Promise.resolve(0);
  const ask = () => {
    const asked = keys;
    keys = [];
    total = total.then(async (sum) => {
      const shut = await state.suppressions.among(asked);
      return sum + asked.filter((key) => shut.has(key)).length;
    });
  };
  return {
    count: (recipient) => {
      keys.push(suppressionKeyOf(recipient));
      if (keys.length === ASKED) ask();
    },
    end: async () => {
      ask();
      try {
        return await total;
      } finally {
        state.close();
      }
    },
  };
}
