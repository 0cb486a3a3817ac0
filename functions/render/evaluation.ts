/** Expressions of a rewritten tree (rewrite.ts) as values: what they are, or how they are found while a row is rendered. */
import { atData, type Context, fixed, found, NOTHING, placed, ROW, reader, type Value } from './contexts.ts';
import { VALUE_HELPERS } from './helpers.ts';
import { ARGUMENT, called, demanded, fitting, type Site, Unfit, VALUE } from './strict.ts';
import { type Expression, isPath, isSubExpression, type Path, plainName, type SubExpression } from './syntax.ts';

/** What a statement sees. */
export interface Sight {
  readonly context: Context;
  /** Block parameters by name, innermost first. */
  readonly parameters: readonly ReadonlyMap<string, Context>[];
  /** The place of the `Turn` of the innermost `each`. */
  readonly turn: number | null;
}

/** Where an `each` is: `{{@index}}` and its like. */
export interface Turn {
  index: number;
  key: unknown;
  first: boolean;
  last: boolean;
}

/** @param sites by their numbers in the tree */
export function evaluate(expression: Expression, sight: Sight, sites: readonly Site[]): Value {
  if (isPath(expression)) return pathValue(expression, sight);
  if (isSubExpression(expression)) return callValue(expression, sight, sites);
  return fixed('value' in expression ? expression.value : undefined);
}

/** Handlebars' own rule for what is looked up in the context whatever block parameters there are. */
const SCOPED = /^\.|this\b/;

function pathValue(path: Path, { context, parameters, turn }: Sight): Value {
  const [head, ...rest] = path.parts;
  const parameter = SCOPED.test(path.original) ? undefined : parameterNamed(head, parameters);
  if (parameter !== undefined) return parameter.find(rest);
  if (head === undefined || head === '') return context.whole;
  if (!path.data) return context.find(path.parts);
  if (head === 'root') return atData(ROW.whole, rest);
  if (turn === null) return NOTHING;
  const { get } = placed(turn);
  return atData(
    found((rendering) => (get(rendering) as Turn)[head as keyof Turn]),
    rest,
  );
}

function parameterNamed(name: string | undefined, parameters: Sight['parameters']): Context | undefined {
  if (name === undefined) return undefined;
  return parameters.find((frame) => frame.has(name))?.get(name);
}

function callValue(call: SubExpression, sight: Sight, sites: readonly Site[]): Value {
  const name = plainName(call.path as Expression) ?? '';
  const [first = NOTHING, second = NOTHING, third = NOTHING] = (call.params as Expression[]).map((each) =>
    evaluate(each, sight, sites),
  );
  if (name === VALUE || name === ARGUMENT) {
    const site = siteOf(second, sites);
    return name === VALUE ? demandedAt(site, first) : fittedAt(site, first);
  }
  const helper = VALUE_HELPERS.get(name);
  if (helper === undefined) throw new RangeError(`Cannot compile: there is no helper ${JSON.stringify(name)}`);
  if (first.isFixed && second.isFixed && !helper.readsRow) {
    const result = attempt(() => called(helper, first.value, second.value, {}));
    if (result !== undefined) return result;
  }
  const [readFirst, readSecond] = [reader(first), reader(second)];
  const language = third.isFixed && typeof third.value === 'string' ? third.value : undefined;
  return found((rendering) => called(helper, readFirst(rendering), readSecond(rendering), rendering.row, language));
}

/** The site whose number an inner helper has as its second argument. */
export function siteOf(number: Value, sites: readonly Site[]): Site {
  const site = number.isFixed ? sites[Number(number.value)] : undefined;
  if (site === undefined) throw new RangeError('Cannot compile: a variable without a number');
  return site;
}

/** What fails, fails for each row. */
export function demandedAt(site: Site, value: Value): Value {
  if (value.isFixed && !(fitting(value.value, site) instanceof Unfit)) return value;
  const read = reader(value);
  return found((rendering) => demanded(read(rendering), site));
}

function fittedAt(site: Site, value: Value): Value {
  if (value.isFixed) return fixed(fitting(value.value, site));
  const { get } = value;
  return found((rendering) => fitting(get(rendering), site));
}

function attempt(call: () => unknown): Value | undefined {
  try {
    return fixed(call());
  } catch {
    return undefined;
  }
}
