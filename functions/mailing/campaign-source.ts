/** A campaign as it lies in a folder, or as a run has frozen it: the same files by the same names. */
import { composeMessage, HeaderError, mediaTypeOf } from '#mime';
import { compileTemplates, type Source, TemplateError, type TemplateSet } from '#render';
import { type Campaign, parseCampaign } from './campaign.ts';
import { ObjectMissingError, type ObjectStore } from './ports.ts';
import { CampaignError, type Problem } from './problem.ts';

/** Files by relative path with `/` between segments. `list` gives the names below a folder, sorted. */
export type FileTree = Pick<ObjectStore, 'read' | 'stream' | 'has' | 'list'>;

export interface CampaignSource {
  /** The folder's name. */
  readonly name: string;
  /** Where the folder lies, as problems show it: `templates/newsletter`. */
  readonly location: string;
  /** Tells two folders of one name apart: the absolute path. */
  readonly identity: string;
  readonly files: FileTree;
  /** `_layouts/*.hbs` and `_partials/*.hbs`. */
  readonly shared: FileTree;
}

export interface LoadedCampaign {
  readonly source: CampaignSource;
  readonly campaign: Campaign;
  readonly templates: TemplateSet;
}

/** Names of the files that make a campaign, apart from attachments and audience. */
export const CAMPAIGN_FILE = 'campaign.json';
export const SAMPLE_FILE = 'sample.json';
const SUBJECT = 'subject.hbs';
const HTML = 'body.html.hbs';
const TEXT = 'body.txt.hbs';

/** Keys under which attachments' templates stand in the template set. */
export const attachmentKey = (index: number, part: 'object' | 'name') => `attachments.${index}.${part}`;

/**
 * Reads campaign.json, compiles every template and looks that each file it names is there.
 * @throws CampaignError with all problems found
 */
export async function loadCampaign(source: CampaignSource): Promise<LoadedCampaign> {
  const { name, location, files } = source;
  if (!(await files.has(CAMPAIGN_FILE))) {
    throw new CampaignError(name, [{ file: `${location}/${CAMPAIGN_FILE}`, problem: 'there is no such file' }]);
  }
  const campaign = parseCampaign(name, `${location}/${CAMPAIGN_FILE}`, await readText(files, CAMPAIGN_FILE, location));
  const problems = [
    ...headerProblems(campaign, `${location}/${CAMPAIGN_FILE}`),
    ...(await missingFiles(source, campaign)),
  ];
  if (problems.length > 0) throw new CampaignError(name, problems);
  return { source, campaign, templates: await compile(source, campaign) };
}

/** What no mail of the campaign could carry is said once, and not by each of its recipients. */
function headerProblems({ from, sender, replyTo, headers }: Campaign, file: string): Problem[] {
  try {
    composeMessage({
      date: 0,
      messageId: 'trial@example.com',
      from,
      to: from,
      ...(sender === undefined ? {} : { sender }),
      ...(replyTo === undefined ? {} : { replyTo }),
      subject: '',
      headers,
      text: '',
    });
    return [];
  } catch (error) {
    if (!(error instanceof HeaderError)) throw error;
    return [{ file, field: error.field, problem: error.problem }];
  }
}

async function missingFiles({ files, location }: CampaignSource, campaign: Campaign): Promise<Problem[]> {
  const problems: Problem[] = [];
  const missing = (file: string, field?: string) =>
    problems.push({
      file: `${location}/${file}`,
      problem: `there is no such file${field === undefined ? '' : `, and campaign.json names it in ${field}`}`,
    });
  if (!(await files.has(SUBJECT))) missing(SUBJECT);
  if (!(await files.has(HTML)) && !(await files.has(TEXT))) missing(`${HTML} or ${TEXT}`);
  for (const [index, { object }] of campaign.attachments.entries()) {
    if (!isTemplate(object)) await checkObject(object, `attachments.${index}.object`);
  }
  for (const [index, { object }] of campaign.inline.entries()) await checkObject(object, `inline.${index}.object`);
  return problems;

  async function checkObject(object: string, field: string): Promise<void> {
    const problem = objectNameProblem(object);
    if (problem !== null) problems.push({ file: `${location}/${CAMPAIGN_FILE}`, field, problem });
    else if (!(await files.has(object))) missing(object, field);
  }
}

async function compile(source: CampaignSource, campaign: Campaign): Promise<TemplateSet> {
  const { files, shared, location, name } = source;
  const optional = async (file: string) => ((await files.has(file)) ? template(files, file, location) : undefined);
  const html = await optional(HTML);
  const text = await optional(TEXT);
  const named = new Map<string, Source>();
  for (const [index, attachment] of campaign.attachments.entries()) {
    const sourceName = `${location}/${CAMPAIGN_FILE} attachments.${index}`;
    named.set(attachmentKey(index, 'object'), { name: `${sourceName}.object`, text: attachment.object });
    if (attachment.name !== undefined)
      named.set(attachmentKey(index, 'name'), { name: `${sourceName}.name`, text: attachment.name });
  }
  try {
    return compileTemplates({
      subject: await template(files, SUBJECT, location),
      ...(html === undefined ? {} : { html }),
      ...(text === undefined ? {} : { text }),
      named,
      partials: await sharedTemplates(shared, '_partials'),
      layouts: await sharedTemplates(shared, '_layouts'),
    });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    throw new CampaignError(name, [{ file: error.template, line: error.line, problem: error.problem }], {
      cause: error,
    });
  }
}

async function sharedTemplates(shared: FileTree, folder: string): Promise<Map<string, Source>> {
  const templates = new Map<string, Source>();
  for (const file of await shared.list(`${folder}/`)) {
    if (file.endsWith('.hbs'))
      templates.set(file.slice(folder.length + 1, -'.hbs'.length), await template(shared, file, ''));
  }
  return templates;
}

async function template(tree: FileTree, file: string, location: string): Promise<Source> {
  return { name: location === '' ? file : `${location}/${file}`, text: await readText(tree, file, location) };
}

/** @throws CampaignError where the file is not UTF-8 */
async function readText(tree: FileTree, file: string, location: string): Promise<string> {
  const octets = await tree.read(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch (cause) {
    throw new CampaignError(
      location,
      [{ file: `${location}/${file}`, problem: 'this is not UTF-8 text; save it as UTF-8' }],
      { cause },
    );
  }
}

export function isTemplate(text: string): boolean {
  return text.includes('{{');
}

/** The media type that an attachment states, or its file name tells. */
export function typeOf(file: { object: string; type?: string }): string {
  return file.type ?? mediaTypeOf(file.object);
}

/**
 * What is wrong with a path inside the campaign folder, `null` when nothing is. A path comes from a row as well:
 * nothing in it may lead out of the folder.
 */
export function objectNameProblem(object: string): string | null {
  if (object === '') return 'the path is empty';
  if (object.length > 1024) return `the path has ${object.length} characters, at most 1,024 are allowed`;
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(object))
    return 'the path has a control character';
  if (object.includes('\\')) return 'the path has a "\\", wanted "/" between folders';
  if (object.startsWith('/') || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(object))
    return 'the path is not relative to the campaign folder';
  if (object.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'the path has an empty, "." or ".." segment';
  }
  return null;
}

/** Whether reading failed because the file is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof ObjectMissingError;
}
