import { parseArgs } from 'node:util';

export interface Options {
  /** Names of cases; all of them where none is named. */
  readonly cases: readonly string[];
  /** Mails that each program sends over loopback; other cases send a fixed share of it. */
  readonly mails: number;
  readonly rounds: number;
  /** Deaths for each depth of the curve. */
  readonly kills: number;
  /** RESULTS.md is written. */
  readonly isWritten: boolean;
  readonly isHelp: boolean;
}

/** So many that V8 has compiled what is hot long before the end: what a large mailing costs, and not how it begins. */
export const DEFAULTS = { mails: 40_000, rounds: 3, kills: 20 };

/** @throws with words for the terminal */
export function readOptions(words: readonly string[], known: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      mails: { type: 'string' },
      rounds: { type: 'string' },
      kills: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  const isAll = positionals.length === 0 || positionals.includes('all');
  const unknown = positionals.filter((name) => name !== 'all' && !known.includes(name));
  if (unknown.length > 0) throw new Error(`No case ${unknown.join(', ')}: one of ${known.join(', ')}, all is wanted`);
  return {
    cases: isAll ? [] : positionals,
    mails: count('mails', values.mails, DEFAULTS.mails),
    rounds: count('rounds', values.rounds, DEFAULTS.rounds),
    kills: count('kills', values.kills, DEFAULTS.kills),
    isWritten: isAll || values.write,
    isHelp: values.help,
  };
}

function count(name: string, value: string | undefined, byDefault: number): number {
  const number = value === undefined ? byDefault : Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${name}: found ${JSON.stringify(value)}, a whole number above 0 is wanted`);
}

export function helpText(cases: readonly { readonly name: string; readonly summary: string }[]): string {
  const lines = cases.map(({ name, summary }) => `  ${name.padEnd(13)}${summary}`);
  return `npm run bench -- [case…|all] [--mails N] [--rounds N] [--kills N] [--write]

Cases (default: all of them):
${lines.join('\n')}

  --mails N     mails that each program sends (default ${DEFAULTS.mails}; slow cases send fewer in proportion)
  --rounds N    rounds, in which programs take turns (default ${DEFAULTS.rounds})
  --kills N     deaths for each depth of the curve (default ${DEFAULTS.kills})
  --write       write bench/RESULTS.md also where not all cases are run

Examples:
  npm run bench                                    everything, into bench/RESULTS.md (about 25 minutes)
  npm run bench -- engine --mails 2000 --rounds 2  a first impression
  npm run bench -- profile                         where the engine's time goes

Wanted on the machine: cc and OpenSSL's headers (gcc, libc6-dev, libssl-dev); for the case plain Postfix's smtp-source
(postfix); for a link with the kernel's own TCP root and the command ip (iproute2), else a proxy delays.
`;
}
