/** A mail that is rendered and not sent: everything that is wrong with it, and where its author finds it. */
import { CAMPAIGN_FILE, type CampaignSource, type LoadedCampaign } from '../campaign-source.ts';
import { HtmlReader } from './html.ts';
import { imageComplaints } from './images.ts';
import { leavesList, linkComplaints, textLeavesList } from './links.ts';
import { listComplaints } from './list.ts';
import { type Complaint, type MailProblem, mailProblem } from './problem.ts';
import { recipientReader } from './recipient.ts';
import { signingComplaints } from './sender-domain.ts';
import { sizeComplaints } from './size.ts';
import { emptyComplaints, htmlComplaints, subjectComplaints, textComplaints } from './texts.ts';
import { placeOf, type WrittenPlace, type WrittenTemplate } from './written.ts';

/** A mail as its reader gets it. */
export interface RenderedMail {
  readonly subject: string;
  readonly html?: string | undefined;
  readonly text?: string | undefined;
  /** The same, divided as `TemplateSet.pieces` does: what mails share is looked at once. Default: each is one piece. */
  readonly pieces?: { readonly html?: readonly string[]; readonly text?: readonly string[] };
  /** Of the whole mail data, attachments and all; left out where nobody has composed it. */
  readonly octets?: number | undefined;
  /** The recipient's row, where it is one. */
  readonly recipient?: { readonly file: string; readonly line?: number | null; readonly row?: number | null };
  readonly fields?: Readonly<Record<string, unknown>>;
}

export interface CheckOptions {
  /** The mail is one of many that are the same. Default: it is not. */
  readonly isBulk?: boolean;
  /** The domains of the DKIM keys that its relay has; `null`, the default, where nobody knows who signs. */
  readonly signingDomains?: readonly string[] | null;
  /** What its relay takes at the most (SIZE, RFC 1870), where that is known. */
  readonly maxOctets?: number;
}

/** One campaign whose mails are looked at; what they have in common is looked at once. */
export interface CheckContext {
  readonly loaded: LoadedCampaign;
  readonly options: CheckOptions;
  readonly html: HtmlReader<Said>;
  readonly recipient: ReturnType<typeof recipientReader>;
}

/** What is said of one tag, in every mail that has it. */
interface Said {
  readonly complaints: readonly (Complaint & { readonly place: WrittenPlace })[];
  readonly leavesList: boolean;
}

/** Reads the templates' texts, so that problems can tell their place in them. */
export async function openCheck(loaded: LoadedCampaign, options: CheckOptions = {}): Promise<CheckContext> {
  const { campaign, source } = loaded;
  const cids = campaign.inline.map(({ cid }) => cid);
  const templates = await htmlTemplates(source);
  const html = new HtmlReader<Said>((piece) => {
    const complaints = [...imageComplaints(piece, cids), ...linkComplaints(piece)].map((complaint) => ({
      ...complaint,
      place: placeOf(complaint.written ?? '', templates),
    }));
    const leaves = leavesList(piece);
    return complaints.length === 0 && !leaves ? null : { complaints, leavesList: leaves };
  });
  return {
    loaded,
    options,
    html,
    recipient: recipientReader(campaign),
  };
}

/** The campaign's own first: a partial is many campaigns'. */
async function htmlTemplates({ files, shared, location }: CampaignSource): Promise<WrittenTemplate[]> {
  const own = (await files.list('body.')).filter((name) => name.endsWith('.html.hbs') && !name.includes('/'));
  const others = [...(await shared.list('_partials/')), ...(await shared.list('_layouts/'))];
  const templates: WrittenTemplate[] = [];
  for (const name of own.sort((a, b) => a.length - b.length))
    templates.push({ file: `${location}/${name}`, text: Buffer.from(await files.read(name)).toString() });
  for (const name of others.filter((each) => each.endsWith('.hbs')))
    templates.push({ file: name, text: Buffer.from(await shared.read(name)).toString() });
  return templates;
}

const NOWHERE = { line: null, column: null };

/** What is wrong with the campaign as a whole: told once, whoever gets its mails. */
export function problemsOfCampaign({ loaded, options }: CheckContext): MailProblem[] {
  const { campaign, source } = loaded;
  const place = { file: `${source.location}/${CAMPAIGN_FILE}`, ...NOWHERE };
  return signingComplaints(campaign.from.mailbox.domain, options.signingDomains ?? null).map((complaint) =>
    mailProblem(complaint, place),
  );
}

type Tell = (complaints: readonly Complaint[], place: WrittenPlace) => void;

/** Everything that is wrong with one mail, each problem once. Errors and warnings, in the order of header and body. */
export function problemsOf(mail: RenderedMail, context: CheckContext): MailProblem[] {
  const problems: MailProblem[] = [];
  const { row = null, file, line = null } = mail.recipient ?? {};
  const tell: Tell = (complaints, place) => {
    for (const complaint of complaints) problems.push(mailProblem(complaint, row === null ? place : { ...place, row }));
  };
  const { loaded, options } = context;
  const { location } = loaded.source;
  const campaignFile = { file: `${location}/${CAMPAIGN_FILE}`, ...NOWHERE };
  tell(subjectComplaints(mail.subject), wholeOf('subject', mail, context));
  const leaves = tellTexts(mail, context, tell);
  // What the campaign lacks is no row's.
  if (options.isBulk === true)
    for (const complaint of listComplaints(loaded.campaign, leaves))
      problems.push(mailProblem(complaint, campaignFile));
  if (mail.octets !== undefined) tell(sizeComplaints(mail.octets, options.maxOctets), campaignFile);
  if (mail.fields !== undefined) tell(context.recipient(mail.fields), { file: file ?? location, line, column: null });
  return problems;
}

/** The file that the reader of a mail gets, in the language of the row. */
function wholeOf(
  part: 'subject' | 'html' | 'text',
  { fields = {} }: RenderedMail,
  { loaded }: CheckContext,
): WrittenPlace {
  return { file: loaded.templates.sourceOf(part, fields) ?? loaded.source.location, ...NOWHERE };
}

/** @returns whether something in them leads out of the list */
function tellTexts(mail: RenderedMail, context: CheckContext, tell: Tell): boolean {
  const { html, text, pieces } = mail;
  if (text !== undefined) tell(emptyComplaints(pieces?.text ?? [text]), wholeOf('text', mail, context));
  if (html === undefined) return textLeavesList(text ?? '');
  const htmlPieces = pieces?.html ?? [html];
  const complaints = [...emptyComplaints(htmlPieces), ...textComplaints(html, text), ...htmlComplaints(html)];
  if (complaints.length > 0) tell(complaints, wholeOf('html', mail, context));
  return readHtml(htmlPieces, context, tell);
}

/** @returns whether some link leads out of the list */
function readHtml(pieces: readonly string[], context: CheckContext, tell: Tell): boolean {
  let hasLink = false;
  const told = new Set<string>();
  context.html.readPieces(pieces, (said) => {
    hasLink ||= said.leavesList;
    for (const complaint of said.complaints) {
      // The same image in three places is one problem.
      if (told.has(complaint.problem)) continue;
      told.add(complaint.problem);
      tell([complaint], complaint.place);
    }
  });
  return hasLink;
}
