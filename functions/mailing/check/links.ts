/** Where an HTML mail leads. A reader follows a link from anywhere: only a whole address takes them to the same place. */
import { type HtmlPiece, shortened, type Tag } from './html.ts';
import type { Complaint } from './problem.ts';

const LINKS: ReadonlySet<string> = new Set(['a', 'area']);

export function linkComplaints(piece: HtmlPiece): Complaint[] {
  const written = hrefOf(piece);
  if (written === undefined) return [];
  const { name } = piece as Tag;
  const said = (rule: Complaint['rule'], problem: string, change: string): Complaint[] => [
    { rule, problem: `<${name} href="${shortened(written)}">: ${problem}`, change, written },
  ];
  const url = written.trim();
  if (url === '' || url === '#') return said('link-empty', 'this link leads nowhere', 'write the address, https://…');
  // To a place in the same mail.
  if (url.startsWith('#')) return [];
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url.slice(0, 64))?.[1]?.toLowerCase();
  // A scheme of one letter is a drive; a name in front of a port has a dot.
  if (scheme === undefined || scheme.length === 1 || scheme === 'file' || /\.[a-z]{2,}$/.test(scheme))
    return said(
      'link-relative',
      'a mail has no address that this could be relative to',
      /^(www\.)|^[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}(\/|:|$)/i.test(url)
        ? `write https://${shortened(url)}`
        : 'write the whole address, https://…',
    );
  if (scheme === 'javascript' || scheme === 'vbscript' || scheme === 'data')
    return said(
      'link-script',
      'no mail program follows this, and filters take the mail for an attack',
      'write https://…',
    );
  const problem = unreadable(url, scheme);
  if (problem !== null) return said('link-unreadable', problem[0], problem[1]);
  if (scheme === 'http' && !isLoopback(url))
    return said('link-insecure', 'whoever is on the way can read and change this page', 'write https://');
  return [];
}

/** As far as an address tells it, in the languages that we know. */
const LEAVES =
  /unsubscri|opt-?out|preferences|subscription|abmeld|abbestell|desuscri|\bbaja\b|desinscri|desabonn|desubscri|cancelar/i;

/** The link leads where a reader leaves the list. */
export function leavesList(piece: HtmlPiece): boolean {
  return LEAVES.test(hrefOf(piece) ?? '');
}

/** The same of an address in plain text. */
export function textLeavesList(text: string): boolean {
  return text.match(/https?:\/\/\S+/gi)?.some((url) => LEAVES.test(url)) === true;
}

function hrefOf(piece: HtmlPiece): string | undefined {
  return 'name' in piece && LINKS.has(piece.name) ? piece.attributes.get('href') : undefined;
}

/** @returns what is wrong, and what to change */
function unreadable(url: string, scheme: string): readonly [problem: string, change: string] | null {
  if (/\{\{|\}\}/.test(url)) return ['"{{" was left standing', 'write the variable outside of {{{{raw}}}} and quotes'];
  if (/[\s<>"]/.test(url))
    return ['an address has no space, quotes or angle brackets', 'write %20 for a space, %22 for a quote'];
  if (scheme === 'http' || scheme === 'https') {
    if (!/^https?:\/\/[^/?#]/i.test(url)) return ['there is no host behind the scheme', 'write https://host/…'];
    if (!URL.canParse(url)) return ['this is no address', 'write https://host/…'];
  }
  if (scheme === 'mailto' && !/^mailto:([^?]*@[^?]+|\?(.*&)?to=.)/i.test(url))
    return ['there is no address behind "mailto:"', 'write mailto:somebody@example.com'];
  return null;
}

function isLoopback(url: string): boolean {
  return /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])([:/?#]|$)/i.test(url);
}
