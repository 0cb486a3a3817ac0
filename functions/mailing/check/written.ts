/** Where in a campaign's templates something stands that a rendered mail shows. */

/** A template as its author wrote it. */
export interface WrittenTemplate {
  /** As problems show it: `templates/news/body.html.hbs`. */
  readonly file: string;
  readonly text: string;
}

export interface WrittenPlace {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
}

/**
 * The place of an attribute's value: where it stands as it is, else where a value with variables in it can have become it.
 * @param templates the one that is likely first: it is what is told where nothing is found
 */
export function placeOf(written: string, templates: readonly WrittenTemplate[]): WrittenPlace {
  for (const { file, text } of templates) {
    const at = literalIn(text, written);
    if (at !== -1) return { file, ...lineAndColumn(text, at) };
  }
  for (const { file, text } of templates) {
    const at = variableIn(text, written);
    if (at !== -1) return { file, ...lineAndColumn(text, at) };
  }
  return { file: templates[0]?.file ?? '', line: null, column: null };
}

/** An attribute, or the argument of a partial: `href="#"`, `link='#'`. */
function literalIn(text: string, written: string): number {
  for (const form of new Set([written, written.replaceAll('&', '&amp;')])) {
    for (const quote of ['="', "='", '=']) {
      const at = text.indexOf(`${quote}${form}${quote.slice(1)}`);
      if (at !== -1 && (quote !== '=' || (form !== '' && /[\s>]/.test(text[at + 1 + form.length] ?? '>'))))
        return at + quote.length;
    }
  }
  return written === '' ? -1 : text.indexOf(`(${written})`);
}

const ATTRIBUTE_WITH_VARIABLE = /=(?:"((?:[^"{]|\{(?!\{)|\{\{[^}]*\}\})*)"|'((?:[^'{]|\{(?!\{)|\{\{[^}]*\}\})*)')/g;

function variableIn(text: string, written: string): number {
  for (const found of text.matchAll(ATTRIBUTE_WITH_VARIABLE)) {
    const value = found[1] ?? found[2] ?? '';
    if (value.includes('{{') && canBecome(value, written)) return found.index + 2;
  }
  return -1;
}

/** Whether the literal parts of a value stand in `written` in their order; read once from left to right. */
function canBecome(value: string, written: string): boolean {
  const literals = value.split(/\{\{[^}]*\}\}/);
  const first = literals[0] ?? '';
  const last = literals.at(-1) ?? '';
  if (!written.startsWith(first) || !written.endsWith(last) || written.length < first.length + last.length)
    return false;
  let at = first.length;
  for (const literal of literals.slice(1, -1)) {
    const next = written.indexOf(literal, at);
    if (next === -1) return false;
    at = next + literal.length;
  }
  return at <= written.length - last.length;
}

function lineAndColumn(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
