/** `pause`, `resume` and `cancel`: what a person wants of a run, whichever process sends it. */

import { systemClock } from '#local';
import { IllegalMoveError, type RunControl, type RunRecord, writeAllResults } from '#mailing';
import { type Command, InputError } from './command.ts';
import { grouped } from './progress.ts';
import { findRun, openExistingState, STATE_OPTION } from './states.ts';

export const pause: Command = controlCommand('paused', {
  name: 'pause',
  summary: 'Stop a run, in whichever process, until it is resumed.',
  details: `Takes effect within two seconds. Mails that are under way are settled as the relay answers; the others wait. The
process that sends the run ends with exit code 3.`,
  example: 'the run stops and loses nothing',
});

export const resume: Command = controlCommand('going', {
  name: 'resume',
  summary: 'Let a paused run go on: the next `cartero run` sends it.',
  details: 'The run is sent by `cartero run`, started as it was before.',
  example: 'undoes a pause',
});

export const cancel: Command = controlCommand('cancelled', {
  name: 'cancel',
  summary: 'End a run: who has no mail yet gets none.',
  details: `Takes effect within two seconds. Mails that are under way are settled as the relay answers; whoever is pending or
deferred becomes cancelled. \`cartero retry <run> --outcome cancelled\` takes them up again.`,
  example: 'the run ends as it stands',
});

interface Wording {
  readonly name: string;
  readonly summary: string;
  readonly details: string;
  readonly example: string;
}

function controlCommand(control: RunControl, { name, summary, details, example }: Wording): Command {
  return {
    name,
    summary,
    usage: [`${name} <run> [--state DIR]`],
    details: `A run may be named by the beginning of its id.\n${details}`,
    options: { state: STATE_OPTION },
    examples: [[`${name} newsletter-1f2e3d4c5b`, example]],
    async run(words, shell) {
      const [id = ''] = words.positional(['run']);
      const state = openExistingState(words, shell);
      try {
        const run = await findRun(state, id);
        const before = await state.ledger.control(run.id);
        const problem = refusal(control, before, run);
        if (problem !== null) throw new InputError(`cannot ${name} run ${run.id}: ${problem}`);
        try {
          await state.ledger.setControl(run.id, control, systemClock().now());
        } catch (error) {
          // It ended, or somebody else was quicker, since it was looked at.
          if (error instanceof IllegalMoveError) throw new InputError(error.message, { cause: error });
          throw error;
        }
        if (control === 'cancelled') await writeAllResults(state.objects, state.ledger, run.id);
        const { pending, deferred } = await state.ledger.totals(run.id);
        shell.note(DONE[control](run.id, grouped(pending + deferred)));
        return 0;
      } finally {
        state.close();
      }
    },
  };
}

const DONE: Readonly<Record<RunControl, (run: string, left: string) => string>> = {
  paused: (run, left) => `Run ${run} is paused, ${left} left; \`npx cartero resume ${run}\` lets it go on.`,
  going: (run, left) => `Run ${run} can go on, ${left} left; the same \`cartero run\` sends it.`,
  cancelled: (run) => `Run ${run} is cancelled; what is under way is settled as the relay answers.`,
};

/** Why a person cannot want that of this run. */
function refusal(wanted: RunControl, control: RunControl | null, run: RunRecord): string | null {
  if (control === 'cancelled')
    return wanted === 'going'
      ? `it is cancelled; \`npx cartero retry ${run.id} --outcome cancelled\` takes its recipients up again`
      : 'it is cancelled';
  if (run.finished) return 'it is finished';
  if (control === wanted) return wanted === 'going' ? 'it is not paused' : 'it is paused already';
  return null;
}
