/** How fast a run goes, in words, when the relay has changed it. */
import { escapeControls, type PaceState } from '#mailing';
import { counted } from './progress.ts';

export function paceWords({ isFull, messagesPerSecond, connections, because }: PaceState): string {
  if (isFull) return 'As fast as before the relay asked to go slower.';
  const rate = messagesPerSecond === undefined ? '' : `${figure(messagesPerSecond)} mails a second over `;
  return `The relay asks to go slower (${escapeControls(because)}): ${rate}${counted(connections, 'connection')} now; each minute without such a reply raises it.`;
}

function figure(rate: number): string {
  return rate >= 10 ? String(Math.round(rate)) : rate.toFixed(1);
}
