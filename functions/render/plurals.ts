/**
 * Words that follow a number: `{{plural count one="# bottle" other="# bottles"}}`.
 *
 * `#` is the number, `##` a `#`. Which forms there are is the language's own (CLDR's cardinals, by Intl.PluralRules), and the
 * language is that of the text, not of its reader: the mark of its file, else English, else what `language="pl"` says. All its
 * forms are wanted, so that no row finds one missing. `zero` may always be given: it is what stands for 0 itself.
 */
import { decimal, formatNumber, formatted, Misfit, quoted } from './formats.ts';
import { languageTag } from './languages.ts';
import type { Variables } from './values.ts';

const FORMS: readonly string[] = ['zero', 'one', 'two', 'few', 'many', 'other'];

/** What a template says; handed to `formatPlural` as JSON. */
interface Written {
  readonly language: string;
  readonly forms: Readonly<Record<string, string>>;
}

/** @param named arguments as written @param language of the file they are in @returns one argument in their place */
export function writtenPlural(named: ReadonlyMap<string, string>, language: string): string | Misfit {
  const { language: said = language, ...forms } = Object.fromEntries(named);
  const tag = languageTag(said);
  if (tag === null || Intl.PluralRules.supportedLocalesOf(tag).length === 0)
    return new Misfit(`found the language ${quoted(said)}, one whose forms are known is wanted`);
  const unknown = Object.keys(forms).find((form) => !FORMS.includes(form));
  if (unknown !== undefined)
    return new Misfit(`found ${quoted(unknown)}, language or one of ${FORMS.join(', ')} is wanted`);
  const own = new Intl.PluralRules(tag).resolvedOptions().pluralCategories;
  const lacking = own.find((form) => forms[form] === undefined && !isRare(form, own));
  if (lacking !== undefined) return new Misfit(`found no form "${lacking}", which "${tag}" has, all are wanted`);
  const strange = Object.keys(forms).find((form) => form !== 'zero' && !own.some((each) => each === form));
  if (strange !== undefined)
    return new Misfit(`found the form "${strange}", which "${tag}" has not, another language="…" is wanted`);
  return JSON.stringify({ language: tag, forms } satisfies Written);
}

/** In French, Spanish and their like `many` is for whole millions alone, and `other` does as well. */
function isRare(form: string, own: readonly string[]): boolean {
  return form === 'many' && !own.includes('few');
}

/** @param written what `writtenPlural` has returned */
export function formatPlural(value: unknown, written: unknown, row: Variables): string | Misfit {
  const number = decimal(value);
  if (number instanceof Misfit) return number;
  const { language, forms }: Written = JSON.parse(String(written));
  const locale = { locale: regionOf(row.locale, language) };
  const form = formatted(
    locale,
    'plural',
    (tag) => new Intl.PluralRules(tag),
    (rules) => rules.select(number),
  );
  const shown = formatNumber(number, locale);
  if (form instanceof Misfit) return form;
  if (shown instanceof Misfit) return shown;
  const text = (number === 0 ? forms.zero : undefined) ?? forms[form] ?? forms.other ?? '';
  return text.replace(/##?/g, (mark) => (mark === '#' ? shown : '#'));
}

/** A text in Portuguese has the forms of Portugal for those who read it there. */
function regionOf(locale: unknown, language: string): string {
  const tag = typeof locale === 'string' ? languageTag(locale) : null;
  return tag?.startsWith(`${language}-`) === true ? tag : language;
}
