/**
 * What may stand where in an HTML template. Escaping keeps a row's value a text only between tags and in a quoted
 * attribute; everywhere else it can be more, and is refused unless the file says by a comment that it means it:
 *
 *     {{!-- allow: style --}}
 *
 * The tree is walked as it renders, with all the spots (lint-html.ts) that the branches taken can lead to, and partials
 * and layouts where they are called: what is harmless between tags may not be in an attribute.
 */
import { TemplateError } from './errors.ts';
import type { Library, PartialCall } from './library.ts';
import { behindVariable, type Spot, START } from './lint-html.ts';
import { advance } from './lint-reader.ts';
import { type Allowed, allowedIn, complaintAbout, SCRIPTS } from './lint-rules.ts';
import type { Sheet } from './parse.ts';
import {
  type Block,
  bodyOf,
  type Content,
  callOf,
  type Mustache,
  type PartialBlock,
  type Program,
  placeIn,
  placeOf,
  plainName,
  type Statement,
} from './syntax.ts';

/** Ways in which one statement can be reached. A template of some sense has one or two. */
const MAX_SPOTS = 200;

/** Layouts within layouts; more would be a bomb. */
const MAX_FRAMES = 10_000;

/** One use of a sheet: a partial is the same wherever it is called, a layout has a content. */
interface Frame {
  readonly sheet: Sheet;
  readonly allowed: Allowed;
  readonly content: { readonly program: Program; readonly frame: Frame } | null;
  /** Where a program of this frame leads to from a spot. */
  readonly ends: Map<Program, Map<string, Spots>>;
  readonly layouts: Map<PartialCall, Frame>;
}

/** By their keys. */
type Spots = ReadonlyMap<string, Spot>;

/** @throws TemplateError for the first variable, raw output or script that stands where it should not */
export function lint(root: Sheet, library: Library): void {
  new Linter(library).sheet(root);
}

class Linter {
  readonly #library: Library;
  readonly #partials = new Map<Sheet, Frame>();
  readonly #calls: string[] = [];
  #frames = 0;

  constructor(library: Library) {
    this.#library = library;
  }

  sheet(sheet: Sheet): void {
    this.#program(sheet.program, spotsOf(START), this.#frame(sheet, null));
  }

  #frame(sheet: Sheet, content: Frame['content']): Frame {
    this.#frames += 1;
    return { sheet, content, allowed: allowedIn(sheet), ends: new Map(), layouts: new Map() };
  }

  #program(program: Program | undefined, from: Spots, frame: Frame): Spots {
    if (program === undefined) return from;
    const ends = frame.ends.get(program) ?? new Map<string, Spots>();
    frame.ends.set(program, ends);
    const all = new Map<string, Spot>();
    for (const [key, spot] of from) {
      const end = ends.get(key) ?? this.#statements(program, spot, frame);
      ends.set(key, end);
      for (const [endKey, each] of end) all.set(endKey, each);
    }
    return all;
  }

  #statements(program: Program, from: Spot, frame: Frame): Spots {
    let spots = spotsOf(from);
    for (const statement of bodyOf(program)) {
      spots = this.#statement(statement, spots, frame);
      if (spots.size > MAX_SPOTS) {
        this.#refuse(frame, statement, 'found tags that hang on too many conditions, whole tags in a block are wanted');
      }
    }
    return spots;
  }

  #statement(statement: Statement, spots: Spots, frame: Frame): Spots {
    switch (statement.type) {
      case 'ContentStatement':
        return each(spots, (spot) => this.#content(statement as Content, spot, frame));
      case 'MustacheStatement':
        return each(spots, (spot) => this.#mustache(statement as Mustache, spot, frame));
      case 'BlockStatement':
        return this.#block(statement as Block, spots, frame);
      case 'PartialStatement':
      case 'PartialBlockStatement':
        return this.#call(statement as PartialCall, spots, frame);
      default:
        return spots;
    }
  }

  #content(content: Content, from: Spot, frame: Frame): Spot {
    return advance(from, content.value, (scheme, offset) => {
      if (scheme === null || !SCRIPTS.has(scheme) || frame.allowed.has('url')) return;
      const place = placeIn(frame.sheet.source.name, content, offset);
      throw new TemplateError(place, `found the end of a "${scheme}:" address, one that runs no script is wanted`);
    });
  }

  #mustache(mustache: Mustache, spot: Spot, frame: Frame): Spot {
    const problem = complaintAbout(spot, plainName(callOf(mustache).path), frame.allowed);
    if (problem !== null) this.#refuse(frame, mustache, problem);
    return behindVariable(spot);
  }

  #block(block: Block, spots: Spots, frame: Frame): Spots {
    const otherwise = this.#program(block.inverse, spots, frame);
    let reached = this.#program(block.program, spots, frame);
    if (plainName(callOf(block).path) === 'each') {
      // Each item goes on from where the one before it ended.
      for (let size = 0; size < reached.size && reached.size <= MAX_SPOTS; ) {
        size = reached.size;
        reached = joined(reached, this.#program(block.program, reached, frame));
      }
    }
    return joined(reached, otherwise);
  }

  #call(call: PartialCall, spots: Spots, frame: Frame): Spots {
    const called = this.#library.resolve(call, frame.sheet);
    if (called === null) {
      const { content } = frame;
      return content === null ? spots : this.#program(content.program, spots, content.frame);
    }
    if (this.#frames > MAX_FRAMES) {
      this.#refuse(frame, call, `found more than ${MAX_FRAMES} layouts within layouts, fewer are wanted`);
    }
    const { template, line } = placeOf(frame.sheet.source.name, call);
    this.#calls.push(`${template}:${line}`);
    const ends = this.#program(called.program, spots, this.#frameOf(call, called, frame));
    this.#calls.pop();
    return ends;
  }

  #frameOf(call: PartialCall, sheet: Sheet, outer: Frame): Frame {
    if (call.type === 'PartialStatement') {
      const frame = this.#partials.get(sheet) ?? this.#frame(sheet, null);
      this.#partials.set(sheet, frame);
      return frame;
    }
    const { program } = call as PartialBlock;
    const frame = outer.layouts.get(call) ?? this.#frame(sheet, { program, frame: outer });
    outer.layouts.set(call, frame);
    return frame;
  }

  #refuse(frame: Frame, node: { readonly loc: hbs.AST.SourceLocation }, problem: string): never {
    const caller = this.#calls.at(-1);
    const called = caller === undefined ? '' : ` (called from ${caller})`;
    throw new TemplateError(placeOf(frame.sheet.source.name, node), `${problem}${called}`);
  }
}

function keyOf(spot: Spot): string {
  return JSON.stringify(Object.values(spot));
}

function spotsOf(spot: Spot): Spots {
  return new Map([[keyOf(spot), spot]]);
}

function each(spots: Spots, step: (spot: Spot) => Spot): Spots {
  const next = new Map<string, Spot>();
  for (const spot of spots.values()) {
    const reached = step(spot);
    next.set(keyOf(reached), reached);
  }
  return next;
}

function joined(some: Spots, others: Spots): Spots {
  return new Map([...some, ...others]);
}
