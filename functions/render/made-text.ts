/**
 * The text of a mail whose author wrote HTML only.
 *
 * Making a text of HTML takes longer than all else that is done for a mail, and most mails of a campaign differ in the
 * values that they print alone. So a row's HTML is rendered with a stand-in for each value; what comes out depends on
 * nothing but the branches that the row takes, and its text is made once. Then the values take their places, unescaped:
 *
 *     <p>Hello <b>{{name}}</b></p>  →  <p>Hello <b>⟦0⟧</b></p>  →  Hello ⟦0⟧  →  Hello Ana & Bo
 *
 * Values are always escaped in HTML, so that none of them can be more than a piece of text or of an attribute. Where an
 * attribute itself says how its element is read, the text is made of each row's own HTML.
 */

/** What stands for a value: its number between two noncharacters, which mean nothing in any text (Unicode §23.7). */
const STAND_IN = /\ufdd0(\d+)\ufdd1/;

/** White space that HTML may take for one space, or for none: it stays where it is. */
const LOOSE = /^[\t\n\f\r ]|[\t\n\f\r ]$|[\t\n\f\r]| {2}/;
const WHITE = /([\t\n\f\r ]+)/;

/** What links are read by: it stays as well. */
const SCHEME = /^(?:mailto:|#)/;

/** A stand-in where a number, or a style that may hide its element, is wanted. */
const DECIDING = /<ol\b[^<>]*\ufdd0|\bstyle\s*=\s*(?:"[^"]*|'[^']*)\ufdd0/i;

/** The values that one rendering prints, and the number of each; equal ones share it, as a link and its words may. */
export class StandIns {
  readonly values: string[] = [];
  readonly #numbers = new Map<string, number>();

  /** @returns what is printed in place of `value`, word by word where its white space counts */
  take(value: string): string {
    if (!LOOSE.test(value)) return this.#standIn(value);
    const parts = value.split(WHITE);
    return parts.map((part, index) => (index % 2 === 0 ? this.#standIn(part) : part)).join('');
  }

  #standIn(text: string): string {
    const scheme = SCHEME.exec(text)?.[0] ?? '';
    if (scheme !== '') return `${scheme}${this.#standIn(text.slice(scheme.length))}`;
    if (text === '') return '';
    const number = this.#numbers.get(text) ?? this.values.push(text) - 1;
    this.#numbers.set(text, number);
    return `\ufdd0${number}\ufdd1`;
  }
}

/** Characters of HTML whose texts are kept: rows with lists may take any number of ways through a template. */
const MAX_KEPT = 1 << 22;

/** One row's HTML, as it is and with stand-ins. */
export interface StoodIn {
  readonly html: string;
  readonly values: readonly string[];
  readonly whole: () => string;
}

/** @param toText makes a text of HTML @returns the same, once for all HTML that differs in its values alone */
export function textMaker(toText: (html: string) => string): (row: StoodIn) => string {
  /** Of each HTML the pieces of its text, and between them the numbers of values. */
  const kept = new Map<string, readonly string[]>();
  let characters = 0;
  return ({ html, values, whole }) => {
    let pieces = kept.get(html);
    if (pieces === undefined) {
      if (DECIDING.test(html)) return toText(whole());
      pieces = toText(html).split(STAND_IN);
      characters += html.length;
      if (characters > MAX_KEPT) {
        kept.clear();
        characters = html.length;
      }
      kept.set(html, pieces);
    }
    return pieces.map((piece, index) => (index % 2 === 0 ? piece : (values[Number(piece)] ?? ''))).join('');
  };
}

/** @returns what makes a text of HTML. Only campaigns without a text of their own load it. */
export async function loadPlainText(): Promise<(html: string) => string> {
  return (await import('./plain-text.ts')).plainText;
}
