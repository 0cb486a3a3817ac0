/**
 * Just enough of TypeScript's lexical grammar to know code from comments, texts and regular expressions.
 * A checker that looks at raw text takes a comment about `node:net` for an import of it.
 */

export interface Token {
  /** `text` is what stands between the quotes for `string`, the source itself for the others. */
  readonly kind: 'word' | 'string' | 'template' | 'regex' | 'sign';
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

const WORD = /[\p{ID_Start}$_#][\p{ID_Continue}$]*/uy;
const NUMBER = /\.?\d(?:[eE][+-]|[\w.])*/y;
const SPACE = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/|^#![^\n]*)+/y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;

/** After these a `/` begins a regular expression; after any other word it divides. */
const BEFORE_AN_EXPRESSION = new Set(
  'return typeof case in of instanceof new delete void throw do else yield await default extends'.split(' '),
);

export function tokensOf(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let line = 1;
  /** One entry per open `${`: how many `{` are open inside it. */
  const holes: number[] = [];

  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0] ?? null;
  };
  const advance = (text: string): void => {
    at += text.length;
    line += text.split('\n').length - 1;
  };
  const push = (kind: Token['kind'], raw: string, text = raw): void => {
    tokens.push({ kind, text, line });
    advance(raw);
  };
  /** The characters of a template literal up to its end or its next hole. */
  const template = (): void => {
    let end = at + 1;
    while (end < source.length && source[end] !== '`' && !source.startsWith('${', end))
      end += source[end] === '\\' ? 2 : 1;
    const isHole = source.startsWith('${', end);
    push('template', source.slice(at, end + (isHole ? 2 : 1)));
    if (isHole) holes.push(0);
  };

  while (at < source.length) {
    const space = take(SPACE);
    if (space !== null) {
      advance(space);
      continue;
    }
    const character = source[at] ?? '';
    const open = holes.at(-1);
    const text = take(STRING);
    const word = text === null ? (take(NUMBER) ?? take(WORD)) : null;
    const regex = beginsExpression(tokens.at(-1)) ? take(REGEX) : null;
    if (text !== null) push('string', text, text.slice(1, -1));
    else if (word !== null) push('word', word);
    else if (regex !== null) push('regex', regex);
    else if (character === '`') template();
    else if (character === '}' && open === 0) {
      holes.pop();
      template();
    } else {
      if (open !== undefined) holes[holes.length - 1] = open + (character === '{' ? 1 : character === '}' ? -1 : 0);
      push('sign', character);
    }
  }
  return tokens;
}

function beginsExpression(before: Token | undefined): boolean {
  if (before === undefined) return true;
  if (before.kind === 'word') return BEFORE_AN_EXPRESSION.has(before.text);
  return before.kind === 'sign' && ![')', ']', '}'].includes(before.text);
}

export interface Import {
  /** What is imported, `null` where only running the program tells: `import(name)`. */
  readonly specifier: string | null;
  readonly line: number;
}

/** Every `import`, `export … from` and `import(…)`, of types as well: a type is a dependency like any other. */
export function importsOf(tokens: readonly Token[]): Import[] {
  const imports: Import[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word' || tokens[index - 1]?.text === '.') continue;
    if (token.text !== 'import' && token.text !== 'export') continue;
    const found = token.text === 'import' ? imported(tokens, index + 1) : reExported(tokens, index + 1);
    if (found !== undefined) imports.push({ specifier: found, line: token.line });
  }
  return imports;
}

/** What stands behind `import`: `undefined` for `import.meta` and for a property of that name. */
function imported(tokens: readonly Token[], at: number): string | null | undefined {
  const next = tokens[at];
  if (next?.kind === 'string') return next.text;
  if (next?.text === '(') {
    const argument = tokens[at + 1];
    const isWhole = tokens[at + 2]?.text === ')' || tokens[at + 2]?.text === ',';
    return argument?.kind === 'string' && isWhole ? argument.text : null;
  }
  return next?.kind === 'word' || next?.text === '{' || next?.text === '*' ? fromClause(tokens, at) : undefined;
}

function reExported(tokens: readonly Token[], at: number): string | undefined {
  const first = tokens[at]?.text === 'type' ? at + 1 : at;
  const text = tokens[first]?.text;
  return text === '{' || text === '*' ? fromClause(tokens, first) : undefined;
}

/** Names, braces, commas and `*`, then `from` and a text; anything else is no clause. */
function fromClause(tokens: readonly Token[], at: number): string | undefined {
  for (let index = at; index < tokens.length; index += 1) {
    const token = tokens[index];
    const next = tokens[index + 1];
    if (token?.text === 'from' && next?.kind === 'string') return next.text;
    const belongs =
      token?.kind === 'word' || token?.kind === 'string' || ['{', '}', ',', '*'].includes(token?.text ?? '');
    if (!belongs || token?.text === 'import' || token?.text === 'export') return undefined;
  }
  return undefined;
}
