/** What a message says, as it was meant or as a reader has it. */
export interface Reading {
  readonly from: readonly ReadMailbox[];
  readonly to: readonly ReadMailbox[];
  readonly replyTo: readonly ReadMailbox[];
  readonly subject: string;
  /** The alternatives by their type; as `linesOf` gives them. */
  readonly texts: Readonly<Record<string, string>>;
  /** Images and files, in their order. */
  readonly parts: readonly ReadPart[];
  /** What a reader had to forgive. */
  readonly complaints: readonly string[];
}

export interface ReadMailbox {
  /** Empty where there is none. */
  readonly name: string;
  /** Its domain in A-labels. */
  readonly address: string;
}

export interface ReadPart {
  readonly type: string;
  readonly name: string;
  readonly disposition: string;
  /** Without angle brackets, `null` where there is none. */
  readonly cid: string | null;
  /** Of its octets, in hexadecimal. */
  readonly sha256: string;
}

/** A text's lines with LF, as some readers give them; one line of an event that goes on in the next (RFC 5545 §3.1) is one. */
export function linesOf(type: string, text: string): string {
  const lines = text.replaceAll('\r\n', '\n');
  return type === 'text/calendar' ? lines.replace(/\n[ \t]/g, '') : lines;
}

/** Where two readings differ, by the path of what differs; empty where they do not. */
export function differences(meant: unknown, read: unknown, path = ''): Difference[] {
  if (isObject(meant) && isObject(read)) {
    const keys = new Set([...Object.keys(meant), ...Object.keys(read)]);
    return [...keys].flatMap((key) => differences(meant[key], read[key], path === '' ? key : `${path}.${key}`));
  }
  return Object.is(meant, read) ? [] : [{ path, meant, read }];
}

export interface Difference {
  readonly path: string;
  readonly meant: unknown;
  readonly read: unknown;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
