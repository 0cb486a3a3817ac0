/**
 * Where a template finds its values. What is the same for every row, a literal that a partial is called with for one, is
 * `Fixed` and known when templates are compiled; everything else is `Found` while a row is rendered.
 *
 * Names are looked up as Handlebars does it: an object's own properties alone, and what has none leads on as it is, null
 * as null.
 */
import type { Rendering } from './rendering.ts';

export type Value = Fixed | Found;

export interface Fixed {
  readonly isFixed: true;
  readonly value: unknown;
}

export interface Found {
  readonly isFixed: false;
  readonly get: (rendering: Rendering) => unknown;
}

/** What `{{this}}` stands for, and what names are looked up in. */
export interface Context {
  readonly whole: Value;
  /** An item of a list may be null. */
  readonly mayBeNothing: boolean;
  find(path: readonly string[]): Value;
  /** The same in a copy of it, to which a partial's call adds its own names. */
  findCopied(path: readonly string[]): Value;
}

export function fixed(value: unknown): Fixed {
  return { isFixed: true, value };
}

export function found(get: Found['get']): Found {
  return { isFixed: false, get };
}

export const NOTHING = fixed(undefined);

/** What it takes to have a value in the midst of a rendering. */
export function reader(value: Value): Found['get'] {
  return value.isFixed ? () => value.value : value.get;
}

export function placed(number: number): Found {
  return found(({ places }) => places[number]);
}

/** What a path leads to from a value. */
export function at(value: Value, path: readonly string[]): Value {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (value.isFixed) return fixed(path.reduce<unknown>(own, value.value));
  const { get } = value;
  if (rest.length === 0) return found((rendering) => own(get(rendering), first));
  return found((rendering) => rest.reduce<unknown>(own, own(get(rendering), first)));
}

/** The same for `@root` and its like, where Handlebars ends at 0, false and the empty text as well. */
export function atData(value: Value, path: readonly string[]): Value {
  const walk = (from: unknown) => path.reduce<unknown>((each, name) => (each ? own(each, name) : each), from);
  return value.isFixed ? fixed(walk(value.value)) : found((rendering) => walk(value.get(rendering)));
}

function own(parent: unknown, name: string): unknown {
  if (parent === undefined || parent === null) return parent;
  return Object.hasOwn(parent, name) ? (parent as Record<string, unknown>)[name] : undefined;
}

/** The row itself: it has no prototype (values.ts), so that whatever it has is its own. */
export const ROW: Context = {
  whole: found(({ row }) => row),
  mayBeNothing: false,
  find(path) {
    const [first, ...rest] = path;
    if (first === undefined) return this.whole;
    return at(
      found(({ row }) => row[first]),
      rest,
    );
  },
  findCopied(path) {
    return this.find(path);
  },
};

export function contextOf(whole: Value, mayBeNothing = false): Context {
  return {
    whole,
    mayBeNothing,
    find: (path) => at(whole, path),
    findCopied: ([first = '', ...rest]) =>
      at(
        mapped(whole, (value) => copied(value, first)),
        rest,
      ),
  };
}

/** In a copy of a list or a text there is no length, and nothing is null in a copy of null. */
function copied(parent: unknown, name: string): unknown {
  const isCounted = Array.isArray(parent) || typeof parent === 'string';
  return parent === null || (isCounted && name === 'length') ? undefined : own(parent, name);
}

/** What a block that asks something has for its context: Handlebars puts an empty object where there is nothing. */
export function blockContext(context: Context): Context {
  return context.mayBeNothing ? contextOf(mapped(context.whole, (value) => value ?? EMPTY)) : context;
}

const EMPTY: object = Object.freeze(Object.create(null));

/** A context with a partial's named arguments in front of what it has. */
export function contextWith(base: Context, names: ReadonlyMap<string, Value>): Context {
  const read = reader(base.whole);
  const readers = [...names].map(([name, value]) => [name, reader(value)] as const);
  const find = (path: readonly string[]): Value => {
    const [first, ...rest] = path;
    if (first === undefined) return whole;
    const named = names.get(first);
    return named === undefined ? base.findCopied(path) : at(named, rest);
  };
  const whole = found((rendering) => {
    const copy = ownEntries(read(rendering));
    for (const [name, readNamed] of readers) copy[name] = readNamed(rendering);
    return copy;
  });
  return { whole, mayBeNothing: false, find, findCopied: find };
}

function mapped(value: Value, map: (value: unknown) => unknown): Value {
  return value.isFixed ? fixed(map(value.value)) : found((rendering) => map(value.get(rendering)));
}

function ownEntries(value: unknown): Record<string, unknown> {
  return Object.assign(Object.create(null), value);
}
