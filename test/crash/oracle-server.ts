/**
 * The witness of the crash tests: an SMTP server in a process of its own, which writes each acceptance to disk before it
 * answers it. It shares no code with the mailer. Arguments: the file for acceptances, the longest delay of an answer in
 * ms. Prints its port.
 */
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { SMTPServer } from 'smtp-server';

const [file = '', longestDelay = '0'] = process.argv.slice(2);
const acceptances = openSync(file, 'a');

const server = new SMTPServer({
  disabledCommands: ['STARTTLS', 'AUTH'],
  logger: false,
  disableReverseLookup: true,
  onData(stream, session, callback) {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const head = Buffer.concat(chunks).toString('latin1').split('\r\n\r\n', 1)[0] ?? '';
      const messageId = /^Message-ID: (.*)$/im.exec(head)?.[1] ?? '';
      const recipients = session.envelope.rcptTo.map(({ address }) => address);
      // The delay stands on either side of the write, so that deaths fall before it and behind it.
      const delay = () => new Promise((resolve) => setTimeout(resolve, Math.random() * (Number(longestDelay) / 2)));
      void delay()
        .then(() => {
          for (const recipient of recipients) writeSync(acceptances, `${JSON.stringify({ recipient, messageId })}\n`);
          fsyncSync(acceptances);
        })
        .then(delay)
        .then(() => callback(null, 'accepted'));
    });
  },
});
server.on('error', () => {
  // A client that dies resets its connection: that is what these tests are about.
});
server.listen(0, '127.0.0.1', () => {
  const address = server.server.address();
  process.stdout.write(`${typeof address === 'object' && address !== null ? address.port : ''}\n`);
});
