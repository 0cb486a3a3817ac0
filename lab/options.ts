import { parseArgs } from 'node:util';
import { POINTS } from './points.ts';

export interface Options {
  /** Deaths in all; stories go to their ends, so that it may be a few more. */
  readonly kills: number;
  readonly seed: number;
  /** Only this story, told once; `null`: as many as the deaths take. */
  readonly story: number | null;
  /** Stories at a time. */
  readonly lanes: number;
  /** A campaign of the user's own in place of the lab's. */
  readonly campaign: string | undefined;
  readonly audience: string | undefined;
  /** Where states lie while they are needed. */
  readonly folder: string | undefined;
  /** RESULTS.md is written. */
  readonly isWritten: boolean;
  readonly isPoints: boolean;
  readonly isHelp: boolean;
}

const DEFAULT_KILLS = 300;

/** @throws with words for the terminal */
export function readOptions(words: readonly string[], newSeed: number): Options {
  const { values } = parseArgs({
    args: [...words],
    options: {
      kills: { type: 'string' },
      seed: { type: 'string' },
      story: { type: 'string' },
      lanes: { type: 'string' },
      campaign: { type: 'string' },
      audience: { type: 'string' },
      folder: { type: 'string' },
      write: { type: 'boolean', default: false },
      points: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false, short: 'h' },
    },
  });
  if (values.audience !== undefined && values.campaign === undefined)
    throw new Error("--audience: found without --campaign, wanted with one; the lab's own campaigns have their own");
  return {
    kills: count('kills', values.kills, DEFAULT_KILLS, 1),
    seed: count('seed', values.seed, newSeed, 0),
    story: values.story === undefined ? null : count('story', values.story, 0, 0),
    lanes: count('lanes', values.lanes, 2, 1),
    campaign: values.campaign,
    audience: values.audience,
    folder: values.folder,
    isWritten: values.write,
    isPoints: values.points,
    isHelp: values.help,
  };
}

function count(name: string, value: string | undefined, byDefault: number, least: number): number {
  const number = value === undefined ? byDefault : Number(value);
  if (Number.isSafeInteger(number) && number >= least) return number;
  throw new Error(`--${name}: found ${JSON.stringify(value)}, a whole number from ${least} on is wanted`);
}

export const HELP = `npm run lab -- [--kills N] [--seed S] [--story N] [--lanes N] [--campaign FOLDER [--audience FILE]] [--folder DIR] [--write]

Kills cartero again and again while it sends, by SIGKILL, at ${POINTS.length} named points and at instants that nobody chose, and looks
whether anybody was lost or mailed twice.

  --kills N          deaths in all (default ${DEFAULT_KILLS}; about two a second on two cores)
  --seed S           the same stories again (default: another each time; it is told)
  --story N          only this story of that seed
  --lanes N          stories at a time (default 2)
  --campaign FOLDER  your own campaign; with its own audience, or with --audience FILE: fifty to a few hundred recipients
  --folder DIR       where states lie while they are needed (default: the system's folder for temporary files)
  --write            write lab/RESULTS.md
  --points           list the named points

Examples:
  npm run lab                                       a few minutes
  npm run lab -- --kills 5000 --write               what lab/RESULTS.md shows
  npm run lab -- --campaign templates/newsletter    your own templates
  npm run lab -- --seed 17 --story 203              what went wrong, once more

Nothing leaves this machine. Ctrl-C lets the stories that were begun come to their ends. Exit codes: 0 all is as it must be · 1 it is not, and where the evidence lies is told.
`;
