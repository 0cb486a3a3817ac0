/** Where a variable that is missing is used, in the files that a row reads. */
import { expect, test } from 'vitest';
import { compileTemplates } from '#render';

const at = (name: string, text: string) => ({ name, text });
const set = compileTemplates({
  subject: { ...at('subject.hbs', 'Hello'), languages: new Map([['es', at('subject.es.hbs', 'Hola {{name}}')]]) },
  text: {
    ...at('body.txt.hbs', '\n{{name}} {{city}}'),
    languages: new Map([['es', at('body.es.txt.hbs', '\n\n{{name}} {{street}}')]]),
  },
  partials: new Map(),
  layouts: new Map(),
});
const places = (locale: string) =>
  set.requiredFor({ locale }).map(({ template, line, variable }) => `${template}:${line} ${variable}`);

test('a row reads its own language', () => {
  expect(places('es-MX')).toEqual(['subject.es.hbs:1 name', 'body.es.txt.hbs:3 street']);
  expect(places('fr')).toEqual(['body.txt.hbs:2 name', 'body.txt.hbs:2 city']);
});

test('and brings what is used in any of them', () => {
  expect(set.required.map(({ variable }) => variable).sort()).toEqual(['city', 'name', 'street']);
});
