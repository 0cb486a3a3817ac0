/** A command that serves a page, started in this process and ended by the signal that a person would send. */
import { type Command, type Shell, Words } from '../../functions/cli/command.ts';

export interface ServedPage {
  readonly url: string;
  end(): Promise<void>;
}

/** @param args without `--port`: any that is free */
export async function servePage(command: Command, args: readonly string[], cwd: string): Promise<ServedPage> {
  const stop = new AbortController();
  const url = Promise.withResolvers<string>();
  const shell: Shell = {
    env: {},
    cwd,
    isTerminal: false,
    signal: stop.signal,
    out: () => undefined,
    over: () => undefined,
    note: (line) => {
      const [found] = /http:\S+/.exec(line) ?? [];
      if (found !== undefined) url.resolve(found);
    },
  };
  const port = args.includes('--port') ? [] : ['--port', '0'];
  const ended = command.run(new Words(command, [...args, ...port]), shell);
  ended.catch((error: unknown) => url.reject(error));
  return {
    url: await url.promise,
    async end() {
      stop.abort();
      await ended;
    },
  };
}
