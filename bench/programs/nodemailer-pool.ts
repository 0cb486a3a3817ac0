/** The same mails by nodemailer's pool. */
import { createTransport } from 'nodemailer';
import { contentOf, fileOf, SENDER } from './mails.ts';
import { authorityOf, beginMeasuring, workToDo } from './work.ts';

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
// Its pool connects when a mail is there: one for each connection opens them all before it counts.
await Promise.all(Array.from({ length: work.connections }, () => send(next++)));
const end = beginMeasuring(work.mails);
const last = next + work.mails;
// Twice as many on their way as there are connections: none ever waits for a mail.
await Promise.all(Array.from({ length: work.connections * 2 }, keepSending));
end();
transport.close();

async function keepSending(): Promise<void> {
  while (next < last) await send(next++);
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
