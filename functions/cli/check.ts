import { AudienceError } from '#audience';
import { systemClock } from '#local';
import {
  type AudienceFile,
  CampaignError,
  formatProblem,
  type LoadedCampaign,
  loadCampaign,
  MailComposer,
  MailError,
  Planner,
  type Problem,
  SAMPLE_FILE,
  sha256OfStream,
} from '#mailing';
import { campaignNames, findCampaign, openAudience } from './campaigns.ts';
import { type Command, InputError, type Shell } from './command.ts';
import { grouped } from './progress.ts';
import { sampleOf } from './single-mail.ts';

const SHOWN_PROBLEMS = 50;

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
  let found = 0;
  const report = (problem: Problem) => {
    found += 1;
    if (found <= SHOWN_PROBLEMS) shell.out(`${formatProblem(problem)}\n`);
  };
  let rows = 0;
  try {
    const loaded = await loadCampaign(source);
    await checkSample(loaded, report);
    rows = await checkRows(loaded, await openAudience(loaded, audienceFile, shell), report, shell);
  } catch (error) {
    if (error instanceof CampaignError) for (const problem of error.problems) report(problem);
    else if (error instanceof AudienceError)
      report({ file: error.file, line: error.line, row: error.row, field: error.field, problem: error.problem });
    else throw error;
  }
  if (found > SHOWN_PROBLEMS) shell.out(`… ${grouped(found - SHOWN_PROBLEMS)} more problems\n`);
  shell.out(
    `${source.name}: ${found === 0 ? `${grouped(rows)} rows in order` : `${grouped(found)} ${found === 1 ? 'problem' : 'problems'} in ${grouped(rows)} rows`}\n`,
  );
  return found;
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

/** Plans everybody, whoever the campaign selects, and composes each mail. @returns the number of rows */
async function checkRows(
  loaded: LoadedCampaign,
  audience: AudienceFile,
  report: (problem: Problem) => void,
  shell: Shell,
): Promise<number> {
  const now = systemClock().now();
  const { files } = loaded.source;
  const objects = new Map<string, string>();
  const pinFile = async (object: string) => {
    const content = await sha256OfStream(files.stream(object));
    objects.set(content, object);
    return content;
  };
  const composer = await MailComposer.open(loaded, {
    date: now,
    readFile: (content) => files.read(objects.get(content) ?? ''),
  });
  const everyone: LoadedCampaign = { ...loaded, campaign: { ...loaded.campaign, select: {} } };
  const planner = new Planner(everyone, audience, '', { run: 'check', at: now, pinFile });
  for await (const row of planner.deliveries()) {
    if (planner.rows % 1000 === 0) shell.over(`${loaded.source.name}: ${grouped(planner.rows)} rows`);
    if (row.fields === undefined)
      report({ file: audience.name, row: row.row, problem: row.problem ?? 'this row cannot be sent' });
    else
      await composeOrReport({ ...row, fields: row.fields }, composer, (problem) =>
        report({ file: audience.name, row: row.row, problem }),
      );
  }
  return planner.rows;
}

async function composeOrReport(
  row: Parameters<MailComposer['compose']>[0],
  composer: MailComposer,
  report: (problem: string) => void,
): Promise<void> {
  try {
    await composer.compose(row);
  } catch (error) {
    if (!(error instanceof MailError)) throw error;
    report(error.problem);
  }
}
