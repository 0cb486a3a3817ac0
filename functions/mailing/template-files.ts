/**
 * Which files of a campaign's folder are its templates, and in which language.
 *
 *     subject.hbs  body.html.hbs  body.amp.html.hbs  body.txt.hbs  calendar.ics.hbs     for everybody else
 *     subject.es.hbs  body.es.html.hbs  body.pt-BR.txt.hbs  …                           for whoever reads that
 *
 * Each row reads the file of its `locale` (render/languages.ts), each part by itself: a campaign may have one subject for
 * all. Its bodies may not: a mail has one language, whichever of them its reader sees.
 */
import { fallbackTags, languageTag } from '#render';
import type { FileTree } from './campaign-source.ts';
import type { Problem } from './problem.ts';

export type Part = 'subject' | 'html' | 'amp' | 'text' | 'calendar';

/** Before the language and behind it. AMP comes first: its name without a language is like one of HTML in "amp". */
const NAMES: readonly (readonly [part: Part, before: string, after: string])[] = [
  ['subject', 'subject', '.hbs'],
  ['amp', 'body', '.amp.html.hbs'],
  ['html', 'body', '.html.hbs'],
  ['text', 'body', '.txt.hbs'],
  ['calendar', 'calendar', '.ics.hbs'],
];

/** What is no language in these names, though it may look like one: slips of other kinds, which `check` tells. */
const NO_LANGUAGES: ReadonlySet<string> = new Set(['amp', 'txt', 'text', 'htm', 'html', 'ics']);

export const PARTS: readonly Part[] = ['subject', 'html', 'amp', 'text', 'calendar'];
const BODIES: readonly Part[] = ['html', 'amp', 'text'];

/** The name of a part's file for everybody else; with a tag, for those who read that language. */
export function fileOf(part: Part, tag?: string): string {
  const [, before = '', after = ''] = NAMES.find(([name]) => name === part) ?? [];
  return `${before}${tag === undefined ? '' : `.${tag}`}${after}`;
}

/** Files of one part. */
export interface PartFiles {
  /** There where a campaign is in order. */
  readonly unmarked: string | undefined;
  /** By language tag, as the render room writes it. */
  readonly marked: ReadonlyMap<string, string>;
}

export type TemplateFiles = ReadonlyMap<Part, PartFiles>;

/** All files that are templates, sorted, those that nobody can read included. */
export async function templateFilesOf(files: FileTree): Promise<string[]> {
  return (await namesOf(files)).filter((file) => templateName(file).length > 0);
}

export interface FoundTemplates {
  readonly templates: TemplateFiles;
  /** What is wrong with their names; `file` is relative to the folder. */
  readonly problems: readonly Problem[];
  /** What is named much like a template, and is none: `body.html.es.hbs`. */
  readonly strays: readonly string[];
}

export async function findTemplates(files: FileTree): Promise<FoundTemplates> {
  const problems: Problem[] = [];
  const templates = new Map<Part, { unmarked: string | undefined; marked: Map<string, string> }>();
  const names = await namesOf(files);
  for (const { part, file, language } of names.flatMap(templateName)) {
    const found = templates.get(part) ?? { unmarked: undefined, marked: new Map() };
    templates.set(part, found);
    if (language === null) found.unmarked = file;
    else {
      const problem = mark(file, language, found.marked);
      if (problem !== null) problems.push({ file, problem });
    }
  }
  return {
    templates,
    problems: [...problems, ...withoutUnmarked(templates), ...inTwoLanguages(templates)],
    strays: names.filter((file) => file.endsWith('.hbs') && !file.includes('/') && templateName(file).length === 0),
  };
}

interface TemplateName {
  readonly part: Part;
  readonly file: string;
  readonly language: string | null;
}

/** All that begin as templates do. */
async function namesOf(files: FileTree): Promise<string[]> {
  const names: string[] = [];
  for (const beginning of ['body.', 'calendar.', 'subject.']) names.push(...(await files.list(beginning)));
  return names;
}

/** @returns nothing for what is no template's name */
function templateName(file: string): readonly TemplateName[] {
  for (const [part, before, after] of NAMES) {
    if (!file.startsWith(`${before}.`) || !file.endsWith(after) || file.includes('/')) continue;
    if (file.length === before.length + after.length) return [{ part, file, language: null }];
    const language = file.slice(before.length + 1, -after.length);
    return NO_LANGUAGES.has(language.toLowerCase()) ? [] : [{ part, file, language }];
  }
  return [];
}

function mark(file: string, language: string, marked: Map<string, string>): string | null {
  const tag = languageTag(language);
  if (tag === null) return `${JSON.stringify(language)} is no language tag, one such as es or pt-BR is wanted`;
  const other = marked.get(tag);
  if (other !== undefined) return `${other} is in the same language, one of them is wanted`;
  marked.set(tag, file);
  return null;
}

function withoutUnmarked(templates: TemplateFiles): Problem[] {
  const problems: Problem[] = [];
  for (const [part, { unmarked, marked }] of templates) {
    const [file] = marked.values();
    if (unmarked === undefined && file !== undefined)
      problems.push({ file, problem: `${fileOf(part)} is wanted beside it, for whoever reads another language` });
  }
  return problems;
}

/** For each language of a body the others have it as well, be it without the region. */
function inTwoLanguages(templates: TemplateFiles): Problem[] {
  const bodies = BODIES.filter((part) => templates.get(part)?.unmarked !== undefined);
  const problems: Problem[] = [];
  for (const part of bodies) {
    for (const [tag, file] of templates.get(part)?.marked ?? []) {
      const lacking = bodies.find((other) => !fallbackTags(tag).some((each) => templates.get(other)?.marked.has(each)));
      if (lacking === undefined) continue;
      problems.push({ file, problem: `${fileOf(lacking, tag)} is wanted beside it, or a mail is in two languages` });
    }
  }
  return problems;
}
