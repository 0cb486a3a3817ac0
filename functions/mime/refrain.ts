/**
 * What the texts of one mailing have in common. They come from one template, so most of their lines are the same from mail
 * to mail: such a stretch of lines is encoded once, and its octets are shared by all mails.
 *
 * Nobody has to say which lines these are. The first two texts are laid side by side, and what runs of lines they share is
 * looked for in the texts that follow, in order. A text is taken apart only where a stretch stands in it letter by letter, so
 * what comes out never depends on what came before; only how fast it does.
 */
import { Stretch } from './stretch.ts';

/** A shorter stretch is not worth being set apart. */
const MIN_STRETCH_LENGTH = 256;
/** So many lines may stand between two stretches. */
const MAX_GAP_LINES = 32;
/** Texts that are not like those before: after so many in a row, two others are laid side by side. */
const MAX_STRANGERS = 8;
/** Texts that differ in every line each time are not compared for ever. */
const MAX_LESSONS = 8;

export class Refrain {
  #before: string | null = null;
  #stretches: readonly Stretch[] = [];
  #strangers = 0;
  #lessons = 0;

  /**
   * @param text its lines end with LF
   * @returns the text in parts, in order: strings that are its own, and stretches, each of which begins and ends with whole lines
   */
  partsOf(text: string): readonly (string | Stretch)[] {
    if (text.length < 2 * MIN_STRETCH_LENGTH) return [text];
    const parts = this.#stretches.length === 0 ? [text] : this.#takenApart(text);
    if (2 * ownLength(parts) <= text.length) this.#strangers = 0;
    else this.#learn(text);
    return parts;
  }

  #takenApart(text: string): readonly (string | Stretch)[] {
    const parts: (string | Stretch)[] = [];
    let at = 0;
    for (const stretch of this.#stretches) {
      const start = lineOf(stretch.text, text, at);
      if (start < 0) continue;
      if (start > at) parts.push(text.slice(at, start));
      parts.push(stretch);
      at = start + stretch.text.length;
    }
    if (at < text.length) parts.push(text.slice(at));
    return parts;
  }

  #learn(text: string): void {
    if (this.#lessons === MAX_LESSONS) return;
    this.#strangers += 1;
    const isKnown = this.#stretches.length > 0;
    if (this.#before !== null && (!isKnown || this.#strangers >= MAX_STRANGERS)) {
      this.#lessons += 1;
      this.#strangers = 0;
      this.#stretches = commonStretches(this.#before, text);
    }
    this.#before = this.#lessons === MAX_LESSONS ? null : text;
  }
}

function ownLength(parts: readonly (string | Stretch)[]): number {
  let length = 0;
  for (const part of parts) if (typeof part === 'string') length += part.length;
  return length;
}

/** Where `lines` begin in `text`, at the beginning of a line not far behind `from`; -1 where they do not. */
function lineOf(lines: string, text: string, from: number): number {
  let at = from;
  for (let gap = 0; gap <= MAX_GAP_LINES; gap += 1) {
    // Slices are compared by the word, and `startsWith` character by character: ten times as long.
    if (text.slice(at, at + lines.length) === lines) return at;
    at = text.indexOf('\n', at) + 1;
    if (at === 0) return -1;
  }
  return -1;
}

/** Runs of lines that stand in both texts, in the same order. */
function commonStretches(one: string, other: string): Stretch[] {
  const [lines, others] = [linesOf(one), linesOf(other)];
  const stretches: Stretch[] = [];
  let run = '';
  const endRun = (): void => {
    if (run.length >= MIN_STRETCH_LENGTH) stretches.push(new Stretch(run));
    run = '';
  };
  let [at, otherAt] = [0, 0];
  while (at < lines.length && otherAt < others.length) {
    const line = lines[at];
    if (line === others[otherAt]) {
      run += line;
      at += 1;
      otherAt += 1;
      continue;
    }
    endRun();
    const [skipped, otherSkipped] = meeting(lines, at, others, otherAt);
    at += skipped;
    otherAt += otherSkipped;
  }
  endRun();
  return stretches;
}

/** How many lines to pass over in each until both have the same line again; the fewest. */
function meeting(lines: readonly string[], at: number, others: readonly string[], otherAt: number): [number, number] {
  for (let far = 1; far <= MAX_GAP_LINES; far += 1) {
    for (let near = far; near >= 0; near -= 1) {
      if (isSame(lines[at + far], others[otherAt + near])) return [far, near];
      if (isSame(lines[at + near], others[otherAt + far])) return [near, far];
    }
  }
  return [MAX_GAP_LINES, MAX_GAP_LINES];
}

/** Blank lines stand everywhere, and say nothing of where one is. */
function isSame(line: string | undefined, other: string | undefined): boolean {
  return line !== undefined && line === other && line.trim() !== '';
}

/** Each with its LF; what stands behind the last LF is no whole line. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n/g) ?? [];
}
