/** From words to campaigns and audiences: a name under templates/, or a path to a folder anywhere. */
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCampaignFolder } from '#local';
import { type AudienceFile, type CampaignSource, type LoadedCampaign, loadCampaign } from '#mailing';
import { InputError, type Shell } from './command.ts';

/** Where this project lies; its templates/ and infra/ serve every folder that has none of its own. */
export const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const PROJECT_TEMPLATES = join(PROJECT, 'templates');

/** @throws InputError where there is no such folder; CampaignError where it is not in order */
export async function openCampaign(word: string, shell: Shell): Promise<LoadedCampaign> {
  return loadCampaign(await findCampaign(word, shell));
}

export async function findCampaign(word: string, shell: Shell): Promise<CampaignSource> {
  const candidates = [join(shell.cwd, 'templates', word), resolve(shell.cwd, word), join(PROJECT_TEMPLATES, word)];
  for (const folder of /[/\\]|^\.{1,2}$/.test(word) ? [resolve(shell.cwd, word)] : candidates) {
    if (await isFolder(folder)) {
      return openCampaignFolder(folder, { location: shown(folder, shell), projectTemplates: PROJECT_TEMPLATES });
    }
  }
  const names = await campaignNames(shell);
  throw new InputError(
    `there is no campaign ${JSON.stringify(word)}; ${names.length > 0 ? `there are ${names.join(', ')}` : 'make one with `cartero new <name>`'}, or give the path of a campaign folder`,
  );
}

/** Names of the campaigns under templates/ here, or else the project's. */
export async function campaignNames(shell: Shell): Promise<string[]> {
  const folder = await campaignsFolder(shell);
  if (!(await isFolder(folder))) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !/^[._]/.test(entry.name))
    .map(({ name }) => name)
    .sort();
}

/** templates/ here, or else the project's. */
export async function campaignsFolder({ cwd }: Shell): Promise<string> {
  const folder = join(cwd, 'templates');
  return (await isFolder(folder)) ? folder : PROJECT_TEMPLATES;
}

/** The audience that `--audience` or the campaign names. @throws InputError where there is none */
export async function openAudience(
  loaded: LoadedCampaign,
  file: string | undefined,
  shell: Shell,
): Promise<AudienceFile> {
  if (file !== undefined) {
    const path = resolve(shell.cwd, file);
    if (!(await stat(path).catch(() => null))?.isFile())
      throw new InputError(`there is no audience file ${JSON.stringify(file)}`);
    return { name: shown(path, shell), identity: path, open: () => createReadStream(path) };
  }
  const { campaign, source } = loaded;
  const { audience } = campaign;
  if (audience === undefined)
    throw new InputError(`${source.location}/campaign.json names no audience; add "audience", or give --audience FILE`);
  if (!(await source.files.has(audience)))
    throw new InputError(`there is no file ${source.location}/${audience}, which campaign.json names as audience`);
  return {
    name: `${source.location}/${audience}`,
    identity: join(source.identity, audience),
    open: () => source.files.stream(audience),
  };
}

/** A path as a person at `cwd` would write it. */
function shown(path: string, { cwd }: Shell): string {
  const near = relative(cwd, path);
  return near === '' ? basename(path) : near.startsWith('..') ? path : near;
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() === true;
}
