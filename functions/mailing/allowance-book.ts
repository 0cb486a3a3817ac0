/**
 * The port that counts how many mails a relay was given on a day: one count for all runs and processes of a state.
 *
 * Whoever changes a count has read it, and the change holds only where nobody was faster. So no store needs more for it
 * than one item a relay and day, and a conditional write.
 */
export interface AllowanceBook {
  /**
   * How many mails were taken out so far; 0 where nobody has written.
   * @param day as ISO 8601 has it, `2026-12-01`
   */
  taken(relay: string, day: string): Promise<number>;
  /**
   * Writes another count. Durable when it resolves. Throws LedgerError where the store fails, and may have written then.
   * @returns whether it was written; `false`: the count is not `before` any more, and nothing was changed
   */
  change(relay: string, day: string, before: number, after: number): Promise<boolean>;
}
