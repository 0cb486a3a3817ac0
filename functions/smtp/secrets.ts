/**
 * Servers echo lines that they do not understand: whole, cut, split over the lines of a reply, in other letters, or as
 * programs write octets. What a login must keep to itself is taken out of what the server says, before it gets into a
 * record, an error or a result.
 */
import type { Credentials } from './credentials.ts';
import type { Reply } from './reply.ts';
import { SecretParts } from './secret-parts.ts';

const HIDDEN = '<…>';

/**
 * Every part of a secret is looked for that is long enough, in any case of its letters, in all that the server says and for
 * as long as the session lasts. A challenge is nobody else's business, and hidden whole.
 */
export class Secrets {
  /** As they travel: a password or a token, and responses in base64. */
  readonly #said = new Set<string>();
  readonly #parts = new SecretParts();

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
    this.#parts.add(response);
  }

  /** @param text what a server said, no reply yet or none at all */
  hide(text: string): string {
    const shown = text.replace(
      /^(334[ -])(.*)/s,
      (_, code: string, challenge: string) => code + shownChallenge(challenge),
    );
    return hideMarked(shown, this.#parts.mark(shown));
  }

  /** A secret may go on in the next line, so the lines are looked at as one text. @returns the reply itself where it has none */
  hideIn(reply: Reply): Reply {
    const { code, lines, enhancedStatus } = reply;
    if (code === 334) return { code, lines: lines.map(shownChallenge), enhancedStatus };
    const marks = this.#parts.mark(lines.length === 1 ? (lines[0] ?? '') : lines.join(''));
    if (marks === null) return reply;
    let from = 0;
    const shown = lines.map((line) => {
      const own = marks.slice(from, from + line.length);
      from += line.length;
      return hideMarked(line, own);
    });
    return { code, lines: shown, enhancedStatus };
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
    // As it stands in JSON, and in the source of many languages.
    JSON.stringify(password).slice(1, -1),
  ];
}

/**
 * Base64 makes four characters of three octets, so there are two more ways in which a password can stand in it. The
 * character that its first octet shares with what comes before is left out, and what is too short to tell anything.
 */
function base64Within(password: string): string[] {
  return [base64(`x${password}`).slice(2), base64(`xx${password}`).slice(3)].filter((form) => form.length >= 4);
}

function hideMarked(text: string, marks: readonly boolean[] | null): string {
  if (marks === null) return text;
  let shown = '';
  for (let at = 0; at < text.length; at += 1) {
    if (marks[at] !== true) shown += text[at];
    else if (at === 0 || marks[at - 1] !== true) shown += HIDDEN;
  }
  return shown;
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
