/** What a check has found, told when it has ended: a problem of many rows stands once, with the first row that has it. */
import { formatProblem, type Problem } from '#mailing';
import { counted, grouped } from './progress.ts';

/** Different problems kept for showing; the rest are only counted, so that a million of them take no memory. */
const SHOWN_PROBLEMS = 50;

export class Findings {
  /** Every problem, of every row that has it. */
  count = 0;
  readonly #shown = new Map<string, { readonly problem: Problem; moreRows: number }>();
  #notShown = 0;

  report(problem: Problem): void {
    this.count += 1;
    const key = keyOf(problem);
    const known = this.#shown.get(key);
    if (known !== undefined) known.moreRows += 1;
    else if (this.#shown.size < SHOWN_PROBLEMS) this.#shown.set(key, { problem, moreRows: 0 });
    else this.#notShown += 1;
  }

  /** In the order in which each problem came first. */
  lines(): string[] {
    const lines = [...this.#shown.values()].map(({ problem, moreRows }) => {
      const more = moreRows === 0 ? '' : ` (and in ${grouped(moreRows)} more ${moreRows === 1 ? 'row' : 'rows'})`;
      return `${formatProblem(problem)}${more}`;
    });
    if (this.#notShown > 0) lines.push(`… and ${counted(this.#notShown, 'more problem')}`);
    return lines;
  }
}

/** Rows share a problem that is said in the same words; other problems have their own place each. */
function keyOf({ file, line, row, field, problem }: Problem): string {
  const isOfRow = row !== undefined && row !== null;
  return JSON.stringify([file, isOfRow ? 'row' : (line ?? null), field ?? null, problem]);
}
