/** The gate for a row's variables: plain JSON data passes, everything else is as if it were not there. */
import { RenderError } from './errors.ts';

/** A row's variables: JSON data by column name. */
export type Variables = Readonly<Record<string, unknown>>;

/** Objects and lists within each other. */
const MAX_DATA_DEPTH = 16;

/** Names that reach behind the data (`__proto__`, `constructor`) or past the escaping (`toHTML`, a SafeString's method). */
export const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype', 'toHTML']);

/** The mark of a copy that was made here: no data that comes from outside has it, and it has nothing to be found in it. */
const CLEAN: object = Object.freeze(Object.create(null));

/** What copies within have: nothing is to be found in it, and with none at all V8 would keep them as hash tables. */
const BARE: object = Object.freeze(Object.create(null));

/**
 * A copy without prototypes, functions, accessors or forbidden names; such a copy itself is not copied again.
 *
 * @param template whose rendering asks, for the error
 * @throws RenderError for data deeper than 16 levels, endless ones included
 */
export function plainVariables(variables: Variables, template: string): Variables {
  if (Object.getPrototypeOf(variables) === CLEAN) return variables;
  return plainObject(variables, template, 1, CLEAN);
}

function plainObject(source: object, template: string, depth: number, prototype: object = BARE): Variables {
  const copy: Record<string, unknown> = Object.create(prototype);
  for (const name of Object.keys(source)) {
    // Which is FORBIDDEN_NAMES, asked for each name of each row.
    if (name === '__proto__' || name === 'constructor' || name === 'prototype' || name === 'toHTML') continue;
    const value: unknown = (source as Variables)[name];
    copy[name] = typeof value === 'string' ? value : plainValue(value, template, depth, name);
  }
  return copy;
}

function plainValue(value: unknown, template: string, depth: number, name: string): unknown {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'object' || value === null) return value === null ? null : undefined;
  if (depth >= MAX_DATA_DEPTH) {
    const problem = `is data of more than ${MAX_DATA_DEPTH} levels within each other, fewer are wanted`;
    throw new RenderError({ template, line: null, variable: name }, problem);
  }
  if (Array.isArray(value)) return value.map((item) => plainValue(item, template, depth + 1, name));
  return isPlainObject(value) ? plainObject(value, template, depth + 1) : undefined;
}

function isPlainObject(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || prototype === BARE;
}
