/** `trace`: everything that a state knows of one person's mails. */
import type { LocalState } from '#local';
import {
  type Conversation,
  escapeControls,
  isoTime,
  type ResultLine,
  type RunRecord,
  resultLine,
  type Suppression,
  suppressionKeyOf,
  type TracedDelivery,
} from '#mailing';
import { type Command, InputError, UsageError } from './command.ts';
import { counted } from './progress.ts';
import { keyOf } from './recipient-key.ts';
import { standingOf } from './run-standing.ts';
import { shellWord } from './shell-word.ts';
import { openExistingState, STATE_OPTION } from './states.ts';

export const trace: Command = {
  name: 'trace',
  summary: "Tell everything that is known of one person's mails, in every run.",
  usage: ['trace ADDRESS [--any-case] [--state DIR] [--json]'],
  details: `However the address was written: the domain in any case, in letters of its own or as xn--…. Before the @ upper and lower
case are two people (RFC 5321 §2.4): who is asked for is found as written and in lower case; --any-case looks further, at
every recipient of every run.
Ends with 1 where nothing at all is known of the address.`,
  options: {
    'any-case': { type: 'boolean', description: 'also whoever differs in upper and lower case alone; slower' },
    state: STATE_OPTION,
    json: { type: 'boolean', description: 'one JSON object' },
  },
  examples: [
    ['trace ana@example.com', 'each run, outcome, reply and queue id, and whether she gets mail at all'],
    ['trace ana@example.com --json', 'the same for machines'],
  ],
  async run(words, shell) {
    const [address = ''] = words.positional(['ADDRESS']);
    if (address.trim() === '') throw new UsageError('<ADDRESS> is empty');
    const state = openExistingState(words, shell);
    try {
      const known = await knownOf(state, address, words.flag('any-case'));
      const folder = words.text('state');
      shell.out(words.flag('json') ? `${JSON.stringify(traceJson(known, folder))}\n` : traceText(known, folder));
      const isKnown = known.mails.length > 0 || known.suppressed !== null;
      if (!isKnown) shell.note(nobody(known, words.flag('any-case')));
      return isKnown ? 0 : 1;
    } finally {
      state.close();
    }
  },
};

interface Known {
  readonly address: string;
  readonly suppressed: Suppression | null;
  readonly mails: readonly KnownMail[];
  /** Runs whose plan is not complete: nobody was mailed by them, and nobody can be looked up in them. */
  readonly unplanned: readonly string[];
  readonly runs: number;
}

interface KnownMail {
  readonly run: RunRecord;
  readonly standing: string;
  readonly delivery: TracedDelivery;
  /** Told where the last word is not the whole story: several attempts, or one that nobody knows the end of. */
  readonly attempts: readonly Attempt[];
}

interface Attempt {
  readonly attempt: number;
  /** Epoch ms; `null` where the conversation was lost. */
  readonly from: number | null;
  readonly to: number | null;
  /** The relay's no, or what it said last. */
  readonly reply: string | null;
}

async function knownOf(state: LocalState, address: string, anyCase: boolean): Promise<Known> {
  const { ledger, suppressions } = state;
  const key = keyOf(address);
  const spellings = anyCase ? await ledger.spellings(key) : [];
  const runs = await ledger.runs();
  const byId = new Map(runs.map((run) => [run.id, run]));
  const mails: KnownMail[] = [];
  for (const delivery of await ledger.trace([key, key.toLowerCase(), ...spellings])) {
    const run = byId.get(delivery.run) ?? (await ledger.run(delivery.run));
    if (run === null) throw new InputError(`run ${delivery.run} went while it was looked at; ask again`);
    const standing = standingOf(run, await ledger.control(run.id));
    mails.push({ run, standing, delivery, attempts: await attemptsOf(state, delivery) });
  }
  return {
    address,
    suppressed: await suppressions.find(suppressionKeyOf(address)),
    mails,
    unplanned: runs.filter(({ plan }) => plan === null).map(({ id }) => id),
    runs: runs.length,
  };
}

async function attemptsOf({ transcripts }: LocalState, delivery: TracedDelivery): Promise<Attempt[]> {
  const { run, batch, row, attempts, uncertainAttempts } = delivery;
  if (attempts < 2 && uncertainAttempts === 0) return [];
  const kept = await transcripts.read(run, batch, row);
  const numbers = Array.from({ length: attempts }, (_, index) => index + 1);
  // A connection that was lost before the indicator left gives one attempt several conversations: the last one tells.
  return numbers.map((attempt) => attemptAs(attempt, kept.filter((each) => each.attempt === attempt).at(-1)));
}

function attemptAs(attempt: number, conversation: Conversation | undefined): Attempt {
  const records = conversation?.transaction ?? [];
  const replies = records.filter(({ by }) => by === 'server');
  // Behind a refusal comes the reply to RSET, which says nothing of the mail.
  const said = replies.find(({ text }) => /^[45]/.test(text)) ?? replies.at(-1);
  return {
    attempt,
    from: records[0]?.at ?? null,
    to: records.at(-1)?.at ?? null,
    reply: said?.text ?? null,
  };
}

/** The contract of `--json`: a delivery is a line of `status --recipients --json`, and more. */
function traceJson({ address, suppressed, mails, unplanned }: Known, folder: string | undefined) {
  return {
    address,
    suppressed: suppressed === null ? null : { since: isoTime(suppressed.at), reason: suppressed.reason },
    deliveries: mails.map(({ run, standing, delivery, attempts }) => ({
      run: run.id,
      campaign: run.campaign,
      startedAt: isoTime(run.createdAt),
      standing,
      ...resultLine(delivery),
      uncertainAttempts: delivery.uncertainAttempts,
      conversations: attempts.map(({ attempt, from, to, reply }) => ({
        attempt,
        from: moment(from),
        to: moment(to),
        reply,
      })),
      transcript: transcriptCommand(run.id, delivery.recipient, folder),
    })),
    unplanned,
  };
}

function moment(at: number | null): string | null {
  return at === null ? null : isoTime(at);
}

function traceText({ address, suppressed, mails }: Known, folder: string | undefined): string {
  const why = suppressed?.reason ? `: ${escapeControls(suppressed.reason)}` : '';
  return [
    escapeControls(address),
    suppressed === null
      ? '  is not suppressed'
      : `  is suppressed since ${isoTime(suppressed.at)}${why}: gets no mail, of any run`,
    ...mails.flatMap((mail) => ['', ...mailText(mail, folder)]),
    '',
  ].join('\n');
}

function mailText({ run, standing, delivery, attempts }: KnownMail, folder: string | undefined): string[] {
  const line = resultLine(delivery);
  const { recipient, uncertainAttempts } = delivery;
  const doubt = uncertainAttempts > 0 ? `, ${uncertainAttempts} of them with nobody knowing how they ended` : '';
  return [
    `${run.id}  ${run.campaign}, of ${isoTime(run.createdAt)}, ${standing}`,
    `  ${escapeControls(recipient)}: ${line.outcome} after ${counted(line.attempts, 'attempt')}${doubt}${line.at === null ? '' : `, ${line.at}`}`,
    ...factsOf(line).map((fact) => `  ${escapeControls(fact)}`),
    ...attempts.map((attempt) => `  ${attemptText(attempt)}`),
    `  Message-ID <${line.messageId}>`,
    `  npx ${escapeControls(transcriptCommand(run.id, recipient, folder))}`,
  ];
}

function factsOf({ reply, enhancedStatus, queueId, problem, nextAt }: ResultLine): string[] {
  return [
    ...(reply === null ? [] : [`the relay said: ${reply}`]),
    ...(enhancedStatus === null ? [] : [`enhanced status ${enhancedStatus}`]),
    ...(queueId === null ? [] : [`queue id ${queueId}`]),
    ...(problem === undefined ? [] : [problem]),
    ...(nextAt === undefined ? [] : [`due again at ${nextAt}`]),
  ];
}

function attemptText({ attempt, from, to, reply }: Attempt): string {
  if (from === null || to === null)
    return `attempt ${attempt}: its conversation was lost with the process, or by a disk that took no more`;
  const end = reply === null ? 'no reply came' : `the relay said ${escapeControls(reply)}`;
  return `attempt ${attempt}: ${isoTime(from)} to ${isoTime(to)}, ${end}`;
}

/** As it can be copied into a shell. */
export function transcriptCommand(run: string, recipient: string, folder: string | undefined): string {
  const state = folder === undefined ? '' : ` --state ${shellWord(folder)}`;
  return `cartero transcript ${run} --recipient ${shellWord(recipient)}${state}`;
}

function nobody({ address, unplanned, runs }: Known, anyCase: boolean): string {
  const shown = escapeControls(address);
  const further = anyCase ? '' : ' `--any-case` also looks for other upper and lower case before the @.';
  const open =
    unplanned.length === 0
      ? ''
      : ` ${counted(unplanned.length, 'run')} without a complete plan could not be looked into: ${unplanned.slice(0, 5).join(', ')}${unplanned.length > 5 ? ', …' : ''}; nobody was mailed by ${unplanned.length === 1 ? 'it' : 'them'}.`;
  return `Nothing is known of ${shown} in the ${counted(runs, 'run')} of this state.${open}${further}`;
}
