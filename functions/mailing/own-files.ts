/** Files that rows name: one that several mails carry is read and encoded once, one that is a single person's is not kept. */
import { type EncodedContent, encodeContent } from '#mime';

/** In base64, of all that are kept together. */
const MAX_KEPT_OCTETS = 32 * 1024 * 1024;
/** Files of which it is known that somebody has had them: names of 64 characters. */
const MAX_MET = 10_000;

export class OwnFiles {
  readonly #readFile: (content: string) => Promise<Uint8Array>;
  readonly #met = new Set<string>();
  /** The one that was asked for last comes last. */
  readonly #kept = new Map<string, EncodedContent>();
  #keptOctets = 0;

  /** @param readFile by SHA-256, which tells one content from another whatever the files are called */
  constructor(readFile: (content: string) => Promise<Uint8Array>) {
    this.#readFile = readFile;
  }

  /** Whatever `readFile` throws, is thrown; nothing of it is remembered. */
  async encoded(content: string): Promise<EncodedContent> {
    const known = this.#kept.get(content);
    if (known !== undefined) {
      this.#kept.delete(content);
      this.#kept.set(content, known);
      return known;
    }
    const encoded = encodeContent(await this.#readFile(content));
    // An invoice is met once: it would push out what others share.
    if (this.#met.has(content)) this.#keep(content, encoded);
    else this.#meet(content);
    return encoded;
  }

  #meet(content: string): void {
    if (this.#met.size >= MAX_MET) this.#met.clear();
    this.#met.add(content);
  }

  #keep(content: string, encoded: EncodedContent): void {
    // Two mails may have asked for it at once.
    if (this.#kept.has(content) || encoded.base64.length > MAX_KEPT_OCTETS) return;
    this.#kept.set(content, encoded);
    this.#keptOctets += encoded.base64.length;
    for (const [oldest, { base64 }] of this.#kept) {
      if (this.#keptOctets <= MAX_KEPT_OCTETS) return;
      this.#kept.delete(oldest);
      this.#keptOctets -= base64.length;
    }
  }
}
