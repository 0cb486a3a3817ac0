/** A bare SMTP client for tests: it sends the lines it is given, and returns what the server says. */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export class Dialogue {
  #socket: Socket;
  #received = '';
  #wake: () => void = () => {};
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#listen();
  }

  static plain(port: number): Dialogue {
    return new Dialogue(connectTcp(port, '127.0.0.1'));
  }

  static tls(port: number, ca: string): Dialogue {
    return new Dialogue(connectTls({ port, host: '127.0.0.1', ca, servername: 'localhost' }));
  }

  /** The next whole reply, lines joined by `\n`. Rejects when the connection ends first. */
  async reply(): Promise<string> {
    for (;;) {
      const end = /^(?:\d{3}-[^\r]*\r\n)*\d{3}(?: [^\r]*)?\r\n/.exec(this.#received);
      if (end) {
        this.#received = this.#received.slice(end[0].length);
        return end[0].trimEnd().replaceAll('\r\n', '\n');
      }
      if (this.#closed) throw new Error(`connection ended after ${JSON.stringify(this.#received)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async send(line: string): Promise<string> {
    this.#socket.write(`${line}\r\n`);
    return await this.reply();
  }

  write(octets: string): void {
    this.#socket.write(octets);
  }

  async startTls(ca: string): Promise<void> {
    this.#socket.removeAllListeners();
    const secure = connectTls({ socket: this.#socket, ca, servername: 'localhost' });
    await new Promise((resolve, reject) => secure.once('secureConnect', resolve).once('error', reject));
    this.#socket = secure;
    this.#listen();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #listen(): void {
    this.#socket.on('data', (chunk) => {
      this.#received += chunk.toString();
      this.#wake();
    });
    const end = (): void => {
      this.#closed = true;
      this.#wake();
    };
    this.#socket.on('close', end).on('error', end);
  }
}

export const plainLogin = (user: string, password: string): string =>
  `AUTH PLAIN ${Buffer.from(`\0${user}\0${password}`).toString('base64')}`;
