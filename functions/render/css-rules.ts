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

interface Declaration {
  readonly name: string;
  readonly value: string;
  readonly isImportant: boolean;
  /** It has variables of CSS, which only a style sheet knows. */
  readonly isComputed: boolean;
}

/** `p`, `.card`, `td.card#top`, `*` */
const SIMPLE = /^(?:\*|[a-z][a-z0-9]*)?(?:[.#][a-z_-][\w-]*)*$/i;

/** They set nothing on any element. */
const HARMLESS = /^@(?:font-face|(?:-\w+-)?keyframes|charset|namespace|page|counter-style)\b/i;

/** Properties that set one another. */
const SHORTHANDS =
  'animation background border column flex font grid inset list-style margin mask outline overflow padding place text-decoration transition'.split(
    ' ',
  );

export function familyOf(name: string): string {
  if (name === 'line-height') return 'font';
  return SHORTHANDS.find((shorthand) => name === shorthand || name.startsWith(`${shorthand}-`)) ?? name;
}

export function readStyleSheet(css: string): StyleSheet {
  const rules: Rule[] = [];
  const contested: Contest[] = [];
  for (const { prelude, body } of blocksOf(withoutComments(css))) {
    if (HARMLESS.test(prelude)) continue;
    const isPlain = !prelude.startsWith('@') && body !== null && !body.includes('{');
    const declarations = isPlain ? declarationsOf(body) : null;
    if (declarations === null) {
      contested.push(...contestsOf(prelude, body));
      continue;
    }
    const normal = declarations.filter(({ isImportant }) => !isImportant);
    const selectors = prelude.split(',').map((selector) => selector.trim());
    const simple = selectors.filter((selector) => selector !== '' && SIMPLE.test(selector));
    const others = selectors.filter((selector) => !simple.includes(selector));
    const computed = normal.filter(({ isComputed }) => isComputed);
    contested.push(...contestsOver(others, normal), ...contestsOver(simple, computed));
    if (simple.length > 0)
      rules.push({ selectors: simple, declarations: normal.filter(({ isComputed }) => !isComputed) });
  }
  return { rules, contested };
}

/** Rules as a style sheet again. */
export function written(rules: readonly Rule[]): string {
  return rules
    .filter(({ declarations }) => declarations.length > 0)
    .map(({ selectors, declarations }) => {
      const lines = declarations.map(({ name, value }) => `${name}: ${value};`);
      return `${selectors.join(', ')} { ${lines.join(' ')} }`;
    })
    .join('\n');
}

/** Everything that a style sheet could set. */
export function contestsIn({ rules, contested }: StyleSheet): readonly Contest[] {
  return [...contested, ...rules.flatMap(({ selectors, declarations }) => contestsOver(selectors, declarations))];
}

export function contests(
  { subject, family }: Contest,
  name: string,
  element: { readonly name: string; readonly classes: string; readonly id: string },
): boolean {
  return (family === '*' || family === familyOf(name)) && mayMatch(subject, element);
}

function mayMatch(
  subject: string,
  { name, classes, id }: { readonly name: string; readonly classes: string; readonly id: string },
): boolean {
  const [type = ''] = /^[^.#]*/.exec(subject) ?? [];
  if (type !== '' && type !== '*' && type.toLowerCase() !== name) return false;
  // Some programs read class and id in any case.
  const own = classes.toLowerCase().split(/\s+/);
  return [...subject.toLowerCase().matchAll(/([.#])([\w-]+)/g)].every(([, sign, word = '']) =>
    sign === '.' ? own.includes(word) : id.toLowerCase() === word,
  );
}

/** Names of what a style attribute declares; null where it cannot be told. */
export function namesIn(style: string): readonly string[] | null {
  return declarationsOf(style)?.map(({ name }) => name) ?? null;
}

/** What is within `@media`, within another rule, or is no CSS. */
function contestsOf(prelude: string, body: string | null): readonly Contest[] {
  if (body === null || /^@(?:import|layer)\b/i.test(prelude)) return [{ subject: '*', family: '*' }];
  if (HARMLESS.test(prelude)) return [];
  if (prelude.startsWith('@') && body.includes('{')) {
    return blocksOf(body).flatMap((block) => contestsOf(block.prelude, block.body));
  }
  if (body.includes('{')) return [{ subject: '*', family: '*' }];
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

/** Braces and semicolons that are not within quotes or parentheses. */
function signsOf(css: string): { readonly index: number; readonly sign: string }[] {
  const signs: { index: number; sign: string }[] = [];
  for (const match of css.matchAll(/"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|\([^()]*\)|[{};]/g)) {
    if (match[0].length === 1) signs.push({ index: match.index, sign: match[0] });
  }
  return signs;
}
