/** The rules of the lint (lint.ts), each with the name by which a file can lift it. */
import { TemplateError } from './errors.ts';
import { holdsAddress, isOpen, isText, type Spot, schemeOf } from './lint-html.ts';
import type { Sheet } from './parse.ts';
import { placeOf, statementsOf } from './syntax.ts';

const RULES = ['raw', 'unquoted', 'url', 'style', 'script', 'comment'] as const;

/** `raw` is `{{{…}}}`; the others are named by where a variable stands. */
export type Rule = (typeof RULES)[number];

export type Allowed = ReadonlySet<Rule>;

/** What an author can write to have it nevertheless. */
export function liftedBy(rule: Rule): string {
  return `{{!-- allow: ${rule} --}} in this file`;
}

/** Schemes that run what follows. */
export const SCRIPTS: ReadonlySet<string> = new Set(['javascript', 'vbscript', 'livescript', 'mocha']);

/** Addresses and widths, set apart by commas and white space, which neither `{{url …}}` nor `{{encode …}}` writes behind one. */
const ADDRESS_LISTS: ReadonlySet<string> = new Set(['srcset', 'imagesrcset']);

/**
 * What the comments of a file lift: `{{!-- allow: raw, style --}}`. It is lifted in that file alone, wherever it is used.
 * @throws TemplateError for a rule that is not there
 */
export function allowedIn({ source, program }: Sheet): Allowed {
  const allowed = new Set<Rule>();
  for (const statement of statementsOf(program)) {
    if (statement.type !== 'CommentStatement') continue;
    const names = /^\s*allow:(.*)$/is.exec((statement as hbs.AST.CommentStatement).value)?.[1];
    for (const name of names?.split(',').map((each) => each.trim()) ?? []) {
      const rule = RULES.find((known) => known === name);
      if (rule === undefined) {
        const problem = `found allow: ${JSON.stringify(name)}, one of ${RULES.join(', ')} is wanted`;
        throw new TemplateError(placeOf(source.name, statement), problem);
      }
      allowed.add(rule);
    }
  }
  return allowed;
}

/**
 * What is wrong with a variable at a spot; null where nothing is.
 * @param helper the helper that writes it, or the variable's own name
 */
export function complaintAbout(spot: Spot, helper: string | null, allowed: Allowed): string | null {
  if (isText(spot)) return null;
  const { where, tag, attribute } = spot;
  const unless = (rule: Rule, problem: string): string | null =>
    allowed.has(rule) ? null : `${problem} (or ${liftedBy(rule)})`;
  switch (where) {
    case 'value':
      return valueComplaint(spot, helper, unless);
    case 'before-value':
      return unless('unquoted', `found a variable as ${attribute}= without quotes, quotes are wanted around it`);
    case 'raw':
      return unless(
        tag === 'style' ? 'style' : 'script',
        `found a variable in <${tag}>, which is read as no text, another place is wanted`,
      );
    case 'lost':
      return 'found a variable where mail programs do not agree what it stands in, a plainer template is wanted';
    case 'comment':
    case 'condition':
    case 'declaration':
    case 'bogus':
      return unless('comment', 'found a variable in a comment, another place is wanted');
    default:
      return unless('unquoted', 'found a variable in a tag, a quoted attribute value is wanted around it');
  }
}

function valueComplaint(
  spot: Spot,
  helper: string | null,
  unless: (rule: Rule, problem: string) => string | null,
): string | null {
  const { attribute, quote, head } = spot;
  if (quote === '') return unless('unquoted', `found a variable in ${attribute}= without quotes, quotes are wanted`);
  if (attribute.startsWith('on') || attribute === 'srcdoc') {
    return unless('script', `found a variable in ${attribute}, which is read as no text, another place is wanted`);
  }
  if (attribute === 'style') {
    const problem = 'found a variable in style=, where it could load pictures, cover others or end its declaration';
    return unless('style', `${problem}, a class by condition is wanted`);
  }
  if (ADDRESS_LISTS.has(attribute) && helper !== 'url' && helper !== 'encode') {
    return unless('url', `found a variable in ${attribute}, where a comma begins another address, {{url …}} is wanted`);
  }
  if (!holdsAddress(spot)) return null;
  const scheme = schemeOf(head);
  if (isOpen(head)) {
    if (helper === 'url' && head === '') return null;
    return unless('url', `found a variable at the beginning of ${attribute}, {{url …}} is wanted`);
  }
  if (scheme !== null && (SCRIPTS.has(scheme) || scheme === 'data')) {
    return unless('url', `found a variable in a "${scheme}:" address, one that runs no script is wanted`);
  }
  return helper === 'url' ? unless('url', 'found {{url …}} within an address, {{encode …}} is wanted') : null;
}
