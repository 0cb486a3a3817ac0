/**
 * A thread of its own, so that it speaks while the client's process stands still: a server that replies to mail data
 * before its end. `workerData`: the early reply, and key and certificate where TLS comes first. Posts its port, then all
 * that it heard once the client has gone.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { parentPort, workerData } from 'node:worker_threads';

const { early, identity } = workerData as { early: string; identity?: { key: string; cert: string } };

function converse(socket: Socket): void {
  let heard = '';
  let said = false;
  socket.write('220 mail.example.com\r\n');
  socket.on('error', () => {});
  socket.on('close', () => parentPort?.postMessage(heard));
  socket.on('data', (octets: Buffer) => {
    const text = octets.toString('latin1');
    heard += text;
    if (heard.includes('DATA\r\n')) {
      if (text.endsWith('DATA\r\n')) socket.write('354 go ahead\r\n');
      else if (!said) {
        said = true;
        socket.write(`${early}\r\n`);
      }
    } else socket.write('250 ok\r\n');
  });
}

const server = identity === undefined ? createServer(converse) : createTlsServer(identity, converse);
server.listen(0, '127.0.0.1', () => parentPort?.postMessage((server.address() as AddressInfo).port));
