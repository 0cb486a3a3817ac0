/** Items as plain values, and conditions as the values that are expected. An attribute that is `null` is not there. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';

export type Value = string | number | Uint8Array;
export type Item = Readonly<Record<string, Value>>;
/** `null`: the attribute is not there, or is to go. */
export type Changes = Readonly<Record<string, Value | null>>;

export function toAttribute(value: Value): AttributeValue {
  if (typeof value === 'string') return { S: value };
  return typeof value === 'number' ? { N: String(value) } : { B: value };
}

export function toAttributes(changes: Changes): Record<string, AttributeValue> {
  const written = Object.entries(changes).filter((entry): entry is [string, Value] => entry[1] !== null);
  return Object.fromEntries(written.map(([name, value]) => [name, toAttribute(value)]));
}

export function fromAttributes(attributes: Readonly<Record<string, AttributeValue>>): Item {
  const values = Object.entries(attributes).map(([name, { S, N, B }]) => [name, S ?? B ?? Number(N)] as const);
  return Object.fromEntries(values);
}

export function text(item: Changes, name: string): string | null {
  const value = item[name];
  return typeof value === 'string' ? value : null;
}

export function number(item: Changes, name: string): number {
  const value = item[name];
  return typeof value === 'number' ? value : 0;
}

export function octets(item: Changes, name: string): Uint8Array {
  const value = item[name];
  return value instanceof Uint8Array ? value : new Uint8Array();
}

/** Names and values as DynamoDB's expressions want them: each attribute by an alias, since many words are reserved. */
export class Expressions {
  readonly names: Record<string, string> = {};
  readonly values: Record<string, AttributeValue> = {};

  name(attribute: string): string {
    this.names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  }

  value(value: Value): string {
    const alias = `:${Object.keys(this.values).length}`;
    this.values[alias] = toAttribute(value);
    return alias;
  }

  /** That each attribute is as expected. */
  condition(expected: Changes): string {
    const each = Object.entries(expected).map(([name, value]) =>
      value === null ? `attribute_not_exists(${this.name(name)})` : `${this.name(name)} = ${this.value(value)}`,
    );
    return each.join(' AND ');
  }

  update(changes: Changes): string {
    const entries = Object.entries(changes);
    const sets = entries.flatMap(([name, value]) =>
      value === null ? [] : [`${this.name(name)} = ${this.value(value)}`],
    );
    const gone = entries.filter(([, value]) => value === null).map(([name]) => this.name(name));
    return [sets.length > 0 ? `SET ${sets.join(', ')}` : '', gone.length > 0 ? `REMOVE ${gone.join(', ')}` : '']
      .filter((part) => part !== '')
      .join(' ');
  }

  get asked(): {
    ExpressionAttributeNames: Record<string, string>;
    ExpressionAttributeValues?: Record<string, AttributeValue>;
  } {
    const values = Object.keys(this.values).length > 0 ? { ExpressionAttributeValues: this.values } : {};
    return { ExpressionAttributeNames: this.names, ...values };
  }
}
