import { createHash } from 'node:crypto';

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

/** A running SHA-256 over fields, each preceded by its length so that no two lists of fields hash alike. */
export class FieldDigest {
  readonly #hash = createHash('sha256');

  add(...fields: readonly string[]): this {
    for (const field of fields) {
      const octets = Buffer.from(field);
      this.#hash.update(`${octets.length}:`).update(octets);
    }
    return this;
  }

  /** @returns lower-case hexadecimal; the digest takes no more fields afterwards */
  hex(): string {
    return this.#hash.digest('hex');
  }
}
