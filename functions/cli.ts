/** Door: the command line. Finds the command, gives it its surroundings, turns what it throws into words and an exit code. */
import { type Command, helpOf, type Shell, UsageError, usageOf, Words } from './cli/command.ts';
import { explain } from './cli/explain.ts';
import { openShell } from './cli/shell.ts';

/** In the order in which a newcomer meets them. Each is loaded when it is called: most need only a part of the house. */
const COMMANDS: ReadonlyMap<string, () => Promise<Command>> = new Map([
  ['new', async () => (await import('./cli/new.ts')).newCampaign],
  ['check', async () => (await import('./cli/check.ts')).check],
  ['preview', async () => (await import('./cli/preview.ts')).preview],
  ['compose', async () => (await import('./cli/compose.ts')).compose],
  ['plan', async () => (await import('./cli/plan.ts')).plan],
  ['run', async () => (await import('./cli/run.ts')).run],
  ['send', async () => (await import('./cli/send.ts')).send],
  ['status', async () => (await import('./cli/status.ts')).status],
  ['trace', async () => (await import('./cli/trace.ts')).trace],
  ['transcript', async () => (await import('./cli/transcript.ts')).transcript],
  ['archive', async () => (await import('./cli/archive.ts')).archive],
  ['pause', async () => (await import('./cli/control.ts')).pause],
  ['resume', async () => (await import('./cli/control.ts')).resume],
  ['cancel', async () => (await import('./cli/control.ts')).cancel],
  ['retry', async () => (await import('./cli/retry.ts')).retry],
  ['settle', async () => (await import('./cli/settle.ts')).settle],
  ['suppress', async () => (await import('./cli/suppress.ts')).suppress],
  ['dkim', async () => (await import('./cli/dkim.ts')).dkim],
  ['inbox', async () => (await import('./cli/inbox.ts')).inbox],
  ['demo', async () => (await import('./cli/demo.ts')).demo],
]);

async function overview(): Promise<string> {
  const commands = await Promise.all([...COMMANDS.values()].map((load) => load()));
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    'Cartero: a folder per campaign, your own relay, and every recipient ends in a fact.\n',
    'Usage:',
    '  cartero <command> [options]\n',
    'Commands:',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '\n`cartero <command> --help` tells more, with examples.',
    '\nExit codes: 0 every recipient accepted or suppressed, or nothing to do · 1 the command could not do its work ·',
    '2 it ended with recipients in another outcome · 3 stopped before its end, resumable.\n',
  ].join('\n');
}

/** Runs one command line and sets the process's exit code. */
export async function main(args: readonly string[]): Promise<void> {
  const shell = openShell();
  try {
    process.exitCode = await dispatch(args, shell);
  } finally {
    shell.close();
  }
}

async function dispatch(args: readonly string[], shell: Shell): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    const command = await COMMANDS.get(rest[0] ?? '')?.();
    shell.out(command === undefined ? await overview() : helpOf(command));
    return name === undefined ? 1 : 0;
  }
  const command = await COMMANDS.get(name)?.();
  if (command === undefined) {
    shell.note(`There is no command ${JSON.stringify(name)}; there are ${[...COMMANDS.keys()].join(', ')}.`);
    return 1;
  }
  const separator = rest.indexOf('--');
  if ((separator < 0 ? rest : rest.slice(0, separator)).some((word) => word === '--help' || word === '-h')) {
    shell.out(helpOf(command));
    return 0;
  }
  try {
    return await command.run(new Words(command, rest), shell);
  } catch (error) {
    shell.note(explain(error, name));
    if (error instanceof UsageError)
      shell.note(`\nUsage:\n${usageOf(command)}\n\n\`cartero ${name} --help\` tells more.`);
    return 1;
  }
}
