/** `retry`: recipients of chosen outcomes are pending again. */

import type { LocalState } from '#local';
import { systemClock } from '#local';
import { escapeControls, IllegalMoveError, RETRIED_OUTCOMES, type RetriedOutcome, type RunRecord } from '#mailing';
import { type Command, InputError, UsageError } from './command.ts';
import { grouped } from './progress.ts';
import { keyOf } from './recipient-key.ts';
import { findRun, openExistingState, STATE_OPTION } from './states.ts';

/** The relay said no, or time ran out: nobody of these has the mail. */
const DEFAULT_OUTCOMES: readonly RetriedOutcome[] = ['refused', 'expired', 'quarantined'];

export const retry: Command = {
  name: 'retry',
  summary: 'Mark chosen recipients of a run due again; `run` sends to them.',
  usage: ['retry <run> [--outcome OUTCOME,…] [--recipient ADDRESS] [--state DIR] [--json]'],
  details: `Outcomes: ${RETRIED_OUTCOMES.join(', ')}; without --outcome ${DEFAULT_OUTCOMES.join(', ')}.
Each gets one more attempt; what is known of the earlier ones stays. Nobody who was accepted is mailed again.
Whoever is uncertain may have the mail already: sending again can make it two, and is done only where uncertain is named.`,
  options: {
    outcome: { type: 'string', value: 'LIST', description: 'outcomes, with commas between' },
    recipient: { type: 'string', value: 'ADDRESS', description: 'only this one' },
    state: STATE_OPTION,
    json: { type: 'boolean', description: 'one JSON object: {"run","retried"}' },
  },
  examples: [
    ['retry newsletter-1f2e3d4c5b', 'whoever was refused, or given up'],
    [
      'retry newsletter-1f2e3d4c5b --outcome uncertain --recipient ana@example.com',
      'the evidence, then one more attempt',
    ],
  ],
  async run(words, shell) {
    const [id = ''] = words.positional(['run']);
    const outcomes = outcomesOf(words.text('outcome'));
    const recipient = words.text('recipient');
    const state = openExistingState(words, shell);
    try {
      const run = await findRun(state, id);
      if (recipient !== undefined)
        for (const line of await evidenceOf(state, run, recipient, outcomes)) shell.note(line);
      const retried = await mark(state, run, outcomes, recipient);
      if (words.flag('json')) shell.out(`${JSON.stringify({ run: run.id, retried })}\n`);
      shell.note(
        retried === 0
          ? `Nobody of run ${run.id} is ${outcomes.join(' or ')}.`
          : `${grouped(retried)} of run ${run.id} ${retried === 1 ? 'is' : 'are'} due again; the same \`cartero run\` sends to them.`,
      );
      return 0;
    } finally {
      state.close();
    }
  },
};

function outcomesOf(text: string | undefined): readonly RetriedOutcome[] {
  if (text === undefined) return DEFAULT_OUTCOMES;
  return text.split(',').map((word) => {
    const found = RETRIED_OUTCOMES.find((outcome) => outcome === word.trim());
    if (found === undefined)
      throw new UsageError(`--outcome has ${JSON.stringify(word)}, wanted some of ${RETRIED_OUTCOMES.join(', ')}`);
    return found;
  });
}

async function mark(
  { ledger }: LocalState,
  run: RunRecord,
  outcomes: readonly RetriedOutcome[],
  recipient: string | undefined,
): Promise<number> {
  const key = recipient === undefined ? {} : { key: keyOf(recipient) };
  try {
    return await ledger.retry(run.id, { outcomes, ...key, at: systemClock().now() });
  } catch (error) {
    if (!(error instanceof IllegalMoveError)) throw error;
    throw new InputError(`${error.message}; stop it first, \`npx cartero pause ${run.id}\` does so`, { cause: error });
  }
}

/** What is known of the recipient, before a person decides. @throws InputError where there is nothing to decide */
async function evidenceOf(
  { ledger }: LocalState,
  run: RunRecord,
  recipient: string,
  outcomes: readonly RetriedOutcome[],
): Promise<string[]> {
  const shown = escapeControls(recipient);
  const records = await ledger.find(run.id, keyOf(recipient));
  if (records.length === 0) throw new InputError(`${shown} is no recipient of run ${run.id}`);
  const wanted: readonly string[] = outcomes;
  const [record] = records.filter(({ outcome }) => wanted.includes(outcome));
  if (record === undefined)
    throw new InputError(
      `${shown} is ${records.map(({ outcome }) => outcome).join(', ')}, not ${outcomes.join(' or ')}`,
    );
  const { outcome, attempts, uncertainAttempts, reply, problem, messageId } = record;
  const doubt = uncertainAttempts > 0 ? `, ${uncertainAttempts} of them with nobody knowing how they ended` : '';
  return [
    `${shown}: ${outcome} after ${attempts} ${attempts === 1 ? 'attempt' : 'attempts'}${doubt}.`,
    ...(reply === null ? [] : [`  The relay said: ${escapeControls(reply)}`]),
    ...(problem === null ? [] : [`  ${escapeControls(problem)}`]),
    `  Message-ID <${messageId}>; \`npx cartero transcript ${run.id} --recipient ${shown}\` shows the conversation.`,
  ];
}
