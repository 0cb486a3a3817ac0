/** What a person is asked before a mailing goes out again or to many more people, with the command that says yes. */
import type { UnconfirmedError } from '#mailing';
import type { Words } from './command.ts';
import { shellWord } from './shell-word.ts';

/** Options of `run` that are typed again as they were. */
const KEPT = ['audience', 'state', 'connections', 'depth', 'rate', 'on-uncertain', 'workers'] as const;

/** Enough of a plan's hash to be meant. */
const SHOWN_DIGITS = 12;

/** @param words of `run` or `plan`; @param campaign the campaign's own name */
export function askedWords({ doubt, planHash }: UnconfirmedError, words: Words, campaign: string): string {
  const { kind, run } = doubt;
  const confirm = commandOf(words, ['at'], `--plan ${planHash.slice(0, SHOWN_DIGITS)}`);
  const resume =
    kind === 'same' && !run.finished && run.campaign === campaign
      ? ` To go on with that run: \`${commandOf(words, [], `--resume ${shellWord(run.id)}`)}\`.`
      : '';
  return `${doubt.words}. Nobody was sent to.${resume} If it is meant: \`${confirm}\` (or --new in place of --plan).`;
}

function commandOf(words: Words, more: readonly string[], last: string): string {
  const [name = ''] = words.positionals;
  const options = [...KEPT, ...more].flatMap((option) => {
    const value = words.text(option);
    return value === undefined ? [] : [`--${option} ${shellWord(value)}`];
  });
  // A relay's URL may hold its password.
  if (words.text('relay') !== undefined) options.push('--relay …');
  if (words.flag('once')) options.push('--once');
  return ['npx cartero run', shellWord(name), ...options, last].join(' ');
}
