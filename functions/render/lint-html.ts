/**
 * Where in HTML a template's text has led to: between tags, in a tag, in an attribute's value, in a comment, in a style
 * sheet. A `Spot` is that, as a value; `lint-reader.ts` goes on from one over text that a template writes as it is.
 *
 * Both go by the tokenizer of the HTML standard, as far as a variable's place is concerned. What stands in a conditional
 * comment, `<!--[if mso]>…<![endif]-->`, is read as HTML, since that is what Outlook does.
 */

export type Where =
  /** Between tags. */
  | 'text'
  /** Behind `<`, `</` and `<!`. */
  | 'less-than'
  | 'slash'
  | 'declaration'
  | 'tag-name'
  /** In a tag, between attributes. */
  | 'tag'
  | 'attribute-name'
  | 'behind-name'
  | 'before-value'
  | 'value'
  | 'comment'
  /** The condition of a conditional comment. */
  | 'condition'
  /** `<!DOCTYPE …>`, `<?…>`, `</ …>`: all up to the next `>`. */
  | 'bogus'
  /** The content of an element that holds no tags; `tag` says which. */
  | 'raw'
  /** Mail programs do not agree on where this is. */
  | 'lost';

export interface Spot {
  readonly where: Where;
  /** The element, in lower case; `/a` in an end tag. */
  readonly tag: string;
  /** In lower case. */
  readonly attribute: string;
  /** What closes the value; empty for a value without quotes. */
  readonly quote: string;
  /** How an address begins, as far as it takes to know its scheme: `java`, or a scheme with its colon, or `/`. */
  readonly head: string;
  /** Inside of a conditional comment. */
  readonly conditional: boolean;
  /** The last characters, where they may be the beginning of a sign: `--`, `</style`. */
  readonly tail: string;
}

export const START: Spot = {
  where: 'text',
  tag: '',
  attribute: '',
  quote: '',
  head: '',
  conditional: false,
  tail: '',
};

/** Elements that hold no tags, but where character references are resolved: what is escaped is as safe as between tags. */
export const ESCAPABLE: ReadonlySet<string> = new Set(['title', 'textarea']);
export const RAW: ReadonlySet<string> = new Set([
  'style',
  'script',
  'xmp',
  'iframe',
  'noembed',
  'noframes',
  'plaintext',
]);

/** Attributes that lead somewhere. */
const ADDRESSES: ReadonlySet<string> = new Set(
  'action background cite data dynsrc formaction href longdesc lowsrc manifest ping poster src xlink:href'.split(' '),
);

export function holdsAddress({ attribute }: { readonly attribute: string }): boolean {
  return ADDRESSES.has(attribute);
}

/** Whether what is printed there is text to its reader, once it is escaped. */
export function isText({ where, tag }: Spot): boolean {
  return where === 'text' || (where === 'raw' && ESCAPABLE.has(tag));
}

/**
 * The scheme of an address that begins so, in lower case: empty for an address without one, null where what follows
 * will tell. Character references are resolved, and white space is taken away, as mail programs do.
 */
export function schemeOf(head: string): string | null {
  const whole = head.replace(/&(?:#?[a-z0-9]*)$/i, '');
  const plain = resolved(whole).replace(/^[\u0000-\u0020]+|[\t\n\r]/g, '');
  const end = /[:/?#\\]/.exec(plain);
  if (end === null) return null;
  return end[0] === ':' ? plain.slice(0, end.index).toLowerCase() : '';
}

const NAMED: Readonly<Record<string, string>> = { colon: ':', tab: '\t', newline: '\n' };

function resolved(text: string): string {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(colon|tab|newline));?/g, (all, hex, decimal, name) => {
    if (name !== undefined) return NAMED[name] ?? all;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
  });
}

/** Where the text goes on behind a variable. */
export function behindVariable(spot: Spot): Spot {
  switch (spot.where) {
    case 'value':
      // Whatever it is, it was looked at.
      return { ...spot, head: holdsAddress(spot) && isOpen(spot.head) ? '/' : spot.head, tail: '' };
    case 'before-value':
      return { ...spot, where: 'value', quote: '', head: holdsAddress(spot) ? '/' : '', tail: '' };
    case 'less-than':
    case 'slash':
      return { ...spot, where: 'tag-name', tail: '' };
    case 'tag':
    case 'behind-name':
      return { ...spot, where: 'attribute-name', attribute: '', tail: '' };
    default:
      return { ...spot, tail: '' };
  }
}

/** How an address begins is kept as short as it says the same: one address is one spot, however long it is. */
export function begun(head: string): string {
  const scheme = schemeOf(head);
  if (scheme === null) return head;
  return scheme === '' ? '/' : `${scheme}:`;
}

export function isOpen(head: string): boolean {
  return schemeOf(head) === null;
}
