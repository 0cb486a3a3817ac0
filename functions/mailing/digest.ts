import { createHash, hash } from 'node:crypto';

/** SHA-256 in lower-case hexadecimal. */
export function sha256(content: Uint8Array | string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The same of a stream, in constant memory. */
export async function sha256OfStream(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

/** Characters that are gathered before they are hashed: a hash has a price for each call. */
const GATHERED = 16_384;

/** A running SHA-256 over fields, each preceded by its length so that no two lists of fields hash alike. */
export class FieldDigest {
  readonly #hash = createHash('sha256');
  #gathered = '';

  add(...fields: readonly string[]): this {
    for (const field of fields) this.#gathered += measured(field);
    if (this.#gathered.length > GATHERED) this.#hashGathered();
    return this;
  }

  /** @returns lower-case hexadecimal; the digest takes no more fields afterwards */
  hex(): string {
    this.#hashGathered();
    return this.#hash.digest('hex');
  }

  #hashGathered(): void {
    this.#hash.update(this.#gathered);
    this.#gathered = '';
  }
}

/** What FieldDigest gives for a few fields, at once. */
export function fieldsDigest(...fields: readonly string[]): string {
  return hash('sha256', fields.map(measured).join(''), 'hex');
}

/** A field behind the number of its octets. */
function measured(field: string): string {
  return `${Buffer.byteLength(field)}:${field}`;
}
