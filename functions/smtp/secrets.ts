import type { Reply } from './reply.ts';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

/** Enough of a secret to know it by: servers echo lines that they do not understand, and cut them. */
const KNOWN_BY_CHARACTERS = 8;
const HIDDEN = '<…>';

/** Takes a login's secrets, in each form in which they travel, out of what the server says. */
export class Secrets {
  readonly #forms: readonly string[];

  constructor(credentials?: Credentials) {
    const { user = '', password = '' } = credentials ?? {};
    const forms = [base64(`\0${user}\0${password}`), base64(password), base64(user), password];
    this.#forms = password === '' ? [] : forms.filter((form) => form !== '');
  }

  hide(text: string): string {
    return this.#forms.reduce(hideForm, text);
  }

  hideIn(reply: Reply): Reply {
    const { code, lines, enhancedStatus } = reply;
    return { code, lines: this.#forms.length === 0 ? lines : lines.map((line) => this.hide(line)), enhancedStatus };
  }
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
