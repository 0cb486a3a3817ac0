/** What keeps a mail from being made, as the preview shows it: each problem in its place, with the lines around it. */
import { AudienceError } from '#audience';
import type { ShownProblem } from '#local';
import {
  CampaignError,
  type CampaignSource,
  loadCheck,
  MailError,
  type MailProblem,
  type Problem,
  RelayError,
} from '#mailing';
import { RenderError, type Requirement, TemplateError } from '#render';
import { InputError } from './command.ts';
import { explain } from './explain.ts';

const NO_PLACE = { file: '', line: null, column: null };

/** @param row whose mail it is, where it is a row's */
export async function problemsOfError(error: unknown, row: number | null): Promise<MailProblem[]> {
  const { mailProblem, RULES } = await loadCheck();
  const ofRow = row === null ? {} : { row };
  if (error instanceof CampaignError) {
    return error.problems.map((problem) => ({
      severity: RULES.campaign,
      rule: 'campaign',
      ...problem,
      column: columnOf(error, problem),
      change: '',
    }));
  }
  if (error instanceof MailError) {
    const { cause } = error;
    if (!(cause instanceof RenderError))
      return [mailProblem({ rule: 'mail', problem: error.problem, change: '' }, { ...NO_PLACE, ...ofRow })];
    const place = { file: cause.template, line: cause.line, column: null, ...ofRow };
    const field = cause.variable === null ? {} : { field: cause.variable };
    // A default is for what is missing, and helps no value that does not fit.
    const change = cause.problem.endsWith('a value or a default is wanted') ? changeOf(cause.variable) : '';
    return [mailProblem({ rule: 'mail', ...field, problem: cause.problem, change }, place)];
  }
  if (error instanceof AudienceError) {
    const { file, line, field, problem } = error;
    return [
      mailProblem({ rule: 'audience', ...(field === null ? {} : { field }), problem, change: '' }, { file, line }),
    ];
  }
  const rule = error instanceof InputError ? 'row' : error instanceof RelayError ? 'relay' : 'campaign';
  return [mailProblem({ rule, problem: inWords(error), change: '' }, { ...NO_PLACE, ...ofRow })];
}

/** What is wrong, for whoever reads it on the page. */
export function inWords(error: unknown): string {
  return explain(error, 'preview').replace(/^cartero preview: /, '');
}

/** Handlebars tells the column, problems of campaigns have none. */
function columnOf({ cause }: CampaignError, { file, line }: Problem): number | null {
  const errors: readonly unknown[] = cause instanceof AggregateError ? cause.errors : [];
  const found = errors.filter((error) => error instanceof TemplateError);
  return found.find((error) => error.template === file && error.line === line)?.column ?? null;
}

/** A variable that the templates use whatever the row says, and that the row does not bring. */
export async function missingProblem(
  { template, line, variable }: Requirement,
  row: number | null,
): Promise<MailProblem> {
  const { mailProblem } = await loadCheck();
  const place = { file: template, line, column: null, ...(row === null ? {} : { row }) };
  const problem = 'missing or empty, and used here without a default';
  return mailProblem({ rule: 'mail', field: variable, problem, change: changeOf(variable) }, place);
}

function changeOf(variable: string | null): string {
  if (variable === null) return '';
  return `give the row a value, or the template a default: {{default ${variable} "…"}}`;
}

const AROUND = 2;
const MAX_LINE = 2_000;
const MAX_FILE = 1_000_000;

/** Errors first, each with the lines of the template that it names. Problems of audiences have none: they can be large. */
export async function withExcerpts(
  problems: readonly MailProblem[],
  source: CampaignSource | null,
): Promise<ShownProblem[]> {
  const sorted = [...problems].sort((one, other) => rank(one) - rank(other));
  return Promise.all(sorted.map(async (problem) => ({ ...problem, excerpt: await excerptOf(problem, source) })));
}

function rank({ severity }: MailProblem): number {
  return severity === 'error' ? 0 : 1;
}

async function excerptOf({ file, line }: MailProblem, source: CampaignSource | null): Promise<ShownProblem['excerpt']> {
  if (source === null || line === null || line === undefined || !/\.(?:hbs|json)$/.test(file)) return null;
  const own = `${source.location}/`;
  const [tree, name] = file.startsWith(own) ? [source.files, file.slice(own.length)] : [source.shared, file];
  if (!(await tree.has(name))) return null;
  const octets = await tree.read(name);
  if (octets.byteLength > MAX_FILE) return null;
  const lines = Buffer.from(octets)
    .toString()
    .replace(/\r?\n$/, '')
    .split(/\r?\n/);
  const from = Math.max(line - AROUND, 1);
  return { from, lines: lines.slice(from - 1, line + AROUND).map((text) => text.slice(0, MAX_LINE)) };
}
