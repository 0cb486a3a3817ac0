/** When each recipient of a run is sent to, where that hangs on the zone that their row names (`local-slot.ts`). */
import type { LocalDate } from '#audience';
import type { BatchTime } from '../batch-time.ts';
import { momentIn } from './local-slot.ts';
import { startsStillIn } from './missed.ts';
import type { Schedule } from './schedule.ts';
import { openFrom } from './window.ts';
import { TimeZoneError, Zone } from './zone.ts';

/** Texts that are remembered: there are some 600 zones, and no limit to what is none. */
const MAX_TEXTS = 2000;
const SHOWN = 40;

export interface RunMoment {
  /** Epoch ms; `null` by hand. */
  readonly slot: number | null;
  readonly createdAt: number;
}

export interface RecipientTime extends BatchTime {
  /** When the first attempt may be made, epoch ms: the Date of these mails. */
  readonly date: number;
  /** The moment that was meant, whether it has gone by or not, epoch ms. */
  readonly moment: number;
  /** Why nothing is sent any more: the moment had gone by when the run began; `null` where it had not. */
  readonly missed: string | null;
}

/** What a row says of its zone; `null`: the schedule's. With `problem` it says none that there is. */
export interface RowZone {
  readonly zone: string | null;
  readonly problem?: string;
}

export class RecipientTimes {
  /** The column with the zone. */
  readonly column: string;
  /** The date on which birthdays are looked for, the same for everybody; `null`: the one that it is where they are. */
  readonly date: LocalDate | null;
  readonly #schedule: Schedule;
  readonly #run: RunMoment;
  readonly #rows = new Map<string, RowZone>();
  readonly #names = new Map<string, string>();
  readonly #times = new Map<string | null, RecipientTime>();

  constructor(schedule: Schedule, column: string, run: RunMoment) {
    this.#schedule = schedule;
    this.#run = run;
    this.column = column;
    this.date = run.slot === null ? null : dateOf(schedule.zone.wallAt(run.slot));
  }

  /** @param fields of a row */
  zoneOf(fields: Readonly<Record<string, unknown>>): RowZone {
    const value = fields[this.column];
    if (value === null || value === undefined || value === '') return { zone: null };
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const known = this.#rows.get(text);
    if (known !== undefined) return known;
    if (this.#rows.size === MAX_TEXTS) this.#rows.clear();
    const read = this.#read(text);
    this.#rows.set(text, read);
    return read;
  }

  /** @param zone as `zoneOf` has it */
  timeOf(zone: string | null): RecipientTime {
    const known = this.#times.get(zone) ?? this.#timeIn(zone);
    this.#times.set(zone, known);
    return known;
  }

  /** What a clock in the zone shows at a moment, as epoch ms of the same figures in UTC. */
  wallIn(zone: string | null, at: number): number {
    return this.#zone(zone).wallAt(at);
  }

  #timeIn(zone: string | null): RecipientTime {
    const { slot, createdAt } = this.#run;
    const { window } = this.#schedule;
    const moment = slot === null ? createdAt : momentIn(this.#schedule, slot, zone);
    const begin = Math.max(moment, createdAt);
    const date = window === null ? begin : openFrom(window, this.#zone(zone), begin);
    if (slot !== null && !startsStillIn(this.#schedule, zone, slot, createdAt)) {
      const where = zone ?? this.#schedule.zone.name;
      const missed = `the moment, ${new Date(moment).toISOString()} in ${where}, was missed when the run began`;
      return { zone, notBefore: 0, date, moment, missed };
    }
    return { zone, notBefore: date > createdAt ? date : 0, date, moment, missed: null };
  }

  #read(text: string): RowZone {
    try {
      const { name } = new Zone(text);
      // The letters' case makes no other zone: the first spelling names it.
      const lower = name.toLowerCase();
      const first = this.#names.get(lower) ?? name;
      this.#names.set(lower, first);
      return { zone: first };
    } catch (error) {
      if (!(error instanceof TimeZoneError)) throw error;
      const found = JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
      const { name } = this.#schedule.zone;
      return { zone: null, problem: `is ${found}, no time zone such as America/Mexico_City; ${name} counts` };
    }
  }

  #zone(name: string | null): Zone {
    return name === null ? this.#schedule.zone : new Zone(name);
  }
}

/** @returns `null` where it is one moment for everybody */
export function recipientTimesOf(schedule: Schedule | null, run: RunMoment): RecipientTimes | null {
  if (schedule === null || schedule.recipientTimezone === null) return null;
  if (run.slot === null && schedule.window === null) return null;
  return new RecipientTimes(schedule, schedule.recipientTimezone, run);
}

function dateOf(wall: number): LocalDate {
  const date = new Date(wall);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}
