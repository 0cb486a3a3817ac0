/** What the octets of one write to a socket are, in the words of SMTP. */
import type { SocketWrite } from '../points.ts';

const COMMAND = /^(EHLO|MAIL|RCPT|DATA|RSET|QUIT|BDAT)\b[^\r\n]*\r\n/;
const INDICATOR = '.\r\n';

/** @param text the octets as Latin-1 @returns each kind once */
export function kindsOf(text: string): ReadonlySet<SocketWrite> {
  const kinds = new Set<SocketWrite>();
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const [line, verb] = COMMAND.exec(rest) ?? [];
    if (line !== undefined) {
      at += line.length;
      if (verb !== 'BDAT') kinds.add(verb as SocketWrite);
      else at += takeChunk(line, text.length - at, kinds);
    } else if (rest.startsWith(INDICATOR)) {
      kinds.add('indicator');
      at += INDICATOR.length;
    } else {
      kinds.add('content');
      const end = rest.indexOf(`\r\n${INDICATOR}`);
      at = end < 0 ? text.length : at + end + 2;
    }
  }
  return kinds;
}

/** @returns how many octets belong to it */
function takeChunk(line: string, left: number, kinds: Set<SocketWrite>): number {
  const [, octets = '0', last] = /^BDAT (\d+)( LAST)?/.exec(line) ?? [];
  const length = Math.min(Number(octets), left);
  if (length > 0) kinds.add('content');
  if (last !== undefined) kinds.add('indicator');
  return length;
}
