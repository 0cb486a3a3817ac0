/**
 * Rewritten trees rendered by Handlebars itself: compiled as they are, nothing put together, every partial called. What it
 * takes for that are helpers of the names that rewritten trees call. It tells what folded templates are to say.
 */
import Handlebars from 'handlebars';
import { RenderError, type Source, type Variables } from '#render';
import { VALUE_HELPERS } from '../../functions/render/helpers.ts';
import { openLibrary } from '../../functions/render/library.ts';
import { parseSheet, type Sheet } from '../../functions/render/parse.ts';
import { rewrite } from '../../functions/render/rewrite.ts';
import {
  type Account,
  ARGUMENT,
  CONTEXT,
  called,
  demanded,
  fitting,
  PRINT,
  PRINT_RAW,
  type Site,
  spend,
  step,
  VALUE,
} from '../../functions/render/strict.ts';
import { plainVariables } from '../../functions/render/values.ts';

interface Options {
  readonly fn: (context: unknown, options?: { data?: object; blockParams?: unknown[] }) => string;
  readonly inverse: (context: unknown) => string;
  readonly data: { readonly account: Account; readonly root: Variables };
}

export interface Shelves {
  readonly partials: ReadonlyMap<string, Source>;
  readonly layouts: ReadonlyMap<string, Source>;
}

/** @returns renders a row, as a template set does: HTML, or a text that nothing is escaped in */
export function unfolded(source: Source, shelves: Shelves, isHtml: boolean): (row: Variables) => string {
  const library = openLibrary(shelves);
  const root = parseSheet(source, 'template');
  const sites: Site[] = [];
  const environment = environmentOf(sites);
  const compile = (sheet: Sheet) => {
    const knownHelpers = Object.fromEntries(Object.keys(environment.helpers).map((name) => [name, true]));
    const options = { knownHelpers: knownHelpers as KnownHelpers, knownHelpersOnly: true, noEscape: !isHtml };
    return environment.compile(rewrite(sheet, { isHtml, sites }), { ...options, ignoreStandalone: true });
  };
  for (const sheet of library.reach(root)) {
    if (sheet === root) continue;
    const delegate = compile(sheet);
    environment.registerPartial(sheet.key, (context: unknown, options?: Handlebars.RuntimeOptions) => {
      step(options?.data.account);
      return delegate(context, options);
    });
  }
  const delegate = compile(root);
  return (row) => {
    const plain = plainVariables(row, source.name);
    const account: Account = { template: source.name, oneLine: false, characters: 0, steps: 0 };
    try {
      return delegate(plain, { data: { account, root: plain }, ...NO_PROTOTYPES });
    } catch (error) {
      if (error instanceof RenderError) throw error;
      throw new Error(`Handlebars itself failed: ${source.text}`, { cause: error });
    }
  };
}

const NO_PROTOTYPES = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false };

function environmentOf(sites: readonly Site[]): typeof Handlebars {
  const environment = Handlebars.create();
  const siteOf = (number: number): Site => {
    const site = sites[number];
    if (site === undefined) throw new RangeError(`no site ${number}`);
    return site;
  };
  const print = (value: unknown, number: number, { data }: Options) => {
    const text = String(demanded(value, siteOf(number)));
    spend(data.account, text, siteOf(number));
    return text;
  };
  environment.registerHelper({
    [PRINT]: print,
    [PRINT_RAW]: print,
    [VALUE]: (value: unknown, number: number) => demanded(value, siteOf(number)),
    [ARGUMENT]: (value: unknown, number: number) => fitting(value, siteOf(number)),
    [CONTEXT](this: unknown, { fn, data }: Options) {
      return fn(this, { data, blockParams: [undefined, undefined, this] });
    },
    each,
    with: withValue,
  });
  for (const [name, helper] of VALUE_HELPERS) {
    environment.registerHelper(name, (...all: unknown[]) => {
      const [first, second] = all;
      return called(helper, first, second, (all.at(-1) as Options).data.root);
    });
  }
  return environment;
}

function each(this: unknown, items: object, { fn, inverse, data }: Options): string {
  const entries = Array.isArray(items) ? [...items.entries()] : Object.entries(items);
  if (entries.length === 0) return inverse(this);
  const frame = Handlebars.createFrame(data);
  return entries
    .map(([key, item], index) => {
      step(data.account);
      Object.assign(frame, { key, index, first: index === 0, last: index === entries.length - 1 });
      return fn(item, { data: frame, blockParams: [item, key, item] });
    })
    .join('');
}

/** What `if` takes for true becomes the context, and 0 as well. */
function withValue(this: unknown, value: unknown, { fn, inverse, data }: Options): string {
  const isEmpty = (!value && value !== 0) || (Array.isArray(value) && value.length === 0);
  return isEmpty ? inverse(this) : fn(value, { data, blockParams: [value, undefined, value] });
}
