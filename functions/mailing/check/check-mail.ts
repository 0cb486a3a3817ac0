/** A mail that is rendered and not sent: everything that is wrong with it, and where its author finds it. */
import { CAMPAIGN_FILE, type CampaignSource, type LoadedCampaign } from '../campaign-source.ts';
import { HtmlReader } from './html.ts';
import { imageComplaints } from './images.ts';
import { leavesList, linkComplaints } from './links.ts';
import { listComplaints } from './list.ts';
import { type Complaint, type MailProblem, mailProblem } from './problem.ts';
import { recipientReader } from './recipient.ts';
import { signingComplaints } from './sender-domain.ts';
import { sizeComplaints } from './size.ts';
import { htmlComplaints, subjectComplaints, textComplaints } from './texts.ts';
import { placeOf, type WrittenPlace, type WrittenTemplate } from './written.ts';

/** A mail as its reader gets it. */
export interface RenderedMail {
  readonly subject: string;
  readonly html?: string | undefined;
  readonly text?: string | undefined;
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
  readonly templates: { readonly html: readonly WrittenTemplate[]; readonly subject: WrittenPlace };
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
  const html = new HtmlReader<Said>((piece) => ({
    complaints: [...imageComplaints(piece, cids), ...linkComplaints(piece)].map((complaint) => ({
      ...complaint,
      place: placeOf(complaint.written ?? '', templates),
    })),
    leavesList: leavesList(piece),
  }));
  return {
    loaded,
    options,
    html,
    templates: { html: templates, subject: { file: `${source.location}/subject.hbs`, line: null, column: null } },
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

/** Everything that is wrong with one mail, each problem once. Errors and warnings, in the order of header and body. */
export function problemsOf(mail: RenderedMail, context: CheckContext): MailProblem[] {
  const problems: MailProblem[] = [];
  const row = mail.recipient?.row ?? null;
  const report = (complaint: Complaint, place: WrittenPlace) =>
    problems.push(mailProblem(complaint, row === null ? place : { ...place, row }));
  const { loaded, options, templates } = context;
  const { location } = loaded.source;
  for (const complaint of subjectComplaints(mail.subject)) report(complaint, templates.subject);
  const body = { file: templates.html[0]?.file ?? location, ...NOWHERE };
  for (const complaint of textComplaints(mail.html, mail.text)) report(complaint, body);
  let hasLink = false;
  if (mail.html !== undefined) {
    for (const complaint of htmlComplaints(mail.html)) report(complaint, body);
    hasLink = readHtml(mail.html, context, report);
  }
  const campaignFile = { file: `${location}/${CAMPAIGN_FILE}`, ...NOWHERE };
  if (options.isBulk === true)
    for (const complaint of listComplaints(loaded.campaign, hasLink))
      problems.push(mailProblem(complaint, campaignFile));
  if (mail.octets !== undefined)
    for (const complaint of sizeComplaints(mail.octets, options.maxOctets)) report(complaint, campaignFile);
  const { file = location, line = null } = mail.recipient ?? {};
  if (mail.fields !== undefined)
    for (const complaint of context.recipient(mail.fields)) report(complaint, { file, line, column: null });
  return problems;
}

/** @returns whether some link leads out of the list */
function readHtml(
  html: string,
  context: CheckContext,
  report: (complaint: Complaint, place: WrittenPlace) => void,
): boolean {
  let hasLink = false;
  const told = new Set<string>();
  context.html.read(html, (said) => {
    hasLink ||= said.leavesList;
    for (const complaint of said.complaints) {
      // The same image in three places is one problem.
      if (told.has(complaint.problem)) continue;
      told.add(complaint.problem);
      report(complaint, complaint.place);
    }
  });
  return hasLink;
}
