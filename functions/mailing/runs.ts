/** A start: finds or makes its run, freezes the campaign, completes the plan. `run-identity.ts` says which run it is. */
import { pause } from '#smtp';
import { earlierRows, writePage } from './batch-file.ts';
import { BatchWriter } from './batch-writer.ts';
import { type Batching, batchingOf } from './batching.ts';
import { isTemplate, type LoadedCampaign, loadCampaign } from './campaign-source.ts';
import { sha256OfStream } from './digest.ts';
import {
  type AudienceFile,
  changedFiles,
  describeCampaign,
  freezeCampaign,
  freezeFile,
  frozenSource,
  readManifest,
} from './frozen.ts';
import { type Outlook, refuseDoubtful, shrinkage } from './look-back.ts';
import type { UncertainPolicy } from './outcome.ts';
import { type PlannedRow, Planner, type PlanningOptions } from './planner.ts';
import type { Clock, Ledger, ObjectStore, PlanCounts, RunRecord, Scratch, SuppressionList } from './ports.ts';
import type { Problem } from './problem.ts';
import { causeOf, findRun, newRunId, RunError, runIdOf, writeCause } from './run-identity.ts';
import { hoursOf } from './schedule/hours.ts';
import { isMissed, MissedStartError } from './schedule/missed.ts';
import { recipientTimesOf } from './schedule/recipient-times.ts';

export interface RunPorts {
  readonly ledger: Ledger;
  readonly objects: ObjectStore;
  readonly suppressions: SuppressionList;
  readonly clock: Clock;
  readonly openScratch: () => Scratch;
}

export interface StartOptions {
  /** Epoch ms of the slot; `null` by hand. */
  readonly slot: number | null;
  /** To the embedded server, so that nobody receives it. */
  readonly rehearsal: boolean;
  /** Start another run even where this content has one. */
  readonly another: boolean;
  /** Go on with the run of that id, whatever the files say now. */
  readonly resume?: string;
  /** In place of the campaign's own policy. */
  readonly onUncertain?: UncertainPolicy;
  /** Only this plan may be sent. */
  readonly planHash?: string;
  readonly signal: AbortSignal;
  /** Called as rows are planned. */
  readonly onPlanned?: (rows: number) => void;
}

export interface StartedRun {
  readonly run: RunRecord;
  readonly plan: PlanCounts;
  readonly loaded: LoadedCampaign;
  readonly kind: 'new' | 'resumed' | 'finished';
  /** Names of files that differ from the run's frozen copy. */
  readonly changed: readonly string[];
  /** The first 100 problems met while planning; empty where the plan was complete before. */
  readonly problems: readonly Problem[];
  /** Unfinished runs of this campaign that this start is not about. */
  readonly others: readonly RunRecord[];
  /** What there is to be known before anybody is sent to, where the run is new. */
  readonly warning: string | null;
}

/**
 * Finds or makes the run, freezes its campaign and completes its plan. Harmless to repeat after a death at any point.
 * @throws UnconfirmedError where a new run is to be confirmed by `another` or `planHash`; nothing was written
 * @throws MissedStartError where there is no run of the slot, and none is to be made any more
 */
export async function startRun(
  ports: RunPorts,
  live: LoadedCampaign,
  audience: AudienceFile,
  options: StartOptions,
): Promise<StartedRun | null> {
  const manifest = await describeCampaign(live, audience);
  const createdAt = ports.clock.now();
  const cause = causeOf(live, manifest, audience, { ...options, now: createdAt });
  const { run: existing, others } = await findRun(ports, cause, options);
  let run = existing;
  if (run === null) {
    run = await createRun(ports, { live, audience, manifest, cause, createdAt }, options);
  } else if (options.onUncertain !== undefined && options.onUncertain !== run.onUncertain) {
    await ports.ledger.setUncertainPolicy(run.id, options.onUncertain);
    run = await mustRead(ports.ledger, run.id);
  }
  const frozen = await readManifest(ports.objects, run);
  const { source, audience: frozenAudience } = frozenSource(ports.objects, frozen);
  const loaded = await loadCampaign(source);
  const problems = run.plan === null ? await completePlan(ports, run, loaded, live, frozenAudience, options) : [];
  if (problems === null) return null;
  run = await mustRead(ports.ledger, run.id);
  if (run.plan === null) throw new RunError(`Cannot send run ${run.id}: its plan is not complete`);
  if (options.planHash !== undefined) refuseOtherPlan(options.planHash, run.plan.planHash);
  const kind = existing === null ? 'new' : existing.finished && run.finished ? 'finished' : 'resumed';
  return {
    run,
    plan: run.plan,
    loaded,
    kind,
    changed: existing === null ? [] : changedFiles(frozen, manifest),
    problems,
    others,
    warning: existing === null ? await shrinkage(ports, cause, run.plan, run.id) : null,
  };
}

/** What a new run is made of. */
interface NewRun extends Outlook {
  readonly createdAt: number;
}

async function createRun(
  { ledger, objects, openScratch }: RunPorts,
  outlook: NewRun,
  { another, planHash, onUncertain }: StartOptions,
): Promise<RunRecord> {
  const { live, audience, manifest, cause, createdAt } = outlook;
  const { contentHash, slot } = cause;
  const { schedule, expiresAfterMs } = live.campaign;
  if (slot !== null && isMissed(schedule, slot, createdAt)) throw new MissedStartError(slot, schedule?.missed ?? '');
  const id = await newRunId(ledger, cause, another);
  const times = recipientTimesOf(schedule, { slot, createdAt });
  let planned: Promise<PlanCounts> | null = null;
  const plan = () => {
    const options = { run: id, at: slot ?? createdAt, times, openScratch, messageIds: false };
    planned ??= planDry(live, audience, contentHash, options).then(({ counts }) => counts);
    return planned;
  };
  if (planHash !== undefined) refuseOtherPlan(planHash, (await plan()).planHash);
  else if (!another) await refuseDoubtful({ ledger, objects }, outlook, plan);
  await freezeCampaign(objects, { id, contentHash }, live.source, audience, manifest);
  await writeCause(objects, { id, contentHash }, cause);
  await ledger.createRun({
    id,
    campaign: cause.campaign,
    source: cause.source,
    slot,
    contentHash,
    createdAt,
    onUncertain: onUncertain ?? live.campaign.onUncertain,
    // Deferred recipients have their whole time from the first moment at which anybody could be sent to.
    expiresAt: firstOpening() + expiresAfterMs,
  });
  return mustRead(ledger, id);

  /** Batches that have moments of their own count from these. */
  function firstOpening(): number {
    return (times === null ? hoursOf(schedule, slot)?.openFrom(createdAt) : undefined) ?? createdAt;
  }
}

async function mustRead(ledger: Ledger, id: string): Promise<RunRecord> {
  const run = await ledger.run(id);
  if (run === null) throw new RunError(`Cannot find run ${id} in the ledger`);
  return run;
}

function refuseOtherPlan(wanted: string, found: string): void {
  if (found !== wanted && !(wanted.length >= 8 && found.startsWith(wanted))) {
    throw new RunError(
      `Cannot start: the plan is now ${found}, not ${wanted}; look at it with \`cartero plan\` and give its hash`,
    );
  }
}

/** Batch 0 has no recipients: whoever holds it plans. */
const PLANNING = 0;
const PLANNING_POLL_MS = 200;
const PAGE_ROWS = 2000;

/** @returns the problems met; `null` when the signal was aborted first */
async function completePlan(
  ports: RunPorts,
  run: RunRecord,
  loaded: LoadedCampaign,
  live: LoadedCampaign,
  audience: AudienceFile,
  options: StartOptions,
): Promise<readonly Problem[] | null> {
  await ports.ledger.addBatch(run.id, PLANNING, []);
  for (;;) {
    if (options.signal.aborted) return null;
    const claim = await ports.ledger.claim(run.id, PLANNING, { now: ports.clock.now() });
    if (claim !== null) {
      try {
        // Another process may have been here while this one waited.
        const { plan, contentHash } = await mustRead(ports.ledger, run.id);
        if (plan !== null) return [];
        if (contentHash !== run.contentHash)
          throw new RunError(
            `Cannot plan run ${run.id}: another start has given it other files meanwhile; start again`,
          );
        return await planBatches(ports, run, loaded, live, audience, options);
      } finally {
        await ports.ledger.release(claim);
      }
    }
    if ((await mustRead(ports.ledger, run.id)).plan !== null) return [];
    await pause(ports.clock, PLANNING_POLL_MS, options.signal);
  }
}

async function planBatches(
  { ledger, objects, suppressions, openScratch }: RunPorts,
  run: RunRecord,
  loaded: LoadedCampaign,
  live: LoadedCampaign,
  audience: AudienceFile,
  { signal, onPlanned }: StartOptions,
): Promise<readonly Problem[] | null> {
  // One recipient's file is not in the manifest: it is pinned from the live folder, by the batch that names it.
  const pinFile = (object: string) => freezeFile(objects, live.source.files, object);
  const { schedule, attachments, canary } = loaded.campaign;
  const times = recipientTimesOf(schedule, run);
  // What of a recipient's own file was written down is found again in the order of rows. By zones batches are in another.
  const isPaged = times !== null && attachments.some(({ object }) => isTemplate(object));
  const planner = new Planner(loaded, audience, run.contentHash, {
    run: run.id,
    at: run.slot ?? run.createdAt,
    times,
    pinFile,
    ...(times === null || isPaged ? { earlier: earlierRows(objects, run, isPaged ? 'pages' : 'batches') } : {}),
    openScratch,
  });
  const batching = batchingOf(canary?.recipients ?? 0, times);
  const writer = new BatchWriter({ ledger, objects, suppressions }, run);
  const plan = async (row: PlannedRow) => {
    for (const batch of batching.add(row)) if (await writer.add(batch)) onPlanned?.(planner.rows);
  };
  let page: PlannedRow[] = [];
  let pages = 0;
  const turnPage = async () => {
    pages += 1;
    await writePage(objects, run, pages, page);
    for (const row of page) await plan(row);
    page = [];
  };
  try {
    for await (const planned of planner.batches()) {
      for (const row of planned) {
        if (!isPaged) await plan(row);
        else if (page.push(row) === PAGE_ROWS) await turnPage();
        if (signal.aborted) return null;
      }
    }
    if (page.length > 0) await turnPage();
    for (const batch of batching.finish()) await writer.add(batch);
    await writer.finish();
  } finally {
    // Nothing is written any more when the plan is given out of hand.
    await writer.settled();
  }
  onPlanned?.(planner.rows);
  await ledger.completePlan(run.id, countsOf(planner, batching));
  return planner.problems;
}

/** Plans without writing anything. */
export async function planDry(
  loaded: LoadedCampaign,
  audience: AudienceFile,
  contentHash: string,
  options: Pick<PlanningOptions, 'run' | 'at' | 'times' | 'openScratch' | 'messageIds'> & {
    onRow?: (row: PlannedRow) => void;
  },
): Promise<{ counts: PlanCounts; problems: readonly Problem[] }> {
  const files = loaded.source.files;
  const planner = new Planner(loaded, audience, contentHash, {
    ...options,
    pinFile: (object) => sha256OfStream(files.stream(object)),
  });
  const batching = batchingOf(loaded.campaign.canary?.recipients ?? 0, options.times ?? null);
  for await (const rows of planner.batches()) {
    for (const row of rows) {
      batching.add(row);
      options.onRow?.(row);
    }
  }
  batching.finish();
  return { counts: countsOf(planner, batching), problems: planner.problems };
}

/** The id that a start over a relay would give a new run, for a plan that is only looked at. */
export async function describePlan(
  loaded: LoadedCampaign,
  audience: AudienceFile,
  { slot, now }: { slot: number | null; now: number },
): Promise<{ run: string; contentHash: string; outlook: Outlook }> {
  const manifest = await describeCampaign(loaded, audience);
  const cause = causeOf(loaded, manifest, audience, { slot, now, rehearsal: false });
  return { contentHash: cause.contentHash, run: runIdOf(cause), outlook: { live: loaded, audience, manifest, cause } };
}

function countsOf(planner: Planner, { batches, canaryBatches }: Batching): PlanCounts {
  const { rows, recipients, duplicates, notSelected, invalid } = planner;
  const counts = { planHash: planner.planHash(), rows, recipients, duplicates, notSelected, invalid, batches };
  return canaryBatches === 0 ? counts : { ...counts, canaryBatches };
}
