/**
 * Whether a value is as a JSON Schema wants it: yes or no, and not why. To find out why takes a compiled validator, which
 * costs a start of the program more than all else that it does with a file; hardly any file is wrong.
 */

/** The parts of a JSON Schema (draft 7) that are understood here; notes to readers are passed over. */
interface Keywords {
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly items?: Schema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly propertyNames?: Schema;
  readonly minProperties?: number;
  readonly required?: readonly string[];
  readonly dependencies?: Readonly<Record<string, readonly string[]>>;
}

/** `true` is held by every value, `false` by none. */
type Schema = Keywords | boolean;

const NOTES: ReadonlySet<string> = new Set(['$schema', '$id', 'title', 'description', 'examples', 'default']);

type Held = Readonly<Record<string, unknown>>;
type Check = (value: unknown, schema: Keywords, root: Keywords) => boolean;

/** Each says yes to a value of a kind that its keyword does not speak of. */
const CHECKS: Readonly<Record<keyof Keywords, Check>> = {
  definitions: () => true,
  $ref: (value, { $ref = '' }, root) => holds(value, definition(root, $ref), root),
  type: (value, { type = [] }) => (typeof type === 'string' ? isA(value, type) : type.some((each) => isA(value, each))),
  enum: (value, schema) => schema.enum?.includes(value) === true,
  anyOf: (value, { anyOf = [] }, root) => anyOf.some((each) => holds(value, each, root)),
  oneOf: (value, { oneOf = [] }, root) => oneOf.filter((each) => holds(value, each, root)).length === 1,
  // Counted are characters, not UTF-16 code units.
  minLength: (value, { minLength = 0 }) => typeof value !== 'string' || [...value].length >= minLength,
  maxLength: (value, { maxLength = 0 }) => typeof value !== 'string' || [...value].length <= maxLength,
  pattern: (value, { pattern = '' }) => typeof value !== 'string' || new RegExp(pattern, 'u').test(value),
  minimum: (value, { minimum = 0 }) => typeof value !== 'number' || value >= minimum,
  maximum: (value, { maximum = 0 }) => typeof value !== 'number' || value <= maximum,
  exclusiveMinimum: (value, { exclusiveMinimum = 0 }) => typeof value !== 'number' || value > exclusiveMinimum,
  items: (value, { items = {} }, root) => !Array.isArray(value) || value.every((each) => holds(each, items, root)),
  minItems: (value, { minItems = 0 }) => !Array.isArray(value) || value.length >= minItems,
  maxItems: (value, { maxItems = 0 }) => !Array.isArray(value) || value.length <= maxItems,
  properties: (value, { properties = {} }, root) =>
    !isObject(value) ||
    Object.entries(properties).every(([key, each]) => !Object.hasOwn(value, key) || holds(value[key], each, root)),
  additionalProperties: (value, schema, root) =>
    !isObject(value) ||
    Object.keys(value)
      .filter((key) => !Object.hasOwn(schema.properties ?? {}, key))
      .every((key) => holds(value[key], schema.additionalProperties ?? true, root)),
  propertyNames: (value, { propertyNames = {} }, root) =>
    !isObject(value) || Object.keys(value).every((key) => holds(key, propertyNames, root)),
  minProperties: (value, { minProperties = 0 }) => !isObject(value) || Object.keys(value).length >= minProperties,
  required: (value, { required = [] }) => !isObject(value) || required.every((key) => Object.hasOwn(value, key)),
  dependencies: (value, { dependencies = {} }) =>
    !isObject(value) ||
    Object.entries(dependencies).every(
      ([key, wanted]) => !Object.hasOwn(value, key) || wanted.every((other) => Object.hasOwn(value, other)),
    ),
};

/**
 * @param value as JSON.parse gives it
 * @returns `false` also where it cannot be told: the schema has a word that is not understood here
 */
export function isCertainlyAs(value: unknown, schema: object): boolean {
  return isUnderstood(schema) && holds(value, schema, schema);
}

function holds(value: unknown, schema: Schema, root: Keywords): boolean {
  if (typeof schema === 'boolean') return schema;
  return Object.keys(schema).every((word) => NOTES.has(word) || CHECKS[word as keyof Keywords](value, schema, root));
}

function isA(value: unknown, type: string): boolean {
  if (type === 'object') return isObject(value);
  if (type === 'array') return Array.isArray(value);
  if (type === 'null') return value === null;
  return type === 'integer' ? Number.isInteger(value) : typeof value === type;
}

function isObject(value: unknown): value is Held {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function definition(root: Keywords, ref: string): Schema {
  return root.definitions?.[ref.slice(DEFINITIONS.length)] ?? {};
}

function isDefined(root: Keywords, ref: string): boolean {
  return ref.startsWith(DEFINITIONS) && Object.hasOwn(root.definitions ?? {}, ref.slice(DEFINITIONS.length));
}

const DEFINITIONS = '#/definitions/';

/** Whether each word of it, and of the schemas in it, is known, and in the one form that is known. */
function isUnderstood(schema: unknown, root: Keywords = schema as Keywords): boolean {
  if (!isObject(schema)) return typeof schema === 'boolean';
  return Object.entries(schema).every(([word, content]) => {
    if (NOTES.has(word)) return true;
    if (!Object.hasOwn(CHECKS, word)) return false;
    if (word === '$ref') return isDefined(root, String(content));
    if (word === 'enum') return Array.isArray(content) && content.every((each) => typeof each === 'string');
    if (word === 'dependencies') return isObject(content) && Object.values(content).every(Array.isArray);
    return innerSchemas(word, content).every((each) => isUnderstood(each, root));
  });
}

function innerSchemas(word: string, content: unknown): readonly unknown[] {
  if (word === 'properties' || word === 'definitions') return isObject(content) ? Object.values(content) : [null];
  if (word === 'anyOf' || word === 'oneOf') return Array.isArray(content) ? content : [null];
  if (word === 'items' || word === 'propertyNames') return [content];
  return word === 'additionalProperties' ? [content] : [];
}
