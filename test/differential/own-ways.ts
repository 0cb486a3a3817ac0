/**
 * Where a reader does not say what a message says: its own bugs and habits. Each has a field or part, written by hand, in
 * which the reader shows the same; `own-ways.test.ts` asks them all. Whatever else differs is ours.
 */

export interface OwnWay {
  readonly reader: string;
  /** In a few words, for the table. */
  readonly what: string;
  /** What the RFC says. */
  readonly rfc: string;
  /** Of what in a reading it is: `from.0.name`. */
  readonly path: RegExp;
  /** What the reader makes of what was meant. */
  readonly reads: (meant: string, source: Source, path: string) => string;
  /** A message that nobody of us has composed, what it says at `path`, and what the reader makes of it. */
  readonly proof: { readonly message: string; readonly path: string; readonly meant: string; readonly read: string };
}

/** The message itself. */
export interface Source {
  /** A field's value as it stands, unfolded. */
  field(name: string): string;
  readonly isMultipart: boolean;
  /** The transfer encoding of the part of a media type. */
  encodingOf(type: string): string;
}

export function sourceOf(octets: Uint8Array): Source {
  const message = Buffer.from(octets).toString('latin1');
  const header = message.slice(0, message.indexOf('\r\n\r\n') + 2);
  return {
    isMultipart: /^Content-Type: multipart/m.test(header),
    field: (name) => {
      const found = new RegExp(`^${name}: ((?:.*\\r\\n[ \\t])*.*)\\r\\n`, 'im').exec(header);
      return (found?.[1] ?? '').replaceAll('\r\n', '');
    },
    encodingOf: (type) =>
      new RegExp(`^Content-Type: ${type};.*\\r\\nContent-Transfer-Encoding: (.*)\\r\\n`, 'm').exec(message)?.[1] ?? '',
  };
}

const FIELDS: Readonly<Record<string, string>> = { from: 'From', to: 'To', replyTo: 'Reply-To', subject: 'Subject' };

/** The field that a path is of. */
export function fieldOf(path: string): string {
  return FIELDS[path.replace(/\..*/, '')] ?? '';
}

const NAME = /^(?:from|to|replyTo)\.0\.name$/;
const ADDRESS = /^(?:from|to|replyTo)\.0\.address$/;
const QUOTED = /^"((?:[^"\\]|\\.)*)"@/;
const ATOMS_AND_DOTS = /^[\w!#$%&'*+/=?^`{|}~.-]*$/;

const header = (field: string) => `${field}\r\nMIME-Version: 1.0\r\n\r\nText\r\n`;
const alternative = (fields: string) =>
  `MIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n${fields}\r\n\r\nx\r\n--b--\r\n`;
const file = (fields: string) =>
  `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nText\r\n--b\r\n${fields}\r\n\r\nx\r\n--b--\r\n`;

/** What encoded-words say up to one of base64 with padding, `null` where none has it. */
function untilPadding(field: string): string | null {
  const [before, padding] = field.split(/(=+\?=)/);
  if (before === undefined || padding === undefined || !before.startsWith('=?utf-8?B?')) return null;
  const words = `${before}${padding}`.match(/(?<=\?B\?)[^?]*/g) ?? [];
  return Buffer.concat(words.map((each) => Buffer.from(each, 'base64'))).toString();
}

/** The encoded-words that file names have in them; blanks between two of them are none (RFC 2047 §6.2). */
const WORD = /=\?utf-8\?(?:Q\?x|B\?eA==)\?=/g;
const BETWEEN_WORDS = new RegExp(`(?<=${WORD.source}) +(?=${WORD.source})`, 'g');

/** What a reader is known to make of what was meant. */
export function asReadBy(reader: string, path: string, meant: string, source: Source): string {
  return OWN_WAYS.filter((way) => way.reader === reader && way.path.test(path)).reduce(
    (text, way) => way.reads(text, source, path),
    meant,
  );
}

export const OWN_WAYS: readonly OwnWay[] = [
  {
    reader: "Python's email",
    what: 'takes the quotes off a local part of atoms and dots that is no dot-atom',
    rfc: '5321 §4.1.2: ".a" is a Quoted-string, .a is no Local-part',
    path: ADDRESS,
    reads: (meant) => meant.replace(QUOTED, (all, local: string) => (ATOMS_AND_DOTS.test(local) ? `${local}@` : all)),
    proof: {
      message: header('To: <".a"@example.org>'),
      path: 'to.0.address',
      meant: '".a"@example.org',
      read: '.a@example.org',
    },
  },
  {
    reader: 'GMime',
    what: 'loses the encoded-words behind one of base64 that ends with padding',
    rfc: '2047 §2, §6.2: each encoded-word stands alone',
    path: /^(?:(?:from|to|replyTo)\.0\.name|subject)$/,
    reads: (meant, source, path) => untilPadding(source.field(fieldOf(path))) ?? meant,
    proof: {
      message: header('Subject: =?utf-8?B?YQ==?=\r\n =?utf-8?B?YmM=?='),
      path: 'subject',
      meant: 'abc',
      read: 'a',
    },
  },
  {
    reader: 'GMime',
    what: 'cuts off blanks at the ends of a name',
    rfc: '2047 §4.2: `_` is a blank of the text',
    path: NAME,
    reads: (meant) => meant.replace(/^ +| +$/g, ''),
    proof: { message: header('To: =?utf-8?Q?_=C3=A9_?= <a@example.org>'), path: 'to.0.name', meant: ' é ', read: 'é' },
  },
  {
    reader: 'postal-mime',
    what: 'decodes an encoded-word in a file name that RFC 2231 has spelt out',
    rfc: '2047 §5: not in a parameter; 2231 §4: percent signs are all there is to decode',
    path: /^parts\.\d+\.name$/,
    reads: (meant) => meant.replace(BETWEEN_WORDS, '').replace(WORD, 'x'),
    proof: {
      message: file(
        "Content-Type: text/csv\r\nContent-Disposition: attachment; filename*=utf-8''%3D%3Futf-8%3FQ%3Fx%3F%3D.csv",
      ),
      path: 'parts.0.name',
      meant: '=?utf-8?Q?x?=.csv',
      read: 'x.csv',
    },
  },
  {
    reader: 'postal-mime',
    what: 'adds to a part that is not in base64 the line end that belongs to the delimiter',
    rfc: '2046 §5.1.1: the CRLF in front of a delimiter is a part of it',
    path: /^texts\./,
    reads: (meant, source, path) =>
      source.isMultipart && source.encodingOf(path.slice('texts.'.length)) !== 'base64' ? `${meant}\n` : meant,
    proof: {
      message: alternative('Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit'),
      path: 'texts.text/plain',
      meant: 'x',
      read: 'x\n',
    },
  },
];
