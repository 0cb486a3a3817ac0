/**
 * The partials and layouts that templates call, parsed when first called.
 *
 * A partial is put in by `{{> name}}`, with one context or named values if wanted. A layout frames what is written
 * between `{{#> name}}` and `{{/name}}`, and says where by `{{> @partial-block}}`; only layouts can say that. Both
 * can call others, none can reach itself again.
 */
import { TemplateError } from './errors.ts';
import { MAX_DEPTH, parseSheet, type Sheet, type Source, tooDeep } from './parse.ts';
import { isSubExpression, LAYOUT_CONTENT, type Partial, type PartialBlock, placeOf, statementsOf } from './syntax.ts';

export type PartialCall = Partial | PartialBlock;

export interface Library {
  /** What a call puts in; null for `{{> @partial-block}}`. @throws TemplateError for a name that is not there */
  resolve(call: PartialCall, from: Sheet): Sheet | null;
  /** The sheet and all that it reaches, each once. @throws TemplateError for circles and chains of more than 16 */
  reach(root: Sheet): readonly Sheet[];
}

export interface Shelves {
  readonly partials: ReadonlyMap<string, Source>;
  readonly layouts: ReadonlyMap<string, Source>;
}

/** The name under which compiled trees call a sheet: a partial and a layout may share a name. */
export function callName(kind: 'partial' | 'layout', name: string): string {
  return `${kind} ${name}`;
}

export function openLibrary(shelves: Shelves): Library {
  const parsed = new Map<string, Sheet>();
  const take = (source: Source, kind: 'partial' | 'layout', name: string): Sheet => {
    const key = callName(kind, name);
    const sheet = parsed.get(key) ?? parseSheet(source, kind, key);
    parsed.set(key, sheet);
    return sheet;
  };
  const resolve = (call: PartialCall, from: Sheet): Sheet | null => {
    const name = nameOf(call, from);
    if (name === LAYOUT_CONTENT) {
      refuseMisplacedContent(call, from);
      return null;
    }
    const kind = call.type === 'PartialStatement' ? 'partial' : 'layout';
    const source = (kind === 'partial' ? shelves.partials : shelves.layouts).get(name);
    if (source === undefined) throw new TemplateError(placeOf(from.source.name, call), unknown(kind, name, shelves));
    const sheet = take(source, kind, name);
    if (kind === 'layout') demandContent(sheet);
    return sheet;
  };
  return { resolve, reach: (root) => reachFrom(root, resolve) };
}

function nameOf(call: PartialCall, from: Sheet): string {
  if (isSubExpression(call.name as hbs.AST.Expression as Partial['name'])) {
    const problem = 'found a computed partial name, the name itself is wanted';
    throw new TemplateError(placeOf(from.source.name, call), problem);
  }
  return String((call.name as { original: unknown }).original);
}

function refuseMisplacedContent(call: PartialCall, from: Sheet): void {
  const place = placeOf(from.source.name, call);
  if (from.kind !== 'layout') {
    throw new TemplateError(place, `found {{> ${LAYOUT_CONTENT}}} outside of a layout, it is wanted in layouts only`);
  }
  if (call.type === 'PartialBlockStatement' || call.params.length > 0 || call.hash !== undefined) {
    throw new TemplateError(place, `found more than the name, {{> ${LAYOUT_CONTENT}}} is wanted`);
  }
}

/** A layout that forgets its content would send everyone an empty frame. */
function demandContent(layout: Sheet): void {
  for (const statement of statementsOf(layout.program)) {
    if (statement.type !== 'PartialStatement') continue;
    if ((statement as Partial & { name: { original: unknown } }).name.original === LAYOUT_CONTENT) return;
  }
  const place = { template: layout.source.name, line: 1, column: 1 };
  throw new TemplateError(place, `found no {{> ${LAYOUT_CONTENT}}}, a layout is wanted to place its content`);
}

function unknown(kind: 'partial' | 'layout', name: string, { partials, layouts }: Shelves): string {
  const quoted = JSON.stringify(name);
  if (kind === 'partial' && layouts.has(name)) {
    return `found the layout ${quoted} called as a partial, {{#> ${name}}}…{{/${name}}} is wanted`;
  }
  if (kind === 'layout' && partials.has(name)) {
    return `found the partial ${quoted} called as a layout, {{> ${name}}} is wanted`;
  }
  const names = [...(kind === 'partial' ? partials : layouts).keys()].sort().slice(0, 20);
  const wanted = names.length === 0 ? 'but there are none' : `one of ${names.join(', ')} is wanted`;
  return `found the unknown ${kind} ${quoted}, ${wanted}`;
}

function reachFrom(root: Sheet, resolve: Library['resolve']): readonly Sheet[] {
  const heights = new Map<Sheet, number>();
  const open: Sheet[] = [];
  const visit = (sheet: Sheet): number => {
    const known = heights.get(sheet);
    if (known !== undefined) return known;
    open.push(sheet);
    let height = 0;
    for (const statement of statementsOf(sheet.program)) {
      if (statement.type !== 'PartialStatement' && statement.type !== 'PartialBlockStatement') continue;
      const call = statement as PartialCall;
      const called = resolve(call, sheet);
      if (called === null) continue;
      const place = placeOf(sheet.source.name, call);
      if (open.includes(called)) throw new TemplateError(place, circle([...open, called]));
      height = Math.max(height, visit(called) + 1);
      if (height > MAX_DEPTH || open.length > MAX_DEPTH) throw tooDeep(place);
    }
    open.pop();
    heights.set(sheet, height);
    return height;
  };
  visit(root);
  return [...heights.keys()];
}

function circle(path: readonly Sheet[]): string {
  const from = path.slice(path.indexOf(path.at(-1) as Sheet)).map((sheet) => sheet.source.name);
  return `found a circle of partials (${from.join(' → ')}), partials that end are wanted`;
}
