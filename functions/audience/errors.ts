/** What ends an audience: the file cannot be read any further, so that the whole campaign is held. */

export interface AudienceProblem {
  readonly file: string;
  /** The row that was being read, 1 for the first after the header; null before the first row. */
  readonly row: number | null;
  /** The line of the file, 1 for the first; null where the file as a whole is meant. */
  readonly line: number | null;
  readonly field: string | null;
  readonly problem: string;
}

export class AudienceError extends Error implements AudienceProblem {
  readonly code = 'ERR_AUDIENCE';
  readonly file: string;
  readonly row: number | null;
  readonly line: number | null;
  readonly field: string | null;
  readonly problem: string;
  constructor(found: AudienceProblem, options?: ErrorOptions) {
    super(`Cannot read audience ${where(found)}: ${found.problem}`, options);
    this.name = 'AudienceError';
    this.file = found.file;
    this.row = found.row;
    this.line = found.line;
    this.field = found.field;
    this.problem = found.problem;
  }
}

function where({ file, row, line, field }: AudienceProblem): string {
  const parts = [
    line === null ? null : `line ${line}`,
    row === null ? null : `row ${row}`,
    field === null ? null : `field ${quoted(field)}`,
  ].filter((part) => part !== null);
  return [quoted(file), ...parts].join(', ');
}

/** A file's octets are not what its name or its first octets promise; the reader adds row and line. */
export class OctetProblem extends Error {
  readonly problem: string;
  constructor(problem: string, options?: ErrorOptions) {
    super(problem, options);
    this.name = 'OctetProblem';
    this.problem = problem;
  }
}

/** As JSON has it, and what JSON leaves as it is though a terminal obeys it: DEL, C1, line and paragraph separators. */
export function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
