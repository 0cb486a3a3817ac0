/** The life of one process: what `cartero run` does, by the domain's own code, over ports that pass through the process. */
import {
  type Clock,
  endCancelled,
  type Ledger,
  LedgerError,
  MailComposer,
  ObjectStoreError,
  type RunRecord,
  readContent,
  type SuppressionList,
  sendToEnd,
  startRun,
  watchControl,
} from '#mailing';
import { openSession } from '#smtp';
import { MemoryScratch } from '../../functions/mailing/memory-scratch.ts';
import { liveCampaign, plannedRun, recipientOf } from './campaign.ts';
import { connectOver } from './network.ts';
import { type Fault, type SimulatedProcess, throttled, throughProcess } from './process.ts';
import { NoTranscripts } from './stores.ts';
import type { Story } from './story.ts';

/** In real life somebody is asked twice a second; a story of hours needs it less often. */
const WATCH_STRETCH = 30;

/** @throws what ends a real one with exit code 1 */
export async function live(story: Story, process: SimulatedProcess, toTheEnd: boolean): Promise<void> {
  const ports = portsOf(story, process);
  const started = await (story.scenario.isPlannedHere ? start(story, ports) : goOn(story, ports));
  if (started === null) return;
  const { run, composer } = started;
  const { clock } = ports;
  const patient: Clock = { ...clock, after: (ms, fn) => clock.after(ms * WATCH_STRETCH, fn) };
  const watch = await watchControl(ports.ledger, run.id, patient);
  try {
    if (watch.control === 'going')
      await sendToEnd(
        run,
        poisoned(composer, story, process),
        ports,
        optionsOf(story, process, watch.signal, toTheEnd),
      );
    if (watch.control === 'cancelled') await endCancelled(run.id, ports);
  } finally {
    watch.close();
  }
}

type Ports = ReturnType<typeof portsOf>;

interface Started {
  readonly run: RunRecord;
  readonly composer: MailComposer;
}

/** Finds or makes the run, and plans it where it must. */
async function start({ scenario }: Story, ports: Ports): Promise<Started | null> {
  const { loaded: liveOne, audience } = await liveCampaign(scenario.people.length);
  const started = await startRun(ports, liveOne, audience, {
    slot: null,
    rehearsal: false,
    another: false,
    // Where somebody changes it meanwhile, a start does not change it back.
    ...(scenario.deeds.some(({ kind }) => kind === 'policy') ? {} : { onUncertain: scenario.policy }),
    signal: new AbortController().signal,
  });
  if (started === null || started.kind === 'finished') return null;
  const { run, loaded } = started;
  const readFile = (content: string) => readContent(ports.objects, content);
  return { run, composer: await MailComposer.open(loaded, { date: run.createdAt, readFile }) };
}

/** The same where it was planned before. */
async function goOn({ scenario, runId: id }: Story, { ledger }: Ports): Promise<Started | null> {
  const run = await ledger.run(id);
  if (run === null) throw new Error(`Cannot go on: there is no run ${id}`);
  if (run.finished) return null;
  return { run, composer: (await plannedRun(scenario.people.length, scenario.batchSize)).composer };
}

/** Where a mail is poison, its process ends as it is made. */
function poisoned(composer: MailComposer, { scenario }: Story, process: SimulatedProcess): MailComposer {
  const poison = new Set(scenario.poison.map(recipientOf));
  if (poison.size === 0) return composer;
  const compose: MailComposer['compose'] = async (row) => {
    if (!poison.has(row.recipient)) return composer.compose(row);
    process.die(`of the mail to ${row.recipient}`);
    return new Promise(() => {});
  };
  return new Proxy(composer, {
    get: (_, name) => {
      if (name === 'compose') return compose;
      const value: unknown = Reflect.get(composer, name);
      return typeof value === 'function' ? value.bind(composer) : value;
    },
  });
}

function optionsOf(story: Story, process: SimulatedProcess, signal: AbortSignal, toTheEnd: boolean) {
  const { world, relay, scenario } = story;
  const { connections, depth, networkMs, messagesPerSecond } = scenario;
  const settings = { host: '127.0.0.1', port: 25, security: 'none', clientName: 'client.test', depth } as const;
  const time = clockOf(story, process);
  return {
    connections,
    ...(messagesPerSecond === null ? {} : { messagesPerSecond }),
    once: !toTheEnd,
    signal,
    owner: process.owner,
    openSession: (record: Parameters<typeof openSession>[1]['record'], unwanted: AbortSignal) =>
      openSession(settings, {
        time,
        record,
        connect: connectOver(world, process, relay, networkMs),
        signal: unwanted,
      }),
  };
}

function clockOf({ world }: Story, process: SimulatedProcess): Clock {
  return { now: () => world.wall, monotonic: () => world.now, after: (ms, fn) => process.after(ms, fn) };
}

function portsOf(story: Story, process: SimulatedProcess) {
  return {
    ledger: throughProcess<Ledger>(process, 'ledger', witnessed(story, process), (method) =>
      ledgerFault(story, method),
    ),
    suppressions: throughProcess<SuppressionList>(process, 'suppressions', story.stage.suppressions, () =>
      ledgerFault(story, 'among'),
    ),
    objects: throughProcess(process, 'objects', story.objects, (method) =>
      method === 'write' || method === 'writeAll' ? diskFault(story, 'write', 'an object') : null,
    ),
    transcripts: Object.assign(new NoTranscripts(), {
      flush: () =>
        process.call(
          'transcripts.flush',
          async () => {},
          () => diskFault(story, 'flush', 'a transcript'),
        ),
    }),
    clock: clockOf(story, process),
    openScratch: () => new MemoryScratch(),
  };
}

const WRITES: ReadonlySet<string> = new Set([
  'createRun',
  'addBatch',
  'addBatches',
  'completePlan',
  'claim',
  'commit',
  'release',
  'setUncertainPolicy',
]);

/** A write may be done, and its answer be an error all the same. */
function ledgerFault({ world, scenario: { odds }, isWell, counts }: Story, method: string): Fault {
  if (isWell) return null;
  if (world.oneIn(odds.throttled)) {
    counts.faults += 1;
    return { works: false, error: throttled() };
  }
  if (!WRITES.has(method) || !world.oneIn(odds.ambiguous)) return null;
  counts.faults += 1;
  return { works: true, error: new LedgerError('Cannot write the ledger: the disk does not read or write') };
}

function diskFault({ world, scenario: { odds }, isWell, counts }: Story, action: string, what: string): Fault {
  if (isWell || !world.oneIn(odds.diskFull)) return null;
  counts.faults += 1;
  return { works: world.oneIn(2), error: new ObjectStoreError(action, what, 'the disk is full') };
}

/** The ledger itself, with whoever watches what becomes true in it. */
function witnessed({ stage, witness }: Story, process: SimulatedProcess): Ledger {
  const { owner } = process;
  const ledger = stage.ledgerOf(owner);
  return new Proxy(ledger, {
    get: (_, name) => {
      if (name === 'claim')
        return async (...words: Parameters<Ledger['claim']>) => {
          const claim = await ledger.claim(...words);
          if (claim !== null) witness.claimed(owner, claim);
          return claim;
        };
      if (name === 'commit')
        return async (...[claim, changes]: Parameters<Ledger['commit']>) => {
          const isHeard = process.willHear;
          const rev = await ledger.commit(claim, changes);
          witness.committed(owner, claim, changes, isHeard);
          return rev;
        };
      const value: unknown = Reflect.get(ledger, name);
      return typeof value === 'function' ? value.bind(ledger) : value;
    },
  });
}
