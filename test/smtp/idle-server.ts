/**
 * A thread of its own, so that it acts while the client's process stands still: a server that does something to a session
 * that is idle. `workerData`: key and certificate where TLS comes first, what EHLO offers, and a cell that is set to 1 once
 * the deed is done. It posts its port, does what it is told in a message, and posts all that it heard once the client has gone.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';

export type Deed = 'FIN' | 'reset' | { readonly say: string };

const { identity, offer, done } = workerData as {
  identity?: { key: string; cert: string };
  offer: string;
  done: Int32Array;
};

function tellDone(): void {
  Atomics.store(done, 0, 1);
  Atomics.notify(done, 0);
}

// Without Nagle's algorithm, which would hold back what comes behind a reply that the client has not acknowledged.
const server = createServer({ noDelay: true }, (plain) => {
  const socket: Socket = identity === undefined ? plain : new TLSSocket(plain, { isServer: true, ...identity });
  let heard = '';
  socket.write('220 mail.example.com\r\n');
  socket.on('error', () => {});
  plain.on('error', () => {});
  plain.on('close', () => parentPort?.postMessage({ heard }));
  socket.on('data', (octets: Buffer) => {
    heard += octets.toString('latin1');
    socket.write(octets.toString('latin1').startsWith('EHLO') ? offer : '250 ok\r\n');
  });
  parentPort?.once('message', (deed: Deed) => {
    if (deed === 'FIN') socket.end(tellDone);
    else if (deed === 'reset') {
      plain.resetAndDestroy();
      tellDone();
    } else socket.write(deed.say, tellDone);
  });
});
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
