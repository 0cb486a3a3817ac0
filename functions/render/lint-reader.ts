/** From one spot of HTML to the next, character by character. */
import { begun, ESCAPABLE, holdsAddress, isOpen, RAW, type Spot, schemeOf, type Where } from './lint-html.ts';

/** Called where an attribute's value ends that leads somewhere, with the offset of that end. */
export type OnAddress = (scheme: string | null, offset: number) => void;

export function advance(from: Spot, text: string, onAddress: OnAddress): Spot {
  return new Reader(from, text, onAddress).read();
}

/** What is longer is cut: there is an end to the number of spots. */
const MAX_NAME = 64;

/** The head of a comment that is not conditional. */
const NO_CONDITION = '-';

class Reader {
  #where: Where;
  #tag: string;
  #attribute: string;
  #quote: string;
  #head: string;
  #conditional: boolean;
  /** The tail of what came before, and the text, which begins at `#start`. */
  readonly #text: string;
  readonly #start: number;
  #at: number;
  readonly #onAddress: OnAddress;

  constructor(from: Spot, text: string, onAddress: OnAddress) {
    this.#where = from.where;
    this.#tag = from.tag;
    this.#attribute = from.attribute;
    this.#quote = from.quote;
    this.#head = from.head;
    this.#conditional = from.conditional;
    this.#text = from.tail + text;
    this.#start = from.tail.length;
    this.#at = this.#start;
    this.#onAddress = onAddress;
  }

  read(): Spot {
    for (; this.#at < this.#text.length; this.#at += 1) {
      if (this.#where === 'text' && !this.#conditional) this.#skipTo('<');
      const character = this.#text[this.#at];
      if (character === undefined) break;
      this.#where = this.#next(character);
      if (character === '>' && this.#conditional && this.#isBehind('--')) this.#leaveConditional();
    }
    const where = this.#where;
    const isValue = where === 'value';
    return {
      where,
      tag: where === 'text' || where === 'comment' ? '' : this.#tag,
      attribute: isValue || NAMED.has(where) ? this.#attribute : '',
      quote: isValue ? this.#quote : '',
      head: isValue || where === 'comment' ? this.#head : '',
      conditional: this.#conditional,
      tail: this.#tail(),
    };
  }

  /** Nothing else ends a text between tags. */
  #skipTo(sign: string): void {
    const found = this.#text.indexOf(sign, this.#at);
    this.#at = found === -1 ? this.#text.length : found;
  }

  #next(character: string): Where {
    switch (this.#where) {
      case 'text':
        return character === '<' ? 'less-than' : 'text';
      case 'less-than':
        return this.#lessThan(character);
      case 'slash':
        if (isLetter(character)) return this.#beginTag(`/${character}`);
        return character === '>' ? 'text' : 'bogus';
      case 'declaration':
        return this.#declaration(character);
      case 'tag-name':
        return this.#tagName(character);
      case 'tag':
      case 'behind-name':
        return this.#betweenAttributes(character);
      case 'attribute-name':
        return this.#attributeName(character);
      case 'before-value':
        return this.#beforeValue(character);
      case 'value':
        return this.#value(character);
      case 'comment':
        return this.#comment(character);
      case 'condition':
        return this.#condition(character);
      case 'bogus':
        return character === '>' ? 'text' : 'bogus';
      case 'raw':
        return this.#raw(character);
      case 'lost':
        return 'lost';
    }
  }

  #lessThan(character: string): Where {
    if (isLetter(character)) return this.#beginTag(character);
    if (character === '/') return 'slash';
    if (character === '!') return 'declaration';
    if (character === '?') return 'bogus';
    return character === '<' ? 'less-than' : 'text';
  }

  /** Behind `<!`, of which `<!-` can follow. */
  #declaration(character: string): Where {
    if (character === '-' && this.#isBehind('<!')) return 'declaration';
    if (character === '-' && this.#isBehind('<!-')) {
      this.#head = '';
      return 'comment';
    }
    return character === '>' ? 'text' : 'bogus';
  }

  #beginTag(name: string): Where {
    this.#tag = name.toLowerCase();
    return 'tag-name';
  }

  #tagName(character: string): Where {
    if (isSpace(character) || character === '/') return 'tag';
    if (character === '>') return this.#behindTag();
    this.#tag = longer(this.#tag, character);
    return 'tag-name';
  }

  #behindTag(): Where {
    return RAW.has(this.#tag) || ESCAPABLE.has(this.#tag) ? 'raw' : 'text';
  }

  #betweenAttributes(character: string): Where {
    if (isSpace(character)) return this.#where;
    if (character === '>') return this.#behindTag();
    if (character === '/') return 'tag';
    if (character === '=' && this.#where === 'behind-name') return 'before-value';
    this.#attribute = character.toLowerCase();
    return 'attribute-name';
  }

  #attributeName(character: string): Where {
    if (isSpace(character)) return 'behind-name';
    if (character === '/') return 'tag';
    if (character === '=') return 'before-value';
    if (character === '>') return this.#behindTag();
    this.#attribute = longer(this.#attribute, character);
    return 'attribute-name';
  }

  #beforeValue(character: string): Where {
    if (isSpace(character)) return 'before-value';
    if (character === '>') return this.#behindTag();
    this.#head = '';
    this.#quote = character === '"' || character === "'" ? character : '';
    return this.#quote === '' ? this.#value(character) : 'value';
  }

  #value(character: string): Where {
    const isAddress = holdsAddress({ attribute: this.#attribute });
    const ends = this.#quote === '' ? isSpace(character) || character === '>' : character === this.#quote;
    if (!ends) {
      // White space in front of an address is no part of it.
      if (isAddress && isOpen(this.#head) && !(this.#head === '' && isSpace(character)))
        this.#head = begun(longer(this.#head, character));
      return 'value';
    }
    if (isAddress) this.#onAddress(schemeOf(this.#head), this.#at - this.#start);
    return character === '>' && this.#quote === '' ? this.#behindTag() : 'tag';
  }

  #comment(character: string): Where {
    if (character === '>' && (this.#isBehind('--') || this.#isBehind('--!'))) return 'text';
    const head = this.#head + character.toLowerCase();
    this.#head = '[if'.startsWith(head) ? head : NO_CONDITION;
    return head === '[if' ? 'condition' : 'comment';
  }

  #condition(character: string): Where {
    if (character !== '>') return 'condition';
    this.#conditional = !this.#isBehind('--');
    return 'text';
  }

  /** Here the comment ends for every other program, also where it is within a tag for Outlook. */
  #leaveConditional(): void {
    this.#conditional = false;
    if (this.#where !== 'text') this.#where = 'lost';
  }

  #raw(character: string): Where {
    // A script that has this may go on behind its end tag.
    if (this.#tag === 'script' && character === '-' && this.#isBehind('<!-')) return 'lost';
    const isEnd = isSpace(character) || character === '/' || character === '>';
    if (!isEnd || !this.#isBehind(`</${this.#tag}`)) return 'raw';
    this.#tag = `/${this.#tag}`;
    return character === '>' ? 'text' : 'tag';
  }

  #isBehind(sign: string): boolean {
    const from = this.#at - sign.length;
    return from >= 0 && this.#text.slice(from, this.#at).toLowerCase() === sign;
  }

  #tail(): string {
    const last = this.#text.slice(-MAX_NAME);
    if (this.#where === 'declaration' || this.#where === 'raw') {
      const sign = /<[^<]*$/.exec(last)?.[0].toLowerCase() ?? '';
      if (sign !== '' && ['<!--', `</${this.#tag}`].some((whole) => whole.startsWith(sign))) return sign;
    }
    const mayEnd = this.#conditional || this.#where === 'comment' || this.#where === 'condition';
    return mayEnd ? (/-{1,2}!?$/.exec(last)?.[0] ?? '') : '';
  }
}

/** Where the attribute's name counts. */
const NAMED: ReadonlySet<Where> = new Set<Where>(['attribute-name', 'behind-name', 'before-value']);

function longer(name: string, character: string): string {
  return name.length < MAX_NAME ? name + character.toLowerCase() : name;
}

function isLetter(character: string): boolean {
  return /^[a-z]$/i.test(character);
}

const SPACES = ' \n\t\r\f';

function isSpace(character: string): boolean {
  return SPACES.includes(character);
}
