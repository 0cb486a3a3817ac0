/**
 * A relay that takes every mail and keeps none: TLS from the first octet, no extensions to speak of, as little work as
 * can be. Prints its port; prints the number of mails it took when it is told to end.
 * Arguments: files with the PEM of key and certificate.
 */
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';

const [keyFile = '', certificateFile = ''] = process.argv.slice(2);
const END_OF_MAIL_DATA = Buffer.from('\r\n.\r\n');
let mails = 0;

const server = createServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) }, (socket) => {
  let rest: Buffer = Buffer.alloc(0);
  let inMail = false;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.write('220 sink.test ESMTP\r\n');
  socket.on('data', (chunk) => {
    let octets = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let replies = '';
    for (;;) {
      const end = octets.indexOf(inMail ? END_OF_MAIL_DATA : '\r\n');
      if (end < 0) break;
      const verb = inMail ? '.' : octets.toString('latin1', 0, 4).toUpperCase();
      octets = octets.subarray(end + (inMail ? END_OF_MAIL_DATA.length : 2));
      inMail = verb === 'DATA';
      if (verb === '.') mails += 1;
      replies += replyTo(verb);
    }
    // What may be the beginning of the end stays; the mail itself does not.
    rest = inMail ? octets.subarray(Math.max(0, octets.length - END_OF_MAIL_DATA.length + 1)) : octets;
    if (replies !== '') socket.write(replies);
    if (replies.startsWith('221')) socket.end();
  });
});

function replyTo(verb: string): string {
  if (verb === 'EHLO') return '250-sink.test\r\n250-8BITMIME\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE 104857600\r\n';
  if (verb === 'AUTH') return '235 2.7.0 ok\r\n';
  if (verb === 'DATA') return '354 go ahead\r\n';
  if (verb === 'QUIT') return '221 bye\r\n';
  return verb === '.' ? `250 2.0.0 Ok: queued as ${mails}\r\n` : '250 2.1.0 ok\r\n';
}

server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
process.on('SIGTERM', () => {
  process.stdout.write(`${mails}\n`);
  process.exit(0);
});
