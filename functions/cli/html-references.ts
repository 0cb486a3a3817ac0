/**
 * The images of an HTML mail: what it refers to and no mail program can show. A mail has no address of its own that a
 * relative reference could be resolved by; `cid:` means another part of the same mail (RFC 2392).
 *
 * Read in one pass over the text, with nothing tried twice. Comments are passed over, and so is what is no HTML.
 */
import { nearName } from '#mailing';

interface Reference {
  /** As the author finds it: `<img src="logo.png">`, `url("logo.png")`. */
  readonly shown: string;
  readonly url: string;
  /** Fetched to be shown: a link may be anything. */
  readonly isImage: boolean;
}

/** @param cids of the campaign's inline files @returns each problem once, in the order of the HTML */
export function referenceProblems(html: string, cids: readonly string[]): string[] {
  const problems = new Set<string>();
  for (const reference of references(html)) {
    const problem = problemOf(reference, cids);
    if (problem !== null) problems.add(`${reference.shown}: ${problem}`);
  }
  return [...problems];
}

function problemOf({ url, isImage }: Reference, cids: readonly string[]): string | null {
  if (/^cid:/i.test(url)) {
    const cid = percentDecoded(url.slice('cid:'.length));
    if (cids.includes(cid)) return null;
    const near = nearName(cids, cid);
    const hint = near === null ? '' : `; did you mean "cid:${near}"?`;
    return `no file under "inline" in campaign.json has the cid ${JSON.stringify(shortened(cid))}${hint}`;
  }
  if (!isImage || !isOnOneMachine(url)) return null;
  return 'no mail program can load this; put the file under "inline" in campaign.json and write "cid:…", or write its https:// address';
}

/** A path, or a `file:`; `//host/…` is left alone, as some programs load it. */
function isOnOneMachine(url: string): boolean {
  if (url.startsWith('//')) return false;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url.slice(0, 64))?.[1];
  // A scheme of one letter is a drive.
  return scheme === undefined || scheme.length === 1 || scheme.toLowerCase() === 'file';
}

function* references(html: string): Generator<Reference> {
  let at = html.indexOf('<');
  while (at !== -1) {
    let end = at + 1;
    if (html.startsWith('<!--', at)) {
      end = html.indexOf('-->', at + 2);
      if (end === -1) return;
    } else if (isLetter(html.charCodeAt(at + 1))) {
      const tag = readTag(html, at);
      // A tag that is not closed swallows the rest.
      if (tag === null) return;
      yield* referencesOf(tag);
      end = tag.end;
      if (RAW_TEXT.has(tag.name)) {
        const close = closeOf(tag.name, html, end);
        if (tag.name === 'style') yield* styleReferences(html.slice(end, close));
        end = close;
      }
    }
    at = html.indexOf('<', end);
  }
}

/** Elements whose content is no HTML. */
const RAW_TEXT: ReadonlySet<string> = new Set(['style', 'script', 'title', 'textarea', 'xmp']);

function closeOf(name: string, html: string, from: number): number {
  const close = new RegExp(`</${name}`, 'gi');
  close.lastIndex = from;
  return close.exec(html)?.index ?? html.length;
}

interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** Behind the `>`. */
  readonly end: number;
}

/** Attributes that may refer to a part of the mail. */
const READ_ATTRIBUTES: ReadonlySet<string> = new Set(['src', 'background', 'style', 'href', 'data', 'poster']);
const IMAGES: ReadonlySet<string> = new Set(['img', 'input']);

function* referencesOf({ name, attributes }: Tag): Generator<Reference> {
  for (const [attribute, value] of attributes) {
    if (attribute === 'style') yield* styleReferences(value);
    else {
      const url = value.trim();
      const isImage = attribute === 'src' ? IMAGES.has(name) : attribute === 'background' && url !== '';
      yield { shown: `<${name} ${attribute}="${shortened(url)}">`, url, isImage };
    }
  }
}

/** The tag that begins at `start`, its attributes as HTML reads them (the first of two); `null` where it does not end. */
function readTag(html: string, start: number): Tag | null {
  let at = nextOf(TAG_NAME_ENDS, html, start + 1);
  const name = html.slice(start + 1, at).toLowerCase();
  const attributes = new Map<string, string>();
  for (;;) {
    at = nextOf(NO_SPACE_OR_SLASH, html, at);
    if (at >= html.length) return null;
    if (html[at] === '>') return { name, attributes, end: at + 1 };
    const nameEnd = nextOf(ATTRIBUTE_NAME_ENDS, html, at + 1);
    const attribute = html.slice(at, nameEnd).toLowerCase();
    at = nextOf(NO_SPACE, html, nameEnd);
    if (html[at] !== '=') continue;
    at = nextOf(NO_SPACE, html, at + 1);
    const quote = html[at] === '"' || html[at] === "'" ? html[at] : null;
    const from = quote ? at + 1 : at;
    const to = quote ? html.indexOf(quote, from) : nextOf(VALUE_ENDS, html, from);
    if (to === -1) return null;
    if (READ_ATTRIBUTES.has(attribute) && !attributes.has(attribute))
      attributes.set(attribute, unescaped(html.slice(from, to)));
    at = quote ? to + 1 : to;
  }
}

const TAG_NAME_ENDS = /[\s/>]/g;
const ATTRIBUTE_NAME_ENDS = /[\s/>=]/g;
const VALUE_ENDS = /[\s>]/g;
const NO_SPACE = /\S/g;
const NO_SPACE_OR_SLASH = /[^\s/]/g;

/** The next character of that kind, the end of the text where there is none. */
function nextOf(kind: RegExp, text: string, from: number): number {
  kind.lastIndex = from;
  return kind.exec(text)?.index ?? text.length;
}

function isLetter(code: number): boolean {
  return (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
}

/** `url(…)` outside of comments. */
function* styleReferences(css: string): Generator<Reference> {
  const start = /\/\*|url\(/gi;
  for (let found = start.exec(css); found !== null; found = start.exec(css)) {
    const from = start.lastIndex;
    const isComment = found[0] === '/*';
    const close = isComment ? '*/' : ')';
    const to = css.indexOf(close, from);
    if (to === -1) return;
    start.lastIndex = to + close.length;
    if (isComment) continue;
    const url = withoutQuotes(css.slice(from, to).trim());
    yield { shown: `url("${shortened(url)}")`, url, isImage: url !== '' && !url.startsWith('#') };
  }
}

function withoutQuotes(text: string): string {
  const [first] = text;
  return text.length > 1 && (first === '"' || first === "'") && text.endsWith(first) ? text.slice(1, -1).trim() : text;
}

/** The character references that templates write, and the few that people do. */
function unescaped(value: string): string {
  if (!value.includes('&')) return value;
  return value.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return NAMED[String(name).toLowerCase()] ?? whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** RFC 2392 §2: a cid in a URL is percent-encoded. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function shortened(url: string): string {
  return url.length <= 80 ? url : `${url.slice(0, 80)}…`;
}
