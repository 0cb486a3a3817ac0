/** `settle`: those of whom nobody knows, with what is known, and a person's word that ends the doubt. */
import { type LocalState, systemClock } from '#local';
import {
  type DeliveryRecord,
  type Evidence,
  type EvidenceFound,
  escapeControls,
  establishFacts,
  isoTime,
  type RunRecord,
} from '#mailing';
import type { TranscriptRecord } from '#smtp';
import { addressesOf } from './address-file.ts';
import { type Command, InputError, type Shell, UsageError, type Words } from './command.ts';
import { counted, grouped } from './progress.ts';
import { keyOf } from './recipient-key.ts';
import { findRun, openExistingState, STATE_OPTION } from './states.ts';
import { transcriptCommand } from './trace.ts';
import { lineOf } from './transcript.ts';

/** Lines at the end of a conversation: what was asked last, and what was answered. */
const SHOWN_LINES = 4;

export const settle: Command = {
  name: 'settle',
  summary: 'List the uncertain recipients of a run with their evidence, or say what became of them.',
  usage: [
    'settle <run> [--recipient ADDRESS] [--state DIR] [--json]',
    'settle <run> (--recipient ADDRESS [--attempt N] | --file FILE) --as accepted|refused [--reason TEXT]',
    '       [--state DIR] [--json]',
  ],
  details: `Uncertain: the mail had left and no valid reply came. The relay's own log, asked for the Message-ID, knows how it ended.
With --as your word becomes the fact, and is kept with its reason. Whoever is settled as accepted is never sent to again; whoever
is settled as refused is sent to by \`cartero retry\`, and only then. Nobody but the uncertain is moved: not one who was marked due
again since, nor by a word about another attempt.
A file has an address a line; of a line with commas the first field counts, and a first line "email" is a heading.
Ends with 1 where somebody that was named could not be settled; the others are.`,
  options: {
    recipient: { type: 'string', value: 'ADDRESS', description: 'only this one' },
    file: { type: 'string', value: 'FILE', description: 'all of these: addresses, one a line' },
    as: { type: 'string', value: 'OUTCOME', description: 'accepted or refused' },
    attempt: { type: 'string', value: 'N', description: 'only if it is this attempt of which nobody knows' },
    reason: { type: 'string', value: 'TEXT', description: 'how you know' },
    state: STATE_OPTION,
    json: { type: 'boolean', description: 'a list: one JSON line each; with --as: one JSON object' },
  },
  examples: [
    ['settle newsletter-1f2e3d4c5b', 'whoever is uncertain, with the last reply and the end of the conversation'],
    [
      'settle newsletter-1f2e3d4c5b --recipient ana@example.com --as accepted --reason "queued as 4Xy7 in mail.log"',
      'she has it, and is not mailed again',
    ],
    ['settle newsletter-1f2e3d4c5b --file bounced.csv --as refused', 'everybody in the file'],
  ],
  async run(words, shell) {
    const [id = ''] = words.positional(['run']);
    const state = wordsChecked(words) && openExistingState(words, shell);
    try {
      const run = await findRun(state, id);
      const outcome = words.oneOf('as', ['accepted', 'refused']);
      if (outcome === undefined) return await list(state, run, words, shell);
      return await settleAll(state, run, { ...namedBy(words, shell), outcome }, words, shell);
    } finally {
      state.close();
    }
  },
};

/** @throws UsageError for words that do not go together: nothing is opened, and nobody moved */
function wordsChecked(words: Words): true {
  const [recipient, file] = [words.text('recipient'), words.text('file')];
  const isSettling = words.oneOf('as', ['accepted', 'refused']) !== undefined;
  if (isSettling && (recipient === undefined) === (file === undefined))
    throw new UsageError('--as wants one of --recipient and --file: whom is it said of?');
  for (const name of ['file', 'attempt', 'reason'])
    if (!isSettling && words.text(name) !== undefined)
      throw new UsageError(`--${name} wants --as: accepted or refused?`);
  if (file !== undefined && words.count('attempt') !== undefined)
    throw new UsageError('--attempt is of one recipient; leave it out with --file');
  return true;
}

interface Named {
  readonly addresses: readonly { text: string; where: string }[];
  readonly attempt: number | undefined;
}

function namedBy(words: Words, { cwd }: Shell): Named {
  const file = words.text('file');
  const addresses = file === undefined ? [{ text: words.required('recipient'), where: '' }] : addressesOf(file, cwd);
  if (addresses.length === 0) throw new InputError(`there is no address in ${JSON.stringify(file)}`);
  return { addresses, attempt: words.count('attempt') };
}

async function settleAll(
  state: LocalState,
  run: RunRecord,
  { addresses, attempt, outcome }: Named & { outcome: Evidence['state'] },
  words: Words,
  shell: Shell,
): Promise<number> {
  const at = systemClock().now();
  const word = `settled by hand${words.text('reason') === undefined ? '' : `: ${words.text('reason')}`}`;
  const evidence: Evidence[] = [];
  const named = new Map(addresses.map(({ text, where }) => [keyOf(text), { text, where }]));
  for (const key of named.keys()) {
    const records = await state.ledger.find(run.id, key);
    const known = records.find((record) => record.outcome === 'uncertain') ?? records[0];
    const before = known?.outcome === 'uncertain' ? known.problem : null;
    const problem = before === null ? word : `${word}; before: ${before}`;
    evidence.push({ key, attempt: attempt ?? known?.attempts ?? 0, state: outcome, at, problem });
  }
  const found = await establishFacts(state, run.id, evidence);
  const left = [...named.values()].flatMap(({ text, where }, index) => {
    const why = whyNot(found[index], evidence[index]?.attempt);
    return why === null ? [] : [{ recipient: text, where, why }];
  });
  const count = (wanted: EvidenceFound['result']) => found.filter(({ result }) => result === wanted).length;
  const [settled, known] = [count('settled'), count('known')];
  for (const { recipient, where, why } of left) shell.note(escapeControls(`${where}${recipient} ${why}`));
  if (words.flag('json')) {
    const unsettled = left.map(({ recipient, why }) => ({ recipient, why }));
    shell.out(`${JSON.stringify({ run: run.id, as: outcome, settled, known, unsettled })}\n`);
  }
  const same = known === 0 ? '' : `, ${grouped(known)} known to be so before`;
  shell.note(`${counted(settled, 'recipient')} of run ${run.id} settled as ${outcome}${same}.`);
  return left.length === 0 ? 0 : 1;
}

/** `null` where it is the fact now. */
function whyNot(found: EvidenceFound | undefined, attempt: number | undefined): string | null {
  if (found === undefined || found.result === 'settled' || found.result === 'known') return null;
  const { result, delivery } = found;
  if (delivery === null) return 'is no recipient of this run';
  if (result === 'held')
    return 'is in the hands of a process that would send again; stop it first, `npx cartero pause` does so';
  const { outcome, attempts } = delivery;
  return outcome === 'uncertain'
    ? `is uncertain by attempt ${attempts}, not by attempt ${attempt}; nothing was changed`
    : `is ${outcome} after ${counted(attempts, 'attempt')}, and not uncertain; nothing was changed`;
}

async function list(state: LocalState, run: RunRecord, words: Words, shell: Shell): Promise<number> {
  const recipient = words.text('recipient');
  const records =
    recipient === undefined ? state.ledger.deliveries(run.id) : await state.ledger.find(run.id, keyOf(recipient));
  let shown = 0;
  for await (const record of records) {
    if (record.outcome !== 'uncertain') continue;
    shown += 1;
    const conversation = await conversationOf(state, run.id, record);
    shell.out(
      words.flag('json')
        ? `${JSON.stringify(doubtJson(record, conversation))}\n`
        : doubtText(run.id, record, conversation, words.text('state')),
    );
  }
  const whom = recipient === undefined ? 'Nobody' : escapeControls(recipient);
  shell.note(
    shown === 0
      ? `${whom} of run ${run.id} is ${recipient === undefined ? '' : 'not '}uncertain.`
      : `${counted(shown, 'recipient')} uncertain. The relay's log knows how each Message-ID ended; \`npx cartero settle ${run.id} --recipient ADDRESS --as accepted|refused\` writes it down.`,
  );
  return 0;
}

/** Of the last attempt. Empty where it was lost with its process. */
async function conversationOf(
  { transcripts }: LocalState,
  run: string,
  { batch, row, attempts }: DeliveryRecord,
): Promise<readonly TranscriptRecord[]> {
  const kept = await transcripts.read(run, batch, row);
  return kept.filter(({ attempt }) => attempt === attempts).at(-1)?.transaction ?? [];
}

function doubtJson(
  { recipient, attempts, uncertainAttempts, at, reply, problem, messageId, row }: DeliveryRecord,
  conversation: readonly TranscriptRecord[],
): Record<string, unknown> {
  return {
    recipient,
    attempt: attempts,
    uncertainAttempts,
    at: at === null ? null : isoTime(at),
    reply,
    problem,
    messageId,
    row,
    conversation: conversation
      .slice(-SHOWN_LINES)
      .map((each) => ({ at: isoTime(each.at), by: each.by, text: each.text, octets: each.octets })),
  };
}

function doubtText(
  run: string,
  { recipient, attempts, at, reply, problem, messageId }: DeliveryRecord,
  conversation: readonly TranscriptRecord[],
  folder: string | undefined,
): string {
  return [
    `${escapeControls(recipient)}: nobody knows how attempt ${attempts} ended${at === null ? '' : `, ${isoTime(at)}`}`,
    ...(problem === null ? [] : [`  ${escapeControls(problem)}`]),
    ...(reply === null ? [] : [`  the last reply that is kept: ${escapeControls(reply)}`]),
    `  Message-ID <${messageId}>`,
    ...(conversation.length === 0
      ? ['  its conversation was lost with the process, or by a disk that took no more']
      : conversation.slice(-SHOWN_LINES).map((record) => `  ${lineOf(record).trimEnd()}`)),
    `  npx ${escapeControls(transcriptCommand(run, recipient, folder))}`,
    '',
  ].join('\n');
}
