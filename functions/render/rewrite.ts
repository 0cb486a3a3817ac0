/**
 * The visitor that decides what a template may say, and makes every variable strict.
 *
 * It walks the parsed tree and writes a new one in which each use of a variable stands inside an inner helper with the
 * number of its `Site` (strict.ts):
 *
 *     {{name}}                    →  {{#print name 0}}
 *     {{url name}}                →  {{#print (url (#argument name 0)) 1}}
 *     {{#each items}}             →  {{#each (#value items 2)}}
 *     {{> button label=title}}    →  {{> button label=(#value title 3)}}
 *     {{#if name}}                →  itself: a condition may be missing
 *     {{#each a}}{{../b}}         →  {{#each a}}{{#print #0.b 4}}, where #0 is a block parameter of what stands around
 *
 * (Handlebars finds `../` by comparing contexts when it renders, and counts wrong where two are equal.)
 * What is not in this list of forms is refused: decorators, inline partials, sections by a bare name, raw blocks, raw
 * output in HTML, computed partial names, unknown helpers.
 */
import { TemplateError } from './errors.ts';
import { ExpressionRewriter, type Scope } from './expressions.ts';
import { BLOCK_HELPERS, isHelper, NAMED_ARGUMENTS } from './helpers.ts';
import { callName } from './library.ts';
import { type Allowed, allowedIn, liftedBy } from './lint-rules.ts';
import type { Sheet } from './parse.ts';
import { CONTEXT, type Site } from './strict.ts';
import {
  argumentsOf,
  type Block,
  bodyOf,
  callOf,
  contextBlock,
  contextParams,
  isPath,
  LAYOUT_CONTENT,
  type Mustache,
  type Partial,
  type PartialBlock,
  type Program,
  placeOf,
  plainName,
  programsOf,
  type Statement,
} from './syntax.ts';

export interface Rewriting {
  /** HTML escapes what it prints, and refuses raw output that the file does not allow. */
  readonly isHtml: boolean;
  /** Grows by one for each use of a variable. */
  readonly sites: Site[];
}

/** @throws TemplateError at the first thing that a template may not say */
export function rewrite(sheet: Sheet, rewriting: Rewriting): Program {
  return new Rewriter(sheet, rewriting).program(sheet.program);
}

class Rewriter {
  readonly #template: string;
  readonly #isHtml: boolean;
  readonly #allowed: Allowed;
  readonly #expressions: ExpressionRewriter;

  constructor(sheet: Sheet, { isHtml, sites }: Rewriting) {
    this.#template = sheet.source.name;
    this.#isHtml = isHtml;
    this.#allowed = allowedIn(sheet);
    this.#expressions = new ExpressionRewriter(sheet.source, sites);
  }

  /** A sheet, or a layout's content: what `../` cannot lead out of. */
  program(program: Program, outer = -1): Program {
    const level = outer + 1;
    const rewritten = this.#program(program, { level, floor: level });
    const name = this.#expressions.takeContextName(level);
    return name === null ? rewritten : { ...rewritten, body: [contextBlock(CONTEXT, rewritten, name)] };
  }

  #program(program: Program, scope: Scope): Program {
    return { ...program, body: bodyOf(program).map((statement) => this.#statement(statement, scope)) };
  }

  /** The program of a block that changes the context, which is given a name where `../` asks for it. */
  #contextProgram(program: Program, { level, floor }: Scope): Program {
    const rewritten = this.#program(program, { level: level + 1, floor });
    const name = this.#expressions.takeContextName(level + 1);
    return name === null ? rewritten : { ...rewritten, blockParams: contextParams(name, program.blockParams) };
  }

  #statement(statement: Statement, scope: Scope): Statement {
    switch (statement.type) {
      case 'ContentStatement':
      case 'CommentStatement':
        return statement;
      case 'MustacheStatement':
        return this.#mustache(statement as Mustache, scope);
      case 'BlockStatement':
        return this.#block(statement as Block, scope);
      case 'PartialStatement':
        return this.#partial(statement as Partial, scope);
      case 'PartialBlockStatement':
        return this.#layout(statement as PartialBlock, scope);
      default:
        return this.#refuse(statement, 'found a decorator or an inline partial, a file under _partials is wanted');
    }
  }

  #mustache(mustache: Mustache, scope: Scope): Mustache {
    const isRaw = this.#isHtml && !mustache.escaped;
    if (isRaw && !this.#allowed.has('raw')) {
      const problem = 'found raw output, {{…}} is wanted: it escapes what the row brings';
      return this.#refuse(mustache, `${problem} (or ${liftedBy('raw')})`);
    }
    const call = callOf(mustache);
    const name = plainName(call.path);
    const isCall = call.params.length > 0 || call.hash !== undefined;
    if (!isCall && name !== null && isHelper(name)) {
      const problem = `found the helper "${name}" without arguments, they are wanted (or {{this.${name}}} for a column)`;
      return this.#refuse(mustache, problem);
    }
    if (!isCall && !isPath(call.path)) {
      return this.#refuse(mustache, 'found a literal, a variable is wanted (a column with an odd name: {{[a name]}})');
    }
    const what = isCall || !isPath(call.path) ? call : call.path;
    const printed = this.#expressions.printed(what, mustache.loc, scope, isRaw);
    return { ...mustache, path: printed.path, params: printed.params, hash: printed.hash };
  }

  #block(block: Block, scope: Scope): Block {
    const call = callOf(block);
    const name = plainName(call.path) ?? '';
    const kind = BLOCK_HELPERS.get(name);
    if (kind === undefined) return this.#refuse(block, this.#unknownBlock(block));
    const [argument] = call.params;
    if (argument === undefined || call.params.length > 1) {
      return this.#refuse(block, `found ${call.params.length} arguments of "${name}", one is wanted`);
    }
    this.#refuseNamedArguments(block, name);
    const changesContext = name === 'with' || name === 'each';
    for (const program of programsOf(block)) {
      this.#refuseBlockParameters(program.blockParams ?? [], block, changesContext && program === block.program);
    }
    const expression =
      kind === 'condition'
        ? this.#expressions.condition(argument, scope)
        : this.#expressions.demanded(argument, 'list', scope);
    return {
      ...block,
      params: [expression],
      // `{{^each}}` has no first program, and blocks without {{else}} no second.
      ...(block.program
        ? { program: changesContext ? this.#contextProgram(block.program, scope) : this.#program(block.program, scope) }
        : {}),
      ...(block.inverse ? { inverse: this.#program(block.inverse, scope) } : {}),
    };
  }

  #partial(partial: Partial, scope: Scope): Partial {
    return { ...partial, ...this.#callParts(partial, 'partial', scope) };
  }

  #layout(layout: PartialBlock, scope: Scope): PartialBlock {
    // The content is rendered inside the layout, where `../` would not lead to what stands around the call.
    const program = this.program(layout.program, scope.level);
    return { ...layout, ...this.#callParts(layout, 'layout', scope), program };
  }

  #callParts(call: Partial | PartialBlock, kind: 'partial' | 'layout', scope: Scope) {
    const { params, pairs } = argumentsOf(call);
    if (params.length > 1) this.#refuse(call, `found ${params.length} contexts of a ${kind}, one at most is wanted`);
    const original = String((call.name as { original: unknown }).original);
    const name = original === LAYOUT_CONTENT ? original : callName(kind, original);
    return {
      name: { ...call.name, original: name } as Partial['name'],
      params: params.map((param) => this.#expressions.demanded(param, 'any', scope)),
      hash: this.#expressions.hash(call.hash, pairs, scope),
    };
  }

  #unknownBlock(block: Block): string {
    const original = String((block.path as { original: unknown }).original);
    const known = [...BLOCK_HELPERS.keys()].map((name) => `{{#${name} …}}`).join(', ');
    const isSection = block.params.length === 0;
    return `found the ${isSection ? 'section' : 'unknown block'} ${JSON.stringify(original)}, one of ${known} is wanted`;
  }

  #refuseNamedArguments(block: Block, name: string): void {
    for (const pair of callOf(block).hash?.pairs ?? []) {
      if (pair.key === NAMED_ARGUMENTS.get(name) && pair.value.type === 'BooleanLiteral') continue;
      this.#refuse(
        pair,
        `found ${JSON.stringify(pair.key)}, which "${name}" does not take, no named argument is wanted`,
      );
    }
  }

  /** A block parameter would hide the helper of its name, ours included. */
  #refuseBlockParameters(names: readonly string[], block: Block, areGiven: boolean): void {
    if (names.length > 0 && !areGiven) {
      this.#refuse(block, 'found block parameters where nothing is given to them, {{#with}} or {{#each}} is wanted');
    }
    if (names.length > 2) this.#refuse(block, `found ${names.length} block parameters, two at most are wanted`);
    for (const name of names.filter((each) => isHelper(each) || each.startsWith('#'))) {
      this.#refuse(block, `found the block parameter ${JSON.stringify(name)}, a name that is no helper's is wanted`);
    }
  }

  #refuse(node: { readonly loc: hbs.AST.SourceLocation }, problem: string): never {
    throw new TemplateError(placeOf(this.#template, node), problem);
  }
}
