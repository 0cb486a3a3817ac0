/** A problem of a mail before it is sent: how grave it is, which rule found it, and what to change. */
import type { Problem } from '../problem.ts';

/**
 * Every rule and how grave it is. An error is a mail that cannot be sent, or that nobody can read as it is meant; a warning
 * is one that may not arrive, or not look as its author thinks. Names are stable: machines read them.
 */
export const RULES = {
  /** The folder cannot be made a campaign: campaign.json, a template that does not compile, a file that is not there. */
  campaign: 'error',
  'file-misnamed': 'error',
  relay: 'error',
  sample: 'error',
  audience: 'error',
  /** The campaign names none: each run is given one. */
  'audience-later': 'warning',
  /** One row of the audience: its address, a variable, a file of its own. */
  row: 'error',
  /** A template, or the message, and one row together. */
  mail: 'error',
  'subject-empty': 'error',
  'subject-too-long': 'error',
  'subject-long': 'warning',
  'link-empty': 'error',
  'link-relative': 'error',
  'link-unreadable': 'error',
  'link-script': 'error',
  'link-insecure': 'warning',
  'image-unloadable': 'error',
  'image-insecure': 'warning',
  'image-alt': 'warning',
  'cid-unknown': 'error',
  'body-empty': 'error',
  'html-size': 'warning',
  'text-missing': 'warning',
  'mail-size': 'warning',
  unsubscribe: 'warning',
  'dkim-domain': 'warning',
  duplicate: 'warning',
  'timezone-unknown': 'warning',
  'locale-unknown': 'warning',
  direction: 'warning',
} as const satisfies Record<string, 'error' | 'warning'>;

export type Rule = keyof typeof RULES;

/** `line` and `column` count from 1 in `file`; `row` is the audience's row that shows it, whichever file is meant. */
export interface MailProblem extends Problem {
  readonly severity: 'error' | 'warning';
  readonly rule: Rule;
  readonly column?: number | null;
  /** What to do about it; empty where `problem` says it. */
  readonly change: string;
}

/** What a family of rules has found, before it is known where. */
export interface Complaint {
  readonly rule: Rule;
  readonly field?: string;
  readonly problem: string;
  readonly change: string;
  /** What the author has written, as far as it can be searched for in the templates: an attribute's value. */
  readonly written?: string;
}

/** @param place where it stands */
export function mailProblem(
  complaint: Pick<Complaint, 'rule' | 'field' | 'problem' | 'change'>,
  place: Pick<MailProblem, 'file' | 'line' | 'column' | 'row'>,
): MailProblem {
  const { rule, field, problem, change } = complaint;
  return { severity: RULES[rule], rule, ...place, ...(field === undefined ? {} : { field }), problem, change };
}
