/** One campaign looked at: its folder, its relay, and the mail of every row, as the sender would make it. */
import { AudienceError } from '#audience';
import { openTemporaryScratch, systemClock } from '#local';
import {
  type AudienceFile,
  CampaignError,
  type CampaignSource,
  type LoadedCampaign,
  loadCampaign,
  loadCheck,
  MailComposer,
  MailError,
  type PlannedRow,
  Planner,
  type Problem,
  pinInPlace,
  RelayError,
  type Rule,
  SAMPLE_FILE,
  withoutSelection,
} from '#mailing';
import { openAudience } from './campaigns.ts';
import { InputError, type Shell } from './command.ts';
import { signingDomains } from './dkim-keys.ts';
import { Findings } from './findings.ts';
import { counted } from './progress.ts';
import { maxMessageOctets } from './relays.ts';
import { sampleOf } from './single-mail.ts';
import { audienceProblem, misnamedFiles, relayProblem } from './slips.ts';

export interface CheckedCampaign {
  readonly campaign: string;
  /** That were read: fewer than there are where the audience cannot be read to its end. */
  readonly rows: number;
  readonly recipients: number;
  readonly duplicates: number;
  readonly findings: Findings;
}

/** Adds a problem that was found elsewhere, where one was. */
type Report = (rule: Rule, problem: Problem | null) => void;

/** @throws InputError where `audienceFile` is not there */
export async function checkCampaign(
  source: CampaignSource,
  audienceFile: string | undefined,
  shell: Shell,
): Promise<CheckedCampaign> {
  const { RULES } = await loadCheck();
  const findings = new Findings();
  const report: Report = (rule, problem) => {
    if (problem !== null) findings.report({ severity: RULES[rule], rule, change: '', ...problem });
  };
  const loaded = await loadOrReport(source, report);
  for (const problem of await misnamedFiles(source, loaded)) report('file-misnamed', problem);
  const counts = loaded === null ? null : await checkLoaded(loaded, audienceFile, findings, report, shell);
  const { rows = 0, recipients = 0, duplicates = 0 } = counts ?? {};
  return { campaign: source.name, rows, recipients, duplicates, findings };
}

async function loadOrReport(source: CampaignSource, report: Report): Promise<LoadedCampaign | null> {
  try {
    return await loadCampaign(source);
  } catch (error) {
    if (!(error instanceof CampaignError)) throw error;
    for (const problem of error.problems) report('campaign', problem);
    return null;
  }
}

type Counts = Pick<Planner, 'rows' | 'recipients' | 'duplicates' | 'invalid'>;

async function checkLoaded(
  loaded: LoadedCampaign,
  audienceFile: string | undefined,
  findings: Findings,
  report: Report,
  shell: Shell,
): Promise<Counts | null> {
  report('relay', await relayProblem(loaded, shell));
  const sample = await sampleAudience(loaded, report);
  const noAudience = audienceFile === undefined ? await audienceProblem(loaded) : null;
  if (noAudience === null)
    return checkRows(loaded, await openAudience(loaded, audienceFile, shell), findings, report, shell);
  // A campaign whose audience comes with each run has none of its own, and its sample stands for it.
  const isGivenLater = sample !== null && loaded.campaign.audience === undefined;
  report(isGivenLater ? 'audience-later' : 'audience', noAudience);
  if (sample !== null) await checkRows(loaded, sample, findings, report, shell);
  return null;
}

/** The campaign's sample as an audience of one, where there is one. */
async function sampleAudience(loaded: LoadedCampaign, report: Report): Promise<AudienceFile | null> {
  if (!(await loaded.source.files.has(SAMPLE_FILE))) return null;
  const name = `${loaded.source.location}/${SAMPLE_FILE}`;
  try {
    const line = Buffer.from(`${JSON.stringify(await sampleOf(loaded))}\n`);
    return {
      name: asLines(name),
      async *open() {
        yield line;
      },
    };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    report('sample', { file: name, problem: error.message });
    return null;
  }
}

/** Plans everybody, whoever the campaign selects, and looks at each mail. */
async function checkRows(
  loaded: LoadedCampaign,
  audience: AudienceFile,
  findings: Findings,
  report: Report,
  shell: Shell,
): Promise<Counts> {
  const now = systemClock().now();
  const { pinFile, readFile } = pinInPlace(loaded.source.files);
  const domains = await ofRelay(loaded, (relay) => signingDomains(relay, shell));
  const maxOctets = (await ofRelay(loaded, (relay) => maxMessageOctets(relay, shell))) ?? undefined;
  const lacks: Lacks = new Map();
  const look = await openRowCheck(
    loaded,
    placing(loaded, audience),
    { date: now, readFile },
    { findings, signingDomains: domains, maxOctets, lacks },
  );
  const planner = new Planner(withoutSelection(loaded), audience, '', {
    run: 'check',
    at: now,
    pinFile,
    openScratch: openTemporaryScratch,
    onMissing: (row, faults) => lacks.set(row, faults),
  });
  try {
    for await (const batch of planner.batches()) {
      for (const row of batch) await look(row);
      shell.over(`${loaded.source.name}: ${counted(planner.rows, 'row')}`);
    }
  } catch (error) {
    if (!(error instanceof AudienceError)) throw error;
    report('audience', error);
  }
  await settle(loaded, audience.name, planner, findings);
  return planner;
}

/** An infra/relays.json that is not in order is told by `relayProblem`. */
async function ofRelay<T>({ campaign }: LoadedCampaign, find: (relay: string) => Promise<T>): Promise<T | null> {
  try {
    return await find(campaign.relay);
  } catch (error) {
    if (error instanceof RelayError) return null;
    throw error;
  }
}

/** What is known only when every row was read. */
async function settle(loaded: LoadedCampaign, file: string, counts: Counts, findings: Findings): Promise<void> {
  const { isBulk, mailProblem } = await loadCheck();
  const { recipients, invalid, duplicates } = counts;
  if (!isBulk(loaded.campaign, recipients - invalid)) findings.drop('unsubscribe');
  if (duplicates === 0) return;
  const problem = `${counted(duplicates, 'row')} ${duplicates === 1 ? 'has' : 'have'} the address of a row before`;
  findings.report(
    mailProblem(
      { rule: 'duplicate', field: 'email', problem, change: 'nobody gets two mails: only the first row counts' },
      { file },
    ),
  );
}

/** What rows lack that were planned and not looked at yet. */
type Lacks = Map<number, readonly { readonly field: string | null; readonly problem: string }[]>;

type Place = Pick<Problem, 'file' | 'line' | 'row'>;

/** The sample is a file of one recipient, and has no rows. */
function placing({ source }: LoadedCampaign, { name }: AudienceFile): (row: PlannedRow) => Place {
  const sample = `${source.location}/${SAMPLE_FILE}`;
  return name === asLines(sample) ? () => ({ file: sample }) : ({ line, row }) => ({ file: name, line, row });
}

/** One object on one line, whatever lines it has in its file. */
const asLines = (file: string) => `${file}l`;

/** @returns looks at a planned row's mail */
async function openRowCheck(
  loaded: LoadedCampaign,
  placeOf: (row: PlannedRow) => Place,
  options: Parameters<typeof MailComposer.open>[1],
  {
    findings,
    ...known
  }: { findings: Findings; signingDomains: readonly string[] | null; maxOctets: number | undefined; lacks: Lacks },
): Promise<(row: PlannedRow) => Promise<void>> {
  const { mailProblem, mayBeTooLarge, openCheck, problemsOf, problemsOfCampaign } = await loadCheck();
  const context = await openCheck(loaded, {
    isBulk: true,
    signingDomains: known.signingDomains,
    ...(known.maxOctets === undefined ? {} : { maxOctets: known.maxOctets }),
  });
  for (const problem of problemsOfCampaign(context)) findings.report(problem);
  const composer = await MailComposer.open(loaded, options);
  return async (planned) => {
    const place = placeOf(planned);
    const refuse = (rule: Rule, problem: string) =>
      findings.report(mailProblem({ rule, ...fieldOf(problem), change: '' }, place));
    if (planned.fields === undefined) {
      const lacking = known.lacks.get(planned.row) ?? [];
      known.lacks.delete(planned.row);
      for (const { field, problem } of lacking) refuse('row', field === null ? problem : `"${field}": ${problem}`);
      return lacking.length > 0 ? undefined : refuse('row', planned.problem ?? 'this row cannot be sent');
    }
    const row = { ...planned, fields: planned.fields };
    try {
      const letter = await composer.letter(row);
      // To write a mail takes longer than all else: it is done where its size is in doubt.
      const octets = mayBeTooLarge(letter, known.maxOctets) ? (await composer.compose(row)).data.octets : undefined;
      for (const problem of problemsOf({ ...letter, octets, recipient: place, fields: row.fields }, context))
        findings.report(problem);
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
      refuse('mail', error.problem);
    }
  };
}

/** Planner and composer put the field in front of what is wrong with it. */
function fieldOf(text: string): { field?: string; problem: string } {
  const [, field, problem] = /^"([^"]*)": (.*)$/s.exec(text) ?? [];
  return field === undefined || problem === undefined ? { problem: text } : { field, problem };
}
