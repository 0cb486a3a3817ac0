/**
 * Audiences: from a file to its rows, and to those that a campaign is for.
 *
 * 1. `reader.ts` tells the format by the file's name, and `inflate.ts` opens `.gz` within limits.
 * 2. `octets.ts` lets UTF-8 pass, without byte order mark, and nothing else.
 * 3. `csv.ts` (with `header.ts` and `octet-trail.ts`) and `json-lines.ts` make rows of it. A row that cannot be used is a
 *    `RowProblem` and the rest goes on; what makes the rest unreadable is an `AudienceError`.
 * 4. `selection.ts` judges rows: birthdays (`birthday.ts`) on each recipient's own date (`local-date.ts`), equality
 *    and ranges (`range.ts`).
 *
 *     for await (const entry of readAudience(createReadStream('people.csv'), { name: 'people.csv' })) {
 *       if (isRowProblem(entry)) console.log(entry.line, entry.problem);
 *       else console.log(entry.row, entry.fields['email']);
 *     }
 *
 * Limits: 64 KiB a field, 256 columns, 1 MiB a row. Fields are left as written; whether `email` is an address is the
 * address room's to say.
 */
export { AudienceError, type AudienceProblem } from './errors.ts';
export { type LocalDate, localDate } from './local-date.ts';
export { type Range, rangeProblem } from './range.ts';
export { type AudienceOptions, readAudience, readAudienceBatches } from './reader.ts';
export { type AudienceEntry, type AudienceRow, type Fields, isRowProblem, type RowProblem } from './row.ts';
export { isSelected, type Selection, type SelectionOptions, type Verdict } from './selection.ts';
