/** Whether mail of a run may go now, asked before each mail: not before its slot, and in the campaign's sending window. */
import type { Schedule } from './schedule.ts';
import { isOpen, nextTurn, openFrom, type SendingWindow } from './window.ts';
import { Zone } from './zone.ts';

/** A stretch of time in which a window is open, or shut. `until` is the first moment that is not in it. */
interface Spell {
  readonly from: number;
  readonly until: number;
  /** What ends it, `null` where nothing near does. */
  readonly turn: number | null;
  readonly isOpen: boolean;
}

/** Where no turn is near, it is looked for again after a day. */
const DAY_MS = 24 * 3_600_000;

/** Depends on the moment alone: a clock that is set back finds again what it found before. */
export class SendingHours {
  readonly #window: SendingWindow | null;
  readonly #zone: Zone;
  readonly #notBefore: number;
  readonly #elsewhere = new Map<string, SendingHours>();
  /** The latest answer; it holds for hours. */
  #spell: Spell = { from: 0, until: 0, turn: null, isOpen: false };

  /** @param notBefore the run's slot, epoch ms */
  constructor(window: SendingWindow | null, zone: Zone, notBefore = 0) {
    this.#window = window;
    this.#zone = zone;
    this.#notBefore = notBefore;
  }

  /**
   * The window by the clock of a batch's own zone, where the slot comes at another moment: the batch's `notBefore` has it.
   * @param zone an IANA name; `null`: the schedule's, and the slot counts
   */
  in(zone: string | null): SendingHours {
    if (zone === null) return this;
    const known = this.#elsewhere.get(zone) ?? new SendingHours(this.#window, new Zone(zone));
    this.#elsewhere.set(zone, known);
    return known;
  }

  /** @param at epoch ms */
  isOpen(at: number): boolean {
    if (at < this.#notBefore) return false;
    if (this.#window === null) return true;
    return this.#spellAt(this.#window, at).isOpen;
  }

  /** The moment itself where it is open, else the next opening. */
  openFrom(at: number): number {
    if (this.isOpen(at)) return at;
    const from = Math.max(at, this.#notBefore);
    if (this.#window === null) return from;
    const spell = this.#spellAt(this.#window, from);
    return spell.isOpen ? from : (spell.turn ?? openFrom(this.#window, this.#zone, from));
  }

  /** Whether nothing but the slot, which is still to come, stands in the way at a moment. */
  isEarly(at: number): boolean {
    return at < this.#notBefore && this.openFrom(at) === this.#notBefore;
  }

  #spellAt(window: SendingWindow, at: number): Spell {
    if (at >= this.#spell.from && at < this.#spell.until) return this.#spell;
    const turn = nextTurn(window, this.#zone, at);
    this.#spell = { from: at, until: turn ?? at + DAY_MS, turn, isOpen: isOpen(window, this.#zone, at) };
    return this.#spell;
  }
}

/**
 * @param slot the moment that the run stands for, epoch ms; `null` by hand
 * @returns `null` where mail may go at any time
 */
export function hoursOf(schedule: Schedule | null, slot: number | null): SendingHours | null {
  if (schedule === null || (schedule.window === null && slot === null)) return null;
  return new SendingHours(schedule.window, schedule.zone, slot ?? 0);
}
