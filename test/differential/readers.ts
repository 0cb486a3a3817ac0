/** Four programs that read mail, and that nobody here has written. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { domainToASCII } from 'node:url';
import { type AddressObject, simpleParser } from 'mailparser';
import PostalMime, { type Address, type Email } from 'postal-mime';
import { linesOf, type Reading, type ReadMailbox } from './reading.ts';

export interface Reader {
  readonly name: string;
  read(octets: Buffer): Promise<Reading>;
  close(): void;
}

export function openReaders(): Reader[] {
  return [
    programReader("Python's email", 'read-by-email.py'),
    programReader('GMime', 'read-by-gmime.py'),
    { name: 'mailparser', read: readByMailparser, close: () => {} },
    { name: 'postal-mime', read: readByPostalMime, close: () => {} },
  ];
}

/** Reads by `read`, and brings texts into the form in which they are compared. */
export async function readBy(reader: Reader, octets: Buffer): Promise<Reading> {
  const reading = await reader.read(octets);
  const texts = Object.entries(reading.texts).map(([type, text]) => [type, linesOf(type, text)]);
  return { ...reading, texts: Object.fromEntries(texts) };
}

/** A process that reads one message after the other. */
function programReader(name: string, script: string): Reader {
  const program = spawn('/usr/bin/python3', [join(import.meta.dirname, 'readers', script)]);
  const lines = createInterface({ input: program.stdout });
  const ended = failure(name, program);
  return {
    name,
    read: async (octets) => {
      program.stdin.write(`${octets.length}\n`);
      program.stdin.write(octets);
      const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
      return JSON.parse(line) as Reading;
    },
    close: () => program.stdin.end(),
  };
}

function failure(name: string, program: ChildProcessWithoutNullStreams): Promise<never> {
  let complaint = '';
  program.stderr.on('data', (chunk) => (complaint += chunk));
  program.stdin.on('error', () => {});
  const ended = new Promise<never>((_, reject) => {
    program.once('error', reject);
    program.once('close', () => reject(new Error(`Cannot read by ${name}: ${complaint.trim() || 'it has ended'}`)));
  });
  ended.catch(() => {});
  return ended;
}

/** A domain in A-labels is shown in letters by some. */
function mailbox({ name, address = '' }: { name: string; address?: string | undefined }): ReadMailbox {
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  return { name, address: `${address.slice(0, at + 1)}${domainToASCII(domain) || domain}` };
}

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

async function readByMailparser(octets: Buffer): Promise<Reading> {
  const mail = await simpleParser(octets, { skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true });
  const mailboxes = (field: AddressObject | AddressObject[] | undefined): ReadMailbox[] =>
    [field ?? []].flat().flatMap(({ value }) => value.map(mailbox));
  const bare = mail.attachments.filter(({ contentDisposition, cid }) => !contentDisposition && !cid);
  return {
    from: mailboxes(mail.from),
    to: mailboxes(mail.to),
    replyTo: mailboxes(mail.replyTo),
    subject: mail.subject ?? '',
    texts: {
      ...(mail.text ? { 'text/plain': mail.text } : {}),
      ...(mail.html ? { 'text/html': mail.html } : {}),
      ...Object.fromEntries(bare.map(({ contentType, content }) => [contentType, content.toString()])),
    },
    parts: mail.attachments
      .filter((part) => !bare.includes(part))
      .map(({ contentType, filename, contentDisposition, cid, content }) => ({
        type: contentType,
        name: filename ?? '',
        disposition: contentDisposition ?? '',
        cid: cid ?? null,
        sha256: sha256(content),
      })),
    complaints: [],
  };
}

async function readByPostalMime(octets: Buffer): Promise<Reading> {
  const mail = await PostalMime.parse(octets);
  const mailboxes = (field: Address | Address[] | undefined): ReadMailbox[] => [field ?? []].flat().map(mailbox);
  const isBare = ({ disposition, contentId }: Email['attachments'][number]) => !disposition && !contentId;
  const octetsOf = (content: string | ArrayBuffer | Uint8Array) => Buffer.from(content as ArrayBuffer);
  return {
    from: mailboxes(mail.from),
    to: mailboxes(mail.to),
    replyTo: mailboxes(mail.replyTo),
    subject: mail.subject ?? '',
    texts: {
      ...(mail.text ? { 'text/plain': mail.text } : {}),
      ...(mail.html ? { 'text/html': mail.html } : {}),
      ...Object.fromEntries(
        mail.attachments.filter(isBare).map(({ mimeType, content }) => [mimeType, octetsOf(content).toString()]),
      ),
    },
    parts: mail.attachments
      .filter((part) => !isBare(part))
      .map(({ mimeType, filename, disposition, contentId, content }) => ({
        type: mimeType,
        name: filename ?? '',
        disposition: disposition ?? '',
        cid: contentId?.replace(/^<|>$/g, '') ?? null,
        sha256: sha256(octetsOf(content)),
      })),
    complaints: [],
  };
}
