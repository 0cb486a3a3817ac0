/** A JSON file that a person writes: read as its schema wants it, and each fault told with its line. No value is quoted. */
import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Node, ParseError } from 'jsonc-parser';
import { isNear } from './near-name.ts';
import type { Problem } from './problem.ts';
import { isCertainlyAs } from './schema-holds.ts';

// What only faulty files need, loaded when one comes: at each start they would cost more than everything else about a file.
const require = createRequire(import.meta.url);
const ajv = () => require('ajv') as typeof import('ajv');
const jsonc = () => require('jsonc-parser') as typeof import('jsonc-parser');

export interface JsonFile<T> {
  /** `null` where there are problems already. */
  readonly json: T | null;
  readonly problems: Problem[];
  /** Adds a problem at the line of `path`, or of its nearest parent that is there. */
  report(path: readonly string[], problem: string): void;
}

/** The parts of a JSON Schema that explain what is wanted. */
export interface SchemaNode {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly definitions?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly type?: string;
  readonly examples?: readonly unknown[];
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

/** @returns a reader of files of that schema; `file` is how the file is called in problems */
export function jsonFileReader<T>(schema: object): (file: string, text: string) => JsonFile<T> {
  let compiled: ValidateFunction<T> | undefined;
  const validator = () => {
    compiled ??= new (ajv().Ajv)({ allErrors: true, allowUnionTypes: true, verbose: true }).compile<T>(schema);
    return compiled;
  };
  return (file, text) => {
    const problems: Problem[] = [];
    let parsed: ReturnType<typeof parse> | undefined;
    const treeAndFaults = () => {
      parsed ??= parse(text);
      return parsed;
    };
    const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
    const report = (path: readonly string[], problem: string) => {
      const { tree } = treeAndFaults();
      const { offset } = tree === null ? { offset: 0 } : nodeAt(tree, path);
      problems.push({ file, line: lineAt(offset), ...(path.length > 0 ? { field: path.join('.') } : {}), problem });
    };
    const sound = soundValue(text);
    if (sound !== null && isCertainlyAs(sound.value, schema)) return { json: sound.value as T, problems, report };
    const { tree, faults } = treeAndFaults();
    for (const { offset, problem } of faults) problems.push({ file, line: lineAt(offset), problem });
    if (tree !== null) for (const path of doubleKeys(tree, [])) report(path, 'this key stands twice');
    if (problems.length > 0) return { json: null, problems, report };
    const json: unknown = JSON.parse(text);
    const validate = validator();
    if (validate(json)) return { json, problems, report };
    for (const [path, problem] of explain(validate.errors ?? [], schema)) report(path, problem);
    return { json: null, problems, report };
  };
}

/** Larger, or deeper, than any file that a person writes by a schema of ours. */
const MAX_CHARACTERS = 1 << 20;
const MAX_DEPTH = 64;
/** A file that is no JSON at all has a fault at nearly every sign; nobody reads more of them. */
const MAX_FAULTS = 100;

/** What the text says where it is JSON within the limits and no key stands twice in its object; `null` where it is not. */
function soundValue(text: string): { readonly value: unknown } | null {
  if (text.length > MAX_CHARACTERS || offsetTooDeep(text) !== null) return null;
  try {
    const value: unknown = JSON.parse(text);
    // In JSON only a key has a colon behind it.
    const written = text.match(/"(?:[^"\\]|\\.)*"(?:[\t\n\r ]*:)?/g)?.filter((word) => word.endsWith(':')) ?? [];
    return written.length === keysIn(value) ? { value } : null;
  } catch {
    return null;
  }
}

function keysIn(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const inner = Object.values(value);
  return inner.reduce((sum: number, each) => sum + keysIn(each), Array.isArray(value) ? 0 : inner.length);
}

function parse(text: string): { tree: Node | null; faults: { offset: number; problem: string }[] } {
  if (text.length > MAX_CHARACTERS) {
    const problem = `this has ${text.length} characters, at most ${MAX_CHARACTERS} are wanted`;
    return { tree: null, faults: [{ offset: 0, problem }] };
  }
  const deep = offsetTooDeep(text);
  if (deep !== null) {
    const problem = `this has more than ${MAX_DEPTH} levels within each other, fewer are wanted`;
    return { tree: null, faults: [{ offset: deep, problem }] };
  }
  const errors: ParseError[] = [];
  const { parseTree, printParseErrorCode } = jsonc();
  const tree = parseTree(text, errors, { allowTrailingComma: false, disallowComments: true }) ?? null;
  const faults = errors.slice(0, MAX_FAULTS).map(({ error, offset }) => ({
    offset,
    problem: `this is not JSON (${printParseErrorCode(error)})`,
  }));
  if (tree === null && faults.length === 0)
    faults.push({ offset: 0, problem: 'this is empty, a JSON object is wanted' });
  if (faults.length === 0) {
    try {
      JSON.parse(text);
    } catch {
      faults.push({ offset: 0, problem: 'this is not JSON' });
    }
  }
  return { tree, faults };
}

/** Where the text goes deeper than it may: parsers call themselves for each level. */
function offsetTooDeep(text: string): number | null {
  let depth = 0;
  for (const { 0: sign, index } of text.matchAll(/"(?:[^"\\\n]|\\.)*"?|[[{]|[\]}]/g)) {
    if (sign === '[' || sign === '{') depth += 1;
    else if (sign === ']' || sign === '}') depth -= 1;
    if (depth > MAX_DEPTH) return index;
  }
  return null;
}

/** Where a key stands, for a value that has one; else the value. */
function nodeAt(tree: Node, path: readonly string[]): Node {
  let found = tree;
  let value: Node | undefined = tree;
  for (const segment of path) {
    const property: Node | undefined =
      value?.type === 'object'
        ? value.children?.findLast(({ children }) => children?.[0]?.value === segment)
        : value?.children?.[Number(segment)];
    if (property === undefined) return found;
    found = property;
    value = property.type === 'property' ? property.children?.[1] : property;
  }
  return found;
}

/** JSON.parse would take the last of two and say nothing. */
function doubleKeys(node: Node, path: readonly string[]): string[][] {
  const found: string[][] = [];
  const seen = new Set<string>();
  for (const [index, child] of (node.children ?? []).entries()) {
    const key = node.type === 'object' ? String(child.children?.[0]?.value) : String(index);
    const value = node.type === 'object' ? child.children?.[1] : child;
    if (seen.has(key)) found.push([...path, key]);
    seen.add(key);
    if (value !== undefined) found.push(...doubleKeys(value, [...path, key]));
  }
  return found;
}

/** One problem for each place: what a group of alternatives says replaces what each of them says. */
function explain(errors: readonly ErrorObject[], schema: SchemaNode): [path: string[], problem: string][] {
  const isGroup = ({ keyword }: ErrorObject) => keyword === 'anyOf' || keyword === 'oneOf';
  const grouped = new Set(errors.filter(isGroup).map(({ instancePath }) => instancePath));
  const ofWrongType = new Set(
    errors.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath),
  );
  const told = errors.filter(
    (error) =>
      (isGroup(error) || !grouped.has(error.instancePath) || error.keyword === 'additionalProperties') &&
      error.keyword !== 'if' &&
      !(error.keyword === 'enum' && ofWrongType.has(error.instancePath)) &&
      // The name of a key is told by `propertyNames`.
      error.propertyName === undefined,
  );
  return told.map((error) => {
    const path = error.instancePath
      .split('/')
      .slice(1)
      .map((segment) => segment.replace(/~1/g, '/').replace(/~0/g, '~'));
    const key = error.params.additionalProperty ?? error.params.propertyName;
    return [key === undefined ? path : [...path, String(key)], problemOf(error, path, schema)];
  });
}

function problemOf(error: ErrorObject, path: readonly string[], schema: SchemaNode): string {
  const parent = (error.parentSchema ?? {}) as SchemaNode;
  switch (error.keyword) {
    case 'additionalProperties':
      return unknownKey(String(error.params.additionalProperty), Object.keys(parent.properties ?? {}));
    case 'propertyNames':
      return 'this key has a sign that none may have';
    case 'required':
      return `the key "${error.params.missingProperty}" is missing`;
    case 'enum':
      return `want one of ${error.params.allowedValues.join(', ')}`;
    case 'oneOf':
      return `want exactly one of the keys ${(parent.oneOf ?? []).flatMap(({ required }) => required ?? []).join(', ')}`;
    case 'pattern':
    case 'anyOf': {
      const examples = examplesAt(schema, path);
      if (examples.length > 0) return `is not in the form wanted, such as ${examples.join(', ')}`;
      const types = (parent.anyOf ?? []).flatMap(({ type }) => type ?? []);
      return types.length > 0 ? `must be one of ${types.join(', ')}` : 'has a sign that it may not have';
    }
    default:
      return error.message ?? 'is not as the schema wants it';
  }
}

function examplesAt(schema: SchemaNode, path: readonly string[]): string[] {
  let node: SchemaNode | undefined = schema;
  for (const segment of path) {
    const into: SchemaNode = node?.$ref === undefined ? (node ?? {}) : definition(schema, node.$ref);
    const rest = typeof into.additionalProperties === 'object' ? into.additionalProperties : undefined;
    const own: SchemaNode | undefined = Object.hasOwn(into.properties ?? {}, segment)
      ? into.properties?.[segment]
      : undefined;
    node = own ?? into.items ?? rest;
  }
  const { examples = [] } = node ?? {};
  return examples.filter((example) => typeof example !== 'object').map((example) => JSON.stringify(example));
}

function definition(schema: SchemaNode, ref: string): SchemaNode {
  return schema.definitions?.[ref.slice('#/definitions/'.length)] ?? {};
}

function unknownKey(key: string, known: readonly string[]): string {
  const near = known.find((candidate) => isNear(candidate, key));
  return `unknown key${near === undefined ? `; known are ${known.join(', ')}` : `, did you mean "${near}"?`}`;
}
