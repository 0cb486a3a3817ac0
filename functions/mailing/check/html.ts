/**
 * The tags of an HTML mail, read in one pass over the text with nothing tried twice. Comments are passed over, and so is
 * what is no HTML.
 */

export interface Tag {
  readonly name: string;
  /** Those that somebody asks for, as HTML reads them: the first of two, character references resolved. */
  readonly attributes: ReadonlyMap<string, string>;
}

/** What is read of an HTML: a tag, or the content of a `style` element. */
export type HtmlPiece = Tag | { readonly css: string };

/** Tags of one mailing that are looked at once: a newsletter has some fifty, and each mail a few of its own. */
const MAX_KNOWN = 2_000;

/** Pieces of HTML that are read once, of so many characters together. */
const MAX_PASSAGES = 1_000;
const MAX_PASSAGE_CHARACTERS = 1 << 22;
/** A piece without a tag that is shorter is looked through faster than it is looked up. */
const SHORT_PIECE = 256;
/** What is longer and does not end is read with all that follows it. */
const MAX_OPEN = 4_096;

/** Reads the HTML of one mailing's mails: what `judge` says of a tag is kept for the next mail that has the same. */
export class HtmlReader<T> {
  readonly #judge: (piece: HtmlPiece) => T | null;
  readonly #known = new Map<string, Known<T>>();
  readonly #passages = new Map<string, Map<number, Passage<T>>>();
  #passageCount = 0;
  #passageCharacters = 0;

  /** @param judge `null` where nothing is to be said */
  constructor(judge: (piece: HtmlPiece) => T | null) {
    this.#judge = judge;
  }

  /** Calls `visit` with what is to be said of each tag and style sheet, in order. */
  read(html: string, visit: (said: T) => void): void {
    this.#scan(html, { from: 0, isWhole: true, isOne: false }, visit);
  }

  /** The same for HTML in pieces, of which those that mails share are the same strings: each of them is read once. */
  readPieces(pieces: readonly string[], visit: (said: T) => void): void {
    /** What began in the pieces before and has not ended. */
    let open = '';
    for (const [index, piece] of pieces.entries()) {
      if (open.length > MAX_OPEN) {
        open += pieces.slice(index).join('');
        break;
      }
      const from = open === '' ? 0 : this.#close(open, piece, visit);
      if (from === -1) {
        open += piece;
        continue;
      }
      open = '';
      if (piece.length < SHORT_PIECE && !piece.includes('<', from)) continue;
      const { said, end } = this.#passageOf(piece, from);
      for (const each of said) visit(each);
      open = end === piece.length ? '' : piece.slice(end);
    }
    if (open !== '') this.read(open, visit);
  }

  /** @returns where in the piece that ends which is open; -1 where it does not */
  #close(open: string, piece: string, visit: (said: T) => void): number {
    // Most of what is open is a tag with a variable in it, and ends with the next ">": a long piece is not copied for it.
    const near = piece.indexOf('>') + 1;
    for (const text of near > 0 && near < piece.length ? [piece.slice(0, near), piece] : [piece]) {
      const end = this.#scan(open + text, { from: 0, isWhole: false, isOne: true }, visit);
      if (end > 0) return Math.max(0, end - open.length);
    }
    return -1;
  }

  #passageOf(piece: string, from: number): Passage<T> {
    const known = this.#passages.get(piece)?.get(from);
    if (known !== undefined) return known;
    const said: T[] = [];
    const end = this.#scan(piece, { from, isWhole: false, isOne: false }, (each) => said.push(each));
    if (this.#passageCount >= MAX_PASSAGES || this.#passageCharacters >= MAX_PASSAGE_CHARACTERS) {
      this.#passages.clear();
      this.#passageCount = 0;
      this.#passageCharacters = 0;
    }
    const passages = this.#passages.get(piece) ?? new Map<number, Passage<T>>();
    this.#passages.set(piece, passages.set(from, { said, end }));
    this.#passageCount += 1;
    this.#passageCharacters += piece.length;
    return { said, end };
  }

  /** @returns where that begins which has not ended, where the text is not whole; the end of the first thing, of `isOne` */
  #scan(html: string, { from, isWhole, isOne }: Stretch, visit: (said: T) => void): number {
    let before: Known<T> | null = null;
    let at = html.indexOf('<', from);
    while (at !== -1) {
      let end = at + 1;
      const tag: Known<T> | null = isLetter(html.charCodeAt(end)) ? this.#tagAt(html, at, before) : null;
      if (tag !== null) {
        const inside = RAW_TEXT.has(tag.name) ? this.#insideOf(html, at + tag.text.length, tag, isWhole) : NO_INSIDE;
        if (inside === null) return at;
        if (before !== null) before.next = tag;
        before = tag;
        if (tag.said !== null) visit(tag.said);
        if (inside.said !== null) visit(inside.said);
        end = at + tag.text.length + inside.text.length;
      } else if (html.startsWith('<!--', at)) {
        end = html.indexOf('-->', at + 2);
        if (end === -1) return isWhole ? html.length : at;
        // A tag that is not closed swallows the rest.
      } else if (isLetter(html.charCodeAt(end))) return isWhole ? html.length : at;
      else if (!isWhole && '<!--'.startsWith(html.slice(at))) return at;
      if (isOne) return end;
      at = html.indexOf('<', end);
    }
    return html.length;
  }

  #tagAt(html: string, at: number, before: Known<T> | null): Known<T> | null {
    // Nearly every tag comes behind the one that it came behind in the last mail, letter by letter.
    const guess = before?.next ?? null;
    if (guess !== null && html.startsWith(guess.text, at)) return guess;
    // Nearly every tag ends with its first ">".
    const first = html.indexOf('>', at);
    if (first === -1) return null;
    const known = this.#known.get(html.slice(at, first + 1));
    if (known !== undefined) return known;
    const tag = readTag(html, at);
    if (tag === null) return null;
    const text = html.slice(at, tag.end);
    const read = { name: tag.name, text, said: this.#judge(tag), next: null, inside: null };
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(text, read);
    return read;
  }

  /** What stands behind a tag and is no HTML, up to what closes it; `null` where that may come in the next piece. */
  #insideOf(html: string, from: number, tag: Known<T>, isWhole: boolean): Inside<T> | null {
    const { name, inside } = tag;
    if (inside !== null && html.startsWith(inside.text, from) && closesAt(name, html, from + inside.text.length))
      return inside;
    const close = closeOf(name, html, from);
    if (close === html.length && !isWhole) return null;
    const css = html.slice(from, close);
    tag.inside = { text: css, said: name === 'style' ? this.#judge({ css }) : null };
    return tag.inside;
  }
}

/** A tag that was judged. */
interface Known<T> {
  readonly name: string;
  /** From `<` to `>`: whatever begins with it has this tag. */
  readonly text: string;
  readonly said: T | null;
  /** The tag that came behind it when it was met last. */
  next: Known<T> | null;
  inside: Inside<T> | null;
}

interface Inside<T> {
  readonly text: string;
  readonly said: T | null;
}

const NO_INSIDE = { text: '', said: null };

/** What is said of a piece from some place on, and where that begins which ends behind it. */
interface Passage<T> {
  readonly said: readonly T[];
  readonly end: number;
}

interface Stretch {
  readonly from: number;
  /** Nothing follows. */
  readonly isWhole: boolean;
  readonly isOne: boolean;
}

/** Elements whose content is no HTML. */
const RAW_TEXT: ReadonlySet<string> = new Set(['style', 'script', 'title', 'textarea', 'xmp']);

function closeOf(name: string, html: string, from: number): number {
  const close = new RegExp(`</${name}`, 'gi');
  close.lastIndex = from;
  return close.exec(html)?.index ?? html.length;
}

function closesAt(name: string, html: string, at: number): boolean {
  return html.startsWith('</', at) && html.slice(at + 2, at + 2 + name.length).toLowerCase() === name;
}

/** Attributes that may refer to something, and the one that says an image in words. */
const READ_ATTRIBUTES: ReadonlySet<string> = new Set([
  'alt',
  'background',
  'data',
  'href',
  'poster',
  'role',
  'src',
  'style',
]);

/** The tag that begins at `start`; `null` where it does not end. `end` is behind its `>`. */
function readTag(html: string, start: number): (Tag & { readonly end: number }) | null {
  let at = nextOf(TAG_NAME_ENDS, html, start + 1);
  const name = html.slice(start + 1, at).toLowerCase();
  const attributes = new Map<string, string>();
  const set = (attribute: string, value: string) => {
    if (READ_ATTRIBUTES.has(attribute) && !attributes.has(attribute)) attributes.set(attribute, unescaped(value));
  };
  for (;;) {
    at = nextOf(NO_SPACE_OR_SLASH, html, at);
    if (at >= html.length) return null;
    if (html[at] === '>') return { name, attributes, end: at + 1 };
    const nameEnd = nextOf(ATTRIBUTE_NAME_ENDS, html, at + 1);
    const attribute = html.slice(at, nameEnd).toLowerCase();
    at = nextOf(NO_SPACE, html, nameEnd);
    if (html[at] !== '=') {
      set(attribute, '');
      continue;
    }
    at = nextOf(NO_SPACE, html, at + 1);
    const quote = html[at] === '"' || html[at] === "'" ? html[at] : null;
    const from = quote ? at + 1 : at;
    const to = quote ? html.indexOf(quote, from) : nextOf(VALUE_ENDS, html, from);
    if (to === -1) return null;
    set(attribute, html.slice(from, to));
    at = quote ? to + 1 : to;
  }
}

const TAG_NAME_ENDS = /[\s/>]/g;
const ATTRIBUTE_NAME_ENDS = /[\s/>=]/g;
const VALUE_ENDS = /[\s>]/g;
const NO_SPACE = /\S/g;
const NO_SPACE_OR_SLASH = /[^\s/]/g;

/** The next character of that kind, the end of the text where there is none. */
function nextOf(kind: RegExp, text: string, from: number): number {
  kind.lastIndex = from;
  return kind.exec(text)?.index ?? text.length;
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

/** The character references that templates write, and the few that people do. */
function unescaped(value: string): string {
  if (!value.includes('&')) return value;
  return value.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[String(name).toLowerCase()] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** `url(…)` of a style sheet or a style attribute, outside of comments. */
export function* styleUrls(css: string): Generator<string> {
  const start = /\/\*|url\(/gi;
  for (let found = start.exec(css); found !== null; found = start.exec(css)) {
    const from = start.lastIndex;
    const isComment = found[0] === '/*';
    const close = isComment ? '*/' : ')';
    const to = css.indexOf(close, from);
    if (to === -1) return;
    start.lastIndex = to + close.length;
    if (!isComment) yield withoutQuotes(css.slice(from, to).trim());
  }
}

function withoutQuotes(text: string): string {
  const [first] = text;
  return text.length > 1 && (first === '"' || first === "'") && text.endsWith(first) ? text.slice(1, -1).trim() : text;
}

/** A URL as it is quoted in a problem. */
export function shortened(url: string): string {
  return url.length <= 80 ? url : `${url.slice(0, 80)}…`;
}
