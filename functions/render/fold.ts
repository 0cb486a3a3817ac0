/**
 * A rewritten tree, with the partials and layouts that it calls, as the pieces that render it.
 *
 * Partials and layouts are put in where they are called, so that all that does not hang on the row, the literals that they
 * are called with too, is done once: texts become one text, conditions on literals one branch. What is left are values that
 * are looked up, checked and printed one by one. Nothing is ever called again from within itself (library.ts), so that each
 * context, block parameter and argument has a place of its own in a rendering.
 *
 * What a template means is Handlebars' to say: its tree is what is followed here, and a test renders the same trees by
 * Handlebars itself and compares.
 */
import {
  blockContext,
  type Context,
  contextOf,
  contextWith,
  type Found,
  found,
  NOTHING,
  placed,
  ROW,
  reader,
  type Value,
} from './contexts.ts';
import { TemplateError } from './errors.ts';
import { evaluate, type Sight, siteOf, type Turn } from './evaluation.ts';
import { type Piece, runAll } from './rendering.ts';
import { CONTEXT, CONTROL, demanded, fitting, PRINT_RAW, type Site, spend, step, Unfit } from './strict.ts';
import {
  argumentsOf,
  type Block,
  bodyOf,
  type Content,
  callOf,
  type Expression,
  LAYOUT_CONTENT,
  type Mustache,
  type Partial,
  type PartialBlock,
  type Program,
  placeOf,
  plainName,
  type Statement,
} from './syntax.ts';
import { Writing } from './writing.ts';

export interface Folding {
  /** The root's name, for what is wrong with the whole. */
  readonly template: string;
  readonly program: Program;
  /** Rewritten partials and layouts, by the names that rewritten trees call them by. */
  readonly programs: ReadonlyMap<string, Program>;
  readonly sites: readonly Site[];
  /** What a value is printed as, before and after a stand-in may take its place (made-text.ts). */
  readonly toPrint: (text: string) => string;
  readonly toEscaped: (text: string) => string;
  /** Literals are printed row by row like values, for stand-ins to take their places. */
  readonly keepsLiterals: boolean;
}

export interface Folded {
  readonly pieces: readonly Piece[];
  readonly places: number;
}

/** With all partials put in; of any template that makes sense it is a few hundred statements. */
const MAX_CALLS = 10_000;
const MAX_STATEMENTS = 200_000;
const MAX_CHARACTERS = 1 << 24;

/** @throws TemplateError for a template that is too large with all that it calls */
export function fold(folding: Folding): Folded {
  const folder = new Folder(folding);
  return { pieces: folder.whole(), places: folder.places };
}

interface Scope extends Sight {
  /** What `{{> @partial-block}}` stands for, and what its words see. */
  readonly framed: { readonly program: Program; readonly scope: Scope } | null;
}

class Folder {
  places = 0;
  readonly #folding: Folding;
  #calls = 0;
  #statements = 0;
  #characters = 0;

  constructor(folding: Folding) {
    this.#folding = folding;
  }

  whole(): readonly Piece[] {
    const writing = new Writing();
    this.#program(this.#folding.program, { context: ROW, parameters: [], turn: null, framed: null }, writing);
    return writing.end();
  }

  #program(program: Program | undefined, scope: Scope, writing: Writing): void {
    for (const statement of bodyOf(program)) this.#statement(statement, scope, writing);
  }

  #statement(statement: Statement, scope: Scope, writing: Writing): void {
    this.#statements += 1;
    if (this.#statements > MAX_STATEMENTS) this.#tooMuch(`${MAX_STATEMENTS} statements`);
    switch (statement.type) {
      case 'ContentStatement':
        this.#text((statement as Content).value, writing);
        break;
      case 'MustacheStatement':
        this.#mustache(statement as Mustache, scope, writing);
        break;
      case 'BlockStatement':
        this.#block(statement as Block, scope, writing);
        break;
      case 'PartialStatement':
      case 'PartialBlockStatement':
        this.#call(statement as Partial | PartialBlock, scope, writing);
        break;
    }
  }

  #text(text: string, writing: Writing): void {
    this.#characters += text.length;
    if (this.#characters > MAX_CHARACTERS) this.#tooMuch(`${MAX_CHARACTERS} characters`);
    writing.text(text);
  }

  #mustache(mustache: Mustache, scope: Scope, writing: Writing): void {
    const { sites, toPrint, toEscaped, keepsLiterals } = this.#folding;
    const [what, number] = (mustache.params as Expression[]).map((each) => evaluate(each, scope, sites));
    if (what === undefined || number === undefined) throw new RangeError('Cannot compile: nothing to print');
    const site = siteOf(number, sites);
    const isRaw = plainName(mustache.path as Expression) === PRINT_RAW;
    const literal = keepsLiterals ? null : literalText(what, site);
    if (literal !== null) {
      const printed = toPrint(literal);
      writing.due({ site, printed });
      this.#text(isRaw ? printed : toEscaped(printed), writing);
      return;
    }
    const read = reader(what);
    // Written out twice: it is what a rendering does most of the time.
    writing.rowText(
      isRaw
        ? (rendering) => {
            const text = toPrint(textOf(read(rendering), site));
            spend(rendering.account, text, site);
            return text;
          }
        : (rendering) => {
            const { account } = rendering;
            const text = toPrint(textOf(read(rendering), site));
            spend(account, text, site);
            return toEscaped(account.standIns?.take(text) ?? text);
          },
    );
  }

  #block(block: Block, scope: Scope, writing: Writing): void {
    const name = plainName(block.path as Expression);
    const around: Scope = { ...scope, context: blockContext(scope.context) };
    if (name === CONTEXT) {
      const inner = withParameters(block.program, [NAMELESS, NAMELESS, around.context], around);
      this.#program(block.program, inner, writing);
      return;
    }
    const [argument] = block.params as Expression[];
    if (argument === undefined) throw new RangeError('Cannot compile: a block without its argument');
    const value = evaluate(argument, scope, this.#folding.sites);
    switch (name) {
      case 'if':
      case 'unless': {
        const isAsked = name === 'if';
        const test = conditionOf(block);
        this.#choice(
          value,
          (each) => test(each) === isAsked,
          (branch) => this.#program(block.program, around, branch),
          (branch) => this.#program(block.inverse, around, branch),
          writing,
        );
        break;
      }
      case 'with':
        this.#with(block, value, scope, around, writing);
        break;
      case 'each':
        this.#each(block, value, scope, around, writing);
        break;
    }
  }

  /** One of two branches: the right one where the value is known, else both, of which each row takes one. */
  #choice(
    value: Value,
    test: (value: unknown) => boolean,
    fold: (writing: Writing) => void,
    foldElse: (writing: Writing) => void,
    writing: Writing,
  ): void {
    if (value.isFixed) {
      if (test(value.value)) fold(writing);
      else foldElse(writing);
      return;
    }
    const { get } = value;
    const pieces = branchOf(fold, writing);
    const otherwise = branchOf(foldElse, writing);
    writing.piece((rendering) => runAll(test(get(rendering)) ? pieces : otherwise, rendering));
  }

  #with(block: Block, value: Value, scope: Scope, around: Scope, writing: Writing): void {
    const { program } = block;
    const place = this.#place();
    const context = contextOf(value.isFixed ? value : placed(place));
    const inner = withParameters(program, [context, NAMELESS, context], { ...scope, context });
    const kept: Value = value.isFixed ? value : keeping(value, place);
    this.#choice(
      kept,
      (each) => !isEmpty(each),
      (branch) => this.#program(program, inner, branch),
      (branch) => this.#program(block.inverse, around, branch),
      writing,
    );
  }

  #each(block: Block, value: Value, scope: Scope, around: Scope, writing: Writing): void {
    const { program } = block;
    const [item, key, turn] = [this.#place(), this.#place(), this.#place()];
    const context = contextOf(placed(item), true);
    const inner = withParameters(program, [context, contextOf(placed(key)), context], { ...scope, context, turn });
    const pieces = branchOf((branch) => this.#program(program, inner, branch), writing);
    const otherwise = branchOf((branch) => this.#program(block.inverse, around, branch), writing);
    const read = reader(value);
    writing.piece((rendering) => {
      const items = read(rendering) as object;
      const names = Array.isArray(items) ? null : Object.keys(items);
      const values: readonly unknown[] = Array.isArray(items) ? items : Object.values(items);
      if (values.length === 0) runAll(otherwise, rendering);
      const { places, account } = rendering;
      const at: Turn = { index: 0, key: null, first: true, last: false };
      places[turn] = at;
      for (let index = 0; index < values.length; index += 1) {
        step(account);
        const name = names === null ? index : names[index];
        at.index = index;
        at.key = name;
        at.first = index === 0;
        at.last = index === values.length - 1;
        places[item] = values[index];
        places[key] = name;
        runAll(pieces, rendering);
      }
    });
  }

  #call(call: Partial | PartialBlock, scope: Scope, writing: Writing): void {
    const name = String((call.name as { original: unknown }).original);
    const indentation = call.type === 'PartialStatement' ? ((call as Partial & { indent?: string }).indent ?? '') : '';
    if (name === LAYOUT_CONTENT) {
      const { framed, context, turn } = scope;
      if (framed === null) throw new RangeError('Cannot compile: no content of a layout');
      writing.enter(indentation);
      this.#program(framed.program, { ...framed.scope, context, turn }, writing);
      writing.leave(indentation);
      return;
    }
    this.#calls += 1;
    if (this.#calls > MAX_CALLS) {
      const place = placeOf(call.loc.source ?? this.#folding.template, call);
      throw new TemplateError(place, `found more than ${MAX_CALLS} partials within partials, fewer are wanted`);
    }
    const program = this.#folding.programs.get(name);
    if (program === undefined) throw new RangeError(`Cannot compile: there is no ${name}`);
    const framed = call.type === 'PartialBlockStatement' ? { program: (call as PartialBlock).program, scope } : null;
    const context = this.#contextOfCall(call, scope, writing);
    writing.due('partial');
    writing.enter(indentation);
    this.#program(program, { context, parameters: [], turn: scope.turn, framed }, writing);
    writing.leave(indentation);
  }

  /** Arguments are looked at before anything of the partial is, whether it uses them or not. */
  #contextOfCall(call: Partial | PartialBlock, scope: Scope, writing: Writing): Context {
    const { params, pairs } = argumentsOf(call);
    const [own] = params;
    const argument = (expression: Expression): Value => {
      const value = evaluate(expression, scope, this.#folding.sites);
      if (value.isFixed) return value;
      const place = this.#place();
      writing.silent((rendering) => {
        rendering.places[place] = value.get(rendering);
      });
      return placed(place);
    };
    const context = own === undefined ? scope.context : contextOf(argument(own));
    if (pairs.length === 0) return context;
    const names = inTheirOrder(pairs).map(([name, expression]) => [name, argument(expression)] as const);
    return contextWith(context, new Map(names));
  }

  #place(): number {
    this.places += 1;
    return this.places - 1;
  }

  #tooMuch(found: string): never {
    const place = { template: this.#folding.template, line: 1, column: 1 };
    throw new TemplateError(place, `found more than ${found} with its partials put in, fewer are wanted`);
  }
}

const NAMELESS: Context = contextOf(NOTHING);

function branchOf(fold: (writing: Writing) => void, around: Writing): readonly Piece[] {
  const branch = new Writing(around.indentation);
  fold(branch);
  return branch.end();
}

/** The scope of a block whose program gives names to these, the first where two are the same. */
function withParameters(program: Program | undefined, values: readonly Context[], scope: Scope): Scope {
  const frame = new Map<string, Context>();
  for (const [index, name] of (program?.blockParams ?? []).entries()) {
    const value = values[index];
    if (value !== undefined && !frame.has(name)) frame.set(name, value);
  }
  return frame.size === 0 ? scope : { ...scope, parameters: [frame, ...scope.parameters] };
}

/** Puts a value in its place as it is found. */
function keeping({ get }: Found, place: number): Found {
  return found((rendering) => {
    const value = get(rendering);
    rendering.places[place] = value;
    return value;
  });
}

/** What `if` takes for true: 0 only where the block says so. */
function conditionOf(block: Block): (value: unknown) => boolean {
  const [includeZero] = callOf(block).hash?.pairs ?? [];
  const isZeroTrue = includeZero !== undefined && (includeZero.value as hbs.AST.BooleanLiteral).value;
  return (value) => !isEmpty(value) && (isZeroTrue || value !== 0);
}

function isEmpty(value: unknown): boolean {
  return (!value && value !== 0) || (Array.isArray(value) && value.length === 0);
}

/** A literal as it is printed; `null` for what is not known, or is each row's problem. */
function literalText(value: Value, site: Site): string | null {
  if (!value.isFixed || fitting(value.value, site) instanceof Unfit) return null;
  const text = String(value.value);
  return CONTROL.test(text) ? null : text;
}

function textOf(value: unknown, site: Site): string {
  if (typeof value === 'string' && value !== '' && value.isWellFormed()) return value;
  return String(demanded(value, site));
}

/** Handlebars goes through named arguments from the last to the first, which counts where there are two of a name. */
function inTheirOrder(pairs: readonly hbs.AST.HashPair[]): readonly [string, Expression][] {
  const values: Record<string, Expression> = Object.create(null);
  for (const { key, value } of pairs.toReversed()) values[key] = value as Expression;
  return Object.entries(values);
}
