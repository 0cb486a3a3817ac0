/** `archive`: the octets of a run's mails as they were sent, where its campaign had them kept. */
import type { LocalState } from '#local';
import {
  type ArchivedMail,
  archivedMails,
  archivedOf,
  type DeliveryRecord,
  escapeControls,
  frozenSource,
  isoTime,
  loadCampaign,
  type RunRecord,
  readManifest,
} from '#mailing';
import { type Command, type Shell, UsageError, type Words } from './command.ts';
import { grouped } from './progress.ts';
import { keyOf } from './recipient-key.ts';
import { writeLines, writeOctetsTo } from './results-output.ts';
import { findRun, openExistingState, STATE_OPTION } from './states.ts';

export const archive: Command = {
  name: 'archive',
  summary: 'Give the octets of a mail as they were sent, where the campaign says "archive": true.',
  usage: [
    'archive <run> [--state DIR] [--json]',
    'archive <run> --recipient ADDRESS [--attempt N] [--out FILE] [--state DIR] [--json]',
  ],
  details: `With --recipient: the message, octet for octet as the relay got it, but that lines which begin with a dot are as they are
(not stuffed). Of several attempts it is the last one that left, or may have; --attempt names another. Which one it is, and
what became of the recipient, is said beside it.
Without: a line for each mail that is kept. "sent" in --json is true, false (it was made ready, and has never left), or null:
nobody knows, or it is under way.`,
  options: {
    recipient: { type: 'string', value: 'ADDRESS', description: 'whose mail' },
    attempt: { type: 'string', value: 'N', description: 'of this attempt, from 1' },
    out: { type: 'string', value: 'FILE', description: 'the octets into this file, which appears whole' },
    state: STATE_OPTION,
    json: { type: 'boolean', description: 'a JSON line for each mail, in place of octets' },
  },
  examples: [
    ['archive invoice-1f2e3d4c5b', 'which mails are kept'],
    ['archive invoice-1f2e3d4c5b --recipient ana@example.com --out ana.eml', 'hers, as mail programs open it'],
  ],
  async run(words, shell) {
    const [id = ''] = words.positional(['run']);
    const address = words.text('recipient');
    const isOfOne = words.text('attempt') !== undefined || words.text('out') !== undefined;
    if (address === undefined && isOfOne) throw new UsageError('--attempt and --out go with --recipient');
    const state = openExistingState(words, shell);
    try {
      const run = await findRun(state, id);
      if (!(await keepsArchive(state, run))) {
        shell.note(
          `Run ${run.id} keeps no archive: campaign.json did not say "archive": true when it was planned. \`npx cartero compose\` makes such a mail anew.`,
        );
        return 1;
      }
      return address === undefined
        ? await listAll(state, run, words, shell)
        : await giveOne(state, run, address, words, shell);
    } finally {
      state.close();
    }
  },
};

/** A run goes by its own copy of the campaign. */
async function keepsArchive({ objects }: LocalState, run: RunRecord): Promise<boolean> {
  const { source } = frozenSource(objects, await readManifest(objects, run));
  return (await loadCampaign(source)).campaign.archive;
}

async function listAll({ objects, ledger }: LocalState, run: RunRecord, words: Words, shell: Shell): Promise<number> {
  let count = 0;
  const lines = async function* () {
    for await (const mail of archivedMails(objects, ledger, run)) {
      count += 1;
      yield words.flag('json') ? jsonLine(mail) : `${textOf(mail)}\n`;
    }
  };
  await writeLines(lines(), (text) => shell.out(text));
  if (count === 0) shell.note(`No mail of run ${run.id} was on its way so far.`);
  return 0;
}

async function giveOne(
  { objects, ledger }: LocalState,
  run: RunRecord,
  address: string,
  words: Words,
  shell: Shell,
): Promise<number> {
  const attempt = words.count('attempt');
  const deliveries = await ledger.find(run.id, keyOf(address));
  const all: ArchivedMail[] = [];
  for (const delivery of deliveries) all.push(...(await archivedOf(objects, ledger, run.id, delivery)));
  const wanted = all.filter((mail) => attempt === undefined || mail.attempt === attempt);
  const mail = attempt === undefined ? wanted.findLast(({ sent }) => sent !== false) : wanted.at(-1);
  if (words.flag('json')) for (const each of wanted) shell.out(jsonLine(each));
  if (mail === undefined) {
    shell.note(whyNone(run, address, deliveries, all, attempt));
    return 1;
  }
  const out = words.text('out');
  if (out !== undefined) await writeOctetsTo(out, await mail.read(), shell);
  else if (!words.flag('json')) shell.out(await mail.read());
  shell.note(textOf(mail));
  return 0;
}

function whyNone(
  run: RunRecord,
  address: string,
  deliveries: readonly DeliveryRecord[],
  all: readonly ArchivedMail[],
  attempt: number | undefined,
): string {
  const shown = escapeControls(address);
  const [first] = deliveries;
  if (first === undefined)
    return `${shown} is no recipient of run ${run.id}; \`npx cartero status ${run.id} --recipients\` lists them.`;
  const why = first.reply ?? first.problem;
  const outcome = escapeControls(`${first.outcome}${why === null ? '' : `, ${why}`}`);
  const [mail] = all;
  if (mail !== undefined && attempt === undefined)
    return `No mail to ${shown} has left (${outcome}). One was made ready; --attempt ${mail.attempt} gives it.`;
  const which = attempt === undefined ? '' : ` of attempt ${attempt}`;
  return `No octets${which} to ${shown} are kept: no mail came so far that it could leave (${outcome}).`;
}

/** The contract of `--json`. */
function jsonLine({ recipient, row, attempt, attempts, octets, at, sent, outcome }: ArchivedMail): string {
  return `${JSON.stringify({ recipient, row, attempt, attempts, octets, at: isoTime(at), sent, outcome })}\n`;
}

function textOf({ recipient, attempt, attempts, octets, at, sent, outcome }: ArchivedMail): string {
  const which = attempts > 1 || attempt !== 1 ? `, attempt ${attempt} (of ${attempts} so far)` : '';
  const fate =
    sent === false
      ? 'was made ready and has never left; the recipient is'
      : sent === null
        ? 'nobody knows whether it left, or it is under way; the recipient is'
        : attempt < attempts
          ? 'was handed to the relay; after later attempts the recipient is'
          : 'was handed to the relay;';
  return escapeControls(`${recipient}: ${isoTime(at)}, ${grouped(octets)} octets${which}: ${fate} ${outcome}`);
}
