/**
 * An SMTP server in a process of its own, which writes down how many connections stand whenever one comes, and each
 * acceptance before it answers it. Arguments: the file, the delay of an acceptance in ms. Prints its port.
 */
import { openSync, writeSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';

const [file = '', delay = '0'] = process.argv.slice(2);
const notes = openSync(file, 'a');
let open = 0;
const note = (recipient?: string) => writeSync(notes, `${JSON.stringify({ recipient, open })}\n`);

const server = new SMTPServer({
  disabledCommands: ['STARTTLS', 'AUTH'],
  logger: false,
  disableReverseLookup: true,
  onData(stream, { envelope }, callback) {
    stream.resume();
    stream.on('end', () => {
      setTimeout(() => {
        for (const { address } of envelope.rcptTo) note(address);
        callback(null, 'accepted');
      }, Number(delay));
    });
  },
});
server.on('error', () => {
  // A client that dies resets its connection: that is what these tests are about.
});
// Counted at the sockets: a client has gone when its end of the connection has.
server.server.on('connection', (socket) => {
  open += 1;
  note();
  let isGone = false;
  const gone = () => {
    if (!isGone) open -= 1;
    isGone = true;
  };
  socket.once('end', gone);
  socket.once('close', gone);
});
server.listen(0, '127.0.0.1', () => {
  const address = server.server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : ''}\n`);
});
