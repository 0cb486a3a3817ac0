/**
 * What a file says of its own language, where its name says nothing: `{{!-- language: es --}}` at its head.
 *
 * The forms of `plural` are that language's, and `date`, `number` and `money` write as it does for rows without a locale. It is
 * that file's alone: a partial says its own.
 */
import { TemplateError } from './errors.ts';
import { languageTag } from './languages.ts';
import { bodyOf, type Content, type Program, placeOf, statementsOf } from './syntax.ts';

const SAID = /^\s*language:(.*)$/is;

/** @returns `undefined` where nothing is said @throws TemplateError for what is no language, or is said twice, too late or otherwise */
export function saidLanguage(
  { name, language }: { readonly name: string; readonly language?: string },
  program: Program,
): string | undefined {
  const head = headOf(program);
  let found: string | undefined = language;
  let isSaid = false;
  for (const statement of statementsOf(program)) {
    if (statement.type !== 'CommentStatement') continue;
    const said = SAID.exec((statement as hbs.AST.CommentStatement).value)?.[1]?.trim();
    if (said === undefined) continue;
    const refuse = (problem: string) => new TemplateError(placeOf(name, statement), problem);
    const quoted = `language: ${JSON.stringify(said.slice(0, 60))}`;
    if (!head.has(statement)) throw refuse(`found ${quoted} behind other things, the head of the file is wanted`);
    if (isSaid) throw refuse(`found ${quoted} behind another one, one is wanted`);
    const tag = languageTag(said);
    if (tag === null || Intl.NumberFormat.supportedLocalesOf(tag).length === 0)
      throw refuse(`found ${quoted}, a tag such as es or pt-BR is wanted`);
    if (language !== undefined && language !== tag)
      throw refuse(`found ${quoted} in a file that is named for "${language}", one language is wanted`);
    found = tag;
    isSaid = true;
  }
  return found;
}

/** The comments in front of everything but white space. */
function headOf(program: Program): ReadonlySet<unknown> {
  const head = new Set<unknown>();
  for (const statement of bodyOf(program)) {
    const isBlank = statement.type === 'ContentStatement' && !/\S/.test((statement as Content).value);
    if (statement.type !== 'CommentStatement' && !isBlank) break;
    head.add(statement);
  }
  return head;
}
