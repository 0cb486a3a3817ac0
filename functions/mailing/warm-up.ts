/** Warm-up: a relay, or an address, that nobody knows yet is given a few mails on its first day, and more from day to day. */
import { TimeZoneError, Zone } from './schedule/zone.ts';

const DAY_MS = 86_400_000;

export interface WarmUp {
  /** Whose mails are counted: the relay's name in relays.json, by whatever URL it is reached. */
  readonly relay: string;
  /** The first day, `2026-12-01`; no mail goes before. */
  readonly from: string;
  /** Mails of the first day, of the second, …; behind the last there is no limit. */
  readonly perDay: readonly number[];
  /** By whose midnight days begin: an IANA name. */
  readonly timezone: string;
}

export interface DayAllowance {
  readonly day: string;
  readonly limit: number;
  /** When there may be more, epoch ms. */
  readonly endsAt: number;
}

/** @returns what is wrong with it, `null` where it is in order */
export function warmUpProblem({ from, timezone = 'UTC' }: { from: string; timezone?: string }): string | null {
  const first = startOf(from);
  if (Number.isNaN(first) || dayOf(first) !== from)
    return `from: found ${JSON.stringify(from)}, wanted a day such as "2026-12-01"`;
  try {
    new Zone(timezone);
    return null;
  } catch (error) {
    if (error instanceof TimeZoneError)
      return `timezone: found ${JSON.stringify(timezone)}, wanted an IANA name such as "Europe/Madrid"`;
    throw error;
  }
}

/** What each day allows. Depends on the moment alone: a clock that is set back finds again what it found before. */
export class Ramp {
  readonly #zone: Zone;
  readonly #first: number;
  readonly #perDay: readonly number[];
  /** The latest answer, and for which moments it holds; asking the zone for each mail would cost more than the rest. */
  #latest: { readonly from: number; readonly until: number; readonly allowance: DayAllowance | null } | null = null;

  /** @throws TimeZoneError */
  constructor({ from, perDay, timezone }: WarmUp) {
    this.#zone = new Zone(timezone);
    this.#first = startOf(from);
    this.#perDay = perDay;
  }

  /**
   * @param at epoch ms
   * @returns `null` when the warm-up is over
   */
  on(at: number): DayAllowance | null {
    const latest = this.#latest;
    if (latest !== null && at >= latest.from && at < latest.until) return latest.allowance;
    const wall = this.#zone.wallAt(at);
    const day = wall - (wall % DAY_MS);
    const midnight = this.#nextTime(day + DAY_MS, at);
    const endsAt = day < this.#first ? this.#nextTime(this.#first, at) : midnight;
    const allowance = this.#allowanceOf(day, endsAt);
    // Where clocks are set back over midnight, yesterday comes again.
    const until = this.#zone.movesBetween(at, midnight)[0] ?? midnight;
    this.#latest = { from: at, until, allowance };
    return allowance;
  }

  /** When a wall time comes that is ahead; it may have come before, too. */
  #nextTime(wall: number, at: number): number {
    return this.#zone.momentsOf(wall).find((moment) => moment > at) ?? this.#zone.momentOf(wall).at;
  }

  #allowanceOf(day: number, endsAt: number): DayAllowance | null {
    const days = Math.round((day - this.#first) / DAY_MS);
    if (days >= this.#perDay.length) return null;
    return { day: dayOf(day), limit: this.#perDay[days] ?? 0, endsAt };
  }
}

function startOf(day: string): number {
  return Date.parse(`${day}T00:00:00Z`);
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
