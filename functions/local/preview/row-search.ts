/** Rows of an audience by address or name. Nothing is kept: an audience of any size is read again, up to what is asked for. */
import { type AudienceEntry, type Fields, isRowProblem } from '#audience';

export interface FoundRow {
  /** From 1. */
  readonly row: number;
  readonly email: string;
  readonly name: string;
  /** What is wrong with the row itself, or `null`. */
  readonly problem: string | null;
}

export interface FoundRows {
  readonly rows: readonly FoundRow[];
  readonly more: boolean;
}

export interface RowQuery {
  /** A part of address or name, of either case; empty for every row. */
  readonly search: string;
  /** Rows up to this are left out. */
  readonly after: number;
}

/** @param problemOf what keeps a row from being mailed, as far as the row tells; `null` for nothing */
export async function searchRows(
  rows: AsyncIterable<AudienceEntry>,
  { search, after, limit }: RowQuery & { readonly limit: number },
  problemOf: (fields: Fields) => string | null = () => null,
): Promise<FoundRows> {
  const wanted = search.trim().toLowerCase();
  const found: FoundRow[] = [];
  for await (const row of rows) {
    if (row.row <= after) continue;
    const { email, name } = isRowProblem(row) ? { email: row.email ?? '', name: '' } : shown(row.fields);
    if (!email.toLowerCase().includes(wanted) && !name.toLowerCase().includes(wanted)) continue;
    if (found.length === limit) return { rows: found, more: true };
    const problem = isRowProblem(row) ? row.problem : problemOf(row.fields);
    found.push({ row: row.row, email, name, problem });
  }
  return { rows: found, more: false };
}

function shown({ email, name }: Fields): { email: string; name: string } {
  return { email: typeof email === 'string' ? email : '', name: typeof name === 'string' ? name : '' };
}
