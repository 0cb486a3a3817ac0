/** What a check has found, told when it has ended: a problem of many rows stands once, with the first rows that have it. */
import { escapeControls, formatProblem, type MailProblem, type Rule } from '#mailing';
import { counted, grouped } from './progress.ts';

/** Different problems that a person is shown; the rest are only counted. */
const SHOWN_PROBLEMS = 50;
/** Different problems kept for machines; a million of them would take no more memory. */
const KEPT_PROBLEMS = 1_000;
const KEPT_ROWS = 5;

/** A problem with how often it was found, and the first rows that have it. */
export interface Finding extends MailProblem {
  readonly count: number;
  readonly rows: readonly number[];
}

interface Kept {
  readonly problem: MailProblem;
  readonly rows: number[];
  count: number;
}

export class Findings {
  readonly #kept = new Map<string, Kept>();
  readonly #notKept = { error: 0, warning: 0 };

  report(problem: MailProblem): void {
    const key = keyOf(problem);
    const { row } = problem;
    const rows = isGiven(row) ? [row] : [];
    const kept = this.#kept.get(key);
    if (kept === undefined) {
      if (this.#kept.size < KEPT_PROBLEMS) this.#kept.set(key, { problem, rows, count: 1 });
      else this.#notKept[problem.severity] += 1;
      return;
    }
    // What is not a row's is found again with each row, and is one problem.
    kept.count += rows.length;
    if (kept.rows.length < KEPT_ROWS) kept.rows.push(...rows);
  }

  /** Takes back what a rule has found: it turned out that it does not apply. */
  drop(rule: Rule): void {
    for (const [key, { problem }] of this.#kept) if (problem.rule === rule) this.#kept.delete(key);
  }

  /** Every problem, of every row that has it. */
  get errors(): number {
    return this.#count('error');
  }

  get warnings(): number {
    return this.#count('warning');
  }

  /** Errors first, each in the order in which it was found. */
  list(): Finding[] {
    const all = [...this.#kept.values()].map(({ problem, count, rows }) => ({ ...problem, count, rows }));
    return [...all.filter(isError), ...all.filter((finding) => !isError(finding))];
  }

  /** Found, and not in `list`. */
  get notListed(): number {
    return this.#notKept.error + this.#notKept.warning;
  }

  lines(): string[] {
    const all = this.list();
    const rest = all.slice(SHOWN_PROBLEMS).reduce((sum, { count }) => sum + count, this.notListed);
    const lines = all.slice(0, SHOWN_PROBLEMS).map(lineOf);
    return rest > 0 ? [...lines, `… and ${counted(rest, 'more problem')}`] : lines;
  }

  #count(severity: MailProblem['severity']): number {
    let count = this.#notKept[severity];
    for (const kept of this.#kept.values()) if (kept.problem.severity === severity) count += kept.count;
    return count;
  }
}

function isError({ severity }: MailProblem): boolean {
  return severity === 'error';
}

/** Rows share a problem that is said in the same words; other problems have their own place each. */
function keyOf({ rule, file, line, column, row, field, problem }: MailProblem): string {
  // In the audience each row has a line of its own; in a template all have one.
  const place = isGiven(row) && !isGiven(column) ? 'row' : `${line ?? ''}:${column ?? ''}`;
  return `${rule}\0${file}\0${place}\0${field ?? ''}\0${problem}`;
}

function lineOf({ column, change, severity, count, ...problem }: Finding): string {
  const place = isGiven(column) ? { file: `${problem.file}:${problem.line}:${column}`, line: null } : {};
  const told = formatProblem({ ...problem, ...place });
  const advice = change === '' ? '' : `; ${change}`;
  const more = count === 1 || !isGiven(problem.row) ? '' : moreRows(count - 1);
  return `${severity === 'warning' ? 'warning: ' : ''}${told}${escapeControls(advice)}${more}`;
}

function moreRows(count: number): string {
  return ` (and in ${grouped(count)} more ${count === 1 ? 'row' : 'rows'})`;
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}
