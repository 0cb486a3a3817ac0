/**
 * What every row must bring: the variables that a template uses whatever the row says, found on the parsed tree, so
 * that a plan can check a million rows without rendering one.
 *
 * Everything inside a block is conditional (a list may have no items), and so is a variable with a default. Partials and
 * layouts are walked where they are called, with the names that the call gives them.
 */
import { TemplateError } from './errors.ts';
import { BLOCK_HELPERS, isNothing, VALUE_HELPERS } from './helpers.ts';
import type { Library, PartialCall } from './library.ts';
import type { Sheet } from './parse.ts';
import {
  argumentsOf,
  type Block,
  bodyOf,
  callOf,
  type Expression,
  isPath,
  isSubExpression,
  type Mustache,
  type PartialBlock,
  type Path,
  type Program,
  placeOf,
  plainName,
  type SubExpression,
} from './syntax.ts';
import type { Variables } from './values.ts';

/** A variable used unconditionally, with no default, where it is used first; `path` is `variable` in parts. */
export interface Requirement {
  readonly template: string;
  readonly line: number;
  readonly variable: string;
  readonly path: readonly string[];
}

/** Unconditional partial calls followed from one template; more would be a bomb. */
const MAX_CALLS = 10_000;

interface Scope {
  readonly sheet: Sheet;
  /** Where names are looked up in the row; null where that depends on the row. */
  readonly base: readonly string[] | null;
  /** Names that a partial's call has given. */
  readonly given: ReadonlySet<string>;
  /** What `{{> @partial-block}}` stands for. */
  readonly content: { readonly program: Program; readonly scope: Scope } | null;
}

/** @returns each variable once, in the order of the sheets and of their lines */
export function requirementsOf(sheets: readonly Sheet[], library: Library): readonly Requirement[] {
  const walk = new Walk(library);
  for (const sheet of sheets) walk.sheet(sheet);
  return [...walk.found.values()];
}

/** The requirements that a row's variables do not meet: missing, null or empty. */
export function unmet(required: readonly Requirement[], variables: Variables): readonly Requirement[] {
  return required.filter(({ path }) => isNothing(lookUp(variables, path)));
}

function lookUp(variables: Variables, path: readonly string[]): unknown {
  let value: unknown = variables;
  for (const part of path) {
    if (value === null || value === undefined || !Object.hasOwn(Object(value), part)) return undefined;
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

class Walk {
  readonly found = new Map<string, Requirement>();
  readonly #library: Library;
  #calls = 0;

  constructor(library: Library) {
    this.#library = library;
  }

  sheet(sheet: Sheet): void {
    this.#calls = 0;
    this.#program(sheet.program, { sheet, base: [], given: new Set(), content: null });
  }

  #program(program: Program, scope: Scope): void {
    for (const statement of bodyOf(program)) {
      if (statement.type === 'MustacheStatement') this.#mustache(statement as Mustache, scope);
      else if (statement.type === 'BlockStatement') this.#block(statement as Block, scope);
      else if (statement.type === 'PartialStatement' || statement.type === 'PartialBlockStatement') {
        this.#partial(statement as PartialCall, scope);
      }
    }
  }

  #mustache(mustache: Mustache, scope: Scope): void {
    const call = callOf(mustache);
    if (call.params.length > 0) this.#arguments(call, scope);
    else this.#expression(call.path, scope);
  }

  #block(block: Block, scope: Scope): void {
    const { path, params } = callOf(block);
    const isCondition = BLOCK_HELPERS.get(plainName(path) ?? '') === 'condition';
    for (const param of params) if (!isCondition || isSubExpression(param)) this.#expression(param, scope);
  }

  #partial(call: PartialCall, scope: Scope): void {
    this.#calls += 1;
    if (this.#calls > MAX_CALLS) {
      const place = placeOf(scope.sheet.source.name, call);
      throw new TemplateError(place, `found more than ${MAX_CALLS} partials within partials, fewer are wanted`);
    }
    const called = this.#library.resolve(call, scope.sheet);
    if (called === null) {
      const { content } = scope;
      // The content sees the layout's names, speaks of its own lines, and may itself stand in an outer layout.
      if (content) this.#program(content.program, { ...content.scope, base: scope.base, given: scope.given });
      return;
    }
    const { params, pairs } = argumentsOf(call);
    for (const expression of [...params, ...pairs.map((pair) => pair.value as Expression)]) {
      this.#expression(expression, scope);
    }
    const names = pairs.map((pair) => pair.key);
    const [context] = params;
    this.#program(called.program, {
      sheet: called,
      base: context === undefined ? scope.base : isPath(context) ? rowPath(context, scope) : null,
      given: new Set(context === undefined ? [...scope.given, ...names] : names),
      content: call.type === 'PartialStatement' ? null : { program: (call as PartialBlock).program, scope },
    });
  }

  #expression(expression: Expression, scope: Scope): void {
    if (isPath(expression)) this.#variable(expression, scope);
    else if (isSubExpression(expression)) this.#arguments(expression as SubExpression, scope);
  }

  #arguments(call: { readonly path: unknown; readonly params: readonly unknown[] }, scope: Scope): void {
    const helper = VALUE_HELPERS.get(plainName(call.path as Expression) ?? '');
    if (helper?.forgives) return;
    for (const param of call.params) this.#expression(param as Expression, scope);
  }

  #variable(path: Path, scope: Scope): void {
    const inRow = rowPath(path, scope);
    if (inRow === null || inRow.length === 0) return;
    const key = JSON.stringify(inRow);
    if (this.found.has(key)) return;
    const { template, line } = placeOf(scope.sheet.source.name, path);
    this.found.set(key, { template, line, variable: inRow.join('.'), path: inRow });
  }
}

/** Which part of the row a path names; null where that is not known before rendering. */
function rowPath(path: Path, scope: Scope): readonly string[] | null {
  const [head] = path.parts;
  if (path.data) return head === 'root' ? path.parts.slice(1) : null;
  if (path.depth > 0 || scope.base === null || (head !== undefined && scope.given.has(head))) return null;
  return [...scope.base, ...path.parts];
}
