/** The example at the head of the room. */
import { expect, test } from 'vitest';
import { compileTemplates, TemplateError } from '#render';

test('a campaign’s templates are compiled once and rendered for each row', () => {
  const templates = compileTemplates({
    subject: { name: 'hello/subject.hbs', text: 'Hello {{default name "friend"}}' },
    text: { name: 'hello/body.txt.hbs', text: 'Your code is {{code}}.' },
    partials: new Map(),
    layouts: new Map(),
  });
  expect(templates.subject({ code: '4711' })).toBe('Hello friend');
  expect(() => templates.text({ name: 'Ann' })).toThrow(
    'Cannot render hello/body.txt.hbs:1: variable "code" is missing, a value or a default is wanted',
  );
  expect(templates.required).toEqual([{ template: 'hello/body.txt.hbs', line: 1, variable: 'code', path: ['code'] }]);
});

test('a template that cannot be compiled says where and what to change', () => {
  const subject = { name: 'hello/subject.hbs', text: 'Hello {{upper name}}' };
  const error = new TemplateError(
    { template: 'hello/subject.hbs', line: 1, column: 7 },
    'found the unknown helper "upper", one of default, url, encode, date, number, money, plural is wanted',
  );
  expect(() => compileTemplates({ subject, partials: new Map(), layouts: new Map() })).toThrow(error);
  expect(error.message).toBe(
    'Cannot compile hello/subject.hbs:1:7: found the unknown helper "upper", one of default, url, encode, date, number, money, plural is wanted',
  );
});
