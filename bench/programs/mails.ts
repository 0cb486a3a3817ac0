/** The mails that every program sends: 5 kB of text and HTML, no two alike, with a letter beyond ASCII as mails have. */

export const SENDER = { name: 'News', address: 'news@example.com' };

export interface Person {
  readonly name: string;
  readonly address: string;
}

export interface Content {
  readonly to: Person;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const PARAGRAPH =
  '<p style="margin: 0 0 16px; font: 16px/24px Helvetica, sans-serif; color: #2b211c">The first sacks came on Tuesday, and the whole courtyard smelled of apples when one of them was opened.</p>\n';
const PARAGRAPHS = PARAGRAPH.repeat(12);
const LINES = 'the first sacks came on Tuesday, and the courtyard smelled of apples.\n'.repeat(28);

/** The mail of recipient number `index`. */
export function contentOf(index: number): Content {
  const name = `Zoë ${index}`;
  return {
    to: { name, address: `person${index}@example.net` },
    subject: `Hello ${name}, the new harvest is here`,
    text: `Hello ${name},\n\n${LINES}\nSee you in Köln\n`,
    html: `<!DOCTYPE html>\n<html><body>\n<h1>Hello ${name}</h1>\n${PARAGRAPHS}<p>See you in Köln</p>\n</body></html>\n`,
  };
}

/** A file to attach: octets without a pattern that is short. */
export function fileOf(octets: number): Buffer {
  const file = Buffer.alloc(octets);
  let state = 1;
  for (let at = 0; at < octets; at += 1) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    file[at] = state >>> 16;
  }
  return file;
}
