/**
 * Wall clocks: what a clock on the wall of a time zone shows, as epoch milliseconds of the same figures in UTC.
 *
 * A wall time can come once, never (clocks go forward over it; Apia left out a whole day) or twice (clocks go back).
 */
const HOUR_MS = 3_600_000;

/** More than any zone has ever moved at once, and any is away from UTC. */
const REACH_MS = 26 * HOUR_MS;
/** Clocks are not moved and moved back within so short a time. */
const STRIDE_MS = REACH_MS / 4;

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
    const [first, ...again] = this.#momentsAmong(wall, offsets);
    if (first !== undefined) return { at: first, kind: again.length > 0 ? 'overlap' : 'once' };
    const [before, behind] = [wall - Math.max(...offsets), wall - Math.min(...offsets)];
    return { at: firstWhere((at) => this.wallAt(at) >= wall, before, behind), kind: 'gap' };
  }

  /**
   * Every moment at which a wall time comes: none, one, or two in their order.
   * @param wall in whole seconds
   */
  momentsOf(wall: number): number[] {
    return this.#momentsAmong(wall, this.#offsetsFrom(wall - REACH_MS, wall + REACH_MS));
  }

  /** The moments behind one, up to another, at which the clocks are moved. */
  movesBetween(after: number, upTo: number): number[] {
    const moves: number[] = [];
    let from = after;
    let offset = this.offsetAt(from);
    while (from < upTo) {
      const to = Math.min(from + STRIDE_MS, upTo);
      const next = this.offsetAt(to);
      const before = offset;
      if (next !== before) moves.push(firstWhere((at) => this.offsetAt(at) !== before, from, to));
      [from, offset] = [to, next];
    }
    return moves;
  }

  #momentsAmong(wall: number, offsets: readonly number[]): number[] {
    const moments = offsets.map((offset) => wall - offset).filter((at) => this.wallAt(at) === wall);
    return moments.sort((one, other) => one - other);
  }

  #offsetsFrom(first: number, last: number): number[] {
    const offsets = new Set<number>();
    for (let at = first; at <= last; at += STRIDE_MS) offsets.add(this.offsetAt(at));
    return [...offsets];
  }
}

/** The first whole second behind `early`, where it does not hold, up to `late`, where it does. */
function firstWhere(holds: (at: number) => boolean, early: number, late: number): number {
  let [before, behind] = [Math.floor(early / 1000), Math.floor(late / 1000)];
  while (behind - before > 1) {
    const middle = Math.floor((before + behind) / 2);
    if (holds(middle * 1000)) behind = middle;
    else before = middle;
  }
  return behind * 1000;
}
