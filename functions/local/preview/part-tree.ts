/** The body parts of a composed message as they stand in it, encoded: what each of them adds to its size. */

export interface PartSize {
  /** How deep within multiparts; the message's own body is at 0. */
  readonly depth: number;
  /** `text/html`, in lower case. */
  readonly type: string;
  /** The file's name, or `null`. */
  readonly name: string | null;
  readonly encoding: string;
  /** Of the body as encoded, without its header; of a multipart, with all that is in it. */
  readonly octets: number;
}

const MAX_DEPTH = 16;

export function partSizes(message: Uint8Array): PartSize[] {
  // An octet a character, so that lengths are octets.
  return partsOf(Buffer.from(message).toString('latin1'), 0);
}

function partsOf(entity: string, depth: number): PartSize[] {
  const end = `\r\n${entity}`.indexOf('\r\n\r\n');
  const header = end === -1 ? entity : entity.slice(0, Math.max(end - 2, 0));
  const body = end === -1 ? '' : entity.slice(end + 2);
  const contentType = fieldOf(header, 'content-type') ?? 'text/plain';
  const type = (contentType.split(';')[0] ?? '').trim().toLowerCase();
  const own = {
    depth,
    type,
    name: fileNameOf(fieldOf(header, 'content-disposition') ?? ''),
    encoding: (fieldOf(header, 'content-transfer-encoding') ?? '7bit').toLowerCase(),
    octets: body.length,
  };
  const [boundary] = parameters(contentType, 'boundary');
  if (!type.startsWith('multipart/') || boundary === undefined || depth >= MAX_DEPTH) return [own];
  return [own, ...within(body, boundary.value).flatMap((part) => partsOf(part, depth + 1))];
}

/** RFC 5322 §2.2.3: a field goes on in lines that begin with white space. */
function fieldOf(header: string, name: string): string | undefined {
  const unfolded = header.replace(/\r\n(?=[ \t])/g, '');
  const field = unfolded.split('\r\n').find((line) => line.toLowerCase().startsWith(`${name}:`));
  return field?.slice(name.length + 1).trim();
}

/** RFC 2046 §5.1.1: a delimiter is a line of its own, and the line break before it belongs to it. */
function within(body: string, boundary: string): string[] {
  const quoted = boundary.replace(/[^A-Za-z0-9]/g, '\\$&');
  const delimited = `\r\n${body}`.split(new RegExp(`\r\n--${quoted}(--)?[ \t]*(?=\r\n|$)`));
  // Between two parts stands whether the delimiter is the closing one.
  const parts: string[] = [];
  for (let place = 1; place < delimited.length && delimited[place] === undefined; place += 2)
    parts.push((delimited[place + 1] ?? '').slice(2));
  return parts;
}

interface Parameter {
  /** Of a piece; `null` where the parameter is whole. */
  readonly index: number | null;
  readonly isEncoded: boolean;
  readonly value: string;
}

/** RFC 2231 §3: a long parameter stands in pieces, `filename*0*=…; filename*1=…`. */
function parameters(field: string, name: string): Parameter[] {
  const pattern = new RegExp(`;\\s*${name}(?:\\*(\\d+))?(\\*)?=(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;]*))`, 'gi');
  const found = [...field.matchAll(pattern)].map(([, index, star, quoted, bare]) => ({
    index: index === undefined ? null : Number(index),
    isEncoded: star !== undefined,
    value: quoted?.replace(/\\(.)/g, '$1') ?? bare ?? '',
  }));
  return found.sort((one, other) => (one.index ?? 0) - (other.index ?? 0));
}

/** Of a name in ASCII and one that is encoded, which stands beside it for readers that know both, the encoded one counts. */
function fileNameOf(disposition: string): string | null {
  const all = parameters(disposition, 'filename');
  const pieces = all.filter(({ index }) => index !== null);
  const whole = all.find(({ isEncoded }) => isEncoded) ?? all[0];
  const counted = pieces.length > 0 ? pieces : whole === undefined ? [] : [whole];
  return counted.length === 0 ? null : decoded(counted);
}

/** RFC 2231 §4: what is encoded begins with charset and language. */
function decoded(pieces: readonly Parameter[]): string {
  const encoded = pieces.map(({ isEncoded, value }) => (isEncoded ? value : encodeURIComponent(value))).join('');
  const text = pieces[0]?.isEncoded === true ? encoded.replace(/^[^']*'[^']*'/, '') : encoded;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
