/** The crash lab: `npm run lab -- --help`. README.md beside this file tells how it works, RESULTS.md what it has shown. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Campaign, ownCampaign, writeCampaigns } from './campaign.ts';
import { endAllLives } from './life.ts';
import { HELP, type Options, readOptions } from './options.ts';
import { POINTS } from './points.ts';
import { resultsText, summaryText } from './report.ts';
import { type Story, storyOf } from './story.ts';
import { Tally } from './tally.ts';
import { type Expected, nameOf, type Surroundings, Teller, type Told } from './teller.ts';
import { closeWorkshop, openWorkshop } from './workshop.ts';

const TELL_EVERY_MS = 5000;
/** What a life takes before any was seen, in ms. */
const FIRST_GUESS_MS = 600;

/** Stories of one seed, several at a time, until so many have died or something is wrong. */
export class Lab {
  readonly tally = new Tally();
  readonly #options: Options;
  readonly #campaigns: readonly Campaign[];
  readonly #expected: readonly Expected[];
  readonly #surroundings: Surroundings;
  #next = 0;
  #isStopped = false;
  /** The first story that is not as it must be. */
  failed: Told | null = null;

  constructor(
    options: Options,
    campaigns: readonly Campaign[],
    expected: readonly Expected[],
    surroundings: Surroundings,
  ) {
    this.#options = options;
    this.#campaigns = campaigns;
    this.#expected = expected;
    this.#surroundings = surroundings;
  }

  /** Stories that were begun are told to their ends; no other is begun. */
  stop(): void {
    this.#isStopped = true;
  }

  async run(): Promise<void> {
    const { story, lanes } = this.#options;
    if (story !== null) return this.#tell(story);
    await Promise.all(Array.from({ length: lanes }, () => this.#lane()));
  }

  async #lane(): Promise<void> {
    while (!this.#isStopped && this.failed === null && this.tally.kills < this.#options.kills) {
      this.#next += 1;
      await this.#tell(this.#next - 1);
    }
  }

  async #tell(number: number): Promise<void> {
    const story = storyOf(this.#options.seed, number, this.#campaigns.length);
    const campaign = this.#campaigns[story.campaign];
    const expected = this.#expected[story.campaign];
    if (campaign === undefined || expected === undefined) throw new Error(`story ${number} has no campaign`);
    const told = await new Teller(story, campaign, this.#surroundings).tell(expected);
    this.tally.add(told);
    if (told.violations.length > 0) this.failed ??= told;
    else rmSync(join(this.#surroundings.folder, nameOf(story)), { recursive: true });
  }
}

/** One run of each campaign in which nothing happens: what it makes of its recipients. */
async function expectations(campaigns: readonly Campaign[], surroundings: Surroundings): Promise<Expected[]> {
  const found: Expected[] = [];
  for (const [place, campaign] of campaigns.entries()) {
    const quiet: Story = {
      ...storyOf(0, 0, 1),
      number: -1 - place,
      workers: 1,
      faults: false,
      policy: 'hold',
      delayMs: 0,
      poison: null,
    };
    found.push(await new Teller(quiet, campaign, surroundings).tellQuietly());
  }
  return found;
}

function failureText({ story, violations, lives }: Told, folder: string): string {
  const deaths = lives.map(({ words, death, isKilled, code }) => {
    const how =
      death === null
        ? ''
        : `, to die ${death.kind === 'point' ? `at ${death.point}, passing ${death.passing}` : `after ${death.afterMs} ms`}`;
    return `  ${words[0]}${how}: ${isKilled ? 'killed' : `ended with ${code}`}`;
  });
  return [
    `Story ${story.number} of seed ${story.seed} is not as it must be:`,
    ...violations.map((each) => `  ${each}`),
    'What was started:',
    ...deaths,
    `Its state and what everybody said lie in ${join(folder, nameOf(story))}.`,
    `npm run lab -- --seed ${story.seed} --story ${story.number}`,
  ].join('\n');
}

async function runLab(options: Options, words: readonly string[]): Promise<number> {
  const workshop = await openWorkshop(options.folder);
  let isKept = false;
  try {
    const campaigns =
      options.campaign === undefined
        ? writeCampaigns(join(workshop.folder, 'campaigns'))
        : [ownCampaign(options.campaign, options.audience)];
    const surroundings = { ...workshop, pace: { lifeMs: FIRST_GUESS_MS } };
    const began = performance.now();
    const lab = new Lab(options, campaigns, await expectations(campaigns, surroundings), surroundings);
    const seconds = () => (performance.now() - began) / 1000;
    console.error(`Seed ${options.seed}`);
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => lab.stop());
    const teller = setInterval(() => {
      const { kills, stories, acceptances } = lab.tally;
      console.error(`  ${seconds().toFixed(0)} s: ${kills} deaths, ${stories} stories, ${acceptances} mails accepted`);
    }, TELL_EVERY_MS);
    await lab.run().finally(() => clearInterval(teller));
    if (lab.failed === null) console.log(summaryText(lab.tally, seconds()));
    if (lab.failed !== null) {
      isKept = true;
      console.error(failureText(lab.failed, workshop.folder));
    } else if (options.isWritten) {
      const file = fileURLToPath(new URL('RESULTS.md', import.meta.url));
      writeFileSync(file, resultsText(lab.tally, { words, seconds: seconds(), seed: options.seed }));
    }
    return lab.failed === null ? 0 : 1;
  } finally {
    endAllLives();
    await closeWorkshop(workshop, isKept);
  }
}

export async function main(words: readonly string[]): Promise<number> {
  const options = readOptions(words, Math.floor(Math.random() * 1e6));
  if (options.isHelp) console.log(HELP);
  else if (options.isPoints) for (const { name, where } of POINTS) console.log(`${name.padEnd(34)}${where}`);
  else return runLab(options, words);
  return 0;
}
