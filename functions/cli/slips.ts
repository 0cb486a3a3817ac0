/** What a campaign's folder lacks or has too much of by a slip of its author, though each file of it can be read. */
import { findTemplates, type LoadedCampaign, type Problem, RelayError } from '#mailing';
import type { Shell } from './command.ts';
import { openSigner } from './dkim-keys.ts';
import { relayNameProblem } from './relays.ts';

/** Names that nobody reads, and the names that are likely to be meant. */
const LIKELY_MEANT: Readonly<Record<string, string>> = {
  subject: 'subject.hbs',
  'subject.txt': 'subject.hbs',
  'subject.txt.hbs': 'subject.hbs',
  'subject.html.hbs': 'subject.hbs',
  'body.html': 'body.html.hbs',
  'body.htm': 'body.html.hbs',
  'body.htm.hbs': 'body.html.hbs',
  'body.txt': 'body.txt.hbs',
  'body.text.hbs': 'body.txt.hbs',
  'body.hbs': 'body.html.hbs or body.txt.hbs',
  'body.amp.hbs': 'body.amp.html.hbs',
  'body.html.amp.hbs': 'body.amp.html.hbs',
  'calendar.ics': 'calendar.ics.hbs',
  'event.ics.hbs': 'calendar.ics.hbs',
  'body.ics.hbs': 'calendar.ics.hbs',
};

/** @param loaded `null` where the campaign is not in order otherwise, perhaps since its files are called like this */
export async function misnamedFiles(
  { files, location }: LoadedCampaign['source'],
  loaded: LoadedCampaign | null,
): Promise<Problem[]> {
  const { audience, attachments = [], inline = [] } = loaded?.campaign ?? {};
  const named = new Set([audience, ...[...attachments, ...inline].map(({ object }) => object)]);
  const problems: Problem[] = [];
  for (const [name, meant] of Object.entries(LIKELY_MEANT)) {
    if (!named.has(name) && (await files.has(name)))
      problems.push({ file: `${location}/${name}`, problem: `nobody reads this file; is ${meant} meant?` });
  }
  for (const name of (await findTemplates(files)).strays.filter((stray) => LIKELY_MEANT[stray] === undefined))
    problems.push({
      file: `${location}/${name}`,
      problem: 'nobody reads this file; a name such as body.html.hbs, body.es.html.hbs or subject.es.hbs is wanted',
    });
  return problems;
}

/** The list of recipients, where it is the campaign that should name one. */
export async function audienceProblem({ campaign, source }: LoadedCampaign): Promise<Problem | null> {
  const { audience } = campaign;
  const file = `${source.location}/campaign.json`;
  if (audience === undefined)
    return {
      file,
      field: 'audience',
      problem: 'is missing, so that no row is checked; add it, or give --audience FILE',
    };
  if (await source.files.has(audience)) return null;
  return { file, field: 'audience', problem: `there is no file ${source.location}/${audience}` };
}

/** The relay that the campaign names is known, whoever has its credentials, and its DKIM keys can be used. */
export async function relayProblem({ campaign, source }: LoadedCampaign, shell: Shell): Promise<Problem | null> {
  const place = { file: `${source.location}/campaign.json`, field: 'relay' };
  try {
    const problem = await relayNameProblem(campaign.relay, shell);
    if (problem !== null) return { ...place, problem };
    await openSigner({ relay: campaign.relay, fromDomain: campaign.from.mailbox.domain }, shell);
    return null;
  } catch (error) {
    if (error instanceof RelayError) return { ...place, problem: error.message };
    throw error;
  }
}
