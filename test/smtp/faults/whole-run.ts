/**
 * A whole run: what is due is composed, sent and settled over one connection after the other, with the ledger on disk. The
 * first relay does one thing wrong, those after it nothing.
 */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LocalState, openCampaignFolder, openState } from '#local';
import {
  type DeliveryRecord,
  type Ledger,
  loadCampaign,
  MailComposer,
  ObjectMissingError,
  type ObjectStore,
  type PlannedDelivery,
  readContent,
  type StartedRun,
  sendRun,
  startRun,
  type TranscriptSink,
} from '#mailing';
import { openSession, type RecipientResult, type Session } from '#smtp';
import { writeCampaign } from '../../cli/cartero.ts';
import { VirtualTime } from '../virtual-time.ts';
import type { Cell } from './cells.ts';
import { Lapse } from './lapse.ts';
import { advanceOf, momentOf, type Target } from './moments.ts';
import { type Fate, isAhead } from './oracle.ts';
import type { HeardMail, Plan } from './relay.ts';
import { letterOf, offersOf } from './scene.ts';
import { FaultyWire } from './wire.ts';

export const PEOPLE = 6;
/** A file system in memory, where there is one. */
const IN_MEMORY = '/dev/shm';

/** The mail that is met is the third. */
const TARGET: Target = { mail: 2, recipient: 0, recipients: 1, rest: 'RSET' };

class RunTime extends VirtualTime {
  monotonic(): number {
    return this.now();
  }
}

const NO_TRANSCRIPTS: TranscriptSink = { write: () => {}, flush: async () => {} };

/** One planned run, that every cell sends again as a run of its own. */
export interface Stock {
  readonly folder: string;
  readonly state: LocalState;
  readonly started: StartedRun;
  readonly composer: MailComposer;
  readonly planned: readonly PlannedDelivery[];
  readonly files: ReadonlyMap<string, Uint8Array>;
}

export async function prepare(): Promise<Stock> {
  // Nothing here hangs on what outlives a loss of power, and a disk would be asked for that ten thousand times.
  const folder = mkdtempSync(join(existsSync(IN_MEMORY) ? IN_MEMORY : tmpdir(), 'cartero-test-'));
  const people = Array.from({ length: PEOPLE }, (_, index) => `p${index}@example.com,P\n`).join('');
  const campaign = await writeCampaign(folder, 'letters', { 'list.csv': `email,name\n${people}` });
  const state = openState(join(folder, 'state'));
  const live = await loadCampaign(await openCampaignFolder(campaign, { projectTemplates: campaign }));
  const audience = { name: 'list.csv', open: () => live.source.files.stream('list.csv') };
  const { signal } = new AbortController();
  const clock = new RunTime();
  const started = await startRun({ ...state, clock }, live, audience, {
    slot: null,
    rehearsal: false,
    another: false,
    signal,
  });
  if (started === null) throw new Error('the start was stopped');
  const composer = await MailComposer.open(started.loaded, {
    date: started.run.createdAt,
    readFile: (content) => readContent(state.objects, content),
  });
  const planned: PlannedDelivery[] = [];
  for await (const { row, recipient, messageId } of state.ledger.deliveries(started.run.id)) {
    planned.push({ index: planned.length, row, recipient, key: recipient, messageId, state: 'pending' });
  }
  const files = new Map<string, Uint8Array>();
  for (const name of await state.objects.list(`runs/${started.run.id}/`))
    files.set(name, await state.objects.read(name));
  return { folder, state, started, composer, planned, files };
}

/** The batches of the planned run, under another run's names and in memory; what is written of results is let go. */
function objectsOf(stock: Stock, run: string): ObjectStore {
  const own = (name: string): string => name.replace(`runs/${run}/`, `runs/${stock.started.run.id}/`);
  const read = async (name: string): Promise<Uint8Array> => {
    const content = stock.files.get(own(name));
    if (content === undefined) throw new ObjectMissingError(name);
    return content;
  };
  return {
    read,
    stream: async function* (name) {
      yield await read(name);
    },
    has: async (name) => stock.files.has(own(name)),
    list: async () => [],
    write: async () => {},
    writeAll: async () => {},
  };
}

export interface Sent {
  readonly fault: unknown;
  readonly rows: readonly DeliveryRecord[];
  /** By recipient, in the order of the attempts. */
  readonly told: ReadonlyMap<string, readonly Fate[]>;
  /** Durable intents, by recipient. */
  readonly intents: ReadonlyMap<string, number>;
  /** Whose indicator had left before its intent was durable. */
  readonly early: readonly string[];
  readonly wires: readonly FaultyWire[];
  readonly timers: number;
}

/** A whole run whose first connection leads to a relay that does one thing wrong. */
export async function send(stock: Stock, cell: Cell): Promise<Sent> {
  const { state, started, composer, planned } = stock;
  const id = [cell.mode, cell.security, cell.step, cell.fault].join('-').replace(/[^\w-]/g, '_');
  const run = { ...started.run, id, source: id };
  await state.ledger.createRun(run);
  await state.ledger.addBatch(run.id, 1, planned);
  if (started.run.plan === null) throw new Error('the run is not planned');
  await state.ledger.completePlan(run.id, started.run.plan);
  const time = new RunTime();
  const wires: FaultyWire[] = [];
  const told = new Map<string, Fate[]>();
  const intents = new Map<string, number>();
  const early: string[] = [];
  const lapse = new Lapse(time, () => wires);
  const open = async (): Promise<Session> => {
    const wire = wireTo(cell, { time, isFirst: wires.length === 0 });
    wires.push(wire);
    const session = await openSession(settingsOf(cell), { time, connect: wire.connect, record: () => {} });
    return listening(session, told);
  };
  const ledger = withCommit(state.ledger, async (claim, changes) => {
    // The intent is being made durable: all but the indicator was sent.
    const isMet = changes.intended.some(({ index, attempt }) => index === TARGET.mail && attempt === 1);
    if (isMet) wires[0]?.relay.pass(`withheld ${TARGET.mail}`);
    if (isMet && cell.step === 'withheld') await lapse.quiet();
    // Up to here no indicator may have left but for an intent that is durable.
    for (const { index } of changes.intended) {
      const recipient = planned[index]?.recipient ?? '';
      if (indicatedTo(wires, recipient) > (intents.get(recipient) ?? 0)) early.push(recipient);
    }
    const rev = await state.ledger.commit(claim, changes);
    for (const { index } of changes.intended) {
      const recipient = planned[index]?.recipient ?? '';
      intents.set(recipient, (intents.get(recipient) ?? 0) + 1);
    }
    return rev;
  });
  const { suppressions } = state;
  const ports = { ledger, suppressions, objects: objectsOf(stock, run.id), transcripts: NO_TRANSCRIPTS, clock: time };
  const { signal } = new AbortController();
  const work = sendRun(run, composer, ports, { connections: 1, openSession: open, signal, owner: 'sender' });
  const fault: unknown = await lapse.within(
    work.then(
      () => null,
      (error: unknown) => error,
    ),
  );
  const rows: DeliveryRecord[] = [];
  for await (const row of state.ledger.deliveries(run.id)) rows.push(row);
  return { fault, rows, told, intents, early, wires, timers: time.pending };
}

function wireTo(cell: Cell, { time, isFirst }: { time: VirtualTime; isFirst: boolean }): FaultyWire {
  const without = cell.step === 'RSET or idle' && !isAhead(cell) ? TARGET.mail : null;
  const plan: Plan = {
    cell,
    at: momentOf(cell, TARGET),
    advance: advanceOf(cell, TARGET),
    octets: 0,
    without,
    farewell: 'none',
  };
  const isTlsFirst = cell.security === 'implicit-tls';
  const isJoined = cell.fault === 'reply in advance';
  return new FaultyWire(isFirst ? plan : null, { time, isTlsFirst, isJoined, offers: offersOf(cell) });
}

function settingsOf({ security }: Cell): Parameters<typeof openSession>[0] {
  return {
    host: 'mail.example.com',
    port: 587,
    security,
    clientName: 'client.example.com',
    credentials: { user: 'user', password: 'password' },
    mechanism: 'LOGIN',
  };
}

/** The session, whose results are written down. */
function listening(session: Session, told: Map<string, Fate[]>): Session {
  const note = (recipient: string, result: RecipientResult): void => {
    told.set(recipient, [...(told.get(recipient) ?? []), letterOf(result)]);
  };
  return new Proxy(session, {
    get: (target, name) => {
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      if (name !== 'transact') return value.bind(target);
      return async (...words: Parameters<Session['transact']>) => {
        const result = await target.transact(...words);
        for (const [index, each] of result.recipients.entries()) note(words[0].forwardPaths[index] ?? '', each);
        return result;
      };
    },
  });
}

function withCommit(ledger: Ledger, commit: Ledger['commit']): Ledger {
  return new Proxy(ledger, {
    get: (target, name) => {
      if (name === 'commit') return commit;
      const value = Reflect.get(target, name) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** The mails to somebody, as the relays have heard them. */
export function mailsTo(wires: readonly FaultyWire[], recipient: string): readonly HeardMail[] {
  return wires.flatMap(({ relay }) => relay.mails).filter(({ recipients }) => recipients.includes(recipient));
}

export function indicatedTo(wires: readonly FaultyWire[], recipient: string): number {
  return mailsTo(wires, recipient).filter(({ isIndicated }) => isIndicated).length;
}
