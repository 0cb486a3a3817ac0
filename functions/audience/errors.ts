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
    field === null ? null : `field ${JSON.stringify(field)}`,
  ].filter((part) => part !== null);
  return [JSON.stringify(file), ...parts].join(', ');
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
