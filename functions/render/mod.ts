/**
 * Rendering: from a campaign's templates and one row's variables to subject, HTML, text and names.
 *
 * 1. `parse.ts` takes sources, strings only, to Handlebars' syntax tree (`syntax.ts`).
 * 2. `library.ts` finds the partials and layouts that they call.
 * 3. `rewrite.ts` and `expressions.ts` check what a template says and make each variable strict: what the row lacks, or
 *    has as null or empty text, is that row's RenderError (`strict.ts`), unless the template gives a default
 *    (`helpers.ts`) or asks for it by `if`, `unless` or `with`.
 *    Dates, numbers and money are written by the row's locale and time zone (`formats.ts`), words that follow a number in
 *    the forms of the text's language (`plurals.ts`).
 * 4. `lint.ts` follows HTML to where each variable stands (`lint-html.ts`, `lint-reader.ts`), and refuses it where escaping
 *    does not do (`lint-rules.ts`); addresses that a row brings whole pass `addresses.ts`.
 *    `inline-css.ts` puts style sheets (`css-rules.ts`) on elements (`css-elements.ts`).
 *    `compiler.ts` makes functions of the rewritten trees, once per campaign: `fold.ts` puts partials and layouts in where they
 *    are called, so that what is the same for every row is one text (`writing.ts`), and finds the rest by `evaluation.ts` and
 *    `contexts.ts` while a row is rendered (`rendering.ts`). `required.ts` lists what every row must bring.
 * 5. `template-set.ts` renders rows, whose variables pass `values.ts` first, each in the language of its reader
 *    (`languages.ts`). Where no text is written, it is made of the HTML (`made-text.ts`, `plain-text.ts`).
 *
 *     const templates = compileTemplates({
 *       subject: { name: 'hello/subject.hbs', text: 'Hello {{default name "friend"}}' },
 *       text: { name: 'hello/body.txt.hbs', text: 'Your code is {{code}}.' },
 *       partials: new Map(),
 *       layouts: new Map(),
 *     });
 *     templates.subject({ code: '4711' }); // 'Hello friend'
 *     templates.text({ name: 'Ann' }); // throws RenderError: variable "code" is missing
 *     templates.required; // [{ template: 'hello/body.txt.hbs', line: 1, variable: 'code', path: ['code'] }]
 *
 * This room alone knows Handlebars, and knows nothing of mail.
 */
export { type Place, RenderError, TemplateError, type Use } from './errors.ts';
export { fallbackTags, languageTag } from './languages.ts';
export { loadPlainText } from './made-text.ts';
export type { Source } from './parse.ts';
export { type Requirement, unmet } from './required.ts';
export { compileTemplates, type LanguageSource, type TemplateSet, type TemplateSources } from './template-set.ts';
export type { Variables } from './values.ts';
