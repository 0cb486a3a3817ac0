import { SAMPLE_FILE } from '#mailing';
import { campaignNames, findCampaign } from './campaigns.ts';
import { type CheckedCampaign, checkCampaign } from './check-campaign.ts';
import { type Command, InputError } from './command.ts';
import { counted } from './progress.ts';

export const check: Command = {
  name: 'check',
  summary: 'Check every template, variable, row and attachment, with file and line. Sends nothing.',
  usage: ['check [campaign…] [--audience FILE] [--json]'],
  details: `
Without names: all campaigns under templates/. Every row of the audience is rendered, whoever the campaign selects; where
there is no audience, sample.json is. Looked at are variables, addresses, files, subject, links, images and their
alternative text, sizes (Gmail cuts HTML off at 102 kB), a text beside the HTML, time zones, languages, duplicates, the
relay's DKIM key for the domain of From, and a way to leave for mail that more than 100 people get alike.

Exit code 1 where there is an error; 0 where there are only warnings.
--json: {"errors","warnings","campaigns":[{"campaign","rows","recipients","duplicates","errors","warnings","problems":[…],
"notListed"}]}, each problem as {"severity","rule","file","line","column","row","field","problem","change","count","rows"}:
\`count\` says how many rows have it, \`rows\` has the first five of them, \`row\` is the first.`,
  options: {
    audience: { type: 'string', value: 'FILE', description: "recipients in place of the campaign's own" },
    json: { type: 'boolean', description: 'one JSON object' },
  },
  examples: [
    ['check', 'all campaigns'],
    ['check newsletter --audience november.csv', 'one campaign against another list'],
    ['check newsletter invoice --json', 'two campaigns, for machines'],
  ],
  async run(words, shell) {
    const names = words.positionals.length > 0 ? words.positionals : await campaignNames(shell);
    if (names.length === 0)
      throw new InputError('there is no campaign under templates/; make one with `cartero new <name>`');
    const checked: CheckedCampaign[] = [];
    for (const name of names) {
      const campaign = await checkCampaign(await findCampaign(name, shell), words.text('audience'), shell);
      checked.push(campaign);
      if (!words.flag('json')) shell.out(told(campaign));
    }
    if (words.flag('json')) shell.out(`${JSON.stringify(report(checked))}\n`);
    return checked.some(({ findings }) => findings.errors > 0) ? 1 : 0;
  },
};

function told({ campaign, rows, findings }: CheckedCampaign): string {
  const { errors, warnings } = findings;
  const among = rows === 0 ? '' : ` in ${counted(rows, 'row')}`;
  const looked = rows === 0 ? SAMPLE_FILE : counted(rows, 'row');
  const verdict = errors === 0 ? `${looked} in order` : `${counted(errors, 'problem')}${among}`;
  const besides = warnings === 0 ? '' : `, ${counted(warnings, 'warning')}`;
  return [...findings.lines(), `${campaign}: ${verdict}${besides}`].map((line) => `${line}\n`).join('');
}

function report(checked: readonly CheckedCampaign[]): object {
  const sum = (of: (campaign: CheckedCampaign) => number) => checked.reduce((total, each) => total + of(each), 0);
  return {
    errors: sum(({ findings }) => findings.errors),
    warnings: sum(({ findings }) => findings.warnings),
    campaigns: checked.map(({ campaign, rows, recipients, duplicates, findings }) => ({
      campaign,
      rows,
      recipients,
      duplicates,
      errors: findings.errors,
      warnings: findings.warnings,
      problems: findings.list().map((found) => ({
        severity: found.severity,
        rule: found.rule,
        file: found.file,
        line: found.line ?? null,
        column: found.column ?? null,
        row: found.row ?? null,
        field: found.field ?? null,
        problem: found.problem,
        change: found.change,
        count: found.count,
        rows: found.rows,
      })),
      notListed: findings.notListed,
    })),
  };
}
