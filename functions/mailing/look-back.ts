/**
 * Looks back before a new run is made: have these people had this already, and are there suddenly many more of them?
 *
 *     a start that finds no run of its own ─► the same templates and audience in another run? ─► asked
 *                                          └► many more than in the campaign's last run?      ─► asked
 *
 * Which run a start is goes by its cause (`run-identity.ts`); here it goes by content, under whatever name, folder or slot.
 * `--new` or the hash of the plan is a person's word that it is meant: with the hash, the same start twice stays one run.
 * What a schedule starts again at another of its own starts is meant. Rehearsals reached nobody, so that they neither count nor are asked about; nor does a run of another day where birthdays
 * are selected, one whose plan never came to be, or one that ended and reached nobody.
 */
import { isDeepStrictEqual } from 'node:util';
import { parseCampaign } from './campaign.ts';
import { CAMPAIGN_FILE, type LoadedCampaign } from './campaign-source.ts';
import { isMore } from './canary.ts';
import { type AudienceFile, contentHashOf, type Manifest, readContent, readManifest } from './frozen.ts';
import { type Ledger, ObjectMissingError, type ObjectStore, type PlanCounts, type RunRecord } from './ports.ts';
import { CampaignError } from './problem.ts';
import { isoTime } from './results.ts';
import { type Cause, contentOfDay, dayOf, findRun, RunError, readCause, runIdOf } from './run-identity.ts';
import { isStart } from './schedule/schedule.ts';

/** Audiences of fewer people are never asked about: a few more of them are many per cent. */
export const SMALL_AUDIENCE = 100;

/** An audience of less than one tenth of the last one is likely to be a slip. */
const SHRUNK_TO = 10;

/** What a start is about to send, and where from. */
export interface Outlook {
  readonly live: LoadedCampaign;
  readonly audience: AudienceFile;
  readonly manifest: Manifest;
  readonly cause: Cause;
}

/** Why a person is asked. */
export interface Doubt {
  readonly kind: 'same' | 'grown';
  readonly words: string;
  /** The run that it equals or is compared with. */
  readonly run: RunRecord;
}

interface Past {
  readonly ledger: Ledger;
  readonly objects: ObjectStore;
}

/** A new run is not made before a person has said that it is meant. Nothing was written. */
export class UnconfirmedError extends RunError {
  readonly doubt: Doubt;
  /** What the start would send. */
  readonly planHash: string;
  constructor(doubt: Doubt, planHash: string) {
    super(`Cannot start: ${doubt.words}; its plan hash ${planHash} is wanted, or the word that it is a new run`);
    this.name = 'UnconfirmedError';
    this.doubt = doubt;
    this.planHash = planHash;
  }
}

/**
 * @param plan what the start would send; asked for only where it decides
 * @throws UnconfirmedError
 */
export async function refuseDoubtful(past: Past, outlook: Outlook, plan: () => Promise<PlanCounts>): Promise<void> {
  const doubt = await doubtOf(past, outlook, plan);
  if (doubt !== null) throw new UnconfirmedError(doubt, (await plan()).planHash);
}

/** What a start would say before it sends anything: for a plan that is only looked at. */
export interface Foresight {
  /** It would be refused, for the reason of this error. */
  readonly refusal: RunError | null;
  readonly warning: string | null;
}

export async function foresee(past: Past, outlook: Outlook, plan: PlanCounts): Promise<Foresight> {
  const { cause } = outlook;
  try {
    if ((await findRun(past, cause, { another: false })).run !== null) return { refusal: null, warning: null };
    await refuseDoubtful(past, outlook, async () => plan);
  } catch (error) {
    if (!(error instanceof RunError)) throw error;
    return { refusal: error, warning: null };
  }
  return { refusal: null, warning: await shrinkage(past, cause, plan) };
}

async function doubtOf(past: Past, outlook: Outlook, plan: () => Promise<PlanCounts>): Promise<Doubt | null> {
  if (outlook.cause.rehearsal) return null;
  const equal = await runOfSameContent(past, outlook);
  if (equal !== null) {
    const words = `the same templates and audience ${await whatBecameOf(past.ledger, equal)}`;
    return { kind: 'same', words, run: equal };
  }
  const last = await lastRun(past, outlook.cause);
  if (last === null || last.plan === null) return null;
  const { growth } = outlook.live.campaign;
  const before = sizeOf(last.plan, outlook.cause);
  // A million rows are not planned twice where so many lines cannot hold so many people.
  const most = await mostRows(outlook.audience);
  if (most !== null && !hasGrown(before, most, growth)) return null;
  const now = sizeOf(await plan(), outlook.cause);
  if (!hasGrown(before, now, growth)) return null;
  const words = `the audience has ${people(now, outlook.cause)}, and had ${count(before)} in run ${last.id}: it grew by more than ${growth}, which is the most that "growth" of the campaign lets go unasked`;
  return { kind: 'grown', words, run: last };
}

function hasGrown(before: number, now: number, growth: string): boolean {
  return now >= SMALL_AUDIENCE && now > before && isMore(now - before, before, growth);
}

/** @returns a warning where next to nobody is left of the campaign's last audience */
export async function shrinkage(past: Past, cause: Cause, plan: PlanCounts, own?: string): Promise<string | null> {
  if (cause.rehearsal) return null;
  const last = await lastRun(past, cause, own);
  if (last === null || last.plan === null) return null;
  const [before, now] = [sizeOf(last.plan, cause), sizeOf(plan, cause)];
  if (before < SMALL_AUDIENCE || now * SHRUNK_TO >= before) return null;
  return `the audience has ${people(now, cause)}, and had ${count(before)} in run ${last.id}: is it the right file, and whole?`;
}

/** Who has a birthday differs from day to day: there the rows are what grows, else those who would be sent to. */
function sizeOf({ rows, recipients, invalid }: PlanCounts, { day }: Cause): number {
  return day === null ? recipients - invalid : rows;
}

function people(size: number, { day }: Cause): string {
  const one = day === null ? 'recipient' : 'row';
  return `${count(size)} ${size === 1 ? one : `${one}s`}`;
}

const count = (whole: number) => String(whole).replace(/\B(?=(\d{3})+$)/g, ',');

/** At least as many as there are rows: each ends with a line feed but the last. `null` where that cannot be seen. */
async function mostRows(audience: AudienceFile): Promise<number | null> {
  if (/\.gz$/i.test(audience.name)) return null;
  let rows = 1;
  for await (const chunk of audience.open()) {
    for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) rows += 1;
  }
  return rows;
}

const LINE_FEED = 0x0a;

/** The newest run that sent, or is about to send, the same templates to the same audience. */
async function runOfSameContent(past: Past, outlook: Outlook): Promise<RunRecord | null> {
  const { cause, live } = outlook;
  // A content hash has the campaign's name in it: each name's own is computed, and no run's files need to be read.
  const hashes = new Map<string, string>();
  const hashUnder = (campaign: string) => {
    const known = hashes.get(campaign) ?? contentOfDay(contentHashOf({ ...outlook.manifest, campaign }), cause.day);
    hashes.set(campaign, known);
    return known;
  };
  for (const run of (await past.ledger.runs()).toReversed()) {
    // One of this very cause was made meanwhile by another start, and is the run of both.
    if (run.plan === null || run.id === runIdOf(cause) || isAsScheduled(run, outlook)) continue;
    const isEqual = run.contentHash === hashUnder(run.campaign);
    if (!isEqual) {
      if (run.campaign !== cause.campaign) continue;
      if (cause.day !== null && dayOf(run.slot ?? run.createdAt, live.campaign.timezone) !== cause.day) continue;
      if (!(await sendsTheSame(past.objects, run, outlook))) continue;
    }
    if ((await isRehearsal(past.objects, run)) !== true && (await counts(past.ledger, run))) return run;
  }
  return null;
}

/** Two starts of one schedule: its campaign says that the same goes out again and again. */
function isAsScheduled(run: RunRecord, { live: { campaign }, cause }: Outlook): boolean {
  const { schedule } = campaign;
  if (schedule === null || run.campaign !== cause.campaign || run.source !== cause.source) return false;
  return [run.slot, cause.slot].every((slot) => slot !== null && isStart(schedule, slot));
}

/** With another pace or sender address it is still the same mail to the same people. */
async function sendsTheSame(objects: ObjectStore, run: RunRecord, { live, manifest }: Outlook): Promise<boolean> {
  try {
    const earlier = await readManifest(objects, run);
    if (earlier.audience.content !== manifest.audience.content) return false;
    const [{ [CAMPAIGN_FILE]: settings = '', ...files }, { [CAMPAIGN_FILE]: _now, ...filesNow }] = [
      { ...earlier.files },
      { ...manifest.files },
    ];
    if (!isDeepStrictEqual(files, filesNow)) return false;
    if (!isDeepStrictEqual({ ...earlier.shared }, { ...manifest.shared })) return false;
    const text = Buffer.from(await readContent(objects, settings)).toString();
    const { select, attachments, inline } = parseCampaign(run.campaign, CAMPAIGN_FILE, text);
    const { campaign } = live;
    return isDeepStrictEqual([select, attachments, inline], [campaign.select, campaign.attachments, campaign.inline]);
  } catch (error) {
    // Its files are lost, or of a time whose campaign.json nobody reads any more: nothing can be said of them.
    if (error instanceof ObjectMissingError || error instanceof CampaignError) return false;
    throw error;
  }
}

/** @returns `null` where its files are lost, so that nobody knows */
async function isRehearsal(objects: ObjectStore, run: RunRecord): Promise<boolean | null> {
  return (await causeIfKnown(objects, run))?.rehearsal ?? null;
}

async function causeIfKnown(objects: ObjectStore, run: RunRecord): Promise<Cause | null> {
  try {
    return await readCause(objects, run);
  } catch (error) {
    if (error instanceof RunError) return null;
    throw error;
  }
}

/** Whether somebody has had a mail of the run, or may still get one. */
async function counts(ledger: Ledger, run: RunRecord): Promise<boolean> {
  if (!run.finished && (await ledger.control(run.id)) !== 'cancelled') return true;
  const { accepted, uncertain } = await ledger.totals(run.id);
  return accepted + uncertain > 0;
}

async function whatBecameOf(ledger: Ledger, run: RunRecord): Promise<string> {
  const { accepted, uncertain } = await ledger.totals(run.id);
  const of = `${count(accepted)} of ${count(run.plan?.recipients ?? 0)} recipients accepted${uncertain === 0 ? '' : `, ${count(uncertain)} uncertain`}`;
  const when = `of ${isoTime(run.createdAt)}`;
  return run.finished
    ? `went out as run ${run.id} ${when} (${of})`
    : `are those of run ${run.id} ${when}, which is not finished (${of})`;
}

/**
 * The run that a new one is compared with: the newest to the same audience file, else the newest of the campaign, so that a
 * trial with a short list does not stand between two with the whole one. A cancelled run was likely a mistake.
 */
async function lastRun({ ledger, objects }: Past, cause: Cause, own?: string): Promise<RunRecord | null> {
  const runs = (await ledger.runs(cause.campaign)).filter(({ id, plan }) => plan !== null && id !== own).toReversed();
  const ofFolder = runs.filter(({ source }) => source === cause.source);
  let newest: RunRecord | null = null;
  // A folder that was moved has the runs that it had where it was.
  for (const run of ofFolder.length > 0 ? ofFolder : runs) {
    const earlier = await causeIfKnown(objects, run);
    if (earlier === null || earlier.rehearsal) continue;
    if (newest !== null && earlier.audience !== cause.audience) continue;
    if ((await ledger.control(run.id)) === 'cancelled' || !(await counts(ledger, run))) continue;
    if (earlier.audience === cause.audience) return run;
    newest = run;
  }
  return newest;
}
