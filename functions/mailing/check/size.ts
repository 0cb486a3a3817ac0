/** How large a whole mail may be. */
import type { Letter } from '#mime';
import type { Complaint } from './problem.ts';

/** What Gmail and many others take at the most, encoding and all: 25 MB. */
const USUAL_MAX_OCTETS = 25 * 1024 * 1024;

/** @param maxOctets what the relay takes (SIZE, RFC 1870), where it is known */
export function sizeComplaints(octets: number, maxOctets: number | undefined): Complaint[] {
  const limit = Math.min(maxOctets ?? USUAL_MAX_OCTETS, USUAL_MAX_OCTETS);
  if (octets <= limit) return [];
  const isRelays = limit === maxOctets;
  return [
    {
      rule: 'mail-size',
      field: 'attachments',
      problem: `the whole mail has more than ${grouped(limit)} octets, ${isRelays ? 'and the relay takes no more' : 'and hardly anybody takes so much'}; files grow by a third on their way`,
      change: 'make the files smaller, or link to them',
    },
  ];
}

/** Whether the mail is so large that it is worth being written to know its size. @param maxOctets as above */
export function mayBeTooLarge(letter: Letter, maxOctets = USUAL_MAX_OCTETS): boolean {
  const { text = '', html = '', amp = '', inline = [], attachments = [] } = letter;
  const files = [...inline, ...attachments].reduce((sum, { octets }) => sum + octets, 0);
  // Three octets a UTF-16 code unit, three for each of these in quoted-printable.
  return files + 9 * (text.length + html.length + amp.length) > Math.min(maxOctets, USUAL_MAX_OCTETS) / 2;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
