/** From a source's text to its syntax tree. Only strings are parsed: a ready-made tree would be code of someone else's. */
import Handlebars from 'handlebars';
import { type Place, TemplateError } from './errors.ts';
import { saidLanguage } from './said-language.ts';
import { bodyOf, type Program, placeOf, programsOf } from './syntax.ts';

/** One file, or one string of a settings file; `name` is what errors show: `newsletter/body.html.hbs`. */
export interface Source {
  readonly name: string;
  readonly text: string;
  /** The tag of the language that it is written in. Default: what a comment at its head says, else nobody has said so. */
  readonly language?: string;
}

/** What one source is: a body of its own, a fragment, or a frame around a body. */
export interface Sheet {
  /** The name under which compiled trees call it; partials and layouts may share names. */
  readonly key: string;
  readonly source: Source;
  readonly kind: 'template' | 'partial' | 'layout';
  readonly program: Program;
}

/** Characters and `{{` in one source. */
export const MAX_SOURCE_CHARACTERS = 1 << 20;
const MAX_TAGS = 10_000;

/** Blocks, helpers or partials within each other. */
export const MAX_DEPTH = 16;

/** The same, counted before the text is parsed: comments may make it look deeper than it is. */
const ABSURD_DEPTH = 100;

/** @throws TemplateError where the text is no template, with Handlebars' own position */
export function parseSheet(source: Source, kind: Sheet['kind'], key: string = source.name): Sheet {
  const { name, text } = source;
  const start = { template: name, line: 1, column: 1 };
  if (typeof text !== 'string') throw new TemplateError(start, `found ${typeof text}, a text is wanted`);
  if (text.length > MAX_SOURCE_CHARACTERS) {
    throw new TemplateError(start, `found ${text.length} characters, at most ${MAX_SOURCE_CHARACTERS} are wanted`);
  }
  refuseBombs(start, text);
  const program = parseText(name, text.replace(/^\ufeff/, ''));
  refuseDepth(name, program, 1);
  const language = saidLanguage(source, program);
  return { key, source: language === undefined ? source : { ...source, language }, kind, program };
}

/** Handlebars' work grows with the square of the number of tags, and faster with their depth: minutes for some kilobytes. */
function refuseBombs(start: Place, text: string): void {
  const tags = text.split('{{').length - 1;
  if (tags > MAX_TAGS) throw new TemplateError(start, `found ${tags} "{{", at most ${MAX_TAGS} are wanted`);
  let depth = 0;
  for (const [, mark] of text.matchAll(/\{\{~?([#/])/g)) {
    depth = mark === '#' ? depth + 1 : Math.max(0, depth - 1);
    if (depth > ABSURD_DEPTH) throw tooDeep(start);
  }
}

function parseText(name: string, text: string): Program {
  try {
    return Handlebars.parse(text, { srcName: name });
  } catch (cause) {
    throw new TemplateError(parserPlace(name, cause), parserProblem(cause), { cause });
  }
}

function refuseDepth(template: string, program: Program, depth: number): void {
  for (const statement of bodyOf(program)) {
    const inner = programsOf(statement);
    if (inner.length > 0 && depth > MAX_DEPTH) throw tooDeep(placeOf(template, statement));
    for (const each of inner) refuseDepth(template, each, depth + 1);
  }
}

export function tooDeep(place: Place): TemplateError {
  return new TemplateError(place, `found more than ${MAX_DEPTH} levels within each other, fewer are wanted`);
}

/** Where Handlebars' generated parser keeps the token that it stopped at; its types leave this out. */
interface ParserState {
  readonly Parser: {
    readonly lexer: { readonly yylloc: { readonly first_line: number; readonly first_column: number } };
  };
}

function parserPlace(template: string, error: unknown): Place {
  const { lineNumber, column } = error as { lineNumber?: number; column?: number };
  if (lineNumber !== undefined && column !== undefined) return { template, line: lineNumber, column: column + 1 };
  const { first_line, first_column } = (Handlebars as unknown as ParserState).Parser.lexer.yylloc;
  return { template, line: first_line, column: first_column + 1 };
}

const TOKENS: Readonly<Record<string, string>> = {
  EOF: 'the end of the file',
  INVALID: 'a character that cannot stand there',
  CLOSE: '"}}"',
  CLOSE_UNESCAPED: '"}}}"',
  CLOSE_SEXPR: '")"',
  OPEN_ENDBLOCK: 'a closing "{{/…}}"',
  OPEN_INVERSE: '"{{else}}"',
  INVERSE: '"{{else}}"',
  OPEN_INVERSE_CHAIN: '"{{else …}}"',
  EQUALS: '"="',
  SEP: '"." or "/"',
  ID: 'a name',
  STRING: 'a text',
  NUMBER: 'a number',
};

/** Says in a line what the parser says in a drawing. */
function parserProblem(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const mismatch = /^(.*) doesn't match (.*?)(?: - \d+:\d+)?$/s.exec(message);
  if (mismatch) {
    return `found {{/${mismatch[2]}}} where {{/${mismatch[1]}}} closes the block, the name that opened it is wanted`;
  }
  const token = /got '([A-Z_]+)'$/.exec(message)?.[1];
  if (token === undefined) return message.replace(/\s+/g, ' ');
  return `found ${TOKENS[token] ?? token}, ${wantedInstead(token, message)} is wanted`;
}

function wantedInstead(token: string, message: string): string {
  if (token === 'EOF' && message.includes("'OPEN_ENDBLOCK'")) return 'the closing {{/…}} of an open block';
  if (token === 'OPEN_ENDBLOCK' && message.includes("Expecting 'EOF'")) return 'an opening {{#…}} before it';
  return 'a whole {{…}}';
}
