import type { LocalState } from '#local';
import { type DeliveryRecord, escapeControls } from '#mailing';
import type { TranscriptRecord } from '#smtp';
import type { Command } from './command.ts';
import { grouped } from './progress.ts';
import { keyOf } from './recipient-key.ts';
import { findRun, openExistingState, STATE_OPTION } from './states.ts';

export const transcript: Command = {
  name: 'transcript',
  summary: "Show the SMTP conversation about one recipient's mail.",
  usage: ['transcript <run> --recipient ADDRESS [--state DIR] [--json]'],
  details: `Each line has its time (UTC), the octets that it was on the wire, and who said it: C is the client (Cartero), S the
relay, * a note. Several mails may be under way on one session; here is what was said about this one. Secrets and mail
content are never kept.`,
  options: {
    recipient: { type: 'string', value: 'ADDRESS', description: 'whose mail' },
    state: STATE_OPTION,
    json: { type: 'boolean', description: 'one JSON line for each line of the conversation' },
  },
  examples: [
    ['transcript newsletter-1f2e3d4c5b --recipient ana@example.com', 'each attempt, from the greeting on'],
    ['transcript newsletter-1f2e3d4c5b --recipient ana@example.com --json', 'the same for machines'],
  ],
  async run(words, shell) {
    const [id = ''] = words.positional(['run']);
    const address = words.required('recipient');
    const state = openExistingState(words, shell);
    try {
      const run = await findRun(state, id);
      const records = await state.ledger.find(run.id, keyOf(address));
      if (records.length === 0) {
        shell.note(
          `${escapeControls(address)} is no recipient of run ${run.id}; \`npx cartero status ${run.id} --recipients\` lists them.`,
        );
        return 1;
      }
      if (words.flag('json')) {
        for (const record of records) for (const line of await jsonLinesOf(state, run.id, record)) shell.out(line);
        return 0;
      }
      for (const record of records) {
        const result = record.reply ?? record.problem;
        shell.out(
          escapeControls(
            `${record.recipient}: ${record.outcome}${result === null ? '' : `, ${result}`} (attempts: ${record.attempts})`,
          ).concat('\n'),
        );
        for (const part of await conversationsOf(state, run.id, record)) shell.out(part);
      }
      return 0;
    } finally {
      state.close();
    }
  },
};

async function conversationsOf(
  { transcripts }: LocalState,
  run: string,
  { batch, row, attempts }: DeliveryRecord,
): Promise<string[]> {
  const kept = await transcripts.read(run, batch, row);
  const told = kept.map(({ attempt, opening, transaction }) => ({
    attempt,
    text: `\nAttempt ${attempt}\n${[...opening, ...transaction].map(lineOf).join('')}`,
  }));
  const lost = Array.from({ length: attempts }, (_, index) => index + 1)
    .filter((attempt) => !kept.some((each) => each.attempt === attempt))
    .map((attempt) => ({
      attempt,
      text: `\nAttempt ${attempt}\n  its conversation was lost with the process, or by a disk that took no more\n`,
    }));
  if (told.length + lost.length === 0) return ['  no conversation is kept: nothing was said about this mail\n'];
  return [...told, ...lost].toSorted((a, b) => a.attempt - b.attempt).map(({ text }) => text);
}

/** `{"recipient","attempt","part","at","by","text","octets"}`; `part` is `session` up to the login, then `transaction`. */
async function jsonLinesOf(
  { transcripts }: LocalState,
  run: string,
  { batch, row, recipient }: DeliveryRecord,
): Promise<string[]> {
  const kept = await transcripts.read(run, batch, row);
  return kept.flatMap(({ attempt, opening, transaction }) => {
    const lines = (part: string, records: readonly TranscriptRecord[]) =>
      records.map(({ at, by, text, octets }) =>
        JSON.stringify({ recipient, attempt, part, at: new Date(at).toISOString(), by, text, octets }).concat('\n'),
      );
    return [...lines('session', opening), ...lines('transaction', transaction)];
  });
}

const MARKS = { client: 'C:', server: 'S:', note: ' *' } as const;

/** `12:34:56.789      34  C: MAIL FROM:<news@example.com>`: a note has no octets. */
export function lineOf({ at, by, text, octets }: TranscriptRecord): string {
  const count = by === 'note' ? '' : grouped(octets);
  return `${new Date(at).toISOString().slice(11, 23)} ${count.padStart(9)}  ${MARKS[by]} ${text}\n`;
}
