/** Door: the command line. Finds the command, gives it its surroundings, turns what it throws into words and an exit code. */
import { check } from './cli/check.ts';
import { type Command, helpOf, type Shell, UsageError, usageOf, Words } from './cli/command.ts';
import { compose } from './cli/compose.ts';
import { demo } from './cli/demo.ts';
import { explain } from './cli/explain.ts';
import { inbox } from './cli/inbox.ts';
import { newCampaign } from './cli/new.ts';
import { plan } from './cli/plan.ts';
import { run } from './cli/run.ts';
import { send } from './cli/send.ts';
import { openShell } from './cli/shell.ts';
import { status } from './cli/status.ts';
import { transcript } from './cli/transcript.ts';

const COMMANDS: readonly Command[] = [newCampaign, check, compose, plan, run, send, status, transcript, inbox, demo];

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    'Cartero: a folder per campaign, your own relay, and every recipient ends in a fact.\n',
    'Usage:',
    '  cartero <command> [options]\n',
    'Commands:',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
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
    const command = COMMANDS.find((each) => each.name === rest[0]);
    shell.out(command === undefined ? overview() : helpOf(command));
    return name === undefined ? 1 : 0;
  }
  const command = COMMANDS.find((each) => each.name === name);
  if (command === undefined) {
    shell.note(
      `There is no command ${JSON.stringify(name)}; there are ${COMMANDS.map((each) => each.name).join(', ')}.`,
    );
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
