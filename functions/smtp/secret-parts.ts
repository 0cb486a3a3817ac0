import { PartBeginnings } from './part-beginnings.ts';

/** Enough of a secret to know it by; of a shorter one all. */
const KNOWN_BY_CHARACTERS = 8;

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
  readonly #beginnings = new PartBeginnings();

  add(form: string): void {
    const letters = inSmallLetters(form);
    if (letters.length >= KNOWN_BY_CHARACTERS) {
      this.#long += `\n${letters}`;
      for (const part of partsOf(letters)) this.#beginnings.add(part);
    }
    // Also without the `=` at its end, which is often cut off.
    for (const text of [letters, letters.replace(/=+$/, '')]) {
      if (text === '' || text.length >= KNOWN_BY_CHARACTERS) continue;
      this.#short.add(text);
      this.#beginnings.add(text);
    }
    this.#listed = null;
  }

  /** @returns for each character whether it belongs to a part; `null` where none does */
  mark(text: string): boolean[] | null {
    const places = this.#beginnings.in(ASCII.test(text) ? text : inSmallLetters(text));
    if (places === null) return null;
    const letters = inSmallLetters(text);
    let marks: boolean[] | null = null;
    const markEach = (length: number, isPart: (part: string) => boolean): void => {
      for (const at of places) {
        if (at + length > letters.length || !isPart(letters.slice(at, at + length))) continue;
        marks ??= new Array<boolean>(text.length).fill(false);
        marks.fill(true, at, at + length);
      }
    };
    if (this.#long !== '') markEach(KNOWN_BY_CHARACTERS, this.#finder(letters.length));
    for (const { length } of this.#short) markEach(length, (part) => this.#short.has(part));
    return marks;
  }

  #finder(characters: number): (part: string) => boolean {
    if (characters <= LISTED_FROM_CHARACTERS) return (part) => this.#long.includes(part);
    const listed = this.#listed ?? new Set(partsOf(this.#long));
    this.#listed = listed;
    return (part) => listed.has(part);
  }
}

function partsOf(forms: string): string[] {
  const count = forms.length - KNOWN_BY_CHARACTERS + 1;
  return Array.from({ length: Math.max(0, count) }, (_, at) => forms.slice(at, at + KNOWN_BY_CHARACTERS));
}

const ASCII = /^[\0-\x7f]*$/;

/** One by one, so that each character keeps its place. */
function inSmallLetters(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return Array.from(text, (character) => {
    const small = character.toLowerCase();
    return small.length === character.length ? small : character;
  }).join('');
}
