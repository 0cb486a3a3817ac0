/** The first row of a CSV file: its columns, each with a name of its own, `email` among them. */
import { AudienceError, quoted } from './errors.ts';
import { EMAIL, emailByAnotherName, FORBIDDEN_COLUMNS, MAX_COLUMNS } from './row.ts';

export class Header {
  readonly columns: readonly string[];
  readonly emailIndex: number;

  /** @throws AudienceError */
  constructor(file: string, line: number, columns: readonly string[]) {
    const refuse = (field: string | null, problem: string): never => {
      throw new AudienceError({ file, row: null, line, field, problem });
    };
    if (columns.length > MAX_COLUMNS)
      refuse(null, `found ${columns.length} columns, ${MAX_COLUMNS} at most are wanted`);
    const separator = otherSeparator(columns);
    if (separator !== null) refuse(null, separator);
    const seen = new Set<string>();
    for (const [index, name] of columns.entries()) {
      if (name === '') refuse(null, `found no name for column ${index + 1}, each column's name is wanted`);
      if (FORBIDDEN_COLUMNS.has(name)) refuse(name, 'found a name that cannot be a column, another is wanted');
      if (seen.has(name)) refuse(name, 'found the column twice, different names are wanted');
      seen.add(name);
    }
    if (!seen.has(EMAIL)) refuse(EMAIL, withoutEmail(columns));
    this.columns = columns;
    this.emailIndex = columns.indexOf(EMAIL);
  }
}

/** What spreadsheets of half the world write as CSV, and the line by which Excel tells itself so; `null` for neither. */
function otherSeparator(columns: readonly string[]): string | null {
  const [first = '', second = ''] = columns;
  if (columns.length > 2 || second !== '') return null;
  if (/^sep=.?$/i.test(first)) {
    const separator = first.slice('sep='.length);
    return separator === ''
      ? 'found the line "sep=," of Excel, the row of column names is wanted first'
      : `the columns seem to be separated by ${named(separator)}, commas are wanted, and no line ${quoted(first)}`;
  }
  const separator = columns.length === 1 ? [';', '\t'].find((each) => first.includes(each)) : undefined;
  return separator === undefined ? null : `the columns seem to be separated by ${named(separator)}, commas are wanted`;
}

function named(separator: string): string {
  return separator === '\t' ? 'tabs' : quoted(separator);
}

function withoutEmail(columns: readonly string[]): string {
  const near = emailByAnotherName(columns);
  return near === null
    ? `found the columns ${listed(columns)}, a column "${EMAIL}" is wanted`
    : `found the column ${quoted(near)}, it is called "${EMAIL}" here`;
}

function listed(columns: readonly string[]): string {
  const shown = columns.slice(0, 20).map((name) => quoted(name.slice(0, 40)));
  return shown.join(', ') + (columns.length > shown.length ? ', …' : '');
}
