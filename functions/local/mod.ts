/**
 * Cartero on one machine: the outside that the mailing room asks for, made of files.
 *
 * A state folder (`state.ts`) holds it all. Its ledger is one SQLite file: `ledger-database.ts` opens it and knows its schema,
 * `ledger-statements.ts` its sentences, `sqlite-ledger.ts` tells the moves (those of deliveries `delivery-moves.ts`, evidence
 * `ledger-evidence.ts`); `suppression-table.ts` is in the same file. Beside it, each in a small file of its own
 * (`side-file.ts`), `lane-table.ts` and `allowance-table.ts` have what processes share of a relay, `standing-table.ts` what
 * they say of how they go. A lease lasts as long as its process, which `process-lock.ts` knows without a clock. Objects are
 * files that appear whole (`directory-store.ts`); what a planning must look up again lies in a file without a name
 * (`scratch-file.ts`); conversations are JSON Lines (`transcript-files.ts`). `link-keys.ts` signs links in mails,
 * `log-file.ts` is a run's log, in which `log-keys.ts` make names of addresses, and both have their keys as `key-file.ts`
 * keeps them. `secret-folder.ts` reads relays' logins. The embedded server has a room of its own, which `load-inbox.ts` opens.
 */
export { type CampaignFolderOptions, openCampaignFolder } from './campaign-folder.ts';
export { type DirectoryStoreOptions, openDirectoryStore } from './directory-store.ts';
export { createCertificates } from './inbox/certificate-authority.ts';
export type * from './inbox/mod.ts';
export { LinkKeysError, openLinkKeys, readLinkKeys } from './link-keys.ts';
export { loadInbox } from './load-inbox.ts';
export { loadPreview } from './load-preview.ts';
export { type LogFile, type LogFileOptions, openLogFile } from './log-file.ts';
export { LogKeysError, openLogKeys, readLogKeys } from './log-keys.ts';
export type * from './preview/mod.ts';
export { openProcessLock, type ProcessLock } from './process-lock.ts';
export { openTemporaryScratch } from './scratch-file.ts';
export { openSecretFolder } from './secret-folder.ts';
export { type LocalState, openState, StateError, type StateOptions } from './state.ts';
export { systemClock } from './system-clock.ts';
export { systemRandom } from './system-random.ts';
export { openTranscriptFiles, type TranscriptFilesOptions } from './transcript-files.ts';
