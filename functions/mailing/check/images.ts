/**
 * What an HTML mail shows. A mail has no address of its own that a relative reference could be resolved by; `cid:` means
 * another part of the same mail (RFC 2392). Many readers show no image before they are asked to: its words stand there.
 */
import { nearName } from '../near-name.ts';
import { type HtmlPiece, shortened, styleUrls, type Tag } from './html.ts';
import type { Complaint } from './problem.ts';

/** @param cids of the campaign's inline files */
export function imageComplaints(piece: HtmlPiece, cids: readonly string[]): Complaint[] {
  const complaints: Complaint[] = [];
  for (const reference of 'css' in piece ? styleReferences(piece.css) : referencesOf(piece)) {
    const complaint = complaintOf(reference, cids);
    if (complaint !== null) complaints.push(complaint);
  }
  if ('name' in piece && lacksWords(piece)) complaints.push(wordless(piece));
  return complaints;
}

interface Reference {
  /** As the author finds it: `<img src="logo.png">`, `url("logo.png")`. */
  readonly shown: string;
  readonly url: string;
  /** Fetched to be shown: a link may be anything. */
  readonly isImage: boolean;
}

const URL_ATTRIBUTES: readonly string[] = ['src', 'background', 'href', 'data', 'poster'];
const IMAGES: ReadonlySet<string> = new Set(['img', 'input']);

function* referencesOf({ name, attributes }: Tag): Generator<Reference> {
  for (const [attribute, value] of attributes) {
    if (attribute === 'style') yield* styleReferences(value);
    else if (URL_ATTRIBUTES.includes(attribute)) {
      const url = value.trim();
      const isImage = attribute === 'src' ? IMAGES.has(name) : attribute === 'background' && url !== '';
      yield { shown: `<${name} ${attribute}="${shortened(url)}">`, url, isImage };
    }
  }
}

function* styleReferences(css: string): Generator<Reference> {
  for (const url of styleUrls(css))
    yield { shown: `url("${shortened(url)}")`, url, isImage: url !== '' && !url.startsWith('#') };
}

function complaintOf({ shown, url, isImage }: Reference, cids: readonly string[]): Complaint | null {
  if (/^cid:/i.test(url)) return cidComplaint(shown, url, cids);
  if (!isImage) return null;
  if (isOnOneMachine(url))
    return {
      rule: 'image-unloadable',
      problem: `${shown}: no mail program can load this`,
      change: 'put the file under "inline" in campaign.json and write "cid:…", or write its https:// address',
      written: url,
    };
  if (!/^http:/i.test(url)) return null;
  return {
    rule: 'image-insecure',
    problem: `${shown}: many readers load no image without TLS`,
    change: 'write https://',
    written: url,
  };
}

function cidComplaint(shown: string, url: string, cids: readonly string[]): Complaint | null {
  const cid = percentDecoded(url.slice('cid:'.length));
  if (cids.includes(cid)) return null;
  const near = nearName(cids, cid);
  return {
    rule: 'cid-unknown',
    problem: `${shown}: no file under "inline" in campaign.json has the cid ${JSON.stringify(shortened(cid))}`,
    change: near === null ? 'add the file there, or name one that is there' : `did you mean "cid:${near}"?`,
    written: url,
  };
}

/** A path, or a `file:`; `//host/…` is left alone, as some programs load it. */
function isOnOneMachine(url: string): boolean {
  if (url.startsWith('//')) return false;
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url.slice(0, 64))?.[1];
  // A scheme of one letter is a drive.
  return scheme === undefined || scheme.length === 1 || scheme.toLowerCase() === 'file';
}

/** An empty `alt` says that there is nothing to say. */
function lacksWords({ name, attributes }: Tag): boolean {
  return name === 'img' && !attributes.has('alt') && attributes.get('role') !== 'presentation';
}

function wordless({ attributes }: Tag): Complaint {
  const src = attributes.get('src')?.trim() ?? '';
  return {
    rule: 'image-alt',
    problem: `<img src="${shortened(src)}"> has no alternative text: screen readers spell its address, and most readers show nothing at first`,
    change: 'add alt="…" in words, or alt="" where it is decoration',
    written: src,
  };
}

/** RFC 2392 §2: a cid in a URL is percent-encoded. */
function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
