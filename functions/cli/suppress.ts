/** `suppress`: the list of those who get no mail, whatever the campaign. */
import { AddressError, parseMailbox } from '#address';
import { systemClock } from '#local';
import { escapeControls, isoTime, type Suppression, suppressionKey } from '#mailing';
import { addressesOf } from './address-file.ts';
import { type Command, InputError, UsageError, type Words } from './command.ts';
import { grouped } from './progress.ts';
import { openExistingState, openStateOf, STATE_OPTION } from './states.ts';

export const suppress: Command = {
  name: 'suppress',
  summary: 'Keep the list of those who get no mail, in any run.',
  usage: [
    'suppress add ADDRESS… [--file FILE] [--reason TEXT] [--state DIR] [--json]',
    'suppress remove ADDRESS… [--file FILE] [--state DIR] [--json]',
    'suppress list [--state DIR] [--json]',
  ],
  details: `Whoever is added gets nothing more, also of a run that is under way in another process; only mails whose last octets have
left already are not called back. Upper and lower case are one, before the @ as well.
A file has an address a line; of a line with commas the first field counts, and a first line "email" is a heading.`,
  options: {
    file: { type: 'string', value: 'FILE', description: 'addresses, one a line' },
    reason: { type: 'string', value: 'TEXT', description: 'why, for whoever reads the list' },
    state: STATE_OPTION,
    json: { type: 'boolean', description: 'list: a JSON line each; add and remove: one JSON object' },
  },
  examples: [
    ['suppress add ana@example.com --reason "asked by phone"', 'she gets nothing more'],
    ['suppress add --file unsubscribed.csv', 'everybody in the file'],
    ['suppress list --json', 'the list for machines'],
  ],
  async run(words, shell) {
    const [action, ...typed] = words.positionals;
    if (action !== 'add' && action !== 'remove' && action !== 'list')
      throw new UsageError(
        action === undefined
          ? '<add|remove|list> is missing'
          : `${JSON.stringify(action)} is none of add, remove, list`,
      );
    if (action === 'list' && (typed.length > 0 || words.text('file') !== undefined))
      throw new UsageError('suppress list takes no addresses');
    const entries = action === 'list' ? [] : entriesOf(words, typed, shell.cwd);
    const state = action === 'add' ? openStateOf(words, shell) : openExistingState(words, shell);
    try {
      if (action === 'list') {
        const isJson = words.flag('json');
        for await (const entry of state.suppressions.list()) shell.out(isJson ? jsonLine(entry) : textLine(entry));
        return 0;
      }
      const changed =
        action === 'add'
          ? await state.suppressions.add(entries)
          : await state.suppressions.remove(entries.map(({ key }) => key));
      const verb = action === 'add' ? 'added' : 'removed';
      const same = entries.length - changed;
      if (words.flag('json')) shell.out(`${JSON.stringify({ [verb]: changed, unchanged: same })}\n`);
      const rest = same === 0 ? '' : `, ${grouped(same)} ${action === 'add' ? 'there already' : 'not there'}`;
      shell.note(`${grouped(changed)} ${verb}${rest}.`);
      return 0;
    } finally {
      state.close();
    }
  },
};

/** All or nothing: a line that is no address stops an import before it begins. */
function entriesOf(words: Words, typed: readonly string[], cwd: string): Suppression[] {
  const file = words.text('file');
  const lines = file === undefined ? [] : addressesOf(file, cwd);
  const found = [...typed.map((text) => ({ text, where: '' })), ...lines];
  if (found.length === 0) throw new UsageError('no address is given; name some, or a --file of them');
  const reason = words.text('reason') ?? null;
  const at = systemClock().now();
  return found.map(({ text, where }) => {
    try {
      return { key: suppressionKey(parseMailbox(text)), recipient: text, reason, at };
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      throw new InputError(`${where}${JSON.stringify(text)} is no address: ${error.problem}; nothing was changed`, {
        cause: error,
      });
    }
  });
}

function jsonLine({ recipient, reason, at }: Suppression): string {
  return `${JSON.stringify({ recipient, reason, at: isoTime(at) })}\n`;
}

function textLine({ recipient, reason, at }: Suppression): string {
  return `${isoTime(at)}  ${escapeControls(recipient)}${reason === null ? '' : `  ${escapeControls(reason)}`}\n`;
}
