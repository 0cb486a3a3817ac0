/**
 * Conversations as files, in the form of RFC 5321 Appendix D: `S:` what the server says, `C:` what the client must say,
 * octet for octet, each line with its CRLF. `T:` is a TLS handshake. Lines that begin with `#` tell the story. A file is
 * UTF-8 and goes over the wire as such.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Identity } from './certificates.ts';
import type { Script } from './scripted-server.ts';

export type Turn = { readonly by: 'S' | 'C'; readonly octets: string } | { readonly by: 'T' };

export function readConversation(name: string): Turn[] {
  const text = readFileSync(join(import.meta.dirname, 'conversations', `${name}.txt`), 'latin1');
  const turns: Turn[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [, by, said] = /^([SCT]):(?: (.*))?$/.exec(line) ?? [];
    if (by === 'T') turns.push({ by });
    else if (by === 'S' || by === 'C') turns.push({ by, octets: `${said ?? ''}\r\n` });
    else throw new Error(`${name}.txt:${index + 1}: S:, C:, T: or # is wanted`);
  }
  return joined(turns);
}

/** Consecutive lines of one side are one turn: the server's leave in one segment. */
function joined(turns: readonly Turn[]): Turn[] {
  const whole: Turn[] = [];
  for (const turn of turns) {
    const last = whole.at(-1);
    if (turn.by === 'T' || last === undefined || last.by !== turn.by) whole.push(turn);
    else whole[whole.length - 1] = { by: turn.by, octets: last.octets + turn.octets };
  }
  return whole;
}

/** All that the client says in it. */
export function clientSide(turns: readonly Turn[]): string {
  return turns.map((turn) => (turn.by === 'C' ? turn.octets : '')).join('');
}

/** The server's side. At the end the client must close. */
export function replay(turns: readonly Turn[], identity: Identity): Script {
  return async (client) => {
    for (const turn of turns) {
      if (turn.by === 'S') client.say(turn.octets);
      else if (turn.by === 'C') await client.hear(turn.octets);
      else await client.secure(identity);
    }
    await client.leaves();
  };
}
