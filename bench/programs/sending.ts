/** Sends a planned run with the SQLite ledger or with one that keeps nothing: only the sending is measured. */
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openCampaignFolder, openState, systemClock } from '#local';
import { type Ledger, loadCampaign, MailComposer, readContent, sendRun, startRun } from '#mailing';
import { openSession } from '#smtp';
import { openForgetfulLedger } from './forgetful-ledger.ts';
import { peakMemoryMb } from './work.ts';

export interface SendingWork {
  readonly campaign: string;
  readonly state: string;
  readonly ledger: 'SQLite' | 'none';
  readonly connections: number;
  readonly host: string;
  readonly port: number;
  /** PEM file. */
  readonly ca: string;
}

export interface SendingMeasure {
  readonly mails: number;
  readonly seconds: number;
  readonly cpuMs: number;
  readonly rssMb: number;
  /** Durable writes of outcomes and intents, and what they carried. */
  readonly commits: number;
  readonly settled: number;
  readonly intended: number;
  /** That the process had written to disk. */
  readonly octetsWritten: number;
}

const work = JSON.parse(process.argv[2] ?? '') as SendingWork;
const { host, port } = work;
const clock = systemClock();
const ca = readFileSync(work.ca, 'utf8');
const state = openState(work.state);
const campaign = await loadCampaign(await openCampaignFolder(work.campaign, { projectTemplates: work.campaign }));
const audience = { name: 'list.csv', open: () => createReadStream(join(work.campaign, 'list.csv')) };
const { signal } = new AbortController();
const how = { slot: null, rehearsal: false, another: false, signal };
const started = await startRun({ ...state, clock }, campaign, audience, how);
if (started === null) throw new Error('The planning was stopped');
const { run, loaded, plan } = started;
const readFile = (content: string) => readContent(state.objects, content);
const composer = await MailComposer.open(loaded, { date: run.createdAt, readFile });
const writes = { commits: 0, settled: 0, intended: 0 };
const ledger = counting(work.ledger === 'SQLite' ? state.ledger : await openForgetfulLedger(state.ledger, run.id));
const openedSession = (record: Parameters<typeof openSession>[1]['record']) =>
  openSession({ host, port, clientName: 'client.test', security: 'implicit-tls', ca }, { time: clock, record });
const writtenBefore = octetsWritten();
const cpuBefore = process.cpuUsage();
const began = performance.now();
await sendRun(
  run,
  composer,
  { ...state, ledger, clock },
  {
    connections: work.connections,
    openSession: openedSession,
    owner: state.owner,
    signal,
  },
);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
state.close();
const measured: SendingMeasure = {
  mails: plan.recipients,
  seconds,
  cpuMs: (user + system) / 1000,
  rssMb: peakMemoryMb(),
  ...writes,
  octetsWritten: octetsWritten() - writtenBefore,
};
process.stdout.write(`${JSON.stringify(measured)}\n`);

function counting(counted: Ledger): Ledger {
  const commit: Ledger['commit'] = (claim, changes) => {
    writes.commits += 1;
    writes.settled += changes.settled.length;
    writes.intended += changes.intended.length;
    return counted.commit(claim, changes);
  };
  return new Proxy(counted, {
    get: (target, name) => {
      if (name === 'commit') return commit;
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** On Linux; 0 elsewhere. */
function octetsWritten(): number {
  if (process.platform !== 'linux') return 0;
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
}
