/**
 * What a template writes, put together when it is compiled: texts that follow one another are one text, whatever partials
 * and layouts they come from, and everything between them is a piece of its own.
 *
 * A partial that stands alone on its line is indented as its call is: what stands in front of every line of it, but of
 * nothing behind its last line end, is put `ahead` of the next character. For texts that is done here; only behind what a
 * row brings does the rendering tell whether a line has begun.
 */
import type { Piece, Rendering } from './rendering.ts';
import { isWithin, type Site, spend, step } from './strict.ts';

/** What goes to the account of a rendering for what was written when the template was compiled. */
export type Due = { readonly site: Site; readonly printed: string } | 'partial';

export class Writing {
  readonly #pieces: Piece[] = [];
  #indentation: string;
  /** In front of the next character; `null` where only the rendering knows. */
  #ahead: string | null;
  #texts: string[] = [];
  #dues: Due[] = [];
  /** The first of the texts stands behind what the rendering has ahead. */
  #isBehindRow = false;

  constructor(indentation = '') {
    this.#indentation = indentation;
    this.#ahead = indentation === '' ? '' : null;
  }

  get indentation(): string {
    return this.#indentation;
  }

  /** @returns all pieces; nothing is written any more */
  end(): readonly Piece[] {
    this.#flush();
    return this.#pieces;
  }

  text(text: string): void {
    if (text === '') return;
    if (this.#ahead === null) this.#isBehindRow = true;
    this.#texts.push(this.#ahead ?? '', indented(text, this.#indentation));
    this.#ahead = aheadOf(text, this.#indentation);
  }

  due(due: Due): void {
    this.#dues.push(due);
  }

  /** A piece that writes. */
  piece(piece: Piece): void {
    this.#flush();
    this.#pieces.push(piece);
    this.#ahead = this.#indentation === '' ? '' : null;
  }

  /** What is written by `text`, as a text that the row brings. */
  rowText(write: (rendering: Rendering) => string): void {
    const indentation = this.#indentation;
    if (indentation === '') {
      this.piece((rendering) => {
        rendering.output += write(rendering);
      });
      return;
    }
    this.piece((rendering) => {
      const text = write(rendering);
      if (text === '') return;
      rendering.output += rendering.ahead + indented(text, indentation);
      rendering.ahead = aheadOf(text, indentation);
    });
  }

  /** A piece that gives a place its value, and may fail. */
  silent(piece: Piece): void {
    this.#pay();
    this.#pieces.push(piece);
  }

  enter(indentation: string): void {
    if (indentation === '') return;
    this.#turnAhead((ahead) => ahead + indentation);
    this.#indentation += indentation;
  }

  leave(indentation: string): void {
    if (indentation === '') return;
    const { length } = indentation;
    // Behind an empty partial there is what was ahead of it; behind a line's end what is ahead of its next.
    this.#turnAhead((ahead) => (ahead === '' ? '' : ahead.slice(0, -length)));
    this.#indentation = this.#indentation.slice(0, -length);
    if (this.#indentation === '') this.#ahead = '';
  }

  #turnAhead(turn: (ahead: string) => string): void {
    if (this.#ahead !== null) {
      this.#ahead = turn(this.#ahead);
      return;
    }
    this.#flush();
    this.#pieces.push((rendering) => {
      rendering.ahead = turn(rendering.ahead);
    });
  }

  #flush(): void {
    const text = this.#texts.join('');
    const ahead = this.#indentation === '' ? null : this.#ahead;
    const isBehindRow = this.#isBehindRow;
    this.#texts = [];
    this.#isBehindRow = false;
    this.#pay();
    if (isBehindRow) {
      this.#pieces.push((rendering) => {
        rendering.output += rendering.ahead + text;
      });
    } else if (text !== '') {
      this.#pieces.push((rendering) => {
        rendering.output += text;
      });
    }
    if (ahead !== null) {
      this.#pieces.push((rendering) => {
        rendering.ahead = ahead;
      });
    }
  }

  #pay(): void {
    const dues = this.#dues;
    if (dues.length === 0) return;
    this.#dues = [];
    const steps = dues.filter((due) => due === 'partial').length;
    const characters = dues.reduce((sum, due) => sum + (due === 'partial' ? 0 : due.printed.length), 0);
    this.#pieces.push(({ account }) => {
      // Literals have no control characters: what is left is to count.
      if (isWithin(account, steps, characters)) {
        account.steps += steps;
        account.characters += characters;
        return;
      }
      for (const due of dues) {
        if (due === 'partial') step(account);
        else spend(account, due.printed, due.site);
      }
    });
  }
}

/** Behind every line end but one that ends the text stands the next line's indentation. */
function indented(text: string, indentation: string): string {
  return indentation === '' || !text.includes('\n') ? text : text.replace(/\n(?!$)/g, `\n${indentation}`);
}

function aheadOf(text: string, indentation: string): string {
  return text.endsWith('\n') ? indentation : '';
}
