/** A start: finds or makes its run, freezes the campaign, completes the plan. `run-identity.ts` says which run it is. */
import { pause } from '#smtp';
import { BatchCut, earlierRows } from './batch-file.ts';
import { BatchWriter } from './batch-writer.ts';
import { type LoadedCampaign, loadCampaign } from './campaign-source.ts';
import { sha256OfStream } from './digest.ts';
import {
  type AudienceFile,
  changedFiles,
  describeCampaign,
  freezeCampaign,
  freezeFile,
  frozenSource,
  type Manifest,
  readManifest,
} from './frozen.ts';
import type { UncertainPolicy } from './outcome.ts';
import { type PlannedRow, Planner, type PlanningOptions } from './planner.ts';
import type { Clock, Ledger, ObjectStore, PlanCounts, RunRecord, Scratch, SuppressionList } from './ports.ts';
import type { Problem } from './problem.ts';
import { type Cause, causeOf, findRun, newRunId, RunError, runIdOf, writeCause } from './run-identity.ts';
import { hoursOf } from './schedule/hours.ts';
import { isMissed, MissedStartError } from './schedule/missed.ts';

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
}

/**
 * Finds or makes the run, freezes its campaign and completes its plan. Harmless to repeat after a death at any point.
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
  };
}

/** What a new run is made of. */
interface NewRun {
  readonly live: LoadedCampaign;
  readonly audience: AudienceFile;
  readonly manifest: Manifest;
  readonly cause: Cause;
  readonly createdAt: number;
}

async function createRun(
  { ledger, objects, openScratch }: RunPorts,
  { live, audience, manifest, cause, createdAt }: NewRun,
  { another, planHash, onUncertain }: StartOptions,
): Promise<RunRecord> {
  const { contentHash, slot } = cause;
  const { schedule, expiresAfterMs } = live.campaign;
  if (slot !== null && isMissed(schedule, slot, createdAt)) throw new MissedStartError(slot, schedule?.missed ?? '');
  const id = await newRunId(ledger, cause, another);
  if (planHash !== undefined) {
    const dry = await planDry(live, audience, contentHash, {
      run: id,
      at: slot ?? createdAt,
      openScratch,
      messageIds: false,
    });
    refuseOtherPlan(planHash, dry.counts.planHash);
  }
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
    expiresAt: (hoursOf(schedule, slot)?.openFrom(createdAt) ?? createdAt) + expiresAfterMs,
  });
  return mustRead(ledger, id);
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
  const planner = new Planner(loaded, audience, run.contentHash, {
    run: run.id,
    at: run.slot ?? run.createdAt,
    pinFile,
    earlier: earlierRows(objects, run),
    openScratch,
  });
  const cut = new BatchCut(loaded.campaign.canary?.recipients ?? 0);
  const writer = new BatchWriter({ ledger, objects, suppressions }, run);
  try {
    for await (const planned of planner.batches()) {
      for (const row of planned) {
        const isLast = cut.add(row);
        writer.add(row);
        if (isLast && (await writer.end(cut.batches))) onPlanned?.(planner.rows);
        if (signal.aborted) return null;
      }
    }
    if (cut.finish()) await writer.end(cut.batches);
    await writer.finish();
  } finally {
    // Nothing is written any more when the plan is given out of hand.
    await writer.settled();
  }
  onPlanned?.(planner.rows);
  await ledger.completePlan(run.id, countsOf(planner, cut));
  return planner.problems;
}

/** Plans without writing anything. */
export async function planDry(
  loaded: LoadedCampaign,
  audience: AudienceFile,
  contentHash: string,
  options: Pick<PlanningOptions, 'run' | 'at' | 'openScratch' | 'messageIds'> & { onRow?: (row: PlannedRow) => void },
): Promise<{ counts: PlanCounts; problems: readonly Problem[] }> {
  const files = loaded.source.files;
  const planner = new Planner(loaded, audience, contentHash, {
    ...options,
    pinFile: (object) => sha256OfStream(files.stream(object)),
  });
  const cut = new BatchCut(loaded.campaign.canary?.recipients ?? 0);
  for await (const rows of planner.batches()) {
    for (const row of rows) {
      cut.add(row);
      options.onRow?.(row);
    }
  }
  cut.finish();
  return { counts: countsOf(planner, cut), problems: planner.problems };
}

/** The id that a start over a relay would give a new run, for a plan that is only looked at. */
export async function describePlan(
  loaded: LoadedCampaign,
  audience: AudienceFile,
  { slot, now }: { slot: number | null; now: number },
): Promise<{ run: string; contentHash: string }> {
  const manifest = await describeCampaign(loaded, audience);
  const cause = causeOf(loaded, manifest, audience, { slot, now, rehearsal: false });
  return { contentHash: cause.contentHash, run: runIdOf(cause) };
}

function countsOf(planner: Planner, { batches, canaryBatches }: BatchCut): PlanCounts {
  const { rows, recipients, duplicates, notSelected, invalid } = planner;
  const counts = { planHash: planner.planHash(), rows, recipients, duplicates, notSelected, invalid, batches };
  return canaryBatches === 0 ? counts : { ...counts, canaryBatches };
}
