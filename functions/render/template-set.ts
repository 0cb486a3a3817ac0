/** A campaign's templates, compiled once and rendered for each row. */
import { createCompiler, createInliningCompiler, type Template } from './compiler.ts';
import { RenderError, TemplateError } from './errors.ts';
import { type InLanguages, readerOf } from './languages.ts';
import { type Library, openLibrary } from './library.ts';
import { StandIns, textMaker } from './made-text.ts';
import { parseSheet, type Sheet, type Source } from './parse.ts';
import { type Requirement, requirementsOf } from './required.ts';
import { type Account, CONTROL, codePoint, MAX_OUTPUT_OCTETS, tooLarge } from './strict.ts';
import { type Content, placeOf, statementsOf } from './syntax.ts';
import { plainVariables, type Variables } from './values.ts';

/** The same text in other languages, by tag as `languageTag` writes it: a row's `locale` chooses (languages.ts). */
export interface LanguageSource extends Source {
  readonly languages?: ReadonlyMap<string, Source>;
}

export interface TemplateSources {
  /** One trailing line end belongs to the file, not to the subject. */
  readonly subject: LanguageSource;
  readonly html?: LanguageSource;
  /** HTML as well. */
  readonly amp?: LanguageSource;
  readonly text?: LanguageSource;
  /** Makes a text of HTML where none is written: `loadPlainText`. Default: then there is none. */
  readonly toText?: (html: string) => string;
  /** Whether the style sheets of the HTML are put on its elements, too. Default: yes. */
  readonly inlineCss?: boolean;
  /** iCalendar. */
  readonly calendar?: LanguageSource;
  /** Other one-line strings with variables: an attachment's name, for example. */
  readonly named?: ReadonlyMap<string, Source>;
  readonly partials: ReadonlyMap<string, Source>;
  readonly layouts: ReadonlyMap<string, Source>;
}

/** Every function throws RenderError for a row that the template does not fit. */
export interface TemplateSet {
  readonly hasHtml: boolean;
  readonly hasAmp: boolean;
  /** Written, or made of the HTML. */
  readonly hasText: boolean;
  readonly isTextMade: boolean;
  readonly hasCalendar: boolean;
  /** A row's variables, looked at and copied: whoever asks for several texts of a row has that done once. */
  prepared(variables: Variables): Variables;
  /** One line, not HTML-escaped. */
  subject(variables: Variables): string;
  /** HTML in which every value is escaped. */
  html(variables: Variables): string;
  /** The same. */
  amp(variables: Variables): string;
  /** iCalendar in which every value is escaped as TEXT (RFC 5545 §3.3.11). */
  calendar(variables: Variables): string;
  /** Not HTML-escaped. Made of the HTML, where none is written, it is empty where that shows nothing to be read. */
  text(variables: Variables): string;
  /** What `html`, `amp` or `text` gives, divided: what is the same for every row is the same string for every row. */
  pieces(part: 'html' | 'amp' | 'text', variables: Variables): readonly string[];
  /** One line, not HTML-escaped. */
  named(key: string, variables: Variables): string;
  /** The name of the source that a row's part is rendered from, in the language that it reads; `null` where there is none. */
  sourceOf(part: 'subject' | 'html' | 'amp' | 'text' | 'calendar', variables: Variables): string | null;
  /** What all of these use unconditionally, in whichever language, each variable once. */
  readonly required: readonly Requirement[];
  /** The same of the files alone that a row of this language reads. */
  requiredFor(variables: Variables): readonly Requirement[];
}

/** @throws TemplateError for the first thing that is wrong, with file, line and column */
export function compileTemplates(sources: TemplateSources): TemplateSet {
  const library = openLibrary(sources);
  const compileText = createCompiler(library, 'text');
  const compileAmp = createCompiler(library, 'html');
  const compileHtml = sources.inlineCss === false ? compileAmp : createInliningCompiler(library);
  const oneLine = (source: Source) => {
    const sheet = parseSheet(source, 'template');
    refuseLineBreaks(sheet, library);
    return { sheet, render: renderer(compileText(sheet), source.name, true) };
  };
  const body = (source: Source, compile: (sheet: Sheet) => Template) => {
    const sheet = parseSheet(source, 'template');
    const template = compile(sheet);
    return { sheet, render: renderer(template, source.name, false), divide: divider(template, source.name) };
  };
  const compileCalendar = createCompiler(library, 'calendar');
  const subject = inLanguages(sources.subject, (source) => oneLine({ ...source, text: withoutLineEnd(source.text) }));
  const { toText } = sources;
  const html =
    sources.html &&
    inLanguages(sources.html, (source) => {
      const sheet = parseSheet(source, 'template');
      const template = compileHtml(sheet);
      const makeText = toText && textRenderer(template, source.name, toText);
      const divide = divider(template, source.name);
      return { sheet, render: renderer(template, source.name, false), divide, makeText };
    });
  const amp = sources.amp && inLanguages(sources.amp, (source) => body(source, compileAmp));
  const text = sources.text && inLanguages(sources.text, (source) => body(source, compileText));
  const madeText = html && toText && ((variables: Variables) => html.read(variables).makeText?.(variables) ?? '');
  const calendar = sources.calendar && inLanguages(sources.calendar, (source) => body(source, compileCalendar));
  const named = new Map([...(sources.named ?? [])].map(([key, source]) => [key, inLanguages(source, oneLine)]));
  const divided = { html, amp, text };
  const all = [subject, html, amp, text, calendar, ...named.values()].filter((each) => each !== undefined);
  return {
    hasHtml: html !== undefined,
    hasAmp: amp !== undefined,
    hasText: text !== undefined || madeText !== undefined,
    isTextMade: text === undefined && madeText !== undefined,
    hasCalendar: calendar !== undefined,
    prepared: (variables) => plainVariables(variables, subject.nameFor(variables)),
    subject: subject.render,
    html: html?.render ?? absent('HTML body'),
    amp: amp?.render ?? absent('AMP body'),
    calendar: calendar?.render ?? absent('event'),
    text: text?.render ?? madeText ?? absent('text body'),
    pieces: (part, variables) => {
      const whole = divided[part]?.read(variables).divide(variables);
      if (whole !== undefined) return whole;
      return part === 'text' && madeText ? [madeText(variables)] : absent(`${part} body`)();
    },
    named: (key, variables) => (named.get(key)?.render ?? absent(`string named ${JSON.stringify(key)}`))(variables),
    sourceOf: (part, variables) => ({ subject, html, amp, text, calendar })[part]?.nameFor(variables) ?? null,
    required: requirementsOf(
      all.flatMap(({ sheets }) => sheets),
      library,
    ),
    requiredFor: (variables) =>
      requirementsOf(
        all.map(({ read }) => read(variables).sheet),
        library,
      ),
  };
}

interface Compiled {
  readonly sheet: Sheet;
  readonly render: (variables: Variables) => string;
}

/** Compiles a text in all its languages; `render` takes each row's. */
function inLanguages<Text extends Compiled>(
  { languages = new Map(), ...source }: LanguageSource,
  compile: (source: Source) => Text,
) {
  const unmarked = compile(source);
  const marked = [...languages].map(([tag, each]): [string, Text] => [tag, compile({ ...each, language: tag })]);
  const all: InLanguages<Text> = { unmarked, marked: new Map(marked) };
  const read = readerOf(all);
  return {
    read,
    nameFor: (variables: Variables) => read(variables).sheet.source.name,
    sheets: [unmarked, ...all.marked.values()].map(({ sheet }) => sheet),
    render: all.marked.size === 0 ? unmarked.render : (variables: Variables) => read(variables).render(variables),
  };
}

function renderer(template: Template, name: string, oneLine: boolean): (variables: Variables) => string {
  return (variables) => {
    const account: Account = { template: name, oneLine, characters: 0, steps: 0 };
    return small(
      name,
      guarded(name, () => template(plainVariables(variables, name), account)),
    );
  };
}

function divider(template: Template, name: string): (variables: Variables) => readonly string[] {
  return (variables) => {
    const account: Account = { template: name, oneLine: false, characters: 0, steps: 0 };
    const pieces = guarded(name, () => template.divided(plainVariables(variables, name), account));
    if (pieces.reduce((sum, piece) => sum + piece.length, 0) * 3 > MAX_OUTPUT_OCTETS) small(name, pieces.join(''));
    return pieces;
  };
}

/** Renders HTML as a text. */
function textRenderer(template: Template, name: string, toText: (html: string) => string) {
  const make = textMaker(toText);
  return (variables: Variables): string => {
    const account = { template: name, oneLine: false, characters: 0, steps: 0 };
    const standIns = new StandIns();
    const render = () => {
      const plain = plainVariables(variables, name);
      const html = template(plain, { ...account, standIns });
      return make({ html, values: standIns.values, whole: () => template(plain, account) });
    };
    return small(name, guarded(name, render));
  };
}

function small(template: string, output: string): string {
  // A character is 1 to 3 octets per UTF-16 unit, so that most outputs need not be measured.
  if (output.length * 3 > MAX_OUTPUT_OCTETS && Buffer.byteLength(output) > MAX_OUTPUT_OCTETS) {
    throw tooLarge({ template, line: null, variable: null });
  }
  return output;
}

/** Whatever fails while a row is rendered is that row's problem, and no other's. */
function guarded<Output>(template: string, render: () => Output): Output {
  try {
    return render();
  } catch (cause) {
    if (cause instanceof RenderError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RenderError({ template, line: null, variable: null }, `failed (${reason})`, { cause });
  }
}

/** A line break that a template itself brings would break every row's header field. */
function refuseLineBreaks(root: Sheet, library: Library): void {
  for (const { source, program } of library.reach(root)) {
    for (const statement of statementsOf(program)) {
      if (statement.type !== 'ContentStatement') continue;
      const { value } = statement as Content;
      const control = CONTROL.exec(value);
      if (control === null) continue;
      const before = value.slice(0, control.index).split('\n');
      const { line, column } = placeOf(source.name, statement);
      const at = { template: source.name, line, column: column + (before.at(-1)?.length ?? 0) };
      throw new TemplateError(
        at,
        `found ${codePoint(control[0])}, one line is wanted ({{~ and ~}} take line breaks away)`,
      );
    }
  }
}

function withoutLineEnd(text: string): string {
  // What is no text is refused by the parser, and asked for nothing before.
  return typeof text === 'string' ? text.replace(/\r?\n$/, '') : text;
}

function absent(what: string): () => never {
  return () => {
    throw new RangeError(`Cannot render: there is no ${what}`);
  };
}
