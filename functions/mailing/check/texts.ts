/** The subject and the texts of a mail, each as a whole. */
import type { Complaint } from './problem.ts';

/** RFC 5322 §2.1.1: lines should have at most 78 characters, and must have at most 998. */
const LONG_SUBJECT = 78;
const MAX_SUBJECT = 998;

export function subjectComplaints(subject: string): Complaint[] {
  if (subject.trim() === '')
    return [{ rule: 'subject-empty', problem: 'the subject is empty', change: 'write one that every row fills' }];
  if (subject.length <= LONG_SUBJECT) return [];
  const characters = [...subject].length;
  if (characters > MAX_SUBJECT)
    return [
      {
        rule: 'subject-too-long',
        problem: `the subject has more than ${MAX_SUBJECT} characters, which no line of a header may have`,
        change: 'shorten it',
      },
    ];
  if (characters <= LONG_SUBJECT) return [];
  return [
    {
      rule: 'subject-long',
      problem: `the subject has more than ${LONG_SUBJECT} characters, and no list of mails shows so many`,
      change: 'shorten it; a phone shows about 40',
    },
  ];
}

/** Gmail shows so much of the HTML, and a link to the rest: 102 kB. */
export const CLIPPED_OCTETS = 102 * 1024;
const NEARLY_CLIPPED_OCTETS = Math.floor(CLIPPED_OCTETS * 0.9);

export function htmlComplaints(html: string): Complaint[] {
  // At most three octets a UTF-16 code unit: most need not be measured.
  if (html.length * 3 <= NEARLY_CLIPPED_OCTETS) return [];
  const octets = Buffer.byteLength(html);
  if (octets <= NEARLY_CLIPPED_OCTETS) return [];
  const isClipped = octets > CLIPPED_OCTETS;
  return [
    {
      rule: 'html-size',
      problem: isClipped
        ? 'the HTML has more than 102 kB (104,448 octets): Gmail cuts it off there, link to unsubscribe and all'
        : 'the HTML has more than 90 % of the 102 kB (104,448 octets) where Gmail cuts it off',
      change: 'take out what repeats: styles, comments, indentation, images as data:',
    },
  ];
}

export function emptyComplaints(pieces: readonly string[]): Complaint[] {
  if (pieces.some((piece) => /\S/.test(piece))) return [];
  return [{ rule: 'body-empty', problem: 'this comes out blank', change: 'write something that every row fills' }];
}

export function textComplaints(html: string | undefined, text: string | undefined): Complaint[] {
  if (html === undefined || text !== undefined) return [];
  return [
    {
      rule: 'text-missing',
      problem:
        'there is no text beside the HTML, and none can be made of it: watches, screen readers and spam filters look for one',
      change: 'give its images words, or add body.txt.hbs',
    },
  ];
}
