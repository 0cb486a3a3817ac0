/** A campaign as it lies in a folder, or as a run has frozen it: the same files by the same names. */
import { composeMessage, encodeAttachment, HeaderError, mediaTypeOf } from '#mime';
import {
  compileTemplates,
  type LanguageSource,
  loadPlainText,
  type Source,
  TemplateError,
  type TemplateSet,
  type TemplateSources,
} from '#render';
import { brokenTemplates } from './broken-templates.ts';
import { type Campaign, parseCampaign } from './campaign.ts';
import { ObjectMissingError, type ObjectStore } from './ports.ts';
import { CampaignError, type Problem } from './problem.ts';
import { fileOf, findTemplates, type Part, type TemplateFiles } from './template-files.ts';

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

/** The same campaign for everybody in its audience, birthday or not. */
export function withoutSelection(loaded: LoadedCampaign): LoadedCampaign {
  return { ...loaded, campaign: { ...loaded.campaign, select: {} } };
}

/** Names of the files that make a campaign, apart from attachments and audience. */
export const CAMPAIGN_FILE = 'campaign.json';
export const SAMPLE_FILE = 'sample.json';

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
  const campaign = parseCampaign(name, `${location}/${CAMPAIGN_FILE}`, await readText(source, files, CAMPAIGN_FILE));
  const { templates, problems: misnamed } = await findTemplates(files);
  const problems = [
    ...headerProblems(campaign, `${location}/${CAMPAIGN_FILE}`),
    ...partProblems(campaign, `${location}/${CAMPAIGN_FILE}`),
    ...misnamed.map((problem) => ({ ...problem, file: `${location}/${problem.file}` })),
    ...missingTemplates(source, templates),
    ...(await missingFiles(source, campaign)),
  ];
  if (problems.length > 0) throw new CampaignError(name, problems);
  return { source, campaign, templates: await compile(source, campaign, templates) };
}

/** What no mail of the campaign could carry is said once, and not by each of its recipients. */
function headerProblems({ from, sender, replyTo, list, oneClick, headers }: Campaign, file: string): Problem[] {
  const problem = headerProblem(() =>
    composeMessage({
      date: 0,
      messageId: 'trial@example.com',
      from,
      to: from,
      ...(sender === undefined ? {} : { sender }),
      ...(replyTo === undefined ? {} : { replyTo }),
      subject: '',
      list,
      ...(oneClick === null ? {} : { unsubscribe: oneClick }),
      headers,
      text: '',
    }),
  );
  return problem === null ? [] : [{ file, field: problem.field, problem: problem.problem }];
}

/** The same of the parts, as far as their names do not depend on the row. */
function partProblems({ attachments, inline }: Campaign, file: string): Problem[] {
  const problems: Problem[] = [];
  const check = (field: string, part: { object: string; name?: string; type?: string; cid?: string }) => {
    const { object, name = object, cid } = part;
    const problem = headerProblem(() =>
      encodeAttachment({
        name: isTemplate(name) ? 'trial' : lastSegment(name),
        type: typeOf(part),
        content: new Uint8Array(),
        disposition: 'attachment',
        ...(cid === undefined ? {} : { contentId: cid }),
      }),
    );
    if (problem !== null) problems.push({ file, field, problem: `"${problem.field}": ${problem.problem}` });
  };
  for (const [index, attachment] of attachments.entries()) check(`attachments.${index}`, attachment);
  for (const [index, part] of inline.entries()) {
    check(`inline.${index}`, part);
    if (inline.findIndex(({ cid }) => cid === part.cid) < index)
      problems.push({ file, field: `inline.${index}.cid`, problem: `"${part.cid}" is another file's already` });
  }
  return problems;
}

function headerProblem(compose: () => unknown): HeaderError | null {
  try {
    compose();
    return null;
  } catch (error) {
    if (error instanceof HeaderError) return error;
    throw error;
  }
}

function missingTemplates({ location }: CampaignSource, templates: TemplateFiles): Problem[] {
  const problems: Problem[] = [];
  const missing = (file: string) => problems.push({ file: `${location}/${file}`, problem: 'there is no such file' });
  // A part that is there in some language only is told by `findTemplates`.
  if (!templates.has('subject')) missing(fileOf('subject'));
  if (!templates.has('html') && !templates.has('text')) missing(`${fileOf('html')} or ${fileOf('text')}`);
  if (templates.has('amp') && !templates.has('html'))
    problems.push({
      file: `${location}/${fileOf('amp')}`,
      problem: `most readers know no AMP; ${fileOf('html')} is wanted beside it`,
    });
  return problems;
}

async function missingFiles({ files, location }: CampaignSource, campaign: Campaign): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const [index, { object }] of campaign.attachments.entries()) {
    if (!isTemplate(object)) await checkObject(object, `attachments.${index}.object`);
  }
  for (const [index, { object }] of campaign.inline.entries()) await checkObject(object, `inline.${index}.object`);
  return problems;

  async function checkObject(object: string, field: string): Promise<void> {
    const problem = objectNameProblem(object);
    if (problem !== null) problems.push({ file: `${location}/${CAMPAIGN_FILE}`, field, problem });
    else if (!(await files.has(object)))
      problems.push({
        file: `${location}/${object}`,
        problem: `there is no such file, and campaign.json names it in ${field}`,
      });
  }
}

async function compile(source: CampaignSource, campaign: Campaign, templates: TemplateFiles): Promise<TemplateSet> {
  const { location, name } = source;
  const sources = await readTemplates(source, templates);
  const subjects = [sources.subject, ...(sources.subject.languages?.values() ?? [])];
  const blank = subjects.filter(({ text }) => text.trim() === '');
  if (blank.length > 0)
    throw new CampaignError(
      name,
      blank.map(({ name: file }) => ({ file, problem: 'this is blank, a subject is wanted' })),
    );
  const named = new Map<string, Source>();
  for (const [index, attachment] of campaign.attachments.entries()) {
    const sourceName = `${location}/${CAMPAIGN_FILE} attachments.${index}`;
    named.set(attachmentKey(index, 'object'), { name: `${sourceName}.object`, text: attachment.object });
    if (attachment.name !== undefined)
      named.set(attachmentKey(index, 'name'), { name: `${sourceName}.name`, text: attachment.name });
  }
  // Watches, screen readers and spam filters look for a text.
  const needsText = templates.has('html') && !templates.has('text');
  const toText = needsText ? await loadPlainText() : null;
  const all = {
    ...sources,
    ...(toText === null ? {} : { toText }),
    named,
    partials: await sharedTemplates(source, '_partials'),
    layouts: await sharedTemplates(source, '_layouts'),
  };
  try {
    return compileTemplates(all);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    const broken = brokenTemplates(all);
    const errors = broken.length === 0 ? [error] : broken;
    const problems = errors.map(({ template, line, problem }) => ({ file: template, line, problem }));
    throw new CampaignError(name, problems, { cause: new AggregateError(errors, error.message) });
  }
}

type PartSources = Pick<TemplateSources, Part>;

/** The subject is there, or loading has said that it is not. */
async function readTemplates(source: CampaignSource, templates: TemplateFiles): Promise<PartSources> {
  const { location, files } = source;
  const read = async (file: string): Promise<Source> => ({
    name: `${location}/${file}`,
    text: await readText(source, files, file),
  });
  const readPart = async (part: Part): Promise<LanguageSource> => {
    const languages = new Map<string, Source>();
    for (const [tag, file] of templates.get(part)?.marked ?? []) languages.set(tag, await read(file));
    return { ...(await read(fileOf(part))), languages };
  };
  const sources: PartSources = { subject: await readPart('subject') };
  for (const part of templates.keys()) if (part !== 'subject') Object.assign(sources, { [part]: await readPart(part) });
  return sources;
}

async function sharedTemplates(source: CampaignSource, folder: string): Promise<Map<string, Source>> {
  const templates = new Map<string, Source>();
  for (const file of await source.shared.list(`${folder}/`)) {
    if (!file.endsWith('.hbs')) continue;
    const text = await readText(source, source.shared, file);
    templates.set(file.slice(folder.length + 1, -'.hbs'.length), { name: file, text });
  }
  return templates;
}

/** @throws CampaignError where the file is not UTF-8 */
async function readText({ name, location, files }: CampaignSource, tree: FileTree, file: string): Promise<string> {
  const octets = await tree.read(file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(octets);
  } catch (cause) {
    const place = tree === files ? `${location}/${file}` : file;
    throw new CampaignError(name, [{ file: place, problem: 'this is not UTF-8 text; save it as UTF-8' }], { cause });
  }
}

/** What templates may use though no row brings it: `{{unsubscribe}}`, the link by which the mail's reader leaves the list. */
export function givenVariables({ list, oneClick }: Campaign): readonly string[] {
  return oneClick === null && list?.unsubscribe === undefined ? [] : ['unsubscribe'];
}

export function isTemplate(text: string): boolean {
  return text.includes('{{');
}

export function lastSegment(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
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
  // Longer ones are refused by file systems and by S3, each with an error that would end the planning of all the others.
  if (Buffer.byteLength(object) > 1024) return 'the path has more than 1,024 octets';
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/.test(object))
    return 'the path has a control character';
  if (object.includes('\\')) return 'the path has a "\\", wanted "/" between folders';
  if (object.startsWith('/') || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(object))
    return 'the path is not relative to the campaign folder';
  if (object.split('/').some((segment) => segment === '' || segment === '.' || segment === '..')) {
    return 'the path has an empty, "." or ".." segment';
  }
  if (object.split('/').some((segment) => Buffer.byteLength(segment) > 255))
    return 'the path has a segment of more than 255 octets';
  return null;
}

/** Whether reading failed because the file is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof ObjectMissingError;
}
