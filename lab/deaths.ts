/** Where and when a process is to die: half at named points, half at an instant that nobody chose. */
import type { Death } from './life.ts';
import { type Often, POINTS, type When } from './points.ts';
import type { Chance } from './random.ts';
import type { Story } from './story.ts';

export interface Prospects {
  /** What the process will be doing. */
  readonly acts: ReadonlySet<When>;
  /** Recipients that are still to be sent to, about. */
  readonly mails: number;
  /** How long a life without a death takes, in ms. */
  readonly lifeMs: number;
}

export function drawDeath(chance: Chance, story: Story, prospects: Prospects): Death {
  if (chance.happens(0.5)) return { kind: 'instant', afterMs: Math.round(chance.fraction() * prospects.lifeMs) };
  const choices = POINTS.filter(({ name, when, often }) => {
    if (story.course === 'chunking' && /^(write|reply)\.DATA:/.test(name)) return false;
    return (when === 'any' || prospects.acts.has(when)) && (often !== 'fault' || story.faults);
  });
  const point = choices[chance.whole(0, choices.length - 1)];
  if (point === undefined) return null;
  const most = passesOf(point.often, story, prospects.mails);
  // Early passings more often than late ones: another process may take what would be passed late.
  return { kind: 'point', point: point.name, passing: 1 + Math.floor(chance.fraction() ** 2 * most) };
}

function passesOf(often: Often, { connections, workers }: Story, mails: number): number {
  const share = mails / workers;
  if (often === 'mail') return share * 0.8;
  if (often === 'connection') return connections;
  if (often === 'batch') return Math.max(1, share / 20);
  return 1;
}
