/** The same mails by nodemailer's pool. */
import { createTransport } from 'nodemailer';
import { contentOf, fileOf, SENDER } from './mails.ts';
import { authorityOf, beginMeasuring, warmUpMails, workToDo } from './work.ts';

const work = workToDo();
const ca = authorityOf(work);
const octets = work.attachmentOctets ?? 0;
const attachments =
  octets === 0 ? [] : [{ filename: 'harvest.pdf', contentType: 'application/pdf', content: fileOf(octets) }];
const transport = createTransport({
  pool: true,
  maxConnections: work.connections,
  maxMessages: Number.POSITIVE_INFINITY,
  host: work.host,
  port: work.port,
  ...(ca === null ? { secure: false, ignoreTLS: true } : { secure: true, tls: { ca } }),
});

let next = 0;
await sendAll(warmUpMails(work));
const end = beginMeasuring(work.mails);
await sendAll(warmUpMails(work) + work.mails);
end();
transport.close();

/** Sends until `last` mails have been begun, and waits until all are accepted. */
async function sendAll(last: number): Promise<void> {
  const keepSending = async () => {
    while (next < last) await send(next++);
  };
  // Twice as many on their way as there are connections: none ever waits for a mail.
  await Promise.all(Array.from({ length: work.connections * 2 }, keepSending));
}

async function send(index: number): Promise<void> {
  const content = contentOf(index);
  await transport.sendMail({
    from: SENDER,
    to: content.to,
    subject: content.subject,
    text: content.text,
    html: content.html,
    attachments,
  });
}
