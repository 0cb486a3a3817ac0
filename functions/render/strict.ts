/**
 * The inner helpers that the rewritten trees call around every variable, and the accounts of one rendering.
 *
 * Handlebars' own `strict` lets null, the empty text, a missing helper argument and a missing partial argument pass.
 * Here each use of a variable is a numbered `Site`; a value that does not fit its site is an `Unfit`. What prints, walks
 * or hands on a value throws it; a helper that gets one as argument returns it, so that a `default` around it can save
 * the row.
 */
import { RenderError, type Use } from './errors.ts';
import { Misfit } from './formats.ts';
import { isNothing, type ValueHelper, type Wants } from './helpers.ts';
import type { StandIns } from './made-text.ts';
import type { Variables } from './values.ts';

export interface Site extends Use {
  readonly wants: Wants;
  /** A helper's result may be empty on purpose: `{{default suffix ""}}`. */
  readonly mayBeEmpty: boolean;
}

/** Names that no template can call or use as a block parameter. */
export const PRINT = '#print';
export const PRINT_RAW = '#raw';
export const VALUE = '#value';
export const ARGUMENT = '#argument';
export const CONTEXT = '#context';

/** Octets of UTF-8 in one rendered text. */
export const MAX_OUTPUT_OCTETS = 1 << 20;

/** Items walked through and partials entered in one rendering. */
const MAX_STEPS = 100_000;

/** What one rendering has used so far. */
export interface Account {
  /** The output is a header field or a file name: one line, no control characters. */
  readonly oneLine: boolean;
  readonly template: string;
  characters: number;
  steps: number;
  /** Takes the values that are printed, where a text is made of the output (made-text.ts). */
  readonly standIns?: StandIns;
}

/** A value that does not fit where a template uses it. */
export class Unfit {
  readonly site: Site;
  readonly problem: string;
  constructor(site: Site, problem: string) {
    this.site = site;
    this.problem = problem;
  }

  get error(): RenderError {
    return new RenderError(this.site, this.problem);
  }
}

/** @throws RenderError for a value that does not fit */
export function demanded(value: unknown, site: Site): unknown {
  const fit = fitting(value, site);
  if (fit instanceof Unfit) throw fit.error;
  return fit;
}

/** Calls a helper. An unfit argument is its result, so that a `default` around it can save the row. */
export function called(
  helper: ValueHelper,
  first: unknown,
  second: unknown,
  row: Variables,
  language?: string,
): unknown {
  if (helper.forgives) return helper.call(first instanceof Unfit ? undefined : first, second, row);
  if (first instanceof Unfit) return first;
  return second instanceof Unfit ? second : helper.call(first, second, row, language);
}

/** Counts a step of a walk. @throws RenderError when a template walks through more than 100,000 items and partials */
export function step(account: Account): void {
  account.steps += 1;
  if (account.steps > MAX_STEPS) {
    const use = { template: account.template, line: null, variable: null };
    throw new RenderError(use, `found more than ${MAX_STEPS} list items and partials, fewer are wanted`);
  }
}

/** Whether so much more is allowed. */
export function isWithin(account: Account, steps: number, characters: number): boolean {
  return account.steps + steps <= MAX_STEPS && account.characters + characters <= MAX_OUTPUT_OCTETS;
}

export function tooLarge(use: Use): RenderError {
  return new RenderError(use, `makes the output larger than ${MAX_OUTPUT_OCTETS} octets, less is wanted`);
}

/** A control character or line break: in a header field it would begin another one (RFC 5322 section 2.2). */
export const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Counts what is printed, and refuses what no header field can have. @throws RenderError */
export function spend(account: Account, text: string, site: Use): void {
  account.characters += text.length;
  if (account.characters > MAX_OUTPUT_OCTETS) throw tooLarge(site);
  const control = account.oneLine ? CONTROL.exec(text) : null;
  if (control)
    throw new RenderError(site, `has ${codePoint(control[0])}, one line without control characters is wanted`);
}

export function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** @returns the value, or why it does not fit */
export function fitting(value: unknown, site: Site): unknown {
  if (value instanceof Unfit) return value;
  if (value instanceof Misfit) return new Unfit(site, value.problem);
  if (value === undefined) return new Unfit(site, 'is missing, a value or a default is wanted');
  if (value === null) return new Unfit(site, 'is null, a value or a default is wanted');
  if (isNothing(value) && !site.mayBeEmpty) return new Unfit(site, 'is empty, a value or a default is wanted');
  if (site.wants === 'any') return value;
  const isObject = typeof value === 'object';
  if (site.wants === 'list') return isObject ? value : new Unfit(site, `is a ${typeof value}, a list is wanted`);
  if (isObject)
    return new Unfit(site, `is ${Array.isArray(value) ? 'a list' : 'an object'}, a text or number is wanted`);
  if (typeof value === 'string' && !value.isWellFormed()) {
    return new Unfit(site, 'has half a surrogate pair, well-formed Unicode is wanted');
  }
  return value;
}
