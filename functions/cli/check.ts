import { AudienceError } from '#audience';
import { systemClock } from '#local';
import {
  type AudienceFile,
  CampaignError,
  type CampaignSource,
  type LoadedCampaign,
  loadCampaign,
  MailComposer,
  MailError,
  type MailRow,
  type PlannedRow,
  Planner,
  type Problem,
  pinInPlace,
  SAMPLE_FILE,
  withoutSelection,
} from '#mailing';
import { campaignNames, findCampaign, openAudience } from './campaigns.ts';
import { type Command, InputError, type Shell } from './command.ts';
import { Findings } from './findings.ts';
import { referenceProblems } from './html-references.ts';
import { counted, grouped } from './progress.ts';
import { sampleOf } from './single-mail.ts';
import { audienceProblem, misnamedFiles, relayProblem } from './slips.ts';

export const check: Command = {
  name: 'check',
  summary: 'Check every template, variable, row and attachment, with file and line. Sends nothing.',
  usage: ['check [campaign…] [--audience FILE]'],
  details:
    'Without names: all campaigns under templates/. Every row of the audience is rendered and composed, as the sender would. Exit code 1 where something is not in order.',
  options: { audience: { type: 'string', value: 'FILE', description: "recipients in place of the campaign's own" } },
  examples: [
    ['check', 'all campaigns'],
    ['check newsletter --audience november.csv', 'one campaign against another list'],
  ],
  async run(words, shell) {
    const names = words.positionals.length > 0 ? words.positionals : await campaignNames(shell);
    if (names.length === 0)
      throw new InputError('there is no campaign under templates/; make one with `cartero new <name>`');
    let problems = 0;
    for (const name of names) problems += await checkCampaign(name, words.text('audience'), shell);
    return problems > 0 ? 1 : 0;
  },
};

/** @returns the number of problems */
async function checkCampaign(name: string, audienceFile: string | undefined, shell: Shell): Promise<number> {
  const source = await findCampaign(name, shell);
  const findings = new Findings();
  const loaded = await loadOrReport(source, findings);
  for (const problem of await misnamedFiles(source, loaded)) findings.report(problem);
  const rows = loaded === null ? 0 : await checkLoaded(loaded, audienceFile, findings, shell);
  const among = rows === 0 ? '' : ` in ${counted(rows, 'row')}`;
  const { count } = findings;
  const verdict = count === 0 ? `${counted(rows, 'row')} in order` : `${counted(count, 'problem')}${among}`;
  shell.out([...findings.lines(), `${source.name}: ${verdict}`].map((line) => `${line}\n`).join(''));
  return count;
}

async function loadOrReport(source: CampaignSource, findings: Findings): Promise<LoadedCampaign | null> {
  try {
    return await loadCampaign(source);
  } catch (error) {
    if (!(error instanceof CampaignError)) throw error;
    for (const problem of error.problems) findings.report(problem);
    return null;
  }
}

/** @returns the number of rows that were read */
async function checkLoaded(
  loaded: LoadedCampaign,
  audienceFile: string | undefined,
  findings: Findings,
  shell: Shell,
): Promise<number> {
  const report = (problem: Problem | null) => {
    if (problem !== null) findings.report(problem);
  };
  report(await relayProblem(loaded, shell));
  await checkSample(loaded, report);
  const noAudience = audienceFile === undefined ? await audienceProblem(loaded) : null;
  report(noAudience);
  return noAudience === null ? checkRows(loaded, await openAudience(loaded, audienceFile, shell), report, shell) : 0;
}

async function checkSample(loaded: LoadedCampaign, report: (problem: Problem) => void): Promise<void> {
  if (!(await loaded.source.files.has(SAMPLE_FILE))) return;
  try {
    await sampleOf(loaded);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    report({ file: `${loaded.source.location}/${SAMPLE_FILE}`, problem: error.message });
  }
}

/**
 * Plans everybody, whoever the campaign selects, and composes each mail.
 * @returns the number of rows that were read: fewer than there are where the audience cannot be read to its end
 */
async function checkRows(
  loaded: LoadedCampaign,
  audience: AudienceFile,
  report: (problem: Problem) => void,
  shell: Shell,
): Promise<number> {
  const now = systemClock().now();
  const { pinFile, readFile } = pinInPlace(loaded.source.files);
  const check = await openRowCheck(loaded, { date: now, readFile });
  const planner = new Planner(withoutSelection(loaded), audience, '', { run: 'check', at: now, pinFile });
  try {
    for await (const row of planner.deliveries()) {
      if (planner.rows % 1000 === 0) shell.over(`${loaded.source.name}: ${grouped(planner.rows)} rows`);
      for (const problem of await check(row)) report({ file: audience.name, line: row.line, row: row.row, problem });
    }
  } catch (error) {
    if (!(error instanceof AudienceError)) throw error;
    report(error);
  }
  return planner.rows;
}

/** @returns tells what is wrong with a planned row's mail */
async function openRowCheck(
  loaded: LoadedCampaign,
  options: Parameters<typeof MailComposer.open>[1],
): Promise<(row: PlannedRow) => Promise<string[]>> {
  const { templates, campaign } = loaded;
  const cids = campaign.inline.map(({ cid }) => cid);
  // Rendering is what takes the time: the HTML that goes into the mail is looked at, and not rendered again.
  let html = '';
  const watched: LoadedCampaign['templates'] = {
    ...templates,
    html: (variables) => {
      html = templates.html(variables);
      return html;
    },
  };
  const composer = await MailComposer.open({ ...loaded, templates: watched }, options);
  return async (row) => {
    if (row.fields === undefined) return [row.problem ?? 'this row cannot be sent'];
    html = '';
    const problem = await compositionProblem(composer, { ...row, fields: row.fields });
    const broken = referenceProblems(html, cids).map((each) => `body.html.hbs: ${each}`);
    return problem === null ? broken : [problem, ...broken];
  };
}

async function compositionProblem(composer: MailComposer, row: MailRow): Promise<string | null> {
  try {
    await composer.compose(row);
    return null;
  } catch (error) {
    if (error instanceof MailError) return error.problem;
    throw error;
  }
}
