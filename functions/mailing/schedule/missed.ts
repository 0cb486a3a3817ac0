/** A start that could not happen at its moment: whether it still should. */
import { parseDuration } from '../duration.ts';

/** What starts a run is itself a little late: within this it is on time. */
export const ON_TIME_MS = 5 * 60_000;

/**
 * @param policy `skip`, `send`, or the longest delay with which it is still sent, such as `PT6H`
 * @param slot the moment that the start stands for, epoch ms
 * @param now epoch ms
 * @throws RangeError where the policy is no duration either
 */
export function startsStill(policy: string, slot: number, now: number): boolean {
  const late = now - slot;
  if (policy === 'send') return true;
  return late <= (policy === 'skip' ? ON_TIME_MS : Math.max(ON_TIME_MS, parseDuration(policy)));
}
