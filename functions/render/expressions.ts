/** The part of the visitor that looks after variables, arguments and helper calls within each other. */
import { TemplateError } from './errors.ts';
import { Misfit } from './formats.ts';
import { VALUE_HELPERS, type ValueHelper, type Wants } from './helpers.ts';
import { MAX_DEPTH, type Source, tooDeep } from './parse.ts';
import { ARGUMENT, PRINT, PRINT_RAW, type Site, VALUE } from './strict.ts';
import {
  type Call,
  callOf,
  type Expression,
  innerCall,
  isPath,
  isSubExpression,
  type Path,
  placeOf,
  plainName,
  type SubExpression,
} from './syntax.ts';
import { FORBIDDEN_NAMES } from './values.ts';

/** What `{{@…}}` can name: where one is in an `each`, and the row itself. */
const DATA_NAMES: ReadonlySet<string> = new Set(['root', 'index', 'key', 'first', 'last']);

/** How many contexts are around a statement: `../` leads from `level` down to `floor`, where its sheet begins. */
export interface Scope {
  readonly level: number;
  readonly floor: number;
}

export class ExpressionRewriter {
  /** Contexts that a `../` inside of them has asked for. */
  readonly #asked = new Set<number>();
  readonly #template: string;
  readonly #language: string;
  readonly #sites: Site[];

  constructor({ name, language = 'en' }: Source, sites: Site[]) {
    this.#template = name;
    this.#language = language;
    this.#sites = sites;
  }

  /** The name of a context that is to be bound, or null where nobody asked. */
  takeContextName(level: number): string | null {
    return this.#asked.delete(level) ? contextName(level) : null;
  }

  /** What is put into the output. */
  printed(what: Path | Call, loc: hbs.AST.SourceLocation, scope: Scope, isRaw = false): SubExpression {
    const helper = isRaw ? PRINT_RAW : PRINT;
    if ('params' in what) return innerCall(helper, this.#call(what, scope, 1), this.#resultSite(what), loc);
    return innerCall(helper, this.#variable(what, scope), this.#site(what, 'text'), loc);
  }

  /** A variable may be missing; inside a helper's arguments it may not. */
  condition(expression: Expression, scope: Scope): Expression {
    return isPath(expression) ? this.#variable(expression, scope) : this.demanded(expression, 'any', scope);
  }

  /** An argument of a block or partial, which must be there. */
  demanded(expression: Expression, wants: Wants, scope: Scope): Expression {
    return this.#wrapped(VALUE, expression, wants, scope, 0);
  }

  hash(hash: hbs.AST.Hash, pairs: readonly hbs.AST.HashPair[], scope: Scope): hbs.AST.Hash {
    if (hash === undefined) return hash;
    const rewritten = pairs.map((pair) => {
      if (FORBIDDEN_NAMES.has(pair.key)) this.#refuse(pair, `found the name "${pair.key}", another is wanted`);
      return { ...pair, value: this.demanded(pair.value as Expression, 'any', scope) };
    });
    return { ...hash, pairs: rewritten };
  }

  #wrapped(inner: string, expression: Expression, wants: Wants, scope: Scope, depth: number): Expression {
    if (isPath(expression)) {
      return innerCall(inner, this.#variable(expression, scope), this.#site(expression, wants), expression.loc);
    }
    if (isSubExpression(expression)) {
      const call = callOf(expression);
      return innerCall(inner, this.#call(call, scope, depth + 1), this.#resultSite(call, wants), expression.loc);
    }
    if (expression.type === 'NullLiteral' || expression.type === 'UndefinedLiteral') {
      return this.#refuse(
        expression,
        `found ${expression.type === 'NullLiteral' ? 'null' : 'undefined'}, a value is wanted`,
      );
    }
    return wants === 'list' ? this.#refuse(expression, 'found a literal, a list is wanted') : expression;
  }

  #call(call: Call, scope: Scope, depth: number): SubExpression {
    if (depth > MAX_DEPTH) throw tooDeep(placeOf(this.#template, call));
    const helper = this.#helper(call);
    const params = call.params.map((param, index) => {
      const isForgiven = helper.forgives && index === 0 && isPath(param);
      if (isForgiven) return this.#variable(param, scope);
      return this.#wrapped(ARGUMENT, param, helper.parameters[index] ?? 'any', scope, depth);
    });
    if (helper.named !== undefined) params.push(this.#named(call, helper.named));
    return { type: 'SubExpression', path: call.path, params, loc: call.loc } as Omit<
      SubExpression,
      'hash'
    > as SubExpression;
  }

  #helper(call: Call): ValueHelper {
    const name = plainName(call.path);
    const helper = name === null ? undefined : VALUE_HELPERS.get(name);
    if (helper === undefined) {
      const found = JSON.stringify(String((call.path as { original?: unknown }).original));
      return this.#refuse(
        call,
        `found the unknown helper ${found}, one of ${[...VALUE_HELPERS.keys()].join(', ')} is wanted`,
      );
    }
    const wanted = helper.parameters.length;
    if (call.params.length !== wanted) {
      return this.#refuse(call, `found ${call.params.length} arguments of "${name}", ${wanted} are wanted`);
    }
    if (call.hash !== undefined && helper.named === undefined)
      this.#refuse(call, `found a named argument of "${name}", none is wanted`);
    return helper;
  }

  /** Texts that the template itself says, as one argument. */
  #named(call: Call, toArgument: NonNullable<ValueHelper['named']>): Expression {
    const texts = new Map<string, string>();
    for (const { key, value, loc } of call.hash?.pairs ?? []) {
      if (texts.has(key)) this.#refuse({ loc }, `found "${key}" twice, once is wanted`);
      if (value.type !== 'StringLiteral') this.#refuse({ loc }, `found no text as "${key}", a text is wanted`);
      texts.set(key, (value as hbs.AST.StringLiteral).value);
    }
    const argument = toArgument(texts, this.#language);
    if (argument instanceof Misfit) return this.#refuse(call, argument.problem);
    return { type: 'StringLiteral', value: argument, original: argument, loc: call.loc } as hbs.AST.StringLiteral;
  }

  #variable(path: Path, scope: Scope): Path {
    const [head] = path.parts;
    const forbidden = path.parts.find((part) => FORBIDDEN_NAMES.has(part));
    if (forbidden !== undefined) return this.#refuse(path, `found the name "${forbidden}", a column's name is wanted`);
    if (path.data && (head === undefined || !DATA_NAMES.has(head))) {
      const names = [...DATA_NAMES].map((name) => `@${name}`).join(', ');
      return this.#refuse(path, `found ${JSON.stringify(path.original)}, one of ${names} is wanted`);
    }
    if (path.data && path.depth > 0) {
      const problem = `found ${JSON.stringify(path.original)}, a block parameter of the {{#each}} around is wanted`;
      return this.#refuse(path, problem);
    }
    if (path.depth === 0) return path;
    const level = scope.level - path.depth;
    if (level < scope.floor) {
      return this.#refuse(path, `found ${JSON.stringify(path.original)} outside of with and each, @root is wanted`);
    }
    this.#asked.add(level);
    // Its name alone: Handlebars takes a path whose end looks like `this` for one that block parameters have no part in.
    const original = contextName(level);
    return { ...path, depth: 0, parts: [original, ...path.parts], original };
  }

  #site(path: Path, wants: Wants): number {
    return this.#add({ variable: path.original, line: path.loc.start.line, wants, mayBeEmpty: false });
  }

  /** A helper's result is named by its first variable. */
  #resultSite(call: Call, wants: Wants = 'text'): number {
    const [first] = call.params;
    const variable = first !== undefined && isPath(first) ? first.original : null;
    return this.#add({ variable, line: call.loc.start.line, wants, mayBeEmpty: true });
  }

  #add(site: Omit<Site, 'template'>): number {
    return this.#sites.push({ ...site, template: this.#template }) - 1;
  }

  #refuse(node: { readonly loc: hbs.AST.SourceLocation }, problem: string): never {
    throw new TemplateError(placeOf(this.#template, node), problem);
  }
}

function contextName(level: number): string {
  return `#${level}`;
}
