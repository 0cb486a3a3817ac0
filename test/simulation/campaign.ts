/** The campaign of the stories: loaded once, and planned once for each number of recipients. */
import {
  type AudienceFile,
  type LoadedCampaign,
  loadCampaign,
  MailComposer,
  type PlanCounts,
  type PlannedDelivery,
  type RunRecord,
  readContent,
  startRun,
} from '#mailing';
import { deliveriesOf, readBatch, writeBatches } from '../../functions/mailing/batch-file.ts';
import { MemoryScratch } from '../../functions/mailing/memory-scratch.ts';
import { LedgerModel } from './ledger-model.ts';
import { MemoryLedger } from './memory-ledger.ts';
import { MemoryObjects, MemorySuppressions } from './stores.ts';
import { START } from './world.ts';

export function recipientOf(person: number): string {
  return `r${person + 1}@example.com`;
}

/** A start's campaign and audience, as they lie in a folder. */
export interface Live {
  readonly loaded: LoadedCampaign;
  readonly audience: AudienceFile;
}

const FILES = {
  'campaign.json': JSON.stringify({ from: 'News <news@example.com>', audience: 'list.csv', expiresAfter: 'PT2H' }),
  'subject.hbs': 'Hello {{name}}',
  'body.txt.hbs': 'Hello {{name}},\n.\nthis is for you.\n',
};

let shared: Promise<LoadedCampaign> | undefined;

export async function liveCampaign(people: number): Promise<Live> {
  shared ??= loadCampaign({
    name: 'letters',
    location: 'templates/letters',
    identity: '/templates/letters',
    files: new MemoryObjects(new Map(Object.entries(FILES).map(([name, text]) => [name, Buffer.from(text)]))),
    shared: new MemoryObjects(),
  });
  const rows = Array.from({ length: people }, (_, person) => `${recipientOf(person)},Person ${person + 1}\n`);
  const list = Buffer.from(`email,name\n${rows.join('')}`);
  async function* open() {
    yield list;
  }
  return { loaded: await shared, audience: { name: 'list.csv', open } };
}

/** A run as its planning has left it: its objects, and what the ledger is told. */
export interface Planned {
  readonly objects: ReadonlyMap<string, Uint8Array>;
  readonly facts: Omit<RunRecord, 'plan' | 'finished' | 'canary'>;
  readonly batches: readonly (readonly PlannedDelivery[])[];
  readonly plan: PlanCounts;
  readonly composer: MailComposer;
}

const PLANNED = new Map<string, Promise<Planned>>();

/** In batches of the story's size, which is smaller than the one that planning gives them. */
export function plannedRun(people: number, batchSize: number): Promise<Planned> {
  const key = `${people}/${batchSize}`;
  const known = PLANNED.get(key) ?? plan(people, batchSize);
  PLANNED.set(key, known);
  return known;
}

async function plan(people: number, batchSize: number): Promise<Planned> {
  const { loaded, audience } = await liveCampaign(people);
  const ledger = new MemoryLedger(new LedgerModel(), { owner: 'planner', isAlive: () => true });
  const objects = new MemoryObjects();
  const clock = { now: () => START, monotonic: () => 0, after: () => () => {} };
  const ports = {
    ledger,
    objects,
    suppressions: new MemorySuppressions(),
    clock,
    openScratch: () => new MemoryScratch(),
  };
  const started = await startRun(ports, loaded, audience, {
    slot: null,
    rehearsal: false,
    another: false,
    signal: new AbortController().signal,
  });
  if (started === null) throw new Error('Cannot plan: the start was stopped');
  const { plan, finished: _finished, canary: _canary, ...facts } = started.run;
  if (plan === null) throw new Error('Cannot plan: the plan is not complete');
  const rows = await readBatch(objects, facts, 1);
  const parts = Array.from({ length: Math.ceil(rows.length / batchSize) }, (_, place) =>
    rows.slice(place * batchSize, (place + 1) * batchSize),
  );
  const kept = new MemoryObjects(new Map([...objects.all].filter(([name]) => !name.includes('/batches/'))));
  await writeBatches(
    kept,
    facts,
    parts.map((rows, place) => ({ number: place + 1, rows })),
  );
  return {
    objects: kept.all,
    facts,
    batches: parts.map(deliveriesOf),
    plan: { ...plan, batches: parts.length },
    composer: await MailComposer.open(started.loaded, {
      date: START,
      readFile: (content) => readContent(kept, content),
    }),
  };
}
