/**
 * Servers echo lines that they do not understand: whole, cut, split over the lines of a reply, in other letters, or as
 * programs write octets. What a login must keep to itself is taken out of what the server says, before it gets into a
 * record, an error or a result.
 */
import type { Credentials } from './credentials.ts';
import type { Reply } from './reply.ts';
import { KNOWN_BY_CHARACTERS, SecretParts } from './secret-parts.ts';

const HIDDEN = '<…>';

/**
 * Until the login is over, and in each 4yz and 5yz after it, every part of a secret is looked for that is long enough, in
 * any case of its letters. Other replies of a session that is logged in are many: there the secret is looked for as it
 * was said, and the beginnings of it. A challenge is nobody else's business, and hidden whole.
 */
export class Secrets {
  /** As they travel: a password or a token, and responses in base64. */
  readonly #said = new Set<string>();
  readonly #parts = new SecretParts();
  /** Finds out quickly that none of `#said` is there. */
  #beginnings: RegExp | null = null;
  #isLoggingIn = true;

  /** Knows of the credentials what is there from the start. */
  constructor(credentials?: Credentials) {
    if (credentials === undefined) return;
    if ('password' in credentials && credentials.password !== '') {
      const { user, password } = credentials;
      this.learnResponse(base64(`\0${user}\0${password}`));
      this.learn(password);
    }
    this.learnResponse(base64(credentials.user ?? ''));
  }

  /** A secret in clear, such as a token: hidden from now on, also within something longer and in the forms of programs. */
  learn(secret: string): void {
    if (secret === '' || this.#said.has(secret)) return;
    for (const form of [secret, base64(secret)]) this.learnResponse(form);
    for (const form of otherFormsOf(secret)) this.#parts.add(form);
  }

  /** A response as it is sent. */
  learnResponse(response: string): void {
    if (response === '' || this.#said.has(response)) return;
    this.#said.add(response);
    this.#beginnings = null;
    this.#parts.add(response);
  }

  /** The login is over, and its secrets are not said any more. */
  relax(): void {
    this.#isLoggingIn = false;
  }

  /** @param text what a server said, no reply yet or none at all */
  hide(text: string): string {
    const shown = text.replace(
      /^(334[ -])(.*)/s,
      (_, code: string, challenge: string) => code + shownChallenge(challenge),
    );
    return hideMarked(shown, this.#parts.mark(shown));
  }

  hideIn(reply: Reply): Reply {
    const { code, enhancedStatus } = reply;
    if (code === 334) return { code, lines: reply.lines.map(shownChallenge), enhancedStatus };
    if (this.#said.size === 0) return reply;
    const isQuick = !this.#isLoggingIn && code < 400;
    const lines = isQuick ? reply.lines.map((line) => this.#hideSaid(line)) : this.#hideAll(reply);
    return { code, lines, enhancedStatus };
  }

  #hideSaid(line: string): string {
    this.#beginnings ??= new RegExp(Array.from(this.#said, (form) => escaped(beginningOf(form))).join('|'));
    if (!this.#beginnings.test(line)) return line;
    return [...this.#said].reduce(hideBeginnings, line);
  }

  /** A secret may go on in the next line, so the lines are looked at as one text. */
  #hideAll({ lines }: Reply): string[] {
    const marks = this.#parts.mark(lines.join(''));
    let from = 0;
    return lines.map((line) => {
      const own = marks.slice(from, from + line.length);
      from += line.length;
      return hideMarked(line, own);
    });
  }
}

/** What LOGIN asks is no secret and teaches; other challenges may be. */
function shownChallenge(challenge: string): string {
  const asked = Buffer.from(challenge, 'base64').toString('latin1');
  return /^(?:user ?name|password):?\0?$/i.test(asked) || challenge === '' ? challenge : HIDDEN;
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
  const beginning = beginningOf(form);
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

function beginningOf(form: string): string {
  return form.slice(0, KNOWN_BY_CHARACTERS);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
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
