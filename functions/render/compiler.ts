/** From checked trees to functions. Each compiler is a Handlebars of its own, with our helpers and none of its others. */
import Handlebars from 'handlebars';
import { TemplateError } from './errors.ts';
import { BLOCK_HELPERS, VALUE_HELPERS } from './helpers.ts';
import { inlineStyles } from './inline-css.ts';
import type { Library } from './library.ts';
import { lint } from './lint.ts';
import type { Sheet } from './parse.ts';
import { rewrite } from './rewrite.ts';
import {
  type Account,
  ARGUMENT,
  CONTEXT,
  type Frame,
  type HelperOptions,
  innerHelpers,
  lenient,
  PRINT,
  PRINT_RAW,
  type Site,
  step,
  VALUE,
} from './strict.ts';
import type { Variables } from './values.ts';

export type Template = (variables: Variables, account: Account) => string;

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
  const environment = createEnvironment(sites, form === 'calendar' ? escapeForCalendar : asItIs);
  const compiled = new Map<Sheet, Handlebars.TemplateDelegate>();
  const compile = (sheet: Sheet): Handlebars.TemplateDelegate => {
    const delegate = compiled.get(sheet) ?? build(environment, styled.get(sheet) ?? sheet, isHtml, sites);
    compiled.set(sheet, delegate);
    return delegate;
  };
  return (root) => {
    for (const sheet of library.reach(root)) {
      if (sheet !== root) environment.registerPartial(sheet.key, counted(compile(sheet)));
    }
    const delegate = compile(root) as SettledDelegate;
    if (isHtml) lint(root, library);
    settle(delegate);
    return (variables, account) => delegate(variables, { data: { account, root: variables } });
  };
}

/** Said outright, Handlebars refuses in silence; left out, it warns on the console. */
const NO_PROTOTYPES = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false };

/** What is in a delegate, and not in its type: it is called at each rendering, with the options that were given. */
type SettledDelegate = Handlebars.TemplateDelegate & { _setup: (options: Handlebars.RuntimeOptions) => void };

/**
 * Handlebars wraps every helper and copies its list of rights at each rendering. Partials and helpers are all there by
 * now and do not change, so that once is enough; it would take longer than most templates.
 */
function settle(delegate: SettledDelegate): void {
  delegate._setup(NO_PROTOTYPES);
  delegate._setup = () => {};
}

/** Handlebars looks at the white space of a tree again; what stands alone on its line has been dealt with by then. */
const PARSED = { ignoreStandalone: true };

function build(
  environment: typeof Handlebars,
  sheet: Sheet,
  isHtml: boolean,
  sites: Site[],
): Handlebars.TemplateDelegate {
  const program = rewrite(sheet, { isHtml, sites });
  const names = [...BLOCK_HELPERS.keys(), ...VALUE_HELPERS.keys(), PRINT, PRINT_RAW, VALUE, ARGUMENT, CONTEXT];
  const knownHelpers = Object.fromEntries(names.map((name) => [name, true])) as KnownHelpers;
  try {
    const source = environment.precompile(program, {
      knownHelpers,
      knownHelpersOnly: true,
      noEscape: !isHtml,
      ...PARSED,
    });
    return environment.template(new Function(`return ${String(source)}`)() as TemplateSpecification);
  } catch (cause) {
    const place = { template: sheet.source.name, line: 1, column: 1 };
    throw new TemplateError(place, cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** TEXT of RFC 5545 §3.3.11: no value ends its line, or is two where one is meant. */
function escapeForCalendar(text: string): string {
  return text.replace(/[\\;,]/g, '\\$&').replace(/\r\n|[\r\n\u0085\u2028\u2029]/g, '\\n');
}

const asItIs = (text: string) => text;

function createEnvironment(sites: readonly Site[], toPrint: (text: string) => string): typeof Handlebars {
  const environment = Handlebars.create();
  const kept = new Set(['if', 'unless']);
  for (const name of Object.keys(environment.helpers)) if (!kept.has(name)) environment.unregisterHelper(name);
  for (const name of Object.keys(environment.decorators)) environment.unregisterDecorator(name);
  const inner = innerHelpers(sites, toPrint);
  environment.registerHelper({
    each,
    with: withValue,
    [CONTEXT]: withContext,
    [PRINT]: inner.print,
    [PRINT_RAW]: inner.printRaw,
    [VALUE]: inner.value,
    [ARGUMENT]: inner.argument,
  });
  for (const [name, helper] of VALUE_HELPERS) environment.registerHelper(name, lenient(helper));
  return environment;
}

/** Handlebars' `each` over lists and objects, with each item counted. */
function each(this: unknown, items: object, options: HelperOptions): string {
  const entries = Array.isArray(items) ? [...items.entries()] : Object.entries(items);
  if (entries.length === 0) return options.inverse(this);
  const data = Handlebars.createFrame(options.data) as Frame;
  let output = '';
  for (const [index, [key, item]] of entries.entries()) {
    step(data.account);
    Object.assign(data, { key, index, first: index === 0, last: index === entries.length - 1 });
    output += options.fn(item, { data, blockParams: [item, key, item] });
  }
  return output;
}

/** Handlebars' `with`: what `if` takes for true becomes the context, and 0 as well. */
function withValue(this: unknown, value: unknown, options: HelperOptions): string {
  const isEmpty = (!value && value !== 0) || (Array.isArray(value) && value.length === 0);
  if (isEmpty) return options.inverse(this);
  return options.fn(value, { data: options.data, blockParams: [value, undefined, value] });
}

function withContext(this: unknown, options: HelperOptions): string {
  return options.fn(this, { data: options.data, blockParams: [undefined, undefined, this] });
}

function counted(delegate: Handlebars.TemplateDelegate): Handlebars.TemplateDelegate {
  return (context, options) => {
    const frame: Frame = options?.data;
    step(frame.account);
    return delegate(context, options);
  };
}
