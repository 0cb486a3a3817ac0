import type { LocalState } from '#local';
import { isoTime, OUTCOMES, type RunControl, type RunRecord, resultLine, type Totals } from '#mailing';
import { canaryWords } from './canary.ts';
import { type Command, InputError } from './command.ts';
import { grouped } from './progress.ts';
import { findRun, openExistingState, STATE_OPTION } from './states.ts';

export const status: Command = {
  name: 'status',
  summary: 'Tell what became of a run and of each recipient.',
  usage: ['status [run] [--state DIR] [--recipients] [--json]'],
  details: 'A run may be named by the beginning of its id. Without one: all runs; with --recipients the newest run.',
  options: {
    state: STATE_OPTION,
    recipients: { type: 'boolean', description: 'one JSON line per recipient' },
    json: { type: 'boolean', description: 'JSON, a line each' },
  },
  examples: [
    ['status', 'all runs of this state'],
    ['status newsletter-1f2e3d4c5b --recipients --json', 'everybody, with outcome, reply and queue id'],
  ],
  async run(words, shell) {
    const [id] = words.positional(['run'], { optional: 1 });
    const state = openExistingState(words, shell);
    try {
      if (words.flag('recipients')) {
        const run = await findRun(state, id);
        for await (const record of state.ledger.deliveries(run.id))
          shell.out(`${JSON.stringify(resultLine(record))}\n`);
        return 0;
      }
      const runs = id === undefined ? await state.ledger.runs() : [await findRun(state, id)];
      if (runs.length === 0) throw new InputError('no run was started in this state');
      for (const run of runs)
        shell.out(
          words.flag('json')
            ? `${JSON.stringify(await statusJson(state, run))}\n`
            : statusText(run, await state.ledger.totals(run.id), await state.ledger.control(run.id)),
        );
      return 0;
    } finally {
      state.close();
    }
  },
};

async function statusJson(state: LocalState, run: RunRecord): Promise<Record<string, unknown>> {
  const { plan } = run;
  return {
    run: run.id,
    campaign: run.campaign,
    rows: plan?.rows ?? 0,
    recipients: plan?.recipients ?? 0,
    duplicates: plan?.duplicates ?? 0,
    notSelected: plan?.notSelected ?? 0,
    ...(await state.ledger.totals(run.id)),
    planHash: plan?.planHash ?? null,
    createdAt: isoTime(run.createdAt),
    finished: run.finished,
    control: await state.ledger.control(run.id),
    ...(run.canary === null ? {} : { canary: run.canary }),
  };
}

function statusText(run: RunRecord, totals: Totals, control: RunControl | null): string {
  const where =
    control === 'cancelled'
      ? 'cancelled'
      : run.plan === null
        ? 'planning is not complete'
        : run.finished
          ? 'finished'
          : control === 'paused'
            ? `${run.canary?.verdict === 'stopped' ? canaryWords(run.canary) : 'paused'}; \`npx cartero resume ${run.id}\` lets it go on`
            : 'not finished; the same `cartero run` goes on with it';
  const counts = OUTCOMES.filter((outcome) => totals[outcome] > 0).map(
    (outcome) => `  ${outcome.padEnd(12)}${grouped(totals[outcome]).padStart(10)}\n`,
  );
  return `${run.id}  ${isoTime(run.createdAt)}  ${where}\n${counts.join('')}`;
}
