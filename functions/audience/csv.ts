/**
 * CSV by RFC 4180: commas, double quotes, a header row, LF or CRLF. csv-parse splits the octets into texts; names,
 * limits, rows and lines are looked after here.
 */
import { CsvError, type InfoRecord, Parser } from 'csv-parse';
import { AudienceError } from './errors.ts';
import { Header } from './header.ts';
import { OctetTrail } from './octet-trail.ts';
import {
  type AudienceEntry,
  type AudienceRow,
  excessOctets,
  MAX_FIELD_OCTETS,
  MAX_ROW_OCTETS,
  type RowReader,
} from './row.ts';

/** The parser keeps some octets back until it has seen what follows; more than it ever keeps. */
const LOOK_AHEAD = 16;

export class CsvReader implements RowReader {
  readonly #file: string;
  readonly #parser: Parser;
  readonly #trail = new OctetTrail();
  #header: Header | null = null;
  #entries: AudienceEntry[] = [];
  #rows = 0;
  /** Lines that whole rows took, the header included. */
  #rowLines = 0;
  /** Empty lines skipped up to the last whole row. */
  #emptyLines = 0;

  constructor(file: string) {
    this.#file = file;
    this.#parser = new Parser({
      encoding: 'utf8',
      record_delimiter: ['\r\n', '\n'],
      relax_column_count: true,
      skip_empty_lines: true,
      // Null keeps the record out of the object stream, which would cost more than the parsing.
      on_record: (record: string[], info: InfoRecord) => {
        this.#record(record, info);
        return null;
      },
    });
    // Errors are taken from the callbacks of write and end.
    this.#parser.on('error', () => undefined).resume();
  }

  get row(): number | null {
    return this.#header === null ? null : this.#rows + 1;
  }

  get line(): number {
    return this.#rowLines + this.#parser.info.empty_lines + 1;
  }

  take(): readonly AudienceEntry[] {
    const entries = this.#entries;
    this.#entries = [];
    return entries;
  }

  async push(octets: Buffer): Promise<void> {
    this.#trail.add(octets);
    await this.#parsed((done) => this.#parser.write(octets, done));
    this.#refuseLength(this.#trail.length - LOOK_AHEAD);
  }

  async settle(): Promise<void> {
    await this.#parsed((done) => this.#parser.write(Buffer.alloc(LOOK_AHEAD, 'x'), done));
  }

  async end(): Promise<void> {
    await this.#parsed((done) => this.#parser.end(done));
    if (this.#header === null) throw this.#whole('found no rows, a header row and at least one more are wanted');
    if (this.#rows === 0) throw this.#whole('found no rows below the header, at least one is wanted');
  }

  async #parsed(run: (done: (error?: Error | null) => void) => void): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => run((error) => (error ? reject(error) : resolve())));
    } catch (error) {
      throw error instanceof CsvError ? this.#tornQuote(error) : error;
    }
  }

  #record(record: readonly string[], info: InfoRecord): void {
    const { line } = this;
    this.#refuseLength(info.bytes - this.#trail.start);
    if (this.#header === null) this.#header = new Header(this.#file, line, record);
    else this.#entries.push(this.#entry(this.#header, record, line));
    this.#rowLines += 1 + lineEnds(record);
    this.#emptyLines = info.empty_lines;
    this.#trail.start = info.bytes;
  }

  #entry({ columns, emailIndex }: Header, record: readonly string[], line: number): AudienceEntry {
    this.#rows += 1;
    const fields: Record<string, string> = {};
    let problem: { field: string | null; problem: string } | null = null;
    for (const [index, column] of columns.entries()) {
      const text = record[index];
      if (text === undefined) break;
      const octets = excessOctets(text);
      if (octets !== null)
        problem = { field: column, problem: `has ${octets} octets, ${MAX_FIELD_OCTETS} at most are wanted` };
      fields[column] = text;
    }
    // At the end: rows keep one shape then, while an object that begins without a prototype is a dictionary of its own.
    Object.setPrototypeOf(fields, null);
    if (record.length !== columns.length) {
      problem = {
        field: null,
        problem: `has ${record.length} ${record.length === 1 ? 'column' : 'columns'}, ${columns.length} ${columns.length === 1 ? 'is' : 'are'} wanted`,
      };
    }
    const row: AudienceRow = { row: this.#rows, line, fields };
    return problem === null ? row : { ...row, ...problem, email: record[emailIndex] ?? null };
  }

  /** The quote where the parser lost its way: everything behind it may be anyone's field. */
  #tornQuote(cause: CsvError): AudienceError {
    const { bytes, index } = cause as CsvError & { readonly bytes: number; readonly index: number };
    const line = this.#rowLines + this.#emptyLines + 1 + this.#trail.lineEndsBeforeQuote(bytes);
    const field = this.#header?.columns[index] ?? null;
    const problem = `${tornQuoteProblems[cause.code] ?? cause.message}, text without quotes or within "…" is wanted`;
    return new AudienceError({ file: this.#file, row: this.row, line, field, problem }, { cause });
  }

  #refuseLength(octets: number): void {
    if (octets <= MAX_ROW_OCTETS) return;
    const problem = `found a row of more than ${MAX_ROW_OCTETS} octets (is a quote not closed?), a shorter one is wanted`;
    throw new AudienceError({ file: this.#file, row: this.row, line: this.line, field: null, problem });
  }

  #whole(problem: string): AudienceError {
    return new AudienceError({ file: this.#file, row: null, line: null, field: null, problem });
  }
}

const tornQuoteProblems: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'found a quote that is not closed',
  CSV_INVALID_CLOSING_QUOTE: 'found text behind a closing quote',
  INVALID_OPENING_QUOTE: 'found a quote inside of a text without quotes',
};

function lineEnds(record: readonly string[]): number {
  let count = 0;
  for (const text of record) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  }
  return count;
}
