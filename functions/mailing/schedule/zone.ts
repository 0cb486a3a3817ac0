/**
 * Wall clocks: what a clock on the wall of a time zone shows, as epoch milliseconds of the same figures in UTC.
 *
 * A wall time can come once, never (clocks go forward over it; Apia left out a whole day) or twice (clocks go back).
 */
const HOUR_MS = 3_600_000;

/** More than any zone has ever moved at once, and any is away from UTC. */
const REACH_MS = 26 * HOUR_MS;

export class TimeZoneError extends Error {
  readonly code = 'ERR_TIME_ZONE';
  readonly zone: string;
  constructor(zone: string) {
    super(`Cannot read the time zone ${JSON.stringify(zone)}: an IANA name such as "Europe/Madrid" is wanted`);
    this.name = 'TimeZoneError';
    this.zone = zone;
  }
}

/** When a wall time comes. `gap`: never, and `at` is the first moment behind it; `overlap`: twice, and `at` is the first. */
export interface WallMoment {
  readonly at: number;
  readonly kind: 'once' | 'gap' | 'overlap';
}

export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;

  /** @throws TimeZoneError */
  constructor(name: string) {
    this.name = name;
    // Intl also takes offsets such as +01:00, which know no daylight saving time.
    if (!/^[A-Za-z]/.test(name)) throw new TimeZoneError(name);
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: name,
        calendar: 'gregory',
        numberingSystem: 'latn',
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch (error) {
      if (error instanceof RangeError) throw new TimeZoneError(name);
      throw error;
    }
  }

  /** What the wall shows at a moment, in whole seconds. */
  wallAt(at: number): number {
    const figures: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of this.#format.formatToParts(at)) figures[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = figures;
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }

  /** How far the wall is ahead of UTC. */
  offsetAt(at: number): number {
    const whole = Math.floor(at / 1000) * 1000;
    return this.wallAt(whole) - whole;
  }

  /** The latest wall time that was shown up to a moment: later than now, where clocks have just gone back. */
  latestWallUpTo(at: number): number {
    return at + Math.max(...this.#offsetsFrom(at - REACH_MS, at));
  }

  /** @param wall in whole seconds */
  momentOf(wall: number): WallMoment {
    const offsets = this.#offsetsFrom(wall - REACH_MS, wall + REACH_MS);
    const moments = offsets.map((offset) => wall - offset).filter((at) => this.wallAt(at) === wall);
    if (moments.length > 0) return { at: Math.min(...moments), kind: moments.length > 1 ? 'overlap' : 'once' };
    return { at: this.#afterGap(wall, wall - Math.max(...offsets), wall - Math.min(...offsets)), kind: 'gap' };
  }

  /** @param before a moment whose wall time is before the gap, `behind` one whose wall time is behind it */
  #afterGap(wall: number, before: number, behind: number): number {
    let [early, late] = [before, behind];
    while (late - early > 1000) {
      const middle = Math.floor((early + late) / 2000) * 1000;
      if (this.wallAt(middle) < wall) early = middle;
      else late = middle;
    }
    return late;
  }

  #offsetsFrom(first: number, last: number): number[] {
    const offsets = new Set<number>();
    for (let at = first; at <= last; at += REACH_MS / 4) offsets.add(this.offsetAt(at));
    return [...offsets];
  }
}
