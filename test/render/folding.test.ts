/**
 * Folded templates say what Handlebars itself says of the same trees, octet for octet: of any template that is taken, and
 * any row, the row's problem and its place included.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileTemplates, type Source, TemplateError, type TemplateSet, type Variables } from '#render';
import { outcome } from './compile.ts';
import { unfolded } from './unfolded.ts';

const NAMES = ['name', 'person', 'items', 'label', 'zero', 'nothing', 'odd name', 'likethis', '1'];
const WORDS = ['', ' ', '\n', '  ', '<b>', 'words & more', '\n  text\n', '\n\n', 'a\n b\n', '\\{{', 'é\u2028'];

const path = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(...NAMES.map((name) => (/^\w+$/.test(name) && name !== '1' ? name : `[${name}]`))),
  },
  fc.constantFrom(
    'this',
    'this.name',
    './label',
    'person.name',
    'person.deep.zero',
    'items.length',
    'name.length',
    'items.[0]',
  ),
  fc.constantFrom('../name', '..', '../this', '../../label', '../likethis', '../person.name', '../items'),
  fc.constantFrom('@root.name', '@root.person.name', '@root.zero.name', '@root', '@index', '@key', '@first', '@last'),
  fc.constantFrom('item', 'at', 'item.name', 'item.length', 'item.deep.zero'),
);
const literal = fc.constantFrom('"text"', '"<&>"', '"a\\nb"', '""', '0', '7', 'true', 'false', "'{{'");
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    { weight: 5, arbitrary: path },
    { weight: 2, arbitrary: literal },
    fc
      .tuple(fc.constantFrom('encode', 'default', 'url', 'number', 'plural'), tie('expression'), tie('expression'))
      .map(call),
  ),
}));

function call([helper, first, second]: readonly [string, string, string]): string {
  if (helper === 'default') return `(default ${first} ${second})`;
  return helper === 'plural' ? `(plural ${first} one="# one" other="##")` : `(${helper} ${first})`;
}

const strip = fc.constantFrom('', '', '', '~');
const argument = fc
  .tuple(fc.constantFrom('label', 'name', 'items', '1', 'likethis'), expression)
  .map((pair) => pair.join('='));
const callWords = fc
  .tuple(fc.option(path, { freq: 5, nil: '' }), fc.array(argument, { maxLength: 3 }))
  .map(([context, pairs]) =>
    [context, ...pairs]
      .filter((word) => word !== '')
      .map((word) => ` ${word}`)
      .join(''),
  );

/** Statements that may call the partials and layouts which come behind `index`, as none may reach itself. */
function body(index: number, isLayout: boolean): fc.Arbitrary<string> {
  const later = [0, 1, 2].filter((each) => each > index);
  const { statements } = fc.letrec<{ statements: string; statement: string }>((tie) => {
    const print = fc.tuple(strip, expression, strip).map(([open, what, close]) => {
      const inner = what.startsWith('(')
        ? what.slice(1, -1)
        : /^["'\d]|^(true|false)$/.test(what)
          ? `default nothing ${what}`
          : what;
      return `{{${open}${inner}${close}}}`;
    });
    const block = fc
      .tuple(
        fc.constantFrom('if', 'unless', 'with', 'each', 'each'),
        strip,
        expression,
        fc.boolean(),
        tie('statements'),
        fc.option(tie('statements')),
        strip,
      )
      .map(([name, open, what, isNamed, inner, otherwise, close]) => {
        const names = isNamed && (name === 'each' || name === 'with') ? ' as |item at|' : '';
        const zero = isNamed && name === 'if' ? ' includeZero=true' : '';
        const inverse = otherwise === null ? '' : `{{else}}${otherwise}`;
        return `{{${open}#${name} ${what}${zero}${names}${close}}}${inner}${inverse}{{/${name}${open}}}`;
      });
    const partial = (name: number) =>
      fc
        .tuple(fc.constantFrom('', '  ', '\n  ', '\n\t'), callWords, fc.constantFrom('', '\n'))
        .map(([before, words, behind]) => `${before}{{> p${name}${words}}}${behind}`);
    const layout = (name: number) =>
      fc.tuple(callWords, tie('statements')).map(([words, inner]) => `{{#> l${name}${words}}}${inner}{{/l${name}}}`);
    return {
      statements: fc.array(tie('statement'), { maxLength: 4 }).map((all) => all.join('')),
      statement: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        { weight: 3, arbitrary: fc.constantFrom(...WORDS) },
        { weight: 3, arbitrary: print },
        { weight: 1, arbitrary: fc.constantFrom('{{! note }}', '\n{{!-- alone --}}\n', '{{~! x ~}}') },
        { weight: 3, arbitrary: block },
        ...later.flatMap((each) => [
          { weight: 2, arbitrary: partial(each) },
          { weight: 1, arbitrary: layout(each) },
        ]),
        ...(isLayout
          ? [{ weight: 3, arbitrary: fc.constantFrom('{{> @partial-block}}', '\n  {{> @partial-block}}\n') }]
          : []),
      ),
    };
  });
  return isLayout
    ? fc.tuple(statements, statements).map(([before, behind]) => `${before}{{> @partial-block}}${behind}`)
    : statements;
}

const templates = fc.record({
  root: fc.array(body(-1, false), { minLength: 1, maxLength: 3 }).map((all) => all.join('')),
  partials: fc.tuple(body(0, false), body(1, false), body(2, false)),
  layouts: fc.tuple(body(0, true), body(1, true), body(2, true)),
});

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    {
      weight: 6,
      arbitrary: fc.constantFrom(
        'Ana',
        '<b> & co',
        'two\nlines\n',
        '\n',
        '',
        ' ',
        '\ud800',
        'https://example.com/?a=b',
      ),
    },
    fc.constantFrom(0, 1, -2.5, true, false, null, undefined, Number.NaN),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...NAMES, 'deep'), tie('value'), { maxKeys: 4 }),
  ),
}));
const row: fc.Arbitrary<Variables> = fc.record(
  {
    name: value,
    label: value,
    person: value,
    items: value,
    zero: fc.constantFrom(0, '', 1),
    likethis: value,
    'odd name': value,
    locale: fc.constantFrom('de', 'es-MX'),
  },
  { requiredKeys: ['name', 'label', 'person', 'items'] },
);

/** Where a template finds what it asks for, so that it is rendered to its end. */
const fitting: Variables = {
  name: 'Ana',
  label: '<L> & \n m',
  person: { name: 'Bo', label: 'x', deep: { zero: 0 }, items: ['i'], person: { name: 'Cy' }, likethis: 'q' },
  items: [
    { name: 'one', label: 'first' },
    { name: 'two', items: [1, 2], label: 'l\n' },
  ],
  zero: 0,
  likethis: 'this',
  'odd name': 'odd',
  '1': 'first',
};

type Texts = Parameters<Parameters<typeof templates.map>[0]>[0];

function sourcesOf({ root, partials, layouts }: Texts) {
  const shelf = (kind: string, texts: readonly string[]) =>
    new Map(
      texts.map((text, index): [string, Source] => [`${kind}${index}`, { name: `_${kind}/${kind}${index}.hbs`, text }]),
    );
  return {
    source: { name: 'body.html.hbs', text: root },
    shelves: { partials: shelf('p', partials), layouts: shelf('l', layouts) },
  };
}

/** `null` where a template is refused. */
function compiled(texts: Texts): TemplateSet | null {
  const { source, shelves } = sourcesOf(texts);
  try {
    return compileTemplates({
      subject: { name: 'subject.hbs', text: '-' },
      html: source,
      text: source,
      inlineCss: false,
      ...shelves,
    });
  } catch (error) {
    if (error instanceof TemplateError) return null;
    throw error;
  }
}

describe('a folded template says what Handlebars says', () => {
  test('of any tree and row', () => {
    let rendered = 0;
    fc.assert(
      fc.property(templates, fc.array(row, { minLength: 1, maxLength: 3 }), (texts, rows) => {
        const set = compiled(texts);
        if (set === null) return;
        const { source, shelves } = sourcesOf(texts);
        const [html, text] = [unfolded(source, shelves, true), unfolded(source, shelves, false)];
        for (const each of [fitting, ...rows]) {
          const expected = outcome(() => html(each));
          if (!expected.startsWith('! ')) rendered += 1;
          expect(outcome(() => set.html(each))).toBe(expected);
          expect(outcome(() => set.text(each))).toBe(outcome(() => text(each)));
        }
      }),
      { numRuns: Number(process.env.FOLDING_RUNS ?? 200) },
    );
    expect(rendered).toBeGreaterThan(20);
  });
});
