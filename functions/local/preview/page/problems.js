/** What is wrong: the list beside a mail, and what stands in its place where there is none. */
import { counted, element } from './elements.js';

export function problemsTitle(problems) {
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.length - errors;
  const counts = [errors > 0 && counted(errors, 'error'), warnings > 0 && counted(warnings, 'warning')];
  return counts.filter(Boolean).join(', ') || 'Nothing to change';
}

/** @returns items of a list; the lines of a template open on demand */
export function problemItems(problems) {
  if (problems.length === 0)
    return [element('li', { class: 'in-order', text: 'Subject, links, images, sizes and addresses are in order.' })];
  return problems.map((problem) =>
    element(
      'li',
      { class: `problem ${problem.severity}` },
      ...told(problem),
      shut(problem.excerpt && excerpt(problem)),
    ),
  );
}

/** In place of the mail: each problem with the lines of its template. */
export function unmadeMail(problems) {
  return [
    element('h2', { text: 'This mail cannot be made' }),
    element('p', {
      class: 'hint',
      text: `${problemsTitle(problems)}. The mail is here as soon as that is mended and saved.`,
    }),
    ...problems.map((problem) =>
      element('div', { class: `card ${problem.severity}` }, ...told(problem), excerpt(problem)),
    ),
  ];
}

function told({ severity, field, problem, change, ...place }) {
  const where = placeOf(place);
  return [
    element(
      'p',
      { class: 'what' },
      element('span', { class: `mark ${severity}`, text: severity }),
      field ? element('code', { text: field }) : null,
      document.createTextNode(field ? `: ${problem}` : problem),
    ),
    change ? element('p', { class: 'change', text: change[0].toUpperCase() + change.slice(1) }) : null,
    where ? element('p', { class: 'place', text: where }) : null,
  ].filter((node) => node !== null);
}

function placeOf({ file, line, column, row }) {
  const inFile = [file, line, line ? column : null].filter(Boolean).join(':');
  return [inFile, row ? `row ${row}` : null].filter(Boolean).join(' · ');
}

function shut(lines) {
  return lines ? element('details', {}, element('summary', { text: 'Show the lines' }), lines) : null;
}

function excerpt({ excerpt: found, line, column }) {
  if (!found) return null;
  const lines = found.lines.map((text, place) => {
    const number = found.from + place;
    const isIt = number === line;
    return element(
      'div',
      { class: isIt ? 'line it' : 'line' },
      element('span', { class: 'number', text: number }),
      ...(isIt && column ? pointed(text, column) : [element('span', { text: text || ' ' })]),
    );
  });
  return element('pre', { class: 'excerpt' }, ...lines);
}

/** The line with what stands at the column marked; a column behind its end marks the end. */
function pointed(text, column) {
  const padded = text.length < column ? text.padEnd(column) : text;
  const [before, it, after] = [padded.slice(0, column - 1), padded.slice(column - 1, column), padded.slice(column)];
  return [
    element('span', {}, document.createTextNode(before), element('mark', { text: it }), document.createTextNode(after)),
  ];
}
