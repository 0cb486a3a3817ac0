/** The elements and style sheets that a run of a template's text holds: text and variables, up to the next block or partial. */
import type { Content } from './syntax.ts';

/** What stands for a variable: a noncharacter, which means nothing in any text. */
export const VARIABLE = '\ufdd0';

/** A run, and the texts of the template that it was put together from. */
export interface Run {
  text: string;
  readonly pieces: { readonly content: Content; readonly start: number }[];
}

/** A start tag that says for sure which element it begins. */
export interface Element {
  readonly name: string;
  /** Its offset in the run. */
  readonly start: number;
  /** As written; empty where there is none. */
  readonly classes: string;
  readonly id: string;
  /** Where declarations can be put in: behind the quote of a style attribute, or behind the name. */
  readonly content: Content;
  readonly offset: number;
  /** The quote of the style attribute; null where there is none. */
  readonly quote: string | null;
  /** The style attribute as written. */
  readonly style: string;
}

export interface Found {
  readonly elements: readonly Element[];
  readonly styles: readonly string[];
  /** Style sheets in a comment, or for some media alone. */
  readonly sometimes: readonly string[];
  /** A style sheet hangs on a row, or goes on behind the run. */
  readonly isUnclear: boolean;
}

/** Comments, elements that hold no tags (or none of HTML's), and start tags. Bounded: what is longer is no tag. */
const MARKUP =
  /<!--([\s\S]*?)(?:-->|$)|<(style|script|title|textarea|xmp|iframe|noembed|noframes|plaintext|svg|math)\b([^>]*)>([\s\S]*?)(<\/\2\s*>|$)|<([a-z][a-z0-9]*)((?:[\s/](?:[^"'>]|"[^"]{0,5000}"|'[^']{0,5000}'){0,2000})?)>/gi;
const ATTRIBUTE = /([^\s=/"'<>]+)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+))?/g;
/** The attributes of a style sheet that counts everywhere. */
const ALWAYS = /^(?:\s+type\s*=\s*["']?text\/css["']?)?\s*$/i;
const STYLE = /<style\b([^>]*)>([\s\S]*?)(?:<\/style\s*>|$)/gi;

export function elementsIn(run: Run): Found {
  const elements: Element[] = [];
  const styles: string[] = [];
  const sometimes: string[] = [];
  let isUnclear = false;
  for (const match of run.text.matchAll(MARKUP)) {
    const [, comment, raw, rawAttributes = '', css = '', end, name, attributes = ''] = match;
    if (comment !== undefined) {
      for (const [, , hidden = ''] of comment.matchAll(STYLE)) sometimes.push(hidden);
    } else if (raw?.toLowerCase() === 'style') {
      if (end === '' || css.includes(VARIABLE) || rawAttributes.includes(VARIABLE)) isUnclear = true;
      (ALWAYS.test(rawAttributes) ? styles : sometimes).push(css);
    } else if (name !== undefined) {
      const element = elementOf(run, name, attributes, match.index);
      if (element !== null) elements.push(element);
    }
  }
  return { elements, styles, sometimes, isUnclear };
}

function elementOf(run: Run, name: string, attributes: string, start: number): Element | null {
  const at = start + 1 + name.length;
  const values = new Map<string, { readonly value: string; readonly at: number }>();
  for (const match of attributes.matchAll(ATTRIBUTE)) {
    const [all, attribute = '', value = ''] = match;
    // The variable may be a class.
    if (attribute.includes(VARIABLE)) return null;
    const key = attribute.toLowerCase();
    if (!values.has(key)) values.set(key, { value, at: at + match.index + all.length - value.length });
  }
  const [classes, id] = ['class', 'id'].map((key) => unquoted(values.get(key)?.value ?? ''));
  if (classes === undefined || id === undefined || /[\ufdd0"&<>]/.test(classes + id)) return null;
  const style = values.get('style');
  const quote = style === undefined ? null : (style.value[0] ?? '');
  if (quote !== null && quote !== '"' && quote !== "'") return null;
  const place = placeOf(run, style === undefined ? at : style.at + 1);
  return (
    place && { name: name.toLowerCase(), start, classes, id, quote, style: unquoted(style?.value ?? ''), ...place }
  );
}

function unquoted(value: string): string {
  return /^["']/.test(value) ? value.slice(1, -1) : value;
}

/** The text of the template that an offset in a run falls into, behind at least one character of it. */
function placeOf({ pieces }: Run, at: number): { readonly content: Content; readonly offset: number } | null {
  const piece = pieces.findLast(({ start }) => start < at);
  if (piece === undefined || at > piece.start + piece.content.value.length) return null;
  return { content: piece.content, offset: at - piece.start };
}
