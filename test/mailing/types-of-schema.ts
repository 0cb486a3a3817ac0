/** TypeScript for what a JSON Schema describes: the schema is the one definition of a file, and the types follow. */

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

const SIMPLE: Readonly<Record<string, string>> = {
  string: 'string',
  number: 'number',
  integer: 'number',
  boolean: 'boolean',
};

/**
 * @param name of the interface
 * @param about the first line of the file
 */
export function typesOf(schema: Schema, name: string, about: string): string {
  return `/** ${about} */\n\nexport interface ${name} ${objectType(schema, schema, '')}\n`;
}

function objectType(node: Schema, root: Schema, indent: string): string {
  const inner = `${indent}  `;
  const members = Object.entries(node.properties ?? {}).map(([key, value]) => {
    const isRequired = node.required?.includes(key) === true;
    return `${inner}readonly ${key}${isRequired ? '' : '?'}: ${typeOf(value, root, inner)};\n`;
  });
  return `{\n${members.join('')}${indent}}`;
}

function typeOf(node: Schema, root: Schema, indent: string): string {
  if (node.$ref !== undefined)
    return typeOf(root.definitions?.[node.$ref.replace('#/definitions/', '')] ?? {}, root, indent);
  if (node.enum !== undefined) return node.enum.map((value) => `'${value}'`).join(' | ');
  if (node.anyOf !== undefined) return union(node.anyOf.map((each) => typeOf(each, root, indent)));
  if (node.type === 'array') return arrayOf(typeOf(node.items ?? {}, root, indent));
  if (node.properties !== undefined) return objectType(node, root, indent);
  if (typeof node.additionalProperties === 'object')
    return `Readonly<Record<string, ${typeOf(node.additionalProperties, root, indent)}>>`;
  return SIMPLE[node.type ?? ''] ?? 'unknown';
}

/** Any text takes in the texts that are known by name. */
function union(types: readonly string[]): string {
  const isAnyText = types.includes('string');
  return [...new Set(types.filter((type) => !isAnyText || !type.startsWith("'")))].join(' | ');
}

function arrayOf(type: string): string {
  return type.includes(' | ') ? `readonly (${type})[]` : `readonly ${type}[]`;
}
