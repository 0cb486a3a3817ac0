/** All that people write and the stacks are made of, read from the project's folder. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CampaignError, RelayError, writtenRelays } from '#mailing';
import { type DeployedCampaign, readCampaign } from './campaign.ts';
import { type Environment, readEnvironments, SettingsError } from './environment.ts';

export interface Settings {
  readonly environments: readonly Environment[];
  readonly campaigns: readonly DeployedCampaign[];
}

/**
 * @param project the folder with `infra/` and `templates/`
 * @throws SettingsError with what is wrong in environments.json and in campaigns; RelayError; CampaignError
 */
export function readSettings(project: string): Settings {
  const relays = writtenRelays('infra/relays.json', readText(project, 'infra/relays.json'));
  const environments = readEnvironments(
    'infra/environments.json',
    readText(project, 'infra/environments.json'),
    relays,
  );
  const campaigns = campaignNames(project).map((name) => readCampaign(project, name));
  refuseStrangers(environments, campaigns);
  return { environments, campaigns };
}

/** Folders whose names begin with `.` or `_` are no campaigns. */
function campaignNames(project: string): string[] {
  return readdirSync(join(project, 'templates'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name))
    .map(({ name }) => name)
    .filter((name) => existsSync(join(project, 'templates', name, 'campaign.json')))
    .sort();
}

/** What starts by itself would fail where nobody sends to its relay. */
function refuseStrangers(environments: readonly Environment[], campaigns: readonly DeployedCampaign[]): void {
  const problems = environments.flatMap(({ name, relays }) =>
    campaigns
      .filter(({ start, relay }) => start !== null && !relays.some((each) => each.name === relay))
      .map(({ file, relay }) => ({
        file,
        field: 'relay',
        problem: `the environment ${name} has no relay "${relay}", and the campaign has a schedule; add it to infra/relays.json, or to the environment's relays`,
      })),
  );
  if (problems.length > 0) throw new SettingsError(problems);
}

function readText(project: string, file: string): string {
  try {
    return readFileSync(join(project, file), 'utf8');
  } catch (cause) {
    const problem = 'this cannot be read, a JSON file is wanted';
    throw Object.assign(new SettingsError([{ file, problem }]), { cause });
  }
}

/** Whether an error is told to whoever wrote the files, and not with its place in the program. */
export function isOfWriter(error: unknown): error is Error {
  return error instanceof SettingsError || error instanceof RelayError || error instanceof CampaignError;
}
