/** What the page shows, as it asks for it. */
import type { MailProblem } from '#mailing';
import type { Watched } from './changes.ts';
import type { FoundRows, RowQuery } from './row-search.ts';

/** Whose mail: a row of the audience from 1, the campaign's sample, or what somebody typed; without any, whoever is there. */
export interface Choice {
  readonly row: number | null;
  readonly isSample: boolean;
  readonly json: string | null;
  /** In place of the row's own. */
  readonly locale: string | null;
}

/** Lines of the file that a problem names, around its line. */
export interface Excerpt {
  /** The number of the first of them. */
  readonly from: number;
  readonly lines: readonly string[];
}

/** `file` is empty where a problem stands in none. */
export interface ShownProblem extends MailProblem {
  readonly excerpt: Excerpt | null;
}

export interface PreviewedMail {
  /** As they would be sent; `null` where there is no mail, and `problems` tell why. */
  readonly octets: Uint8Array | null;
  /** Errors first. */
  readonly problems: readonly ShownProblem[];
  /** Of the recipient; `null` where there is none. */
  readonly fields: Readonly<Record<string, unknown>> | null;
  /** The row of the audience; `null` for the sample and for what was typed. */
  readonly row: number | null;
  /** Whether the campaign has a sample to choose. */
  readonly hasSample: boolean;
  /** Tags of the languages that the campaign is written in, apart from what is for everybody else. */
  readonly languages: readonly string[];
}

export interface PreviewSource {
  /** Their files tell that something was saved. */
  readonly watched: readonly Watched[];
  campaigns(): Promise<readonly string[]>;
  mail(campaign: string, choice: Choice): Promise<PreviewedMail>;
  /** Rejects with an error for `explain`. */
  rows(campaign: string, query: RowQuery): Promise<FoundRows>;
  /** What is wrong, in words. */
  explain(error: unknown): string;
}
