import type { Reply } from './reply.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Enough of a secret to know it by: servers echo lines that they do not understand, cut them, and change their letters. */
const KNOWN_BY_CHARACTERS = 8;
const HIDDEN = '<…>';

/**
 * Takes a login's secrets, in each form in which they travel, out of what the server says: every part of a form that is
 * long enough to know it by, in any case of its letters. Once the session is logged in, replies that agree (2yz, 3yz)
 * are only searched for beginnings, for they are many.
 */
export class Secrets {
  readonly #forms: readonly string[];
  /** Every part of that length of every form, in small letters. */
  readonly #parts: ReadonlySet<string>;
  #isWatchful = true;

  constructor(credentials?: Credentials) {
    const { user = '', password = '' } = credentials ?? {};
    this.#forms = password === '' ? [] : formsOf(user, password);
    this.#parts = new Set(this.#forms.flatMap(partsOf));
  }

  /** The login is over, and its secrets are not sent any more. */
  relax(): void {
    this.#isWatchful = false;
  }

  hide(text: string): string {
    return this.#parts.size === 0 ? this.#hideBeginnings(text) : hideMarked(text, this.#mark(text));
  }

  hideIn(reply: Reply): Reply {
    if (this.#forms.length === 0) return reply;
    const { code, lines, enhancedStatus } = reply;
    const isQuick = !this.#isWatchful && code < 400;
    return {
      code,
      lines: lines.map((line) => (isQuick ? this.#hideBeginnings(line) : this.#hideBeginnings(this.hide(line)))),
      enhancedStatus,
    };
  }

  #hideBeginnings(text: string): string {
    return this.#forms.reduce(hideForm, text);
  }

  /** Which characters belong to a part of a secret. */
  #mark(text: string): boolean[] {
    const letters = inSmallLetters(text);
    const marks: boolean[] = new Array(text.length).fill(false);
    for (let at = 0; at + KNOWN_BY_CHARACTERS <= letters.length; at += 1) {
      if (this.#parts.has(letters.slice(at, at + KNOWN_BY_CHARACTERS))) marks.fill(true, at, at + KNOWN_BY_CHARACTERS);
    }
    return marks;
  }
}

/** As sent by PLAIN and LOGIN, as written in a URL, and as programs show octets. */
function formsOf(user: string, password: string): string[] {
  const octets = Buffer.from(password, 'utf8');
  return [
    base64(`\0${user}\0${password}`),
    base64(password),
    base64(user),
    password,
    percentEncoded(password),
    octets.toString('hex'),
    // The same octets at the other two places of base64's groups of three, without the characters that neighbours share.
    ...[1, 2].map((before) =>
      base64(`${'x'.repeat(before)}${password}`)
        .slice(before + 1)
        .replace(/.?=*$/, ''),
    ),
  ].filter((form) => form !== '');
}

/** A lone surrogate has no such form, and no login takes it. */
function percentEncoded(text: string): string {
  return text.isWellFormed() ? encodeURIComponent(text) : '';
}

function partsOf(form: string): string[] {
  const letters = inSmallLetters(form);
  const count = Math.max(0, letters.length - KNOWN_BY_CHARACTERS + 1);
  return Array.from({ length: count }, (_, at) => letters.slice(at, at + KNOWN_BY_CHARACTERS));
}

/** ASCII only, so that each character keeps its place. */
function inSmallLetters(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
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
function hideForm(text: string, form: string): string {
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
