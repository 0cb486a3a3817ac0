/**
 * Which run is it? A start is a cause, and the same cause twice is one run:
 *
 * - for a slot (`--at`): campaign and slot, whatever the files say now;
 * - by hand: an unfinished run of the campaign goes on from its frozen copy; the content of a finished one has nothing
 *   left to do; anything else is a new run, named by its content. `another` asks for a new one all the same.
 */

import { BATCH_SIZE, deliveriesOf, earlierRows, writeBatch } from './batch-file.ts';
import type { Campaign } from './campaign.ts';
import { type LoadedCampaign, loadCampaign } from './campaign-source.ts';
import { sha256OfStream } from './digest.ts';
import {
  type AudienceFile,
  changedFiles,
  contentHashOf,
  describeCampaign,
  freezeCampaign,
  freezeFile,
  frozenSource,
  type Manifest,
  readManifest,
} from './frozen.ts';
import type { UncertainPolicy } from './outcome.ts';
import { pause } from './pacing.ts';
import { type PlannedRow, Planner } from './planner.ts';
import type { Clock, Ledger, ObjectStore, PlanCounts, RunRecord } from './ports.ts';
import type { Problem } from './problem.ts';

export interface RunPorts {
  readonly ledger: Ledger;
  readonly objects: ObjectStore;
  readonly clock: Clock;
}

export interface StartOptions {
  /** Epoch ms of the slot; `null` by hand. */
  readonly slot: number | null;
  /** Start another run even where this content has one. */
  readonly another: boolean;
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
}

/** What was asked for cannot be this run. */
export class RunError extends Error {
  readonly code = 'ERR_RUN';
  constructor(message: string) {
    super(message);
    this.name = 'RunError';
  }
}

/** Finds or makes the run, freezes its campaign and completes its plan. Harmless to repeat after a death at any point. */
export async function startRun(
  ports: RunPorts,
  live: LoadedCampaign,
  audience: AudienceFile,
  options: StartOptions,
): Promise<StartedRun | null> {
  const manifest = await describeCampaign(live, audience);
  const contentHash = contentHashOf(manifest);
  const existing = await findRun(ports.ledger, manifest, contentHash, options);
  const createdAt = ports.clock.now();
  let run = existing;
  if (run === null) {
    const id = await newRunId(ports.ledger, manifest, contentHash, options);
    if (options.planHash !== undefined) {
      const dry = await planDry(live, audience, contentHash, { run: id, at: options.slot ?? createdAt });
      refuseOtherPlan(options.planHash, dry.counts.planHash);
    }
    await freezeCampaign(ports.objects, { id, contentHash }, live.source, audience, manifest);
    await ports.ledger.createRun(newRecord(id, manifest, contentHash, live.campaign, createdAt, options));
    run = await mustRead(ports.ledger, id);
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
  };
}

async function findRun(
  ledger: Ledger,
  manifest: Manifest,
  contentHash: string,
  { slot, another }: StartOptions,
): Promise<RunRecord | null> {
  if (another) return null;
  if (slot !== null) {
    const run = await ledger.run(slotRunId(manifest.campaign, slot));
    if (run !== null && run.source !== manifest.identity) {
      throw new RunError(
        `Cannot start: another campaign folder of this name (${run.source}) has run ${run.id} in this state; use another --state`,
      );
    }
    return run !== null && run.plan === null && run.contentHash !== contentHash ? null : run;
  }
  const runs = (await ledger.runs(manifest.campaign)).filter((run) => run.slot === null);
  // A run whose plan never came to be has sent nothing: only its own content may go on with it.
  const goesOn = (run: RunRecord) =>
    run.contentHash === contentHash || (run.plan !== null && run.source === manifest.identity);
  const unfinished = runs.filter((run) => !run.finished && goesOn(run));
  return unfinished.at(-1) ?? runs.findLast((run) => run.contentHash === contentHash) ?? null;
}

async function newRunId(
  ledger: Ledger,
  manifest: Manifest,
  contentHash: string,
  { slot, another }: StartOptions,
): Promise<string> {
  const id = slot === null ? `${manifest.campaign}-${contentHash.slice(0, 10)}` : slotRunId(manifest.campaign, slot);
  if (!another) return id;
  for (let count = 1; ; count += 1) {
    const candidate = count === 1 ? id : `${id}-${count}`;
    if ((await ledger.run(candidate)) === null) return candidate;
  }
}

/** `birthday-at-20261201T090000Z` */
function slotRunId(campaign: string, slot: number): string {
  return `${campaign}-at-${new Date(slot).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

function newRecord(
  id: string,
  manifest: Manifest,
  contentHash: string,
  campaign: Campaign,
  createdAt: number,
  { slot, onUncertain }: StartOptions,
): Omit<RunRecord, 'plan' | 'finished'> {
  return {
    id,
    campaign: manifest.campaign,
    source: manifest.identity,
    slot,
    contentHash,
    createdAt,
    onUncertain: onUncertain ?? campaign.onUncertain,
    expiresAt: createdAt + campaign.expiresAfterMs,
  };
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
  { ledger, objects }: RunPorts,
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
  });
  let batches = 0;
  let rows: PlannedRow[] = [];
  const flush = async () => {
    batches += 1;
    const written = await writeBatch(objects, run, batches, rows);
    await ledger.addBatch(run.id, batches, deliveriesOf(written));
    rows = [];
    onPlanned?.(planner.rows);
  };
  for await (const row of planner.deliveries()) {
    rows.push(row);
    if (rows.length === BATCH_SIZE) await flush();
    if (signal.aborted) return null;
  }
  if (rows.length > 0) await flush();
  await ledger.completePlan(run.id, { ...countsOf(planner), batches });
  return planner.problems;
}

/** Plans without writing anything. */
export async function planDry(
  loaded: LoadedCampaign,
  audience: AudienceFile,
  contentHash: string,
  options: { run: string; at: number; onRow?: (row: PlannedRow) => void },
): Promise<{ counts: PlanCounts; problems: readonly Problem[] }> {
  const files = loaded.source.files;
  const planner = new Planner(loaded, audience, contentHash, {
    run: options.run,
    at: options.at,
    pinFile: (object) => sha256OfStream(files.stream(object)),
  });
  for await (const row of planner.deliveries()) options.onRow?.(row);
  return {
    counts: { ...countsOf(planner), batches: Math.ceil(planner.recipients / BATCH_SIZE) },
    problems: planner.problems,
  };
}

/** The id that a start would give a new run, for a plan that is only looked at. */
export async function describePlan(
  loaded: LoadedCampaign,
  audience: AudienceFile,
  slot: number | null,
): Promise<{ run: string; contentHash: string }> {
  const manifest = await describeCampaign(loaded, audience);
  const contentHash = contentHashOf(manifest);
  return {
    contentHash,
    run: slot === null ? `${manifest.campaign}-${contentHash.slice(0, 10)}` : slotRunId(manifest.campaign, slot),
  };
}

function countsOf(planner: Planner): Omit<PlanCounts, 'batches'> {
  const { rows, recipients, duplicates, notSelected, invalid } = planner;
  return { planHash: planner.planHash(), rows, recipients, duplicates, notSelected, invalid };
}
