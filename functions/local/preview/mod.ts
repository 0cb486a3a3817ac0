/**
 * The preview page: one recipient's mail as it would be sent, shown again whenever a file is saved.
 *
 * 1. `changes` tells when a file below some folders was saved.
 * 2. `row-search` finds rows of an audience by address, reading it anew each time, so that its size costs no memory.
 * 3. `mail-view` takes the composed octets apart as a mail program would.
 * 4. `preview-page` serves it all on loopback; `page/` is what the browser gets.
 */
export { type Choice, type PreviewPage, type PreviewSource, startPreviewPage } from './preview-page.ts';
export { type FoundRow, searchRows } from './row-search.ts';
