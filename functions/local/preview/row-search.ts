/** Rows of an audience by address. Nothing is kept: an audience of any size is read again, up to what is asked for. */
import { type AudienceEntry, isRowProblem } from '#audience';

export interface FoundRow {
  /** From 1. */
  readonly row: number;
  readonly email: string;
  /** What is wrong with the row itself, or `null`. */
  readonly problem: string | null;
}

/** @param search a part of the address, of either case; empty for every row @param after rows up to this are left out */
export async function searchRows(
  rows: AsyncIterable<AudienceEntry>,
  { search, after, limit }: { readonly search: string; readonly after: number; readonly limit: number },
): Promise<{ readonly rows: readonly FoundRow[]; readonly more: boolean }> {
  const wanted = search.trim().toLowerCase();
  const found: FoundRow[] = [];
  for await (const row of rows) {
    if (row.row <= after) continue;
    const shown = shownRow(row);
    if (!shown.email.toLowerCase().includes(wanted)) continue;
    if (found.length === limit) return { rows: found, more: true };
    found.push(shown);
  }
  return { rows: found, more: false };
}

function shownRow(row: AudienceEntry): FoundRow {
  if (isRowProblem(row)) return { row: row.row, email: '', problem: row.problem };
  const { email } = row.fields;
  return { row: row.row, email: typeof email === 'string' ? email : '', problem: null };
}
