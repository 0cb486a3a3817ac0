/** One thing that is not in order, told so that its owner finds the place: file, line or row, field, and what to change. */
export interface Problem {
  readonly file: string;
  /** From 1, in `file`; absent or null where the whole is meant, as with the others. */
  readonly line?: number | null;
  /** The audience's data row, from 1. */
  readonly row?: number | null;
  readonly field?: string | null;
  readonly problem: string;
}

/** `templates/news/campaign.json:4: "from": …`, `subscribers.csv row 17: "email": …`; one line, control characters escaped. */
export function formatProblem({ file, line, row, field, problem }: Problem): string {
  const place = `${file}${isGiven(line) ? `:${line}` : ''}${isGiven(row) ? ` row ${row}` : ''}`;
  return escapeControls(`${place}: ${isGiven(field) ? `"${field}": ` : ''}${problem}`);
}

function isGiven<T>(value: T | null | undefined): value is T {
  return value !== undefined && value !== null;
}

/** Text from outside, made harmless to a terminal and to a log of one line an entry. */
export function escapeControls(text: string): string {
  return text.replace(
    // C0, DEL, C1, line and paragraph separators, bidirectional controls
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The campaign itself cannot be planned. Every problem that was found is in `problems`. */
export class CampaignError extends Error {
  readonly code = 'ERR_CAMPAIGN';
  readonly problems: readonly Problem[];
  constructor(campaign: string, problems: readonly Problem[], options?: ErrorOptions) {
    super(
      `Cannot plan campaign ${escapeControls(campaign)}:\n${problems.map((each) => `  ${formatProblem(each)}`).join('\n')}`,
      options,
    );
    this.name = 'CampaignError';
    this.problems = problems;
  }
}
