/** Cartero's composer and engine by themselves: every mail is composed, and sent on sessions that are kept busy. */
import { parseMailbox } from '#address';
import { type EncodedPart, encodeAttachment, MessageComposer } from '#mime';
import { openSession, type Session, type SessionTime } from '#smtp';
import { contentOf, fileOf, SENDER } from './mails.ts';
import { authorityOf, beginMeasuring, warmUpMails, workToDo } from './work.ts';

const work = workToDo();
const ca = authorityOf(work);
const from = { name: SENDER.name, mailbox: parseMailbox(SENDER.address) };
const composer = new MessageComposer({ date: 1_700_000_000_000, from, boundarySeed: 'harvest' });
const attachments = attachmentsOf(work.attachmentOctets ?? 0);
const nothing = () => {};
const options = { release: async () => true, record: nothing };
const time: SessionTime = {
  now: () => Date.now(),
  after(ms, fn) {
    const timer = setTimeout(fn, ms);
    return () => clearTimeout(timer);
  },
};

const sessions = await Promise.all(Array.from({ length: work.connections }, open));
let next = 0;
await sendAll(warmUpMails(work));
const end = beginMeasuring(work.mails);
await sendAll(warmUpMails(work) + work.mails);
end();
await Promise.all(sessions.map((session) => session.quit()));

function open(): Promise<Session> {
  const { host, port, depth, without } = work;
  const settings = {
    host,
    port,
    clientName: 'client.test',
    ...(depth === undefined ? {} : { depth }),
    ...(without === undefined ? {} : { without }),
    ...(ca === null ? { security: 'none' as const } : { security: 'implicit-tls' as const, ca }),
  };
  return openSession(settings, { time, record: nothing });
}

/** Sends until `last` mails have been begun, and waits until all are accepted. */
async function sendAll(last: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let left = last - next;
  const send = async (session: Session, index: number) => {
    const { recipients } = await transact(session, index);
    const [result] = recipients;
    if (result?.outcome !== 'accepted') throw new Error(`mail ${index}: ${JSON.stringify(result)}`);
    left -= 1;
    if (left === 0) resolve();
  };
  const feed = async (session: Session) => {
    while (next < last && (await session.ready())) {
      while (next < last && session.room > 0) send(session, next++).catch(reject);
    }
  };
  for (const session of sessions) feed(session).catch(reject);
  return promise;
}

/** Nothing of a mail's texts is kept while it is under way. */
function transact(session: Session, index: number) {
  const { to: person, subject, text, html } = contentOf(index);
  const to = { name: person.name, mailbox: parseMailbox(person.address) };
  const data = composer.compose({ messageId: `${index}.news@example.com`, to, subject, text, html, attachments });
  const envelope = { reversePath: from.mailbox.address, forwardPaths: [to.mailbox.address] };
  return session.transact(envelope, data, options);
}

function attachmentsOf(octets: number): EncodedPart[] {
  if (octets === 0) return [];
  const file = { name: 'harvest.pdf', type: 'application/pdf', disposition: 'attachment' as const };
  return [encodeAttachment({ ...file, content: fileOf(octets) })];
}
