/**
 * What a style sheet says, as far as it can stand on the elements themselves. A style attribute is stronger than any
 * style sheet, so that a property is inlined only where nothing that stays behind could have set it: not a rule for a
 * narrow screen, a link under the pointer, or an element within another one.
 */

export interface StyleSheet {
  /** The rules that go by an element's name, class and id alone, without what is `!important`: that wins as it is. */
  readonly rules: readonly Rule[];
  /** What other rules may set. */
  readonly contested: readonly Contest[];
}

/** A property that a rule may set on the elements that its last part names. */
export interface Contest {
  /** A simple selector. */
  readonly subject: string;
  /** By shorthand; `*` where nobody knows. */
  readonly family: string;
}

export interface Rule {
  readonly selectors: readonly string[];
  readonly declarations: readonly Declaration[];
}

export interface Declaration {
  readonly name: string;
  readonly value: string;
  readonly isImportant: boolean;
  /** It has variables of CSS, which only a style sheet knows. */
  readonly isComputed: boolean;
}

const NAME = '-?[a-z_][\\w-]*';
const ELEMENT = '(?:\\*|[a-z][a-z0-9]*)?';

/** `p`, `.card`, `td.card#top`, `*` */
const SIMPLE = new RegExp(`^${ELEMENT}(?:[.#]${NAME})*$`, 'i');

const PSEUDO = ':(?:hover|link|visited|active|focus|first-child|last-child|first-of-type|last-of-type|root)';
const ATTRIBUTE = `\\[${NAME}(?:[~|^$*]?="[^"\\\\]*")?\\]`;
const PART = `(?=[*.#:[a-z_])${ELEMENT}(?:[.#]${NAME}|${PSEUDO}|${ATTRIBUTE})*`;

/** A selector that every program knows. One that a program does not know takes the whole rule with it. */
const KNOWN = new RegExp(`^${PART}(?:(?:\\s*[>+~]\\s*|\\s+)${PART})*$`, 'i');

/** They set nothing on any element. */
const HARMLESS = /^@(?:font-face|(?:-\w+-)?keyframes|charset|namespace|page|counter-style)\b/i;

const ANY: Contest = { subject: '*', family: '*' };

/** Properties that set one another, by a name for all of them. */
const FAMILIES: readonly (readonly [family: string, members: RegExp])[] = [
  ['*', /^all$/],
  ['font', /^(?:font|line-height)(?:-|$)/],
  ['size', /^(?:(?:min-|max-)?(?:width|height|inline-size|block-size))$/],
  ['inset', /^(?:inset|top|right|bottom|left)(?:-|$)/],
  ['gap', /^(?:grid-)?(?:row-|column-)?gap$/],
  ['columns', /^columns?(?:-|$)/],
  ['place', /^(?:place|align|justify)-/],
  ['wrap', /^(?:white-space|text-wrap|word-wrap|overflow-wrap|word-break)(?:-|$)/],
  ['text-align', /^text-align(?:-|$)/],
  ['text-decoration', /^text-(?:decoration|underline)(?:-|$)/],
  ['break', /^(?:page-)?break-/],
];
const PREFIXES =
  /^(?:animation|background|border|contain|flex|grid|list-style|margin|mask|outline|overflow|padding|scroll|transition)(?=-|$)/;

/** `-webkit-border-radius` is `border-radius`, and that may be set by `border`. */
export function familyOf(property: string): string {
  const name = property.replace(/^-[a-z]+-/, '');
  return FAMILIES.find(([, members]) => members.test(name))?.[0] ?? PREFIXES.exec(name)?.[0] ?? name;
}

export function readStyleSheet(text: string): StyleSheet {
  const css = withoutComments(text);
  if (!isBalanced(css)) return { rules: [], contested: [ANY] };
  const rules: Rule[] = [];
  const contested: Contest[] = [];
  for (const { prelude, body } of blocksOf(css)) {
    const selectors = prelude.split(',').map((selector) => selector.trim());
    const declarations =
      body !== null && selectors.every((selector) => KNOWN.test(selector)) ? declarationsOf(body) : null;
    if (declarations === null) {
      contested.push(...contestsOf(prelude, body));
      continue;
    }
    const normal = declarations.filter(({ isImportant }) => !isImportant);
    const simple = selectors.filter((selector) => SIMPLE.test(selector));
    const others = selectors.filter((selector) => !simple.includes(selector));
    const stays = normal.filter(({ name, isComputed }) => isComputed || familyOf(name) === '*');
    contested.push(...contestsOver(others, normal), ...contestsOver(simple, stays));
    const goes = normal.filter((declaration) => !stays.includes(declaration));
    if (simple.length > 0) rules.push({ selectors: simple, declarations: goes });
  }
  return { rules, contested };
}

/** Everything that a style sheet could set. */
export function contestsIn({ rules, contested }: StyleSheet): readonly Contest[] {
  return [...contested, ...rules.flatMap(({ selectors, declarations }) => contestsOver(selectors, declarations))];
}

/** What is needed of an element to know which simple selectors match it. */
export interface Matched {
  /** In lower case. */
  readonly name: string;
  readonly classes: string;
  readonly id: string;
}

/**
 * The cascade of rules over one element: of each property what the strongest rule says, and of equal ones the last. The
 * strongest stand last, so that a shorthand and its parts set one another as they do in the style sheet.
 */
export function cascade(rules: readonly Rule[], element: Matched): readonly Declaration[] {
  const strongest = new Map<
    string,
    { readonly strength: number; readonly order: number; readonly said: Declaration[] }
  >();
  for (const [order, { selectors, declarations }] of rules.entries()) {
    const strength = Math.max(...selectors.map((each) => (matches(each, element) ? strengthOf(each) : -1)));
    if (strength < 0) continue;
    for (const [name, said] of Map.groupBy(declarations, (declaration) => declaration.name)) {
      if (strength < (strongest.get(name)?.strength ?? 0)) continue;
      strongest.delete(name);
      strongest.set(name, { strength, order, said });
    }
  }
  return [...strongest.values()]
    .sort((a, b) => a.strength - b.strength || a.order - b.order)
    .flatMap(({ said }) => said);
}

/** Ids count more than any number of classes, and classes more than a name. */
function strengthOf(selector: string): number {
  const [ids, classes] = ['#', '.'].map((sign) => selector.split(sign).length - 1);
  return (ids ?? 0) * 1e6 + (classes ?? 0) * 1e3 + (/^[a-z]/i.test(selector) ? 1 : 0);
}

/** @returns the properties, by their families, that may be set on an element by what is contested */
export function contestedOn(contested: readonly Contest[], element: Matched): (property: string) => boolean {
  const families = new Set(contested.filter(({ subject }) => mayMatch(subject, element)).map(({ family }) => family));
  return (property) => families.has('*') || families.has(familyOf(property));
}

/** Without a document type, programs read classes and ids in any case, and the cascade that is inlined does not. */
export function inOtherCase(rules: readonly Rule[], element: Matched): readonly Contest[] {
  return rules.flatMap(({ selectors, declarations }) => {
    const doubtful = selectors.filter((each) => mayMatch(each, element) && !matches(each, element));
    return contestsOver(doubtful, declarations);
  });
}

function mayMatch(subject: string, { name, classes, id }: Matched): boolean {
  return matches(subject.toLowerCase(), { name, classes: classes.toLowerCase(), id: id.toLowerCase() });
}

function matches(subject: string, { name, classes, id }: Matched): boolean {
  const [type = ''] = /^[^.#]*/.exec(subject) ?? [];
  if (type !== '' && type !== '*' && type.toLowerCase() !== name) return false;
  const own = classes.split(/\s+/);
  return [...subject.matchAll(/([.#])([\w-]+)/g)].every(([, sign, word = '']) =>
    sign === '.' ? own.includes(word) : id.trim() === word,
  );
}

/** Names of what a style attribute declares; null where it cannot be told. */
export function namesIn(style: string): readonly string[] | null {
  return declarationsOf(style)?.map(({ name }) => name) ?? null;
}

/** What is within `@media`, within another rule, or is no CSS. */
function contestsOf(prelude: string, body: string | null): readonly Contest[] {
  if (HARMLESS.test(prelude)) return [];
  if (body === null || /^@layer\b/i.test(prelude)) return [ANY];
  if (prelude.startsWith('@') && body.includes('{')) {
    return blocksOf(body).flatMap((block) => contestsOf(block.prelude, block.body));
  }
  if (prelude.startsWith('@') || body.includes('{')) return [ANY];
  const selectors = prelude.split(',');
  const declarations = declarationsOf(body);
  if (declarations !== null) return contestsOver(selectors, declarations);
  return selectors.map((selector) => ({ subject: subjectOf(selector), family: '*' }));
}

function contestsOver(selectors: readonly string[], declarations: readonly Declaration[]): Contest[] {
  const normal = declarations.filter(({ isImportant }) => !isImportant);
  return selectors.flatMap((selector) => {
    const subject = subjectOf(selector);
    return normal.map(({ name }) => ({ subject, family: familyOf(name) }));
  });
}

/** What a selector says of the element itself, as far as it is simple: `.a:hover > td.b[lang]` is for some `td.b`. */
function subjectOf(selector: string): string {
  const bare = selector.replace(/\[[^\]]*\]|\([^()]*\)/g, '').replace(/::?[a-z-]+/gi, '');
  const last = /[^\s>+~]*$/.exec(bare.trimEnd())?.[0] ?? '';
  return last !== '' && SIMPLE.test(last) && !/[[\]()]/.test(bare) ? last : '*';
}

function withoutComments(css: string): string {
  return css.replace(/\/\*[\s\S]*?(?:\*\/|$)/g, ' ').replace(/<!--|-->/g, ' ');
}

/** `prelude { body }`, and what is left over as a prelude without a body. */
function blocksOf(css: string): { readonly prelude: string; readonly body: string | null }[] {
  const blocks: { prelude: string; body: string | null }[] = [];
  let from = 0;
  let depth = 0;
  let open = -1;
  for (const { index, sign } of signsOf(css)) {
    if (sign === '{') {
      if (depth === 0) open = index;
      depth += 1;
    } else if (sign === '}' && depth > 0) {
      depth -= 1;
      if (depth > 0) continue;
      blocks.push({ prelude: css.slice(from, open).trim(), body: css.slice(open + 1, index) });
      from = index + 1;
    } else if (sign === ';' && depth === 0) {
      blocks.push({ prelude: css.slice(from, index).trim(), body: null });
      from = index + 1;
    }
  }
  const rest = css.slice(from).trim();
  return rest === '' ? blocks : [...blocks, { prelude: rest, body: null }];
}

/** Null for what is no list of plain declarations: it is kept away from. */
function declarationsOf(body: string): Declaration[] | null {
  if (!isBalanced(body)) return null;
  const declarations: Declaration[] = [];
  let from = 0;
  const ends = [...signsOf(body).filter(({ sign }) => sign === ';'), { index: body.length, sign: ';' }];
  for (const { index } of ends) {
    const text = body.slice(from, index).trim();
    from = index + 1;
    if (text === '' || text.startsWith('--')) continue;
    const [, name, value, important] = /^(-?[a-z][a-z-]*)\s*:\s*([\s\S]+?)\s*(!\s*important)?$/i.exec(text) ?? [];
    if (name === undefined || value === undefined || /[{}!\\\ufdd0]/.test(value)) return null;
    const isComputed = /var\(/i.test(value);
    declarations.push({ name: name.toLowerCase(), value, isImportant: important !== undefined, isComputed });
  }
  return declarations;
}

/** Whether quotes and parentheses are closed, and nothing is written by its number. */
function isBalanced(css: string): boolean {
  let rest = css.replace(QUOTED, '');
  for (let length = -1; length !== rest.length; ) {
    length = rest.length;
    rest = rest.replace(/\([^()]*\)|\[[^[\]]*\]/g, '');
  }
  return !/["'()[\]\\]/.test(rest);
}

const QUOTED = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/g;

/** Braces and semicolons that are not within quotes or parentheses. */
function signsOf(css: string): { readonly index: number; readonly sign: string }[] {
  const signs: { index: number; sign: string }[] = [];
  for (const match of css.matchAll(/"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|\([^()]*\)|[{};]/g)) {
    if (match[0].length === 1) signs.push({ index: match.index, sign: match[0] });
  }
  return signs;
}
