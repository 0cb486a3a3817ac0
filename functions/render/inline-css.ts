/**
 * Style sheets put on the elements themselves, once, when a campaign's templates are compiled: some mail programs take
 * style sheets away. They stay where they are as well, for what only they can say.
 *
 * Nothing but declarations in style attributes is added to a template's texts, so that all it says and links to is the
 * same. An element gets them only where it is certain which it would have had: its class and id do not hang on a row,
 * and neither do the style sheets that it is shown with.
 */

import { type Element, elementsIn, type Found, type Run, VARIABLE } from './css-elements.ts';
import {
  cascade,
  contestedOn,
  contestsIn,
  inOtherCase,
  namesIn,
  readStyleSheet,
  type StyleSheet,
} from './css-rules.ts';
import type { Library, PartialCall } from './library.ts';
import { type Spot, START } from './lint-html.ts';
import { advance } from './lint-reader.ts';
import type { Sheet } from './parse.ts';
import { bodyOf, type Content, type PartialBlock, type Program, programsOf, type Statement } from './syntax.ts';

/** Partials entered, and characters looked at; more is left as it is. */
const MAX_CALLS = 1_000;
const MAX_CHARACTERS = 1 << 19;

/** One use of a sheet. */
interface Frame {
  readonly sheet: Sheet;
  readonly content: { readonly program: Program; readonly frame: Frame } | null;
}

/** An element, and the style sheets that it is shown with for certain, for each way that leads to it. */
interface Shown {
  readonly element: Element;
  readonly ways: Set<string>;
}

/** What a program is made of: runs, and the blocks and partials between them. */
type Part = RunPart | { readonly statement: Statement };

interface RunPart {
  readonly run: Run;
  readonly found: Found;
}

/** @returns of each sheet that the root reaches the sheet to compile in its place; none where nothing changes */
export function inlineStyles(root: Sheet, library: Library): ReadonlyMap<Sheet, Sheet> {
  // Refuses circles, so that the walk has an end.
  const sheets = library.reach(root);
  const walk = new Walk(library);
  walk.root(root);
  if (walk.isUnclear || walk.styles.size === 0) return new Map();
  const texts = textsOf(walk);
  const changed = (sheet: Sheet): Sheet => ({ ...sheet, program: withTexts(sheet.program, texts) });
  return new Map(sheets.map((sheet) => [sheet, changed(sheet)]));
}

class Walk {
  /** By the text that it stands in, and where its declarations are put in. */
  readonly shown = new Map<Content, Map<number, Shown>>();
  /** Every style sheet of the mail, whatever it hangs on. */
  readonly styles = new Set<string>();
  /** A style sheet or an element hangs on the row in a way that cannot be followed. */
  isUnclear = false;
  readonly #library: Library;
  readonly #parts = new Map<Program, readonly Part[]>();
  #calls = 0;
  #characters = 0;

  constructor(library: Library) {
    this.#library = library;
  }

  root(sheet: Sheet): void {
    this.#branch(sheet.program, { sheet, content: null }, [], START);
  }

  /** What is shown together: its own style sheets are certain in it, where there are none around it. */
  #branch(program: Program, frame: Frame, around: readonly string[], from: Spot): Spot {
    const certain = around.length > 0 ? around : [...new Set(this.#stylesOf(program, frame))];
    return this.#program(program, frame, certain, from);
  }

  #program(program: Program, frame: Frame, certain: readonly string[], from: Spot): Spot {
    let spot = from;
    for (const part of this.#partsOf(program)) {
      if (this.isUnclear) break;
      spot = 'run' in part ? this.#run(part, certain, spot) : this.#statement(part.statement, frame, certain, spot);
    }
    return spot;
  }

  #run({ run, found }: RunPart, certain: readonly string[], from: Spot): Spot {
    for (const css of [...found.styles, ...found.sometimes]) this.styles.add(css);
    let spot = from;
    let at = 0;
    for (const element of found.elements) {
      spot = advance(spot, run.text.slice(at, element.start), () => {});
      at = element.start;
      if (spot.where === 'text' && !spot.conditional) this.#show(element, JSON.stringify(certain));
    }
    return advance(spot, run.text.slice(at), () => {});
  }

  #show(element: Element, way: string): void {
    const places = this.shown.get(element.content) ?? new Map<number, Shown>();
    const shown = places.get(element.offset) ?? { element, ways: new Set() };
    shown.ways.add(way);
    places.set(element.offset, shown);
    this.shown.set(element.content, places);
  }

  #statement(statement: Statement, frame: Frame, certain: readonly string[], from: Spot): Spot {
    if (statement.type === 'BlockStatement') {
      const ends = [from, ...programsOf(statement).map((program) => this.#branch(program, frame, certain, from))];
      // Tags that a condition cuts in two.
      if (ends.some(({ where }) => where !== from.where)) this.isUnclear = true;
      return from;
    }
    const called = this.#called(statement, frame);
    return called === null ? from : this.#program(called.program, called.frame, certain, from);
  }

  /** The style sheets that are there wherever a program is, in the order of the mail. */
  #stylesOf(program: Program, frame: Frame): string[] {
    return this.#partsOf(program).flatMap((part) => {
      if ('run' in part) return part.found.styles;
      if (part.statement.type === 'BlockStatement') return [];
      const called = this.#called(part.statement, frame);
      return called === null ? [] : this.#stylesOf(called.program, called.frame);
    });
  }

  #called(statement: Statement, frame: Frame): { readonly program: Program; readonly frame: Frame } | null {
    this.#calls += 1;
    if (this.#calls > MAX_CALLS) this.isUnclear = true;
    // What is neither is refused when it is compiled.
    const isCall = statement.type === 'PartialStatement' || statement.type === 'PartialBlockStatement';
    if (this.isUnclear || !isCall) return null;
    const call = statement as PartialCall;
    const sheet = this.#library.resolve(call, frame.sheet);
    if (sheet === null) return frame.content;
    const content = call.type === 'PartialStatement' ? null : { program: (call as PartialBlock).program, frame };
    return { program: sheet.program, frame: { sheet, content } };
  }

  #partsOf(program: Program): readonly Part[] {
    const parts = this.#parts.get(program) ?? partsOf(program);
    if (!this.#parts.has(program)) {
      this.#parts.set(program, parts);
      for (const part of parts) {
        if (!('run' in part)) continue;
        this.#characters += part.run.text.length;
        if (part.found.isUnclear || this.#characters > MAX_CHARACTERS) this.isUnclear = true;
      }
    }
    return parts;
  }
}

function partsOf(program: Program): readonly Part[] {
  const parts: Part[] = [];
  let run: Run = { text: '', pieces: [] };
  const end = () => {
    if (run.text !== '') parts.push({ run, found: elementsIn(run) });
    run = { text: '', pieces: [] };
  };
  for (const statement of bodyOf(program)) {
    if (statement.type === 'ContentStatement') {
      const content = statement as Content;
      run.pieces.push({ content, start: run.text.length });
      run.text += content.value;
    } else if (statement.type === 'MustacheStatement') run.text += VARIABLE;
    else if (statement.type !== 'CommentStatement') {
      end();
      parts.push({ statement });
    }
  }
  end();
  return parts;
}

/** The texts of the template that change, with the declarations put in. */
function textsOf(walk: Walk): ReadonlyMap<Content, string> {
  const stylings = stylingsOf(walk);
  const texts = new Map<Content, string>();
  for (const [content, places] of walk.shown) {
    let text = content.value;
    for (const { element, ways } of [...places.values()].sort((a, b) => b.element.offset - a.element.offset)) {
      const [declared, other] = new Set([...ways].map((way) => stylings.get(way)?.(element) ?? ''));
      if (declared === undefined || declared === '' || other !== undefined) continue;
      text = text.slice(0, element.offset) + attribute(element, declared) + text.slice(element.offset);
    }
    if (text !== content.value) texts.set(content, text);
  }
  return texts;
}

/** What an element gets: declarations as they stand in a style attribute. */
type Styling = (element: Element) => string;

/** By the way that elements are shown. */
function stylingsOf(walk: Walk): ReadonlyMap<string, Styling> {
  const sheets = new Map([...walk.styles].map((css) => [css, readStyleSheet(css)]));
  const ways = new Set(
    [...walk.shown.values()].flatMap((places) => [...places.values()].flatMap((each) => [...each.ways])),
  );
  return new Map([...ways].map((way) => [way, stylingOf(JSON.parse(way), sheets)]));
}

/** @param certain the style sheets that are there; the others may be */
function stylingOf(certain: readonly string[], sheets: ReadonlyMap<string, StyleSheet>): Styling {
  const contested = [...sheets].flatMap(([css, sheet]) =>
    certain.includes(css) ? sheet.contested : contestsIn(sheet),
  );
  const rules = certain.flatMap((css) => sheets.get(css)?.rules ?? []);
  return (element) => {
    const own = element.style.includes(VARIABLE) ? null : namesIn(element.style);
    const isContested = contestedOn([...contested, ...inOtherCase(rules, element)], element);
    // What the element itself says of the same name comes behind it, and wins.
    const kept = cascade(rules, element).filter(({ name }) => own?.includes(name) !== true && !isContested(name));
    const declared = kept.map(({ name, value }) => `${name}: ${quotedIn(element.quote ?? '"', value)};`);
    return declared.every((declaration) => WRITABLE.test(declaration)) ? declared.join(' ') : '';
  };
}

const UNWRITABLE = '<';

/** Quotes are the other ones than the attribute's, and one of both kinds makes it unwritable. */
function quotedIn(quote: string, value: string): string {
  if (value.includes('"') && value.includes("'")) return UNWRITABLE;
  return value.replace(/["']/g, quote === '"' ? "'" : '"');
}

/** Nothing that HTML would read otherwise. */
const WRITABLE = /^[^&<>\\\ufdd0]+$/;

function attribute({ quote }: Element, declared: string): string {
  return quote === null ? ` style="${declared}"` : `${declared} `;
}

function withTexts(program: Program, texts: ReadonlyMap<Content, string>): Program {
  const body = bodyOf(program).map((statement): Statement => {
    const value = texts.get(statement as Content);
    if (value !== undefined) return { ...(statement as Content), value };
    if (programsOf(statement).length === 0) return statement;
    const { program: inner, inverse } = statement as { program?: Program; inverse?: Program };
    return {
      ...statement,
      ...(inner === undefined ? {} : { program: withTexts(inner, texts) }),
      ...(inverse === undefined ? {} : { inverse: withTexts(inverse, texts) }),
    } as Statement;
  });
  return { ...program, body };
}
