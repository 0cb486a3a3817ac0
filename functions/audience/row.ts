/** What an audience is made of. */

/** Fields by column name, as written: nothing is trimmed or converted. Has no prototype. */
export type Fields = Readonly<Record<string, unknown>>;

export interface AudienceRow {
  /** 1 for the first row of data. */
  readonly row: number;
  /** The line of the file where the row begins, 1 for the first. */
  readonly line: number;
  /** CSV: texts. JSON Lines: JSON values. */
  readonly fields: Fields;
}

/** A row that cannot be used, while the rest of the file can. It counts as a recipient. */
export interface RowProblem extends AudienceRow {
  /** The column that the problem is about; null for the row as a whole. */
  readonly field: string | null;
  /** What was found and what is wanted, without a subject: `has 3 columns, 4 are wanted`. */
  readonly problem: string;
  /** As written, where it can be read. */
  readonly email: string | null;
}

export type AudienceEntry = AudienceRow | RowProblem;

export function isRowProblem(entry: AudienceEntry): entry is RowProblem {
  return 'problem' in entry;
}

/** One format: octets in, rows out. After an error, `take` still gives the rows before it. */
export interface RowReader {
  /** The row and line that are being read. */
  readonly row: number | null;
  readonly line: number;
  push(octets: Buffer): Promise<void>;
  end(): Promise<void>;
  /** Lets out each row that ended within the octets so far; nothing can be pushed afterwards. */
  settle(): Promise<void>;
  take(): readonly AudienceEntry[];
}

/** The column that every audience needs. */
export const EMAIL = 'email';

/** A column that is likely to hold the addresses though it is not called so: `Email`, `E-Mail`, ` email`. */
export function emailByAnotherName(names: readonly string[]): string | null {
  return names.find((name) => name.length < 40 && name.replace(/[\s_-]/g, '').toLowerCase() === EMAIL) ?? null;
}

/** In UTF-8 octets, and columns. */
export const MAX_FIELD_OCTETS = 64 * 1024;
export const MAX_ROW_OCTETS = 1024 * 1024;
export const MAX_COLUMNS = 256;

/** Names that reach behind an object's own data in JavaScript. */
export const FORBIDDEN_COLUMNS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype', 'toHTML']);

/** Octets of a text beyond the limit of a field; null where it fits. */
export function excessOctets(text: string): number | null {
  // A UTF-16 unit is 1 to 3 octets, so that almost no field needs to be measured.
  if (text.length * 3 <= MAX_FIELD_OCTETS) return null;
  const octets = Buffer.byteLength(text);
  return octets > MAX_FIELD_OCTETS ? octets : null;
}
