/**
 * Which run is it? A start is a cause, and the same cause twice is one run:
 *
 * - for a slot (`--at`): campaign and slot, whatever the files say now; where birthdays are selected, campaign and day;
 * - by hand: an unfinished run of the same cause goes on from its frozen copy; the content of a finished one has nothing
 *   left to do; anything else is a new run, named by its content. `another` asks for a new one all the same.
 *
 * The same content under another cause, by another slot, name or folder, is a new run that `look-back.ts` asks about.
 *
 * Another audience file is another cause, and so is another day where birthdays are selected: a run that waits for one
 * deferred recipient must not stand in for next month's. What went to the embedded server is a rehearsal, which nobody
 * received: it never stands in for the real run, nor the other way round.
 */
import { localDate } from '#audience';
import type { LoadedCampaign } from './campaign-source.ts';
import { FieldDigest } from './digest.ts';
import { type AudienceFile, contentHashOf, type Manifest, type RunContent } from './frozen.ts';
import { type Ledger, ObjectMissingError, type ObjectStore, type RunRecord } from './ports.ts';

export interface Cause {
  readonly campaign: string;
  /** The campaign folder's identity. */
  readonly source: string;
  readonly contentHash: string;
  /** Epoch ms; `null` by hand. */
  readonly slot: number | null;
  /** `2026-12-01` where birthdays or anniversaries are selected, in the campaign's time zone; else `null`. */
  readonly day: string | null;
  /** The audience file's identity. */
  readonly audience: string;
  /** SHA-256 of its content. */
  readonly audienceContent: string;
  /** To the embedded server. */
  readonly rehearsal: boolean;
}

export interface CauseOptions {
  readonly slot: number | null;
  readonly rehearsal: boolean;
  /** Epoch ms. */
  readonly now: number;
}

/** What was asked for cannot be this run. */
export class RunError extends Error {
  readonly code = 'ERR_RUN';
  constructor(message: string) {
    super(message);
    this.name = 'RunError';
  }
}

export function causeOf(
  { campaign }: LoadedCampaign,
  manifest: Manifest,
  audience: AudienceFile,
  { slot, rehearsal, now }: CauseOptions,
): Cause {
  const { birthday, anniversary } = campaign.select;
  const isDaily = birthday !== undefined || anniversary !== undefined;
  const day = isDaily ? dayOf(slot ?? now, campaign.timezone) : null;
  const content = contentHashOf(manifest);
  return {
    campaign: manifest.campaign,
    source: manifest.identity,
    contentHash: contentOfDay(content, day),
    slot,
    day,
    audience: audience.identity ?? audience.name,
    audienceContent: manifest.audience.content,
    rehearsal,
  };
}

/** Where birthdays are selected the day is a part of the content. */
export function contentOfDay(content: string, day: string | null): string {
  return day === null ? content : new FieldDigest().add(content, day).hex();
}

export function dayOf(at: number, timezone: string): string {
  const date = localDate(at, timezone);
  if (date === null) throw new RunError(`Cannot start: ${JSON.stringify(timezone)} is no time zone`);
  const [month, day] = [date.month, date.day].map((part) => String(part).padStart(2, '0'));
  return `${date.year}-${month}-${day}`;
}

/** `newsletter-91c9e79a19`, `newsletter-at-20261201T090000Z`, `birthday-on-20261201`; a rehearsal says so at its end. */
export function runIdOf({ campaign, contentHash, slot, day, rehearsal }: Cause): string {
  const what =
    slot === null
      ? contentHash.slice(0, 10)
      : day === null
        ? `at-${new Date(slot).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
        : `on-${day.replaceAll('-', '')}`;
  return `${campaign}-${what}${rehearsal ? '-rehearsal' : ''}`;
}

/** The id that a new run of this cause gets; with `another`, one that no run has. */
export async function newRunId(ledger: Ledger, cause: Cause, another: boolean): Promise<string> {
  const id = runIdOf(cause);
  if (!another) return id;
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? id : `${id}-${count}`;
    if ((await ledger.run(candidate)) === null) return candidate;
  }
}

export interface FoundRun {
  readonly run: RunRecord | null;
  /** Unfinished runs of this campaign that this start is not about. */
  readonly others: readonly RunRecord[];
}

/**
 * @param wanted `another`: none that is there; `resume`: the run of that id
 * @throws RunError where the state has a run that this start might mean and must not guess
 */
export async function findRun(
  { ledger, objects }: { ledger: Ledger; objects: ObjectStore },
  cause: Cause,
  { another, resume }: { another: boolean; resume?: string },
): Promise<FoundRun> {
  if (resume !== undefined) return { run: await runToResume(ledger, objects, cause, resume), others: [] };
  const runs = await ledger.runs(cause.campaign);
  const unfinished = runs.filter((run) => !run.finished && run.plan !== null && run.source === cause.source);
  const besides = (run: RunRecord | null) => ({ run, others: unfinished.filter(({ id }) => id !== run?.id) });
  if (another) return besides(null);
  if (cause.slot !== null) return besides(await runOfSlot(ledger, cause));
  let finished: RunRecord | null = null;
  for (const run of runs.toReversed().filter(({ slot }) => slot === null)) {
    const isSameContent = run.contentHash === cause.contentHash;
    // A run whose plan never came to be has sent nothing: only its own content may go on with it.
    if (!isSameContent && (run.finished || run.plan === null)) continue;
    const earlier = await readCause(objects, run);
    if (earlier.rehearsal !== cause.rehearsal) continue;
    if (isSameContent) {
      if (!run.finished) return besides(run);
      finished ??= run;
    } else if (earlier.day === cause.day && earlier.source === cause.source) {
      if (earlier.audience === cause.audience) return besides(run);
    } else if (earlier.day === cause.day && earlier.audienceContent === cause.audienceContent) {
      throw new RunError(
        `Cannot start: run ${run.id} of a campaign of this name in another folder (${run.source}), to the same people, is not finished; ` +
          '`--resume` with its id goes on with it, `--new` starts another',
      );
    }
  }
  return besides(finished);
}

async function runOfSlot(ledger: Ledger, cause: Cause): Promise<RunRecord | null> {
  const run = await ledger.run(runIdOf(cause));
  if (run === null) return null;
  if (run.source !== cause.source && run.contentHash !== cause.contentHash) {
    throw new RunError(
      `Cannot start: another campaign folder of this name (${run.source}) has run ${run.id} in this state; use another --state`,
    );
  }
  return run.plan === null && run.contentHash !== cause.contentHash ? null : run;
}

async function runToResume(ledger: Ledger, objects: ObjectStore, cause: Cause, id: string): Promise<RunRecord> {
  const run = await ledger.run(id);
  if (run === null || run.campaign !== cause.campaign) {
    throw new RunError(`Cannot resume: this state has no run ${JSON.stringify(id)} of campaign ${cause.campaign}`);
  }
  const { rehearsal } = await readCause(objects, run);
  if (rehearsal !== cause.rehearsal) {
    throw new RunError(
      rehearsal
        ? `Cannot resume ${id}: it is a rehearsal, which goes to the embedded server; leave the relay out`
        : `Cannot resume ${id}: it goes to a relay, and none is named; give --relay`,
    );
  }
  return run;
}

const causeName = ({ id, contentHash }: RunContent) => `runs/${id}/${contentHash.slice(0, 10)}/cause.json`;

/** Written before the run is in the ledger. */
export async function writeCause(objects: ObjectStore, run: RunContent, cause: Cause): Promise<void> {
  await objects.write(causeName(run), Buffer.from(`${JSON.stringify(cause, null, 2)}\n`));
}

/** @throws RunError where its files are lost */
export async function readCause(objects: ObjectStore, run: RunRecord): Promise<Cause> {
  try {
    return JSON.parse(Buffer.from(await objects.read(causeName(run))).toString()) as Cause;
  } catch (error) {
    if (!(error instanceof ObjectMissingError)) throw error;
    throw new RunError(
      `Cannot start: run ${run.id} has lost its files in this state; mend them, or use another --state`,
    );
  }
}
