/** The first row of a CSV file: its columns, each with a name of its own, `email` among them. */
import { AudienceError } from './errors.ts';
import { EMAIL, FORBIDDEN_COLUMNS, MAX_COLUMNS } from './row.ts';

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
    const seen = new Set<string>();
    for (const [index, name] of columns.entries()) {
      if (name === '') refuse(null, `found no name for column ${index + 1}, each column's name is wanted`);
      if (FORBIDDEN_COLUMNS.has(name)) refuse(name, 'found a name that cannot be a column, another is wanted');
      if (seen.has(name)) refuse(name, 'found the column twice, different names are wanted');
      seen.add(name);
    }
    if (!seen.has(EMAIL)) refuse(EMAIL, `found the columns ${listed(columns)}, a column "${EMAIL}" is wanted`);
    this.columns = columns;
    this.emailIndex = columns.indexOf(EMAIL);
  }
}

function listed(columns: readonly string[]): string {
  const shown = columns.slice(0, 20).map((name) => JSON.stringify(name.slice(0, 40)));
  return shown.join(', ') + (columns.length > shown.length ? ', …' : '');
}
