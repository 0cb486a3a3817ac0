/** JSON Lines: one object per line, its keys the columns. */
import { AudienceError, quoted } from './errors.ts';
import { namesIn, namesOf, nameTwice } from './json-names.ts';
import {
  type AudienceEntry,
  EMAIL,
  emailByAnotherName,
  excessOctets,
  type Fields,
  FORBIDDEN_COLUMNS,
  MAX_COLUMNS,
  MAX_FIELD_OCTETS,
  MAX_ROW_OCTETS,
  type RowReader,
} from './row.ts';

const LINE_FEED = 0x0a;

/** Objects and lists within each other in one row. */
const MAX_DEPTH = 16;

export class JsonLinesReader implements RowReader {
  readonly #file: string;
  #entries: AudienceEntry[] = [];
  #rest: Buffer[] = [];
  #restOctets = 0;
  #rows = 0;
  #lines = 0;

  constructor(file: string) {
    this.#file = file;
  }

  get row(): number {
    return this.#rows + 1;
  }

  get line(): number {
    return this.#lines + 1;
  }

  take(): readonly AudienceEntry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  push(octets: Buffer): Promise<void> {
    let start = 0;
    for (let end = octets.indexOf(LINE_FEED); end !== -1; end = octets.indexOf(LINE_FEED, start)) {
      this.#keep(octets.subarray(start, end));
      this.#lineEnd();
      start = end + 1;
    }
    this.#keep(octets.subarray(start));
    return Promise.resolve();
  }

  end(): Promise<void> {
    this.#lineEnd();
    if (this.#rows > 0) return Promise.resolve();
    const problem = 'found no rows, at least one is wanted';
    throw new AudienceError({ file: this.#file, row: null, line: null, field: null, problem });
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }

  #keep(octets: Buffer): void {
    this.#rest.push(octets);
    this.#restOctets += octets.length;
    if (this.#restOctets <= MAX_ROW_OCTETS) return;
    const problem = `found a row of more than ${MAX_ROW_OCTETS} octets, a shorter one is wanted`;
    throw new AudienceError({ file: this.#file, row: this.row, line: this.line, field: null, problem });
  }

  #lineEnd(): void {
    const [only] = this.#rest;
    const text = (this.#rest.length === 1 && only ? only : Buffer.concat(this.#rest)).toString('utf8');
    this.#rest = [];
    this.#restOctets = 0;
    this.#lines += 1;
    if (/^[ \t\r]*$/.test(text)) return;
    this.#rows += 1;
    this.#entries.push(entryOf(text, this.#rows, this.#lines));
  }
}

function entryOf(text: string, row: number, line: number): AudienceEntry {
  const parsed = parsedObject(text);
  if (typeof parsed === 'string') {
    return { row, line, fields: Object.create(null), field: null, problem: parsed, email: null };
  }
  const fields: Fields = Object.assign(Object.create(null), parsed);
  const problem = problemOf(fields) ?? doubledName(text, parsed);
  if (problem === null) return { row, line, fields };
  const email = fields[EMAIL];
  return { row, line, fields, ...problem, email: typeof email === 'string' ? email : null };
}

function doubledName(text: string, parsed: Record<string, unknown>): { field: string; problem: string } | null {
  if (namesIn(text) === namesOf(parsed)) return null;
  const field = nameTwice(text);
  return field === null ? null : { field, problem: 'is there twice, each name once is wanted' };
}

/** The object, or what is wrong with the line. */
function parsedObject(text: string): Record<string, unknown> | string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
    return 'is no JSON object, {"email": …} is wanted';
  } catch {
    return 'is no JSON, one object on one line is wanted';
  }
}

function problemOf(fields: Fields): { field: string | null; problem: string } | null {
  const names = Object.keys(fields);
  if (names.length > MAX_COLUMNS) {
    return { field: null, problem: `has ${names.length} columns, ${MAX_COLUMNS} at most are wanted` };
  }
  for (const name of names) {
    const problem = FORBIDDEN_COLUMNS.has(name)
      ? 'cannot be a column, another name is wanted'
      : valueProblem(fields[name], 1);
    if (problem !== null) return { field: name, problem };
  }
  const email = fields[EMAIL];
  if (email === undefined) {
    const near = emailByAnotherName(names);
    const hint = near === null ? '' : ` (found ${quoted(near)}, it is called "${EMAIL}" here)`;
    return { field: EMAIL, problem: `is missing, an address is wanted${hint}` };
  }
  return typeof email === 'string' ? null : { field: EMAIL, problem: 'is no text, an address is wanted' };
}

function valueProblem(value: unknown, depth: number): string | null {
  if (typeof value === 'string') {
    const octets = excessOctets(value);
    return octets === null ? null : `has ${octets} octets, ${MAX_FIELD_OCTETS} at most are wanted`;
  }
  // JSON.parse has rounded it already: invoice 12345678901234567890 would be mailed as …567000.
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    return 'is an integer beyond 2^53, a text is wanted';
  }
  if (typeof value !== 'object' || value === null) return null;
  if (depth > MAX_DEPTH) return `has more than ${MAX_DEPTH} levels within each other, fewer are wanted`;
  for (const inner of Object.values(value)) {
    const problem = valueProblem(inner, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}
