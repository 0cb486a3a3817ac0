/**
 * What depth buys, and what it costs: the rate of a whole run over one connection, and how many recipients are left
 * uncertain by each death of its process.
 */
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_DEPTH } from '#smtp';
import { cartero, writeCampaign } from '../campaign.ts';
import { begin, type CommandLine, outputOf, throwIfInterrupted } from '../child.ts';
import { type Bench, type Case, share } from '../measuring.ts';
import { openLink, type Place } from '../place.ts';
import { tellProgress } from '../progress.ts';
import { figure, type Section, spread } from '../report.ts';
import { expectAll, Sink } from '../sink.ts';
import { inTurns, spreadOf } from '../statistics.ts';

const DEPTHS = [1, 2, 4, 8, 16, 32, 64];
const NEAR_MS = 2;
const FAR_MS = 40;
/** Longer than the window takes to grow. */
const LATEST_DEATH_MS = 1500;
/** Twice the depth leaves twice as many uncertain: for less than this it is not worth it. */
const WORTHWHILE_GAIN = 1.25;

interface Point {
  readonly depth: number;
  readonly near: readonly number[];
  readonly far: readonly number[];
  readonly uncertain: readonly number[];
}

export const curve: Case = {
  name: 'curve',
  summary: 'rate of a run against uncertain recipients per death, for depths 1 to 64',
  async run(bench: Bench): Promise<Section> {
    const near = await at(NEAR_MS, async (place) => ({ place, rates: await ratesAt(bench, place, NEAR_MS) }));
    const far = await at(FAR_MS, async (place) => ({
      place,
      rates: await ratesAt(bench, place, FAR_MS),
      deaths: await deathsAt(bench, place),
    }));
    const points = DEPTHS.map((depth) => ({
      depth,
      near: near.rates.get(depth) ?? [],
      far: far.rates.get(depth) ?? [],
      uncertain: far.deaths.get(depth) ?? [],
    }));
    return sectionOf(bench, [near.place.description, far.place.description], points);
  },
};

async function at<T>(roundTripMs: number, act: (place: Place) => Promise<T>): Promise<T> {
  const place = await openLink(roundTripMs);
  try {
    return await act(place);
  } finally {
    await place.close();
  }
}

/** Mails per second of whole runs, from the first acceptance to the last; by depth. */
async function ratesAt(bench: Bench, place: Place, roundTripMs: number): Promise<Map<number, readonly number[]>> {
  const subjects = DEPTHS.map((depth) => {
    // About as long for each: twice as deep, twice as fast.
    const mails = share(bench, Math.min(3000, 100 * depth * (FAR_MS / roundTripMs)));
    return [`${roundTripMs} ms, depth ${depth}`, () => rateOf(bench, { place, depth, mails })] as const;
  });
  const measured = [...(await inTurns(new Map(subjects), bench.options.rounds)).values()];
  return new Map(DEPTHS.map((depth, index) => [depth, measured[index] ?? []]));
}

interface Setting {
  readonly place: Place;
  readonly depth: number;
  readonly mails: number;
}

async function rateOf(bench: Bench, setting: Setting): Promise<number> {
  const run = await prepare(bench, setting);
  await outputOf(run.line, { cwd: run.cwd });
  const counts = await run.sink.end();
  expectAll(counts, setting.mails, 'cartero run');
  return (counts.mails - 1) / counts.seconds;
}

interface Prepared {
  readonly cwd: string;
  readonly sink: Sink;
  readonly line: CommandLine;
}

/** A campaign of its own, a state of its own, and the command that runs it. */
async function prepare({ workshop }: Bench, { place, depth, mails }: Setting): Promise<Prepared> {
  const { cwd } = writeCampaign(mkdtempSync(join(workshop.folder, 'curve-')), mails);
  const sink = await Sink.start(workshop, place, 'tls');
  const relay = `smtps://${sink.way.host}:${sink.way.port}?ca=${workshop.ca}`;
  const words = ['--relay', relay, '--connections', '1', '--depth', String(depth), '--json'];
  return { cwd, sink, line: place.near(cartero('run', 'bench', ...words)) };
}

/** Uncertain recipients of each death; by depth. */
async function deathsAt(bench: Bench, place: Place): Promise<Map<number, readonly number[]>> {
  const deaths = new Map<number, readonly number[]>();
  for (const depth of DEPTHS) {
    // More than can be sent in all its lives.
    const mails = bench.options.kills * 40 * (depth + 4);
    const run = await prepare(bench, { place, depth, mails });
    const uncertain: number[] = [];
    while (uncertain.length < bench.options.kills) {
      throwIfInterrupted();
      tellProgress(`depth ${depth}: death ${uncertain.length + 1} of ${bench.options.kills}`);
      await dieOnce(run);
      const sofar = uncertain.reduce((sum, each) => sum + each, 0);
      uncertain.push((await uncertainOf(run.cwd)) - sofar);
    }
    await run.sink.end();
    deaths.set(depth, uncertain);
  }
  return deaths;
}

/** Starts the run, or goes on with it, and kills it at a random moment after it has begun to send. */
async function dieOnce({ line, cwd, sink }: Prepared): Promise<void> {
  const before = (await sink.counts()).mails;
  const child = begin(line, { cwd, stdio: 'ignore' });
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
  while (child.exitCode === null && (await sink.counts()).mails === before) await sleep(5);
  await sleep(Math.random() * LATEST_DEATH_MS);
  child.kill('SIGKILL');
  const [code] = await ended;
  if (code !== null) throw new Error(`the run ended by itself, with ${code}, before it could be killed`);
}

/** As the ledger tells once the process is dead: its end-of-mail-data indicator may have left, and no more is known. */
async function uncertainOf(cwd: string): Promise<number> {
  const status = JSON.parse(await outputOf(cartero('status', '--json'), { cwd })) as { uncertain: number };
  return status.uncertain;
}

function sectionOf(
  { options }: Bench,
  places: readonly [near: string, far: string],
  points: readonly Point[],
): Section {
  const rates = points.map(({ near }) => spreadOf(near).median);
  const enough = points.find((_, index) => !((rates[index + 1] ?? 0) >= WORTHWHILE_GAIN * (rates[index] ?? 0)))?.depth;
  return {
    title: 'Depth: rate against uncertain recipients',
    method: `\`cartero run\`, whole, on one connection over TLS, with CHUNKING: mails per second from the first acceptance to the last, ${places.join('; and ')}. Deaths: ${options.kills} SIGKILLs for each depth, each at a random moment within ${LATEST_DEATH_MS / 1000} s after the run has sent its first mail at ${FAR_MS} ms. All connections die with their process: multiply by their number.`,
    tables: [
      {
        columns: ['depth', `mails/s at ${NEAR_MS} ms`, `mails/s at ${FAR_MS} ms`, 'uncertain per death'],
        rows: points.map(({ depth, near, far, uncertain }) => [
          String(depth),
          spread(near),
          spread(far),
          `${figure(uncertain.reduce((sum, each) => sum + each, 0) / uncertain.length)} (${Math.min(...uncertain)}–${Math.max(...uncertain)})`,
        ]),
      },
    ],
    targets: [],
    remarks: [
      `Each step doubles what may be uncertain when the process dies. At ${NEAR_MS} ms doubling gains less than ${Math.round((WORTHWHILE_GAIN - 1) * 100)} % from depth ${enough} on; far away rate and doubt both grow with depth. The default is ${DEFAULT_DEPTH}; \`--depth\` and a relay's own \`depth\` change it.`,
    ],
  };
}
