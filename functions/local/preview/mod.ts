/**
 * The preview page: one recipient's mail as it would be sent, shown again whenever a file is saved.
 *
 * 1. `source` says what the page asks for; whoever starts it knows campaigns.
 * 2. `changes` tells when a file that matters was saved.
 * 3. `row-search` finds rows of an audience by address or name, reading it anew each time, so that its size costs no memory.
 * 4. `mail-view` takes the composed octets apart as a mail program would, `part-tree` tells what each part adds to the size.
 * 5. `preview-page` serves it all on loopback; `page/` is what the browser gets.
 */
export type { Watched } from './changes.ts';
export { type PreviewPage, startPreviewPage } from './preview-page.ts';
export { type FoundRow, type FoundRows, type RowQuery, searchRows } from './row-search.ts';
export type { Choice, Excerpt, PreviewedMail, PreviewSource, ShownProblem } from './source.ts';
