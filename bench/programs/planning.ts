/** Plans an audience: with nothing written, or into a state folder. */
import { createReadStream } from 'node:fs';
import { openCampaignFolder, openState, openTemporaryScratch, systemClock } from '#local';
import { type AudienceFile, loadCampaign, type PlanCounts, planDry, startRun } from '#mailing';
import { peakMemoryMb } from './work.ts';

export interface PlanningWork {
  /** The campaign's folder. */
  readonly campaign: string;
  /** The audience's file. */
  readonly audience: string;
  /** The state to plan into; `null`: nothing is written. */
  readonly state: string | null;
}

export interface PlanningMeasure {
  readonly rows: number;
  readonly recipients: number;
  readonly duplicates: number;
  readonly invalid: number;
  readonly planHash: string;
  readonly seconds: number;
  readonly cpuMs: number;
  readonly rssMb: number;
}

const work = JSON.parse(process.argv[2] ?? '') as PlanningWork;
const audience: AudienceFile = { name: 'list.csv', open: () => createReadStream(work.audience) };
const campaign = await loadCampaign(await openCampaignFolder(work.campaign, { projectTemplates: work.campaign }));
const began = performance.now();
const cpuBefore = process.cpuUsage();
const { rows, recipients, duplicates, invalid, planHash } = await planned(work.state);
const { user, system } = process.cpuUsage(cpuBefore);
const measured: PlanningMeasure = {
  rows,
  recipients,
  duplicates,
  invalid,
  planHash,
  seconds: (performance.now() - began) / 1000,
  cpuMs: (user + system) / 1000,
  rssMb: peakMemoryMb(),
};
process.stdout.write(`${JSON.stringify(measured)}\n`);

async function planned(folder: string | null): Promise<PlanCounts> {
  if (folder === null) {
    const how = { run: 'bench-1', at: 1_700_000_000_000, openScratch: openTemporaryScratch, messageIds: false };
    return (await planDry(campaign, audience, 'bench', how)).counts;
  }
  const state = openState(folder);
  try {
    const signal = new AbortController().signal;
    const how = { slot: null, rehearsal: false, another: false, signal };
    const started = await startRun({ ...state, clock: systemClock() }, campaign, audience, how);
    if (started === null) throw new Error('The planning was stopped');
    return started.plan;
  } finally {
    state.close();
  }
}
