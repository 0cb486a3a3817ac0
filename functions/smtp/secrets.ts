/**
 * Servers echo lines that they do not understand: whole, cut, split over the lines of a reply, in other letters, or as
 * programs write octets. What a login must keep to itself is taken out of what the server says, before it gets into a
 * record, an error or a result.
 */
import type { Reply } from './reply.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Enough of a secret to know it by; of a shorter one all. */
const KNOWN_BY_CHARACTERS = 8;
const HIDDEN = '<…>';

/**
 * Until the login is over, and in each 4yz and 5yz after it, every part of a secret is looked for that is long enough, in
 * any case of its letters. Other replies of a session that is logged in are many: there the secret is looked for as it
 * was said, and the beginnings of it.
 */
export class Secrets {
  /** As they travel in PLAIN and LOGIN, and the password itself. */
  readonly #said: readonly string[];
  /** Every part to be found, in small letters, and the lengths that there are. */
  readonly #parts: ReadonlySet<string>;
  readonly #lengths: readonly number[];
  #isLoggingIn = true;

  constructor(credentials?: Credentials) {
    const { user = '', password = '' } = credentials ?? {};
    const said = [base64(`\0${user}\0${password}`), base64(password), base64(user), password];
    this.#said = password === '' ? [] : said.filter((form) => form !== '');
    const forms = password === '' ? [] : [...this.#said, ...otherFormsOf(password)];
    this.#parts = new Set(forms.flatMap(partsOf));
    this.#lengths = [...new Set(Array.from(this.#parts, (part) => part.length))];
  }

  /** The login is over, and its secrets are not said any more. */
  relax(): void {
    this.#isLoggingIn = false;
  }

  hide(text: string): string {
    return this.#parts.size === 0 ? text : hideMarked(text, this.#mark(text));
  }

  hideIn(reply: Reply): Reply {
    if (this.#said.length === 0) return reply;
    const { code, enhancedStatus } = reply;
    const isQuick = !this.#isLoggingIn && code < 400;
    const lines = isQuick ? reply.lines.map((line) => this.#said.reduce(hideBeginnings, line)) : this.#hideAll(reply);
    return { code, lines, enhancedStatus };
  }

  /** A secret may go on in the next line, so the lines are looked at as one text. */
  #hideAll({ lines }: Reply): string[] {
    const marks = this.#mark(lines.join(''));
    let from = 0;
    return lines.map((line) => {
      const own = marks.slice(from, from + line.length);
      from += line.length;
      return hideMarked(line, own);
    });
  }

  /** Which characters belong to a part of a secret. */
  #mark(text: string): boolean[] {
    const letters = inSmallLetters(text);
    const marks: boolean[] = new Array(text.length).fill(false);
    for (let at = 0; at < letters.length; at += 1) {
      for (const length of this.#lengths) {
        if (this.#parts.has(letters.slice(at, at + length))) marks.fill(true, at, at + length);
      }
    }
    return marks;
  }
}

/** A password within something longer in base64, in a URL, and as octets that are shown or misread. */
function otherFormsOf(password: string): string[] {
  const octets = Buffer.from(password, 'utf8');
  const hex = octets.toString('hex');
  const inUrl = encodeURIComponent(password.toWellFormed());
  return [
    ...base64Within(password),
    inUrl,
    // RFC 3986 §2.3: what JavaScript leaves as it is and others do not; and every octet.
    inUrl.replace(/[!'()*]/g, (character) => percentEncoded(base16(character))),
    percentEncoded(hex),
    hex,
    octets.toString('latin1'),
  ];
}

/**
 * Base64 makes four characters of three octets, so there are two more ways in which a password can stand in it. The
 * character that its first octet shares with what comes before is left out, and what is too short to tell anything.
 */
function base64Within(password: string): string[] {
  return [base64(`x${password}`).slice(2), base64(`xx${password}`).slice(3)].filter((form) => form.length >= 4);
}

/** All parts of a form that are long enough to know it by; also without the `=` at its end, which is often cut off. */
function partsOf(form: string): string[] {
  return [form, form.replace(/=+$/, '')].flatMap((text) => {
    const letters = inSmallLetters(text);
    const length = Math.min(KNOWN_BY_CHARACTERS, letters.length);
    const count = length === 0 ? 0 : letters.length - length + 1;
    return Array.from({ length: count }, (_, at) => letters.slice(at, at + length));
  });
}

/** One by one, so that each character keeps its place. */
function inSmallLetters(text: string): string {
  return Array.from(text, (character) => {
    const small = character.toLowerCase();
    return small.length === character.length ? small : character;
  }).join('');
}

function hideMarked(text: string, marks: readonly boolean[]): string {
  let shown = '';
  for (let at = 0; at < text.length; at += 1) {
    if (marks[at] !== true) shown += text[at];
    else if (at === 0 || marks[at - 1] !== true) shown += HIDDEN;
  }
  return shown;
}

/** Hides each occurrence of the form, and of a beginning of it that is long enough. */
function hideBeginnings(text: string, form: string): string {
  const beginning = form.slice(0, KNOWN_BY_CHARACTERS);
  let shown = '';
  let from = 0;
  for (let at = text.indexOf(beginning); at !== -1; at = text.indexOf(beginning, from)) {
    let length = beginning.length;
    while (length < form.length && text[at + length] === form[length]) length += 1;
    shown += text.slice(from, at) + HIDDEN;
    from = at + length;
  }
  return shown + text.slice(from);
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function base16(text: string): string {
  return Buffer.from(text, 'utf8').toString('hex');
}

function percentEncoded(hex: string): string {
  return hex.replace(/../g, '%$&');
}
