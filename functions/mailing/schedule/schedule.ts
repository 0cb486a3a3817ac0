/** When a campaign's runs start, and when their mails may go: the part `schedule` of campaign.json, read. */
import { type Cron, CronError, parseCron } from './cron.ts';
import { nextOccurrence } from './occurrences.ts';
import { parseWindow, type SendingWindow, WindowError } from './window.ts';
import { TimeZoneError, Zone } from './zone.ts';

/** As campaign.json has it, once it holds to its schema. */
export interface ScheduleJson {
  readonly cron?: string;
  readonly at?: string;
  readonly timezone?: string;
  readonly recipientTimezone?: string;
  readonly window?: { readonly days?: string; readonly from?: string; readonly to?: string };
  readonly missed?: string;
}

export interface Schedule {
  readonly zone: Zone;
  /** `null` where runs are started by hand alone. */
  readonly starts: { readonly cron: Cron } | { readonly at: number } | null;
  readonly window: SendingWindow | null;
  /** The column with the recipient's own zone, by whose clocks a slot and the window count; `null`: by the schedule's. */
  readonly recipientTimezone: string | null;
  /** What becomes of a start that was missed; `null`: it is made good, however late. */
  readonly missed: string | null;
}

/**
 * @param report is told of each problem, with the key that has it
 * @returns `null` where there was one
 */
export function readSchedule(
  json: ScheduleJson,
  report: (key: 'cron' | 'at' | 'timezone' | 'window', problem: string) => void,
): Schedule | null {
  let isWhole = true;
  const read = <T>(key: Parameters<typeof report>[0], parse: () => T): T | null => {
    try {
      return parse();
    } catch (error) {
      const problem = problemOf(error);
      if (problem === null) throw error;
      isWhole = false;
      report(key, problem);
      return null;
    }
  };
  const name = json.timezone ?? 'UTC';
  const zone = read('timezone', () => new Zone(name));
  const { cron, at, window } = json;
  const parsedCron = cron === undefined ? null : read('cron', () => parseCron(cron));
  const parsedAt = at === undefined || zone === null ? null : read('at', () => momentOf(at, zone));
  const parsedWindow = window === undefined ? null : read('window', () => parseWindow(window));
  if (!isWhole || zone === null) return null;
  const starts = parsedCron !== null ? { cron: parsedCron } : parsedAt !== null ? { at: parsedAt } : null;
  const { recipientTimezone = null, missed = null } = json;
  return { zone, starts, window: parsedWindow, recipientTimezone, missed };
}

/** The next moments at which a run starts, epoch ms, at most `count`. */
export function nextStarts({ zone, starts }: Schedule, after: number, count: number): number[] {
  if (starts === null) return [];
  if ('at' in starts) return starts.at > after ? [starts.at] : [];
  const moments: number[] = [];
  for (let last = after; moments.length < count; ) {
    const next = nextOccurrence(starts.cron, zone, last);
    if (next === null) break;
    moments.push(next);
    last = next;
  }
  return moments;
}

/** Whether a run is to start at that moment, epoch ms. Without starts any moment is as good as another. */
export function isStart({ zone, starts }: Schedule, at: number): boolean {
  if (starts === null) return true;
  return 'at' in starts ? starts.at === at : nextOccurrence(starts.cron, zone, at - 1) === at;
}

class AtError extends Error {}

/** A one-off start must come: what a cron expression does without once would here be the whole campaign. */
function momentOf(text: string, zone: Zone): number {
  const wall = Date.parse(`${text}Z`);
  const isDate = !Number.isNaN(wall) && new Date(wall).toISOString().startsWith(text);
  if (!isDate)
    throw new AtError(`there is no date and time ${JSON.stringify(text)}, one as 2026-12-01T09:00 is wanted`);
  const { at, kind } = zone.momentOf(wall);
  if (kind === 'gap')
    throw new AtError(
      `${JSON.stringify(text)} never comes in ${zone.name}, where clocks go forward over it; another time is wanted`,
    );
  return at;
}

function problemOf(error: unknown): string | null {
  if (error instanceof CronError || error instanceof WindowError) return error.problem;
  if (error instanceof TimeZoneError) return `"${error.zone}" is no IANA time zone such as "Europe/Madrid"`;
  return error instanceof AtError ? error.message : null;
}
