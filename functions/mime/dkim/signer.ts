/**
 * DKIM signatures in front of a message, one for each key (RFC 6376). The body is hashed once, and what follows it is only
 * the header. A signature is made of the final encoding, before transparency adds dots, and of nothing by chance: the same
 * message, keys and time give the same octets.
 */
import { createHash, type Hash } from 'node:crypto';
import type { MailData } from '../message.ts';
import { type BodyState, RelaxedBody } from './canonical-body.ts';
import { fieldsOf, type RawField, relaxedField } from './canonical-header.ts';
import type { SigningKey } from './signing-key.ts';

/** Signed although they may be absent: whoever adds one of them breaks the signature (RFC 6376 §5.4.2, §8.15). */
const NEVER_ADDED: readonly string[] = [
  ...['From', 'Sender', 'Reply-To', 'To', 'Cc', 'Subject', 'Date', 'Message-ID', 'In-Reply-To', 'References'],
  ...['MIME-Version', 'Content-Type', 'Content-Transfer-Encoding'],
  ...['List-Id', 'List-Help', 'List-Unsubscribe', 'List-Unsubscribe-Post', 'List-Subscribe', 'List-Post', 'List-Owner'],
  'List-Archive',
];
const HEADER_END = Buffer.from('\r\n\r\n');
/** So long a piece is worth being remembered with the hash behind it. */
const MIN_REMEMBERED_OCTETS = 16 * 1024;

/** The hash of a body's beginning that the next mail may have too. */
interface Prefix {
  readonly pieces: readonly Uint8Array[];
  readonly hash: Hash;
  readonly state: BodyState;
}

export class DkimSigner {
  readonly #keys: readonly SigningKey[];
  #prefix: Prefix | null = null;

  /** @param keys the signatures stand in this order */
  constructor(keys: readonly SigningKey[]) {
    this.#keys = keys;
  }

  /**
   * @param data as `composeMessage` gives it
   * @param epochMs of `t=`
   * @returns the same with a piece more in front, of the signatures
   */
  sign(data: MailData, epochMs: number): MailData {
    if (this.#keys.length === 0) return data;
    const { header, body } = divided(data.pieces);
    const bodyHash = this.#bodyHash(body);
    const { names, canonical } = signedFields(fieldsOf(header));
    let signatures = '';
    for (const key of this.#keys) {
      const unsigned = signatureField(key, Math.floor(epochMs / 1000), names, bodyHash);
      // §3.7: the field itself comes last, its `b=` empty, without its CRLF.
      const signature = key.sign(`${canonical}${relaxedField({ name: 'DKIM-Signature', whole: unsigned })}`);
      signatures += `${unsigned}${foldedBase64(signature)}\r\n`;
    }
    const piece = Buffer.from(signatures, 'latin1');
    return { ...data, pieces: [piece, ...data.pieces], octets: data.octets + piece.length };
  }

  /** In base64. What begins as the mail before did, to the end of its last long piece, goes on from there. */
  #bodyHash(pieces: readonly Uint8Array[]): string {
    const prefix = this.#prefix !== null && beginsWith(pieces, this.#prefix.pieces) ? this.#prefix : null;
    const hash = prefix === null ? createHash('sha256') : prefix.hash.copy();
    const body = new RelaxedBody((octets) => hash.update(octets), prefix?.state);
    for (let index = prefix?.pieces.length ?? 0; index < pieces.length; index += 1) {
      const piece = pieces[index];
      if (piece === undefined) continue;
      body.push(piece);
      if (piece.length >= MIN_REMEMBERED_OCTETS)
        this.#prefix = { pieces: pieces.slice(0, index + 1), hash: hash.copy(), state: body.state };
    }
    body.end();
    return hash.digest('base64');
  }
}

function beginsWith(pieces: readonly Uint8Array[], beginning: readonly Uint8Array[]): boolean {
  return beginning.every((piece, index) => {
    const found = pieces[index];
    return found === piece || (found !== undefined && Buffer.compare(found, piece) === 0);
  });
}

/** Header to its last CRLF, and the body's pieces. A message without an empty line is all header. */
function divided(pieces: readonly Uint8Array[]): { header: string; body: readonly Uint8Array[] } {
  let head: Buffer = Buffer.alloc(0);
  for (const [index, piece] of pieces.entries()) {
    const octets = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    head = index === 0 ? octets : Buffer.concat([head, octets]);
    const end = head.indexOf(HEADER_END);
    if (end < 0) continue;
    const rest = head.subarray(end + HEADER_END.length);
    const body = pieces.slice(index + 1);
    return { header: head.toString('latin1', 0, end + 2), body: rest.length > 0 ? [rest, ...body] : body };
  }
  return { header: head.toString('latin1'), body: [] };
}

/**
 * Each field that is there once more than it occurs, and once those that are never to be added (§5.4.2): the one too many
 * stands for nothing, and what is added later is in its place.
 */
function signedFields(fields: readonly RawField[]): { names: readonly string[]; canonical: string } {
  const byName = new Map<string, { name: string; fields: RawField[] }>();
  for (const name of NEVER_ADDED) byName.set(name.toLowerCase(), { name, fields: [] });
  for (const field of fields) {
    const key = field.name.toLowerCase();
    const known = byName.get(key);
    if (known === undefined) byName.set(key, { name: field.name, fields: [field] });
    else known.fields.push(field);
  }
  const names: string[] = [];
  let canonical = '';
  for (const { name, fields: same } of byName.values()) {
    names.push(name);
    // From the bottom up, as verifiers take them.
    for (const field of same.reverse()) {
      names.push(name);
      canonical += `${relaxedField(field)}\r\n`;
    }
  }
  return { names, canonical };
}

const WANTED_LINE_OCTETS = 76;

/** To its `b=`, with neither signature nor CRLF. No `l=`: what is behind it would be anybody's (§8.2). */
function signatureField(key: SigningKey, seconds: number, names: readonly string[], bodyHash: string): string {
  const tags = [
    `DKIM-Signature: v=1; a=${key.algorithm}; c=relaxed/relaxed;`,
    ` d=${key.domain};`,
    ` s=${key.selector}; t=${seconds};`,
  ];
  let line = ' h=';
  for (const [index, name] of names.entries()) {
    const unit = index === names.length - 1 ? `${name};` : `${name}:`;
    if (line.length + unit.length > WANTED_LINE_OCTETS) {
      tags.push(line);
      line = '  ';
    }
    line += unit;
  }
  return [...tags, line, ` bh=${bodyHash};`, ' b='].join('\r\n');
}

/** White space in `b=` counts for nothing (§3.5). */
function foldedBase64(signature: string): string {
  return (signature.match(/.{1,72}/g) ?? []).join('\r\n  ');
}

/**
 * The keys that sign for whoever has `fromDomain` behind the @ of From: those of the domain itself, else those of its nearest
 * parent (RFC 7489 §3.1.1, relaxed alignment).
 */
export function alignedKeys<Key extends { readonly domain: string }>(keys: readonly Key[], fromDomain: string): Key[] {
  const aligned = keys.filter(({ domain }) => fromDomain === domain || fromDomain.endsWith(`.${domain}`));
  const longest = Math.max(0, ...aligned.map(({ domain }) => domain.length));
  return aligned.filter(({ domain }) => domain.length === longest);
}
