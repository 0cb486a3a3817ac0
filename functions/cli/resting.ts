/** Why a run sends nothing at the moment, in words, and what there is to be said of the slot that it stands for. */
import { firstMomentOf, isMissed, isoTime, isStart, type LoadedCampaign, planBy, type RestCause } from '#mailing';
import { span } from './progress.ts';

/** @param until epoch ms; @param once the run ends now */
export function restWords(until: number, why: RestCause, once: boolean): string {
  const moment = isoTime(until);
  const next = once ? 'Start the same run again then.' : 'Ctrl-C stops; the same run goes on.';
  if (why === 'window') return `The sending window is shut: nobody is sent to before ${moment}. ${next}`;
  if (why === 'slot') return `The run's slot is still to come: nobody is sent to before ${moment}. ${next}`;
  if (why === 'warm-up')
    return `The relay's warm-up allows no more mails now: nobody is sent to before ${moment}. ${next}`;
  if (why === 'zone')
    return `It is too early where the next recipients are: nobody is sent to before ${moment}. ${next}`;
  return `Those who are left wait: the next is due at ${moment}. ${next}`;
}

/**
 * @param slot of `--at`
 * @param now epoch ms
 * @returns a line for each thing to be known before it is sent
 */
export function slotWarnings({ campaign, source }: LoadedCampaign, slot: number | null, now: number): string[] {
  const { schedule } = campaign;
  if (slot === null || schedule === null) return [];
  const lines: string[] = [];
  if (!isStart(schedule, slot))
    lines.push(
      `${isoTime(slot)} is none of the starts that ${source.location}/campaign.json has; \`cartero plan\` shows the next ones.`,
    );
  if (isMissed(schedule, slot, now))
    lines.push(
      `${isoTime(slot)} was missed ${span((now - slot) / 1000)} ago, and "missed" is ${JSON.stringify(schedule.missed)}: unless it has begun, nothing is sent.`,
    );
  else if (now > firstMomentOf(schedule, slot) && schedule.recipientTimezone !== null)
    lines.push(
      `Where the day comes first, that hour has gone by: ${schedule.missed === null || schedule.missed === 'send' ? 'those there are sent to at once' : `"missed" says what becomes of those there`}. Start such a run by ${isoTime(planBy(schedule, slot))}.`,
    );
  return lines;
}
