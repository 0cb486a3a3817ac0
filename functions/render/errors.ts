/** What goes wrong with a template (nobody can be mailed) and with one row's variables (that row cannot be mailed). */

/** Where in a template source something stands; line and column count from 1. */
export interface Place {
  readonly template: string;
  readonly line: number;
  readonly column: number;
}

/** Where a variable is used. `line` and `variable` are null where the whole output is meant. */
export interface Use {
  readonly template: string;
  readonly line: number | null;
  readonly variable: string | null;
}

/** A template that cannot be used at all; `problem` says what was found and what is wanted instead. */
export class TemplateError extends Error {
  readonly code = 'ERR_TEMPLATE';
  readonly template: string;
  readonly line: number;
  readonly column: number;
  readonly problem: string;
  constructor(place: Place, problem: string, options?: ErrorOptions) {
    super(printable(`Cannot compile ${shown(place.template)}:${place.line}:${place.column}: ${problem}`), options);
    this.name = 'TemplateError';
    this.template = place.template;
    this.line = place.line;
    this.column = place.column;
    this.problem = printable(problem);
  }
}

/** One row's problem: a variable that is missing, null, empty or unfit where a template uses it, or an output too large. */
export class RenderError extends Error {
  readonly code = 'ERR_RENDER';
  readonly template: string;
  readonly line: number | null;
  readonly variable: string | null;
  readonly problem: string;
  constructor(use: Use, problem: string, options?: ErrorOptions) {
    const line = use.line === null ? '' : `:${use.line}`;
    const subject = use.variable === null ? '' : `variable ${JSON.stringify(use.variable)} `;
    super(printable(`Cannot render ${shown(use.template)}${line}: ${subject}${problem}`), options);
    this.name = 'RenderError';
    this.template = use.template;
    this.line = use.line;
    this.variable = use.variable;
    this.problem = printable(problem);
  }
}

/** A file name as it is, so that terminals make a link of it; quoted when it could play tricks on them. */
function shown(name: string): string {
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(name) ? JSON.stringify(name) : name;
}

/** A problem quotes what a template or a row says; none of that may act on a terminal, or break a log's line. */
function printable(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
