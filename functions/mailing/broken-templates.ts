/** Every template of a campaign that does not compile. To compile them together ends with the first; an author wants to know them all. */
import { compileTemplates, type LanguageSource, TemplateError, type TemplateSources } from '#render';
import { PARTS } from './template-files.ts';

const IN_ORDER = { name: '', text: 'in order' };

/** @returns in the order of the parts, each place once: a partial may be put in by several of them */
export function brokenTemplates(sources: TemplateSources): TemplateError[] {
  const { partials, layouts } = sources;
  const found = new Map<string, TemplateError>();
  for (const alone of eachAlone(sources)) {
    const error = failureOf({ partials, layouts, subject: IN_ORDER, ...alone });
    if (error !== null) found.set(`${error.template}\0${error.line}:${error.column}`, error);
  }
  return [...found.values()];
}

/** One template at a time, in the language that it is in: its forms of the plural are that language's. */
function* eachAlone(sources: TemplateSources): Generator<Partial<TemplateSources>> {
  for (const part of PARTS) {
    const { languages = new Map(), ...unmarked }: LanguageSource = sources[part] ?? IN_ORDER;
    yield { [part]: unmarked };
    for (const each of languages) yield { [part]: { ...IN_ORDER, languages: new Map([each]) } };
  }
  for (const each of sources.named ?? []) yield { named: new Map([each]) };
}

function failureOf(sources: TemplateSources): TemplateError | null {
  try {
    compileTemplates(sources);
    return null;
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
}
