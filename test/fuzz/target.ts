/** One parser, as the fuzzer sees it: octets in, and in a few words how it ended. */

export interface Target {
  readonly name: string;
  /** Inputs to begin with: in order, and nearly so. */
  readonly seeds: readonly (string | Uint8Array)[];
  /** Pieces that mean something to the parser; they are mixed into inputs. */
  readonly words: readonly string[];
  /** Longest input, in octets. Default 4,096. */
  readonly maxOctets?: number;
  /**
   * Runs one input; nothing but the input may decide what happens.
   * @returns how it ended, in words that do not repeat the input: inputs that end in a new way are mutated further
   * @throws whatever is wrong: an error that is not a documented one, or an expectation that does not hold
   */
  run(input: Uint8Array): string | Promise<string>;
}

export function octetsOf(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text, 'utf8') : text;
}

/** Octets as text. Those that begin with 0xFF are UTF-16, so that halves of surrogate pairs come up as well. */
export function textOf(input: Uint8Array): string {
  if (input[0] !== 0xff) return Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('utf8');
  // QUIRK: Node 24.21 frees the wrong pointer when it decodes UTF-16 from an odd address. A copy begins at an even one.
  const units = new Uint16Array(Uint8Array.from(input.subarray(1, 1 + ((input.length - 1) & ~1))).buffer);
  let text = '';
  for (const unit of units) text += String.fromCharCode(unit);
  return text;
}

/** Octets as characters U+0000 to U+00FF. */
export function latin1Of(input: Uint8Array): string {
  return Buffer.from(input.buffer, input.byteOffset, input.byteLength).toString('latin1');
}

type ErrorClass = abstract new (...words: never[]) => Error;

/** What a parser made of an input: its result, or the documented error with which it refused. */
export type Attempt<T> =
  | { readonly value: T; readonly refused: null }
  | { readonly value: null; readonly refused: Error };

/** @throws what `parse` throws, unless it is one of `documented`, fit to be printed */
export function attempt<T>(parse: () => T, ...documented: readonly ErrorClass[]): Attempt<T> {
  try {
    return { value: parse(), refused: null };
  } catch (error) {
    return { value: null, refused: documentedError(error, documented) };
  }
}

/** @returns the error, where it is of a documented class and a line that can be printed; else it is thrown on */
export function documentedError(error: unknown, documented: readonly ErrorClass[]): Error {
  if (!(error instanceof Error) || !documented.some((kind) => error instanceof kind)) throw error;
  expectPrintable(error.message);
  return error;
}

// C0 but the line feed, with which some messages list several problems; DEL, C1, line and paragraph separators.
const UNPRINTABLE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/;

export function expectPrintable(message: string): void {
  if (UNPRINTABLE.test(message)) throw new Error(`control characters came through: ${JSON.stringify(message)}`);
  if (message.length > 1 << 20) throw new Error(`a message of ${message.length} characters`);
}

export function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** An error's kind: its message without what it quotes of the input. */
export function endingOf(error: Error): string {
  const words = error.message.slice(0, 400).replace(/"(?:[^"\\]|\\.)*"?/g, '""');
  return `${error.name} ${words
    .replace(/\d+/g, '0')
    .replace(/[^ -~]+/g, '?')
    .slice(0, 100)}`;
}
