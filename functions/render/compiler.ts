/** From checked trees to functions. */
import { escapedForHtml } from './escape.ts';
import { type Folded, fold } from './fold.ts';
import { inlineStyles } from './inline-css.ts';
import type { Library } from './library.ts';
import { lint } from './lint.ts';
import type { Sheet } from './parse.ts';
import { Divided, runAll } from './rendering.ts';
import { rewrite } from './rewrite.ts';
import type { Account, Site } from './strict.ts';
import type { Program } from './syntax.ts';
import type { Variables } from './values.ts';

export interface Template {
  (variables: Variables, account: Account): string;
  /** The same output in pieces, of which those that are the template's own are the same strings for every row. */
  readonly divided: (variables: Variables, account: Account) => readonly string[];
}

/** HTML and iCalendar escape what they print; subjects, text and names do not. */
export type Form = 'text' | 'html' | 'calendar';

/** @returns compiles a sheet with all that it reaches; sheets are compiled once. HTML is linted as well. */
export function createCompiler(library: Library, form: Form): (sheet: Sheet) => Template {
  return compilerOf(library, form, new Map());
}

/** The same for HTML, with its style sheets on its elements, too: of a partial's that hangs on the whole mail. */
export function createInliningCompiler(library: Library): (sheet: Sheet) => Template {
  return (root) => compilerOf(library, 'html', inlineStyles(root, library))(root);
}

/** @param styled what to compile in place of a sheet */
function compilerOf(library: Library, form: Form, styled: ReadonlyMap<Sheet, Sheet>): (sheet: Sheet) => Template {
  const sites: Site[] = [];
  const isHtml = form === 'html';
  const rewritten = new Map<Sheet, Program>();
  const programs = new Map<string, Program>();
  const programOf = (sheet: Sheet): Program => {
    const program = rewritten.get(sheet) ?? rewrite(styled.get(sheet) ?? sheet, { isHtml, sites });
    rewritten.set(sheet, program);
    return program;
  };
  const forms = {
    toPrint: form === 'calendar' ? escapeForCalendar : asItIs,
    toEscaped: isHtml ? escapedForHtml : asItIs,
  };
  return (root) => {
    for (const sheet of library.reach(root)) if (sheet !== root) programs.set(sheet.key, programOf(sheet));
    const folding = { template: root.source.name, program: programOf(root), programs, sites, ...forms };
    if (isHtml) lint(root, library);
    const whole = fold({ ...folding, keepsLiterals: false });
    let standing: Folded | undefined;
    const template = (variables: Variables, account: Account): string => {
      if (account.standIns === undefined) return rendered(whole, variables, account);
      standing ??= fold({ ...folding, keepsLiterals: true });
      return rendered(standing, variables, account);
    };
    const divided = (variables: Variables, account: Account) => {
      const rendering = new Divided(account, variables, new Array(whole.places));
      runAll(whole.pieces, rendering);
      return rendering.written;
    };
    return Object.assign(template, { divided });
  };
}

function rendered({ pieces, places }: Folded, row: Variables, account: Account): string {
  const rendering = { account, row, places: new Array(places), output: '', ahead: '' };
  runAll(pieces, rendering);
  return rendering.output;
}

/** TEXT of RFC 5545 §3.3.11: no value ends its line, or is two where one is meant. */
function escapeForCalendar(text: string): string {
  return text.replace(/[\\;,]/g, '\\$&').replace(/\r\n|[\r\n\u0085\u2028\u2029]/g, '\\n');
}

const asItIs = (text: string) => text;
