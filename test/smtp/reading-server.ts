/**
 * A server on a wire in memory that reads commands as they come, pipelined or not, with DATA and BDAT, and keeps each mail
 * that came whole. What it answers can be another thing than yes; when, is the test's to say.
 */
import { CommandStream } from './command-stream.ts';
import type { MemoryServer, Octets } from './memory-wire.ts';

export interface HeardCommand {
  /** `MAIL`, `BDAT`, …; `.` for the end of the data, `chunk` for the end of a BDAT's content. */
  readonly verb: string;
  readonly line: string;
  /** Which mail of the session it belongs to, from 1. */
  readonly mail: number;
}

/** Another reply than the usual one, without CRLF; the empty text: none; `null`: the usual one. */
export type Answers = (command: HeardCommand) => string | null;

export interface HeardMail {
  readonly reversePath: string;
  readonly forwardPaths: readonly string[];
  /** As it came: dot-stuffed where it came by DATA. */
  readonly content: Octets;
}

export interface ReadingServer extends MemoryServer {
  /** One entry for each write of the client. */
  readonly writes: Octets[];
  readonly mails: HeardMail[];
  /** Replies that wait while `holds` is set. */
  readonly held: string[];
}

export function readingServer(
  offers: readonly string[],
  answers: Answers = () => null,
  options: { holds?: boolean } = {},
): ReadingServer {
  const writes: Octets[] = [];
  const mails: HeardMail[] = [];
  const held: string[] = [];
  const stream = new CommandStream();
  let mail = 0;
  let reversePath = '';
  let forwardPaths: string[] = [];
  const ehlo = ['mail.example.com', ...offers];

  const usual = (verb: string): string => {
    if (verb === 'EHLO') return ehlo.map((line, at) => `250${at < ehlo.length - 1 ? '-' : ' '}${line}`).join('\r\n');
    if (verb === 'DATA') return '354 go ahead';
    if (verb === 'QUIT') return '221 bye';
    return verb === '.' || verb === 'chunk' ? `250 2.0.0 Ok: queued as Q${mail}` : '250 ok';
  };

  /** @returns replies */
  function* read(octets: Octets): Generator<string> {
    stream.push(octets);
    for (let heard = stream.next(); heard !== null; heard = stream.next()) {
      if (heard.what === 'command') yield* command(heard.line);
      else yield* end(heard.what === 'chunk' ? 'chunk' : '.', heard.content);
    }
  }

  function* end(verb: string, content: Octets): Generator<string> {
    const reply = answers({ verb, line: '', mail }) ?? (forwardPaths.length > 0 ? usual(verb) : '503 no recipients');
    if (reply.startsWith('250')) mails.push({ reversePath, forwardPaths: [...forwardPaths], content });
    reversePath = '';
    forwardPaths = [];
    yield reply;
  }

  function* command(line: string): Generator<string> {
    const verb = line.split(' ', 1)[0] ?? '';
    if (verb === 'MAIL') mail += 1;
    if (verb === 'BDAT') {
      stream.expectChunk(Number(line.split(' ')[1]));
      return;
    }
    const reply = answers({ verb, line, mail }) ?? usual(verb);
    if (verb === 'RSET') forwardPaths = [];
    if (verb === 'MAIL' && reply.startsWith('250')) reversePath = pathOf(line);
    if (verb === 'RCPT' && reply.startsWith('250')) forwardPaths.push(pathOf(line));
    if (verb === 'DATA' && reply.startsWith('354')) stream.expectMailData();
    yield reply;
  }

  return {
    greeting: ['220 mail.example.com\r\n'],
    writes,
    mails,
    held,
    hears: (octets) => {
      writes.push(octets);
      const isOpening = octets.startsWith('EHLO');
      const replies = [...read(octets)].filter((reply) => reply !== '');
      if (options.holds === true && !isOpening) {
        held.push(...replies);
        return 'nothing';
      }
      return replies.length === 0 ? 'nothing' : [`${replies.join('\r\n')}\r\n`];
    },
  };
}

function pathOf(line: string): string {
  return /<(.*?)>/.exec(line)?.[1] ?? '';
}
