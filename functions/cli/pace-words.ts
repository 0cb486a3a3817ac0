/** How fast a run goes, in words, when the relay has changed it; and why it does not go at all. */
import { escapeControls, isoTime, type PaceState, type Rest, type RestCause, type Standing } from '#mailing';
import { counted } from './progress.ts';

export function paceWords({ isFull, messagesPerSecond, connections, because }: PaceState): string {
  if (isFull) return 'As fast as before the relay asked to go slower.';
  const rate = messagesPerSecond === undefined ? '' : `${figure(messagesPerSecond)} mails a second over `;
  return `The relay asks to go slower (${escapeControls(because)}): ${rate}${counted(connections, 'connection')} now; each minute without such a reply raises it.`;
}

/** Behind the rate, in the line that moves. */
export function slowWords({ isFull, messagesPerSecond, connections }: PaceState): string {
  if (isFull) return '';
  const rate = messagesPerSecond === undefined ? '' : `${figure(messagesPerSecond)}/s over `;
  return ` (slowed by the relay to ${rate}${counted(connections, 'connection')})`;
}

/** What `status` says of a process that is slow or rests, a line each. @param now epoch ms */
export function standingLines({ relay, pace, rest }: Standing, now: number): string[] {
  const rate = pace?.messagesPerSecond === undefined ? '' : `${figure(pace.messagesPerSecond)} mails a second over `;
  const slow =
    pace === null
      ? []
      : [
          `slower than it may: ${relay} asked for it (${escapeControls(pace.because)}); ${rate}${counted(pace.connections, 'connection')} now`,
        ];
  return [...slow, ...(rest === null ? [] : restLines(relay, rest, now))];
}

function restLines(relay: string, { until, why, because }: Rest, now: number): string[] {
  const isOver = until <= now;
  if (why === 'relay') {
    const next = isOver ? 'one mail is being tried' : `one mail is tried at ${isoTime(until)}`;
    return [`rests: ${relay} does not work (${escapeControls(because ?? '')}); ${next}`];
  }
  return isOver ? [] : [`rests until ${isoTime(until)}: ${RESTS[why]}`];
}

const RESTS: Readonly<Record<RestCause, string>> = {
  window: 'the sending window is shut',
  slot: "the run's slot is still to come",
  'warm-up': "the relay's warm-up allows no more mails now",
  zone: 'it is too early where the next recipients are',
  later: 'those who are left wait',
};

function figure(rate: number): string {
  return rate >= 10 ? String(Math.round(rate)) : rate.toFixed(1);
}
