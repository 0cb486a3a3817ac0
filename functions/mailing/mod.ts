/**
 * The domain: a campaign becomes a run, and every recipient of it ends in a fact.
 *
 * json-file ► campaign ► template-files ► campaign-source ► relay: what a user writes, read and refused with file, line and
 * field.
 * frozen ► planner ► batch-file ► run-identity ► runs: a run's own copy, its recipients, which run it is.
 * look-back: whether a new run's people have had its mail already, or have become suspiciously many.
 * schedule, batch-time, batching: when runs start, when mail may go, and by whose clocks.
 * mail, list-link: from a row to envelope and octets, and the link by which its reader leaves a list.
 * check: what is wrong with a mail before anybody gets it.
 * due-work ► sender ► verdicts ► group-commit ► pacing: mails to outcomes, intents durable before the indicator; adaptive-pace: as
 * fast as the relay lets them go.
 * warm-up, allowance, allowance-book: mails of a day for a relay that nobody knows yet, counted for all processes of a state.
 * archive, archive-pack, archived-mails: the octets of mails as sent, durable before the intent, found again by recipient.
 * canary: a run's first few recipients, and whether the others are sent to.
 * lanes, lane-shares, lane-book: connections and pace of one relay, shared by all runs and processes of a state.
 * retry, rounds: when whoever was deferred is asked for again, until the run's end.
 * suppression: who gets nothing any more, asked for between an intent and its indicator.
 * control: what a person wants of a run while it is under way.
 * evidence: how an attempt ended of which nobody knew, when it is known at last.
 * standing: how the processes that send it go, and why they are slow or rest, for whoever looks on.
 * results, results-csv, run-progress, reasons: what became of everybody, how fast, and why.
 * doorbell, batch-queue: that a batch may be due, told to whoever sends.
 * credential-store, credentials, relay-secret, stored-login, stored-keys: secrets, remembered for five minutes, and asked for anew
 * where a relay refuses a login.
 * pseudonym: people in logs, by names that only the state's key makes of their addresses.
 * legal-moves: what every ledger refuses of a delivery's moves.
 * outcome, ports: the words, and all the outside that the domain speaks to.
 */
export { AdaptivePace, type PaceCaps, type PaceState } from './adaptive-pace.ts';
export { Allowance, type Permit } from './allowance.ts';
export { ArchiveError } from './archive-pack.ts';
export { type ArchivedMail, archivedMails, archivedOf } from './archived-mails.ts';
export { ANY_TIME, type BatchTime, expiryOf } from './batch-time.ts';
export { type Campaign, parseCampaign } from './campaign.ts';
export type { CampaignJson } from './campaign-json.ts';
export {
  type CampaignSource,
  type FileTree,
  givenVariables,
  type LoadedCampaign,
  loadCampaign,
  objectNameProblem,
  SAMPLE_FILE,
  withoutSelection,
} from './campaign-source.ts';
export type { CheckContext, CheckOptions, MailProblem, RenderedMail, Rule } from './check/mod.ts';
export { type ControlWatch, endCancelled, watchControl } from './control.ts';
export { Credentials, REMEMBERED_MS } from './credentials.ts';
export { within } from './deadline.ts';
export { type Doorbell, DoorbellError, doorbellIn, doorbellText } from './doorbell.ts';
export type { RestCause } from './due-time.ts';
export { type Estimate, estimate } from './estimate.ts';
export { establishFacts } from './evidence.ts';
export { type AudienceFile, frozenSource, pinInPlace, readContent, readManifest } from './frozen.ts';
export { type JsonFile, jsonFileReader } from './json-file.ts';
export * from './legal-moves.ts';
export {
  keyOfRun,
  type LinkClaims,
  type LinkKey,
  type LinkPurpose,
  linkWith,
  readToken,
  signedToken,
} from './list-link.ts';
export { loadCheck } from './load-check.ts';
export { type Doubt, type Foresight, foresee, type Outlook, SMALL_AUDIENCE, UnconfirmedError } from './look-back.ts';
export { type Mail, MailComposer, MailError, type MailRow } from './mail.ts';
export { nearName } from './near-name.ts';
export { checkObjectName, checkObjectPrefix } from './object-name.ts';
export * from './outcome.ts';
export { Pacer } from './pacing.ts';
export { type PlannedRow, Planner } from './planner.ts';
export * from './poison.ts';
export * from './ports.ts';
export { CampaignError, escapeControls, formatProblem, type Problem } from './problem.ts';
export { type NameOf, namesBy, withoutAddresses, withoutRecipient } from './pseudonym.ts';
export {
  findDkimKeys,
  findMaxMessageOctets,
  findRelay,
  findWarmUp,
  parseRelayUrl,
  type Relay,
  RelayError,
  relayNames,
  type WrittenDkimKey,
  type WrittenRelay,
  writtenRelays,
} from './relay.ts';
export { type RelayLogin, relayLoginOf } from './relay-secret.ts';
export { laneName, type SharedRelay } from './relay-share.ts';
export { isoTime, type ResultLine, resultLine, writeAllResults } from './results.ts';
export { CSV_HEADING, csvLine } from './results-csv.ts';
export { type Deferral, nextAttemptAt } from './retry.ts';
export { type RoundOptions, sendToEnd } from './rounds.ts';
export { RunError } from './run-identity.ts';
export { type RunProgress, readProgress } from './run-progress.ts';
export { describePlan, planDry, type StartedRun, type StartOptions, startRun } from './runs.ts';
export { hoursOf, type SendingHours } from './schedule/hours.ts';
export { firstMomentOf, planBy } from './schedule/local-slot.ts';
export { isMissed, MissedStartError } from './schedule/missed.ts';
export { type RecipientTime, type RecipientTimes, recipientTimesOf } from './schedule/recipient-times.ts';
export { isStart, nextStarts, type Schedule } from './schedule/schedule.ts';
export type { SendOptions, SendReport, SettledMail } from './send-options.ts';
export { sendRun } from './sender.ts';
export { type Rest, type Standing, type StandingBook, sayingHow } from './standing.ts';
export { type RefuseKeys, STORED_SECRET_OCTETS, type StoredKey, storedKeysIn } from './stored-keys.ts';
export { StoredLogin, type StoredLoginOptions } from './stored-login.ts';
export { suppressionKey, suppressionKeyOf } from './suppression.ts';
export { findTemplates } from './template-files.ts';
export { RelayFault } from './verdicts.ts';
export { type DayAllowance, Ramp, type WarmUp } from './warm-up.ts';
