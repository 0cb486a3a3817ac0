/** A command as it is typed, without a process of its own: quick, and it can be stopped at a word that it says. */
import { type Command, type Shell, Words } from '../../functions/cli/command.ts';

export interface Heard {
  readonly code: number;
  /** Standard output, an octet a character. */
  readonly out: string;
  readonly notes: string;
}

export interface TypedOptions {
  /** Default: no. */
  readonly isTerminal?: boolean;
  /** The first signal comes after the line that this is part of. Default: none comes. */
  readonly stopAt?: string;
}

/** @throws what the command throws; `functions/cli.ts` tells that and ends with 1 */
export async function typed(
  command: Command,
  args: readonly string[],
  cwd: string,
  { isTerminal = false, stopAt }: TypedOptions = {},
): Promise<Heard> {
  const out: Buffer[] = [];
  const notes: string[] = [];
  const stop = new AbortController();
  const hear = (line: string) => {
    if (stopAt !== undefined && line.includes(stopAt)) stop.abort();
  };
  const shell: Shell = {
    env: {},
    cwd,
    isTerminal,
    signal: stop.signal,
    out: (text) => out.push(Buffer.from(text)),
    note: (line) => {
      notes.push(line);
      hear(line);
    },
    over: hear,
  };
  const code = await command.run(new Words(command, args), shell);
  return { code, out: Buffer.concat(out).toString('latin1'), notes: notes.join('\n') };
}
