/**
 * A relay on loopback that does what a test says: a plain SMTP server whose every answer can be another one. It keeps
 * what it received, octet for octet, and which mails it said 250 to.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** A reply without its CRLF, or what happens in place of one; the empty text: nothing at all. */
export type Answer = string | 'reset' | 'close' | null;

export interface Moment {
  /** `greeting`, a command's verb, or `.` for the end of the mail data. */
  readonly at: string;
  /** The command as it came, without CRLF. */
  readonly line: string;
  /** Connections so far, 1 for the first. */
  readonly connection: number;
  /** Mails begun on this connection, 1 for the first. */
  readonly mail: number;
  readonly recipient: string;
}

/** @returns another answer than the usual one; `null`: the usual one */
export type Script = (moment: Moment) => Answer;

export interface ScriptedRelay {
  readonly port: number;
  readonly url: string;
  /** Everything each connection sent. */
  readonly received: string[];
  /** Recipients of mails that were answered 250. */
  readonly accepted: string[];
  /** Mails whose end-of-mail-data indicator came, answered or not. */
  readonly ended: { recipient: string; content: string }[];
  close(): Promise<void>;
}

export async function startRelay(script: Script = () => null): Promise<ScriptedRelay> {
  const received: string[] = [];
  const accepted: string[] = [];
  const ended: { recipient: string; content: string }[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    converse(socket, received.push('') - 1);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return { port, url: `smtp+insecure://127.0.0.1:${port}`, received, accepted, ended, close };

  function converse(socket: Socket, index: number): void {
    let buffer = '';
    let mail = 0;
    let recipient = '';
    let inData = false;
    answer('greeting', '', '220 scripted.test');
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      received[index] += chunk;
      buffer += chunk;
      while (!socket.destroyed && (inData ? endOfData() : command())) {
        // Each turn takes one thing out of the buffer.
      }
    });

    function endOfData(): boolean {
      const end = buffer.indexOf('\r\n.\r\n');
      if (end < 0) return false;
      const content = buffer.slice(0, end + 2);
      buffer = buffer.slice(end + 5);
      inData = false;
      ended.push({ recipient, content });
      if (answer('.', '', '250 2.0.0 Ok: queued as Q1') === 2) accepted.push(recipient);
      return true;
    }

    function command(): boolean {
      const end = buffer.indexOf('\r\n');
      if (end < 0) return false;
      const line = buffer.slice(0, end);
      buffer = buffer.slice(end + 2);
      const verb = line.split(' ', 1)[0] ?? '';
      if (verb === 'MAIL') mail += 1;
      if (verb === 'RCPT') recipient = /<(.*)>/.exec(line)?.[1] ?? '';
      inData = answer(verb, line, verb === 'DATA' ? '354 go ahead' : verb === 'QUIT' ? '221 bye' : '250 ok') === 3;
      return true;
    }

    /** @returns the first digit of what was said */
    function answer(at: string, line: string, usual: string): number {
      const said = script({ at, line, connection: index + 1, mail, recipient }) ?? usual;
      if (said === 'reset') socket.resetAndDestroy();
      else if (said === 'close') socket.end();
      else if (said === '') return 0;
      else socket.write(`${said}\r\n`, 'latin1');
      return Number(said[0]);
    }
  }
}
