/** Enough of a secret to know it by; of a shorter one all. */
export const KNOWN_BY_CHARACTERS = 8;

/** In a text up to so long it is quicker to look for each of its parts than to list all parts of the secrets first. */
const LISTED_FROM_CHARACTERS = 512;

/** The forms of secrets, and which characters of a text belong to a part of one that is long enough to know it by. */
export class SecretParts {
  /** In small letters, one behind the other; no line that is searched holds the LF between them. */
  #long = '';
  /** Those with fewer characters, to be found whole. */
  readonly #short = new Set<string>();
  /** All parts of `#long`; listed when they are needed. */
  #listed: Set<string> | null = null;

  add(form: string): void {
    const letters = inSmallLetters(form);
    if (letters.length >= KNOWN_BY_CHARACTERS) this.#long += `\n${letters}`;
    // Also without the `=` at its end, which is often cut off.
    for (const text of [letters, letters.replace(/=+$/, '')])
      if (text !== '' && text.length < KNOWN_BY_CHARACTERS) this.#short.add(text);
    this.#listed = null;
  }

  mark(text: string): boolean[] {
    const marks: boolean[] = new Array(text.length).fill(false);
    const letters = inSmallLetters(text);
    const markEach = (length: number, isPart: (part: string) => boolean): void => {
      for (let at = 0; at + length <= letters.length; at += 1)
        if (isPart(letters.slice(at, at + length))) marks.fill(true, at, at + length);
    };
    if (this.#long !== '') markEach(KNOWN_BY_CHARACTERS, this.#finder(letters.length));
    for (const { length } of this.#short) markEach(length, (part) => this.#short.has(part));
    return marks;
  }

  #finder(characters: number): (part: string) => boolean {
    if (characters <= LISTED_FROM_CHARACTERS) return (part) => this.#long.includes(part);
    const listed = this.#listed ?? listOf(this.#long);
    this.#listed = listed;
    return (part) => listed.has(part);
  }
}

function listOf(forms: string): Set<string> {
  const parts = new Set<string>();
  for (let at = 0; at + KNOWN_BY_CHARACTERS <= forms.length; at += 1)
    parts.add(forms.slice(at, at + KNOWN_BY_CHARACTERS));
  return parts;
}

/** One by one, so that each character keeps its place. */
function inSmallLetters(text: string): string {
  return Array.from(text, (character) => {
    const small = character.toLowerCase();
    return small.length === character.length ? small : character;
  }).join('');
}
