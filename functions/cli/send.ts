import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { AddressError, type NamedMailbox, parseNamedMailbox } from '#address';
import { escapeControls, type Mail } from '#mailing';
import { ComposeError, composeMessage, type EncodedPart, encodeAttachment, mediaTypeOf } from '#mime';
import { CommandError, MailDataError, type RecipientResult, replyText, SmtpError, type TranscriptRecord } from '#smtp';
import { openAudience, openCampaign } from './campaigns.ts';
import { type Command, InputError, type Shell, UsageError, type Words } from './command.ts';
import { openSigner } from './dkim-keys.ts';
import { explainRelay } from './explain.ts';
import { chooseRelay, type OpenRelay } from './relays.ts';
import { composeOne, now, rowOf, sampleRecipient } from './single-mail.ts';
import { stateFolder } from './states.ts';
import { lineOf } from './transcript.ts';

export const send: Command = {
  name: 'send',
  summary: 'Send one mail: a test message of a campaign, or a typed one.',
  usage: [
    'send <campaign> --to ADDRESS [--row N [--audience FILE]] [--relay URL]',
    'send --from A --to B --subject S (--text T | --text-file F) [--html-file F] [--attach FILE…] [--relay URL]',
  ],
  details:
    'Nothing is kept in a ledger: what the relay says is shown, and is the exit code (0 accepted, 1 not sent, 2 any other outcome).',
  options: {
    to: { type: 'string', value: 'ADDRESS', description: 'who gets it' },
    row: { type: 'string', value: 'N', description: 'with a campaign: a row of its audience in place of sample.json' },
    audience: { type: 'string', value: 'FILE', description: "with --row: recipients in place of the campaign's own" },
    from: { type: 'string', value: 'ADDRESS', description: 'who it is from, "Name <address>" or an address' },
    subject: { type: 'string', value: 'TEXT', description: 'the subject' },
    text: { type: 'string', value: 'TEXT', description: 'the plain text' },
    'text-file': { type: 'string', value: 'FILE', description: 'the plain text from a UTF-8 file' },
    'html-file': { type: 'string', value: 'FILE', description: 'HTML from a UTF-8 file, beside the text or alone' },
    attach: { type: 'string', multiple: true, value: 'FILE', description: 'a file to attach; may be repeated' },
    relay: { type: 'string', value: 'URL', description: 'the relay to send to (see `cartero run --help`)' },
    state: { type: 'string', value: 'DIR', description: 'whose inbox the embedded server fills (default .cartero)' },
    transcript: { type: 'boolean', description: 'show the SMTP conversation' },
  },
  examples: [
    [
      'send newsletter --to me@example.com --relay "smtp://user:password@smtp.example.com:587"',
      'the campaign as sample.json has it, to yourself',
    ],
    ['send invoice --to me@example.com --row 3', 'as the third customer would get it, to the embedded server'],
    [
      'send --from me@example.com --to you@example.com --subject Hello --text "Good morning" --attach report.pdf --transcript',
      'a typed mail, with its conversation',
    ],
  ],
  async run(words, shell) {
    const [name] = words.positional(['campaign'], { optional: 1 });
    const inbox = join(stateFolder(words, shell), 'inbox');
    const campaign = name === undefined ? null : await openCampaign(name, shell);
    const relay = await chooseRelay(
      { url: words.text('relay'), name: campaign?.campaign.relay ?? 'default', inbox },
      shell,
    );
    const mail = campaign === null ? await typedMail(words, shell) : await campaignMail();
    const access = await relay.open();
    try {
      return await sendOne(mail, access, words.flag('transcript'), shell);
    } finally {
      await access.close();
    }

    async function campaignMail(): Promise<Mail> {
      if (campaign === null) throw new UsageError('<campaign> is missing');
      refuse(
        words,
        ['from', 'subject', 'text', 'text-file', 'html-file', 'attach'],
        'goes with a typed mail, not with a campaign',
      );
      const to = mailbox(words, 'to').mailbox.address;
      const row = words.count('row', { to: 1_000_000_000 });
      if (row === undefined) refuse(words, ['audience'], 'goes with --row');
      const fields =
        row === undefined
          ? await sampleRecipient(campaign)
          : await rowOf(await openAudience(campaign, words.text('audience'), shell), row);
      return composeOne(campaign, fields, { date: now(), to, state: stateFolder(words, shell), shell });
    }
  },
};

async function typedMail(words: Words, shell: Shell): Promise<Mail> {
  refuse(words, ['row', 'audience'], 'goes with a campaign');
  const from = mailbox(words, 'from');
  const to = mailbox(words, 'to');
  const subject = words.required('subject');
  const text = words.text('text') ?? (await fileText(words, 'text-file', shell));
  const html = await fileText(words, 'html-file', shell);
  if (words.text('text') !== undefined && words.text('text-file') !== undefined)
    throw new UsageError('only one of --text and --text-file is wanted');
  if (text === undefined && html === undefined)
    throw new UsageError('one of --text, --text-file and --html-file is wanted');
  try {
    const attachments: EncodedPart[] = [];
    for (const file of words.texts('attach')) {
      const content = await readOctets(file, 'attach', shell);
      attachments.push(
        encodeAttachment({ name: basename(file), type: mediaTypeOf(file), content, disposition: 'attachment' }),
      );
    }
    const date = now();
    const unsigned = composeMessage({
      date,
      messageId: `${randomUUID()}@${from.mailbox.domain}`,
      from,
      to,
      subject,
      ...(text === undefined ? {} : { text }),
      ...(html === undefined ? {} : { html }),
      attachments,
    });
    const signer = await openSigner({ relay: 'default', fromDomain: from.mailbox.domain }, shell);
    const data = signer?.sign(unsigned, date) ?? unsigned;
    return { envelope: { reversePath: from.mailbox.address, forwardPaths: [to.mailbox.address] }, data };
  } catch (error) {
    if (error instanceof ComposeError) throw new InputError(`${error.field}: ${error.problem}`);
    throw error;
  }
}

async function sendOne(mail: Mail, access: OpenRelay, showTranscript: boolean, shell: Shell): Promise<number> {
  const record = (entry: TranscriptRecord) => {
    if (showTranscript) shell.note(lineOf(entry).trimEnd());
  };
  try {
    const session = await access.openSession(record);
    const sent = session.transact(mail.envelope, mail.data, { record, release: async () => true });
    const { recipients } = await sent.finally(() => session.quit());
    const [result] = recipients;
    if (result === undefined)
      throw new Error('Cannot tell the outcome: the transaction gave no result for its recipient');
    return tell(result, mail, access, shell);
  } catch (error) {
    // This relay cannot be asked for this mail: an address that needs SMTPUTF8, a mail above its SIZE.
    if (error instanceof CommandError || error instanceof MailDataError) {
      shell.note(error.message);
      return 1;
    }
    if (!(error instanceof SmtpError)) throw error;
    shell.note(explainRelay(error, access.relay));
    return 1;
  }
}

function tell(result: RecipientResult, { envelope }: Mail, access: OpenRelay, shell: Shell): number {
  const recipient = escapeControls(envelope.forwardPaths.join(', '));
  if (result.outcome === 'unsent') {
    shell.note(explainRelay(result.error, access.relay));
    return 1;
  }
  if (result.outcome === 'uncertain') {
    shell.note(
      `${recipient}: uncertain. The whole mail had left when this happened: ${escapeControls(result.error.message)}\nLook into the relay's log before you send it again.`,
    );
    return 2;
  }
  shell.out(`${recipient}: ${result.outcome}, ${replyText(result.reply)}\n`);
  if (access.inbox !== null) shell.note('It went to the embedded server; `npx cartero inbox` shows it.');
  return result.outcome === 'accepted' ? 0 : 2;
}

function mailbox(words: Words, option: 'from' | 'to'): NamedMailbox {
  const text = words.required(option);
  try {
    return parseNamedMailbox(text);
  } catch (error) {
    if (error instanceof AddressError) throw new UsageError(`--${option} is ${JSON.stringify(text)}: ${error.problem}`);
    throw error;
  }
}

function refuse(words: Words, options: readonly string[], why: string): void {
  for (const option of options)
    if (words.text(option) !== undefined || words.texts(option).length > 0) throw new UsageError(`--${option} ${why}`);
}

async function fileText(words: Words, option: string, shell: Shell): Promise<string | undefined> {
  const file = words.text(option);
  if (file === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await readOctets(file, option, shell));
  } catch (error) {
    if (error instanceof TypeError) throw new InputError(`--${option}: ${JSON.stringify(file)} is not UTF-8 text`);
    throw error;
  }
}

async function readOctets(file: string, option: string, shell: Shell): Promise<Uint8Array> {
  try {
    return await readFile(resolve(shell.cwd, file));
  } catch (error) {
    throw new InputError(
      `--${option}: ${JSON.stringify(file)} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
}
