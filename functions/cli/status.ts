import { systemClock } from '#local';
import { CSV_HEADING, csvLine, type DeliveryRecord, OUTCOMES, type Outcome, resultLine } from '#mailing';
import { type Command, InputError, UsageError, type Words } from './command.ts';
import { writeLines, writeLinesTo } from './results-output.ts';
import { findRun, openExistingState, STATE_OPTION } from './states.ts';
import { countsJson, countsText, reportJson, reportText } from './status-report.ts';

export const status: Command = {
  name: 'status',
  summary: 'Tell what became of a run and of each recipient.',
  usage: [
    'status [run] [--state DIR] [--json]',
    'status [run] (--recipients | --csv) [--outcome OUTCOME,…] [--out FILE] [--state DIR]',
  ],
  details: `A run may be named by the beginning of its id. Without one: the counts of all runs; with --recipients or --csv the newest.
Of one run the rate, the time left and the reasons are told as well: replies that differ only in queue ids, addresses, times and
the like are one reason.
CSV is RFC 4180 in UTF-8. A cell that a spreadsheet would take for a formula (it begins with =, +, -, @, TAB, CR or LF) has an
apostrophe in front; JSON has none.`,
  options: {
    state: STATE_OPTION,
    recipients: { type: 'boolean', description: 'one JSON line per recipient' },
    csv: { type: 'boolean', description: 'one CSV line per recipient' },
    outcome: { type: 'string', value: 'LIST', description: 'only these recipients: outcomes, with commas between' },
    out: { type: 'string', value: 'FILE', description: 'the lines into a file, in place of standard output' },
    json: { type: 'boolean', description: 'JSON, a line each' },
  },
  examples: [
    ['status', 'all runs of this state'],
    ['status newsletter-1f2e3d4c5b', 'one run: how fast, how long still, and why not everybody has it'],
    ['status newsletter-1f2e3d4c5b --recipients --json', 'everybody, with outcome, reply and queue id'],
    ['status newsletter-1f2e3d4c5b --csv --outcome refused,expired --out refused.csv', 'for whoever asked for the run'],
  ],
  async run(words, shell) {
    const [id] = words.positional(['run'], { optional: 1 });
    const perRecipient = lineOf(words);
    const outcomes = outcomesOf(words);
    const out = words.text('out');
    if (perRecipient === null && (outcomes !== null || out !== undefined))
      throw new UsageError('--outcome and --out are of recipients: add --recipients or --csv');
    const state = openExistingState(words, shell);
    try {
      if (perRecipient !== null) {
        const run = await findRun(state, id);
        const lines = linesOf(state.ledger.deliveries(run.id), perRecipient, outcomes);
        if (out === undefined) await writeLines(lines, (text) => shell.out(text));
        else await writeLinesTo(out, lines, shell);
        return 0;
      }
      const isJson = words.flag('json');
      const now = systemClock().now();
      const runs = id === undefined ? await state.ledger.runs() : [await findRun(state, id)];
      if (runs.length === 0) throw new InputError('no run was started in this state');
      const [toJson, toText] = id === undefined ? [countsJson, countsText] : [reportJson, reportText];
      for (const run of runs)
        shell.out(isJson ? `${JSON.stringify(await toJson(state, run, now))}\n` : await toText(state, run, now));
      return 0;
    } finally {
      state.close();
    }
  },
};

interface Lines {
  readonly heading: string;
  readonly of: (record: DeliveryRecord) => string;
}

/** `null`: not by recipient. */
function lineOf(words: Words): Lines | null {
  if (words.flag('csv') && words.flag('json')) throw new UsageError('--csv and --json are two forms; leave one out');
  if (words.flag('csv')) return { heading: CSV_HEADING, of: csvLine };
  if (!words.flag('recipients')) return null;
  return { heading: '', of: (record) => `${JSON.stringify(resultLine(record))}\n` };
}

/** `null`: everybody. */
function outcomesOf(words: Words): ReadonlySet<Outcome> | null {
  const text = words.text('outcome');
  if (text === undefined) return null;
  const found = text.split(',').map((word) => {
    const outcome = OUTCOMES.find((each) => each === word.trim());
    if (outcome === undefined)
      throw new UsageError(`--outcome has ${JSON.stringify(word)}, wanted some of ${OUTCOMES.join(', ')}`);
    return outcome;
  });
  return new Set(found);
}

async function* linesOf(
  records: AsyncIterable<DeliveryRecord>,
  { heading, of }: Lines,
  outcomes: ReadonlySet<Outcome> | null,
): AsyncGenerator<string> {
  if (heading !== '') yield heading;
  for await (const record of records) if (outcomes === null || outcomes.has(record.outcome)) yield of(record);
}
