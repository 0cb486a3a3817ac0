/** Handlebars' syntax tree as this room sees it: a closed set of node types, and the few nodes that we write ourselves. */
import type { Place } from './errors.ts';

export type Program = hbs.AST.Program;
export type Path = hbs.AST.PathExpression;
export type SubExpression = hbs.AST.SubExpression;
export type Mustache = hbs.AST.MustacheStatement;
export type Block = hbs.AST.BlockStatement;
export type Partial = hbs.AST.PartialStatement;
export type PartialBlock = hbs.AST.PartialBlockStatement;
export type Content = hbs.AST.ContentStatement;

export type Literal =
  | hbs.AST.StringLiteral
  | hbs.AST.NumberLiteral
  | hbs.AST.BooleanLiteral
  | hbs.AST.NullLiteral
  | hbs.AST.UndefinedLiteral;

export type Expression = Path | SubExpression | Literal;

export type Statement =
  | Mustache
  | Block
  | Partial
  | PartialBlock
  | Content
  | hbs.AST.CommentStatement
  | (hbs.AST.Node & { type: 'Decorator' | 'DecoratorBlock' });

/** A helper called with arguments, be it as a statement or inside another's arguments. */
export interface Call {
  readonly path: Expression;
  readonly params: readonly Expression[];
  readonly hash: hbs.AST.Hash | undefined;
  readonly loc: hbs.AST.SourceLocation;
}

/** The name under which the content of `{{#> layout}}…{{/layout}}` is placed by the layout. */
export const LAYOUT_CONTENT = '@partial-block';

/** The parser's types are open; what it makes is this closed set. */
export function bodyOf(program: Program | undefined): readonly Statement[] {
  return (program?.body ?? []) as Statement[];
}

/** The programs that a statement encloses. */
export function programsOf(statement: Statement): readonly Program[] {
  if (statement.type === 'BlockStatement') {
    return [statement.program, statement.inverse].filter((program) => program !== undefined);
  }
  return statement.type === 'PartialBlockStatement' ? [statement.program] : [];
}

/** Every statement of a program, those of its blocks included, in the order of the source. */
export function* statementsOf(program: Program): Generator<Statement> {
  for (const statement of bodyOf(program)) {
    yield statement;
    for (const inner of programsOf(statement)) yield* statementsOf(inner);
  }
}

export function callOf(node: Mustache | SubExpression | Block): Call {
  return {
    path: node.path as Expression,
    params: node.params as Expression[],
    hash: node.hash as hbs.AST.Hash | undefined,
    loc: node.loc,
  };
}

/** The arguments of a partial call: at most one context, then names. */
export function argumentsOf(node: Partial | PartialBlock): {
  params: readonly Expression[];
  pairs: readonly hbs.AST.HashPair[];
} {
  return {
    params: node.params as Expression[],
    pairs: (node.hash as hbs.AST.Hash | undefined)?.pairs ?? [],
  };
}

/** The name of a helper or of a plain variable; null for a path such as `this.name`, a literal or `@data`. */
export function plainName(expression: Expression): string | null {
  if (!isPath(expression) || expression.data || expression.depth > 0) return null;
  const [name] = expression.parts;
  return name === expression.original ? name : null;
}

export function isPath(expression: Expression): expression is Path {
  return expression.type === 'PathExpression';
}

export function isSubExpression(expression: Expression): expression is SubExpression {
  return expression.type === 'SubExpression';
}

/** Handlebars counts columns from 0, editors and people from 1. */
export function placeOf(template: string, node: { readonly loc: hbs.AST.SourceLocation }): Place {
  return { template, line: node.loc.start.line, column: node.loc.start.column + 1 };
}

/** The place of a character of a text, which the parser may have rid of white space at its ends. */
export function placeIn(template: string, content: Content, offset: number): Place {
  const { line, column } = placeOf(template, content);
  const written = String(content.original);
  const lines = written.slice(0, written.indexOf(content.value) + offset).split('\n');
  const last = lines.at(-1)?.length ?? 0;
  return { template, line: line + lines.length - 1, column: lines.length === 1 ? column + last : last + 1 };
}

/** A call of one of our inner helpers: `(name value number)`. */
export function innerCall(name: string, value: Expression, number: number, loc: hbs.AST.SourceLocation): SubExpression {
  return {
    type: 'SubExpression',
    path: nameNode(name, loc),
    params: [value, { type: 'NumberLiteral', value: number, original: number, loc } as hbs.AST.NumberLiteral],
    loc,
  } as Omit<SubExpression, 'hash'> as SubExpression;
}

/** Block parameters of `each`, `with` and our context block: item, key, and the whole context under a name of ours. */
export function contextParams(name: string, own: readonly string[] | undefined): string[] {
  return [own?.[0] ?? '#', own?.[1] ?? '#', name];
}

/** A block around a whole program that gives its context a name. */
export function contextBlock(helper: string, program: Program, name: string): Block {
  const { loc } = program;
  return {
    type: 'BlockStatement',
    path: nameNode(helper, loc),
    params: [],
    program: { ...program, blockParams: contextParams(name, undefined) },
    openStrip: { open: false, close: false },
    closeStrip: { open: false, close: false },
    loc,
  } as unknown as Block;
}

function nameNode(name: string, loc: hbs.AST.SourceLocation): Path {
  return { type: 'PathExpression', data: false, depth: 0, parts: [name], original: name, loc };
}
