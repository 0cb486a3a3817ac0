/** The state folder that a command works in. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type LocalState, openState } from '#local';
import type { RunRecord } from '#mailing';
import { InputError, type Option, type Shell, type Words } from './command.ts';

/** Runs that an unknown id is answered with, the newest first. */
const SHOWN_RUNS = 5;

export const STATE_OPTION: Option = {
  type: 'string',
  value: 'DIR',
  description: 'where runs are kept (default .cartero in the current folder)',
};

export function stateFolder(words: Words, shell: Shell): string {
  return resolve(shell.cwd, words.text('state') ?? '.cartero');
}

export function openStateOf(words: Words, shell: Shell): LocalState {
  return openState(stateFolder(words, shell), {
    onTranscriptLoss: (error) =>
      shell.note(`Transcripts could not be kept: ${error instanceof Error ? error.message : error}`),
  });
}

/** Opens a state only where there is one. @throws InputError */
export function openExistingState(words: Words, shell: Shell): LocalState {
  const folder = stateFolder(words, shell);
  if (!existsSync(join(folder, 'ledger.sqlite')))
    throw new InputError(`there is no state in ${folder}: nothing was run there; name another folder with --state`);
  return openStateOf(words, shell);
}

/** The run of that id, or of an id that begins so; without one the newest. @throws InputError */
export async function findRun(state: LocalState, id: string | undefined): Promise<RunRecord> {
  const runs = await state.ledger.runs();
  const newestFirst = runs.toReversed();
  const [newest] = newestFirst;
  if (newest === undefined) throw new InputError('no run was started in this state');
  if (id === undefined) return newest;
  const exact = runs.find((run) => run.id === id);
  const beginning = runs.filter((run) => run.id.startsWith(id));
  const found = exact ?? (beginning.length === 1 ? beginning[0] : undefined);
  if (found !== undefined) return found;
  const several = beginning.length > 1;
  const candidates = several ? newestFirst.filter((run) => beginning.includes(run)) : newestFirst;
  const more = candidates.length > SHOWN_RUNS ? `, … (${candidates.length} in all, \`cartero status\` lists them)` : '';
  throw new InputError(
    `${several ? 'several runs begin with' : 'there is no run'} ${JSON.stringify(id)}; there are ${candidates
      .slice(0, SHOWN_RUNS)
      .map((run) => run.id)
      .join(', ')}${more}`,
  );
}
