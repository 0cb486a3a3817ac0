/**
 * A thread of its own, so that it speaks while the client's process stands still: a server that says something before
 * the mail data has ended. `workerData`: key and certificate where TLS comes first, and a cell that is set to 1 once the
 * early words are with the operating system. It posts its port; then for each `Plan` that it is given `ready`, and all
 * that it heard once the client has gone.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';

/** What it says, and when: along with its 354, right behind it, or having heard so many octets of mail data. */
export interface Plan {
  readonly early: string;
  readonly moment: 'with 354' | 'behind 354' | number;
}

const { identity, said } = workerData as { identity?: { key: string; cert: string }; said: Int32Array };
let plan: Plan = { early: '', moment: 0 };

function converse(socket: Socket): void {
  const { early, moment } = plan;
  let heard = '';
  let content: number | null = null;
  const interrupt = (): void => {
    socket.write(`${early}\r\n`, () => {
      Atomics.store(said, 0, 1);
      Atomics.notify(said, 0);
      parentPort?.postMessage('said');
    });
  };
  const startMailData = (): void => {
    content = 0;
    if (moment === 'with 354') socket.write(`354 go ahead\r\n${early}\r\n`);
    else socket.write('354 go ahead\r\n');
    if (moment === 'behind 354') setImmediate(interrupt);
  };
  socket.write('220 mail.example.com\r\n');
  socket.on('error', () => {});
  socket.on('close', () => parentPort?.postMessage({ heard }));
  socket.on('data', (octets: Buffer) => {
    heard += octets.toString('latin1');
    if (content !== null) {
      const before = content;
      content += octets.length;
      if (typeof moment === 'number' && before < moment && content >= moment) interrupt();
    } else if (heard.endsWith('DATA\r\n')) startMailData();
    else socket.write('250 ok\r\n');
  });
}

const server = identity === undefined ? createServer(converse) : createTlsServer(identity, converse);
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
parentPort?.on('message', (next: Plan) => {
  plan = next;
  Atomics.store(said, 0, 0);
  parentPort?.postMessage('ready');
});
