/** Mails around a body, so plain that no server has a reason to change them. */
import { isAscii } from 'node:buffer';
import type { MailData } from '#smtp';
import type { Body } from './bodies.ts';
import { NAME_FIELD } from './delivered.ts';

export interface Mail {
  /** Of this suite's own; no two mails to one server have the same. */
  readonly name: string;
  readonly body: Body;
  readonly octets: Buffer;
  readonly data: MailData;
}

/** Pieces of a size that divides no other: what the engine does at their ends is done everywhere. */
const PIECE_OCTETS = 65_521;

/** One line, CRLF added. */
export const lineBody = (line: string): Body => ({ name: line, octets: Buffer.from(`${line}\r\n`) });

/** @param subject beyond ASCII the mail needs SMTPUTF8; default: what the body is called */
export function mailOf(name: string, body: Body, subject: string = body.name.replaceAll(/[^ -~]/g, '?')): Mail {
  const header = [
    `${NAME_FIELD}: ${name}`,
    'From: Alice <alice@mail.test>',
    'To: Bob <bob@mail.test>',
    `Subject: ${subject}`,
    'Date: Tue, 24 Nov 2026 09:00:00 +0000',
    `Message-ID: <${name}@mail.test>`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Transfer-Encoding: ${isAscii(body.octets) ? '7bit' : '8bit'}`,
    '',
    '',
  ].join('\r\n');
  const octets = Buffer.concat([Buffer.from(header), body.octets]);
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < octets.length; from += PIECE_OCTETS)
    pieces.push(octets.subarray(from, from + PIECE_OCTETS));
  const data = { pieces, octets: octets.length, sevenBit: isAscii(octets), hasDotLine: octets.includes('\r\n.') };
  return { name, body, octets, data };
}
