/**
 * One text in several languages: which of them a row reads, by its `locale`.
 *
 * The longest tag that the locale begins with is taken (pt-BR, then pt: RFC 4647 §3.4, Lookup), of either case, and what is
 * unmarked where there is none: for other languages, for a locale that is no tag, and for rows without one.
 */
import type { Variables } from './values.ts';

/** What is written for everybody else, and by language tag, as `languageTag` writes it, for those who read that. */
export interface InLanguages<Text> {
  readonly unmarked: Text;
  readonly marked: ReadonlyMap<string, Text>;
}

/** Languages of three letters at the most are known by code (ISO 639); longer subtags are for what has none. */
const TAG = /^[a-z]{2,3}(-[a-z0-9]{1,8})*$/i;

/** Locales of one audience: a few hundred, and any number of slips. */
const MAX_KNOWN = 1_000;

/** @returns a tag as RFC 5646 §4.5 has it, `pt-br` as `pt-BR`, `iw` as `he`; `null` for what is none */
export function languageTag(text: string): string | null {
  if (!TAG.test(text)) return null;
  try {
    return Intl.getCanonicalLocales(text)[0] ?? null;
  } catch {
    return null;
  }
}

/** The tag, and what is taken where there is nothing in it: pt-BR, pt. */
export function fallbackTags(tag: string): readonly string[] {
  const subtags = tag.split('-');
  const tags: string[] = [];
  while (subtags.length > 0) {
    tags.push(subtags.join('-'));
    subtags.pop();
    // What is left behind a single letter would stand without its meaning.
    while (subtags.at(-1)?.length === 1) subtags.pop();
  }
  return tags;
}

/** @returns what a row reads; each locale is looked up once */
export function readerOf<Text>({ unmarked, marked }: InLanguages<Text>): (row: Variables) => Text {
  if (marked.size === 0) return () => unmarked;
  const known = new Map<string, Text>();
  return (row) => {
    const locale = Object.hasOwn(row, 'locale') ? row.locale : undefined;
    if (typeof locale !== 'string') return unmarked;
    const before = known.get(locale);
    if (before !== undefined) return before;
    const found = lookedUp(locale, marked) ?? unmarked;
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(locale, found);
    return found;
  };
}

function lookedUp<Text>(locale: string, marked: ReadonlyMap<string, Text>): Text | undefined {
  const tag = languageTag(locale);
  const found = tag === null ? undefined : fallbackTags(tag).find((each) => marked.has(each));
  return found === undefined ? undefined : marked.get(found);
}
