/**
 * The hash function with which a certificate is signed, for `tls-server-end-point`. A certificate is
 * `SEQUENCE { tbsCertificate, signatureAlgorithm { OID, parameters }, signatureValue }` (RFC 5280 §4.1), and the OID, or
 * for RSASSA-PSS its parameters, name the function.
 */

/** RFC 5929 §4.1: MD5 and SHA-1 are replaced by SHA-256. */
const WEAK = 'sha256';

/** Object identifiers in hex, as DER has them (RFC 3279, RFC 4055, RFC 5758). */
const HASH_OF_SIGNATURE: ReadonlyMap<string, string> = new Map([
  ['2a864886f70d010104', WEAK], // md5WithRSAEncryption
  ['2a864886f70d010105', WEAK], // sha1WithRSAEncryption
  ['2a864886f70d01010e', 'sha224'],
  ['2a864886f70d01010b', 'sha256'],
  ['2a864886f70d01010c', 'sha384'],
  ['2a864886f70d01010d', 'sha512'],
  ['2a8648ce380403', WEAK], // dsa-with-sha1
  ['2a8648ce3d0401', WEAK], // ecdsa-with-SHA1
  ['2a8648ce3d040301', 'sha224'],
  ['2a8648ce3d040302', 'sha256'],
  ['2a8648ce3d040303', 'sha384'],
  ['2a8648ce3d040304', 'sha512'],
  ['608648016503040301', 'sha224'], // id-dsa-with-sha224
  ['608648016503040302', 'sha256'],
]);
const RSASSA_PSS = '2a864886f70d01010a';
const HASHES: ReadonlyMap<string, string> = new Map([
  ['2b0e03021a', WEAK], // id-sha1
  ['608648016503040204', 'sha224'],
  ['608648016503040201', 'sha256'],
  ['608648016503040202', 'sha384'],
  ['608648016503040203', 'sha512'],
]);

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
/** RFC 4055 §3.1: `hashAlgorithm [0]`, DEFAULT SHA-1. */
const PSS_HASH = 0xa0;

interface Element {
  readonly tag: number;
  readonly content: Buffer;
}

/** @param certificate DER @returns by Node's name for it; `null` where there is none, as for Ed25519, or it is unknown */
export function signatureHashOf(certificate: Uint8Array): string | null {
  const [whole] = elementsOf(Buffer.from(certificate));
  const [, signatureAlgorithm] = within(whole, SEQUENCE);
  const [identifier, parameters] = within(signatureAlgorithm, SEQUENCE);
  const oid = oidOf(identifier);
  return oid === RSASSA_PSS ? pssHash(parameters) : (HASH_OF_SIGNATURE.get(oid) ?? null);
}

function pssHash(parameters: Element | undefined): string | null {
  const hash = within(parameters, SEQUENCE).find(({ tag }) => tag === PSS_HASH);
  if (hash === undefined) return WEAK;
  const [algorithm] = elementsOf(hash.content);
  const [identifier] = within(algorithm, SEQUENCE);
  return HASHES.get(oidOf(identifier)) ?? null;
}

function oidOf(element: Element | undefined): string {
  return element?.tag === OBJECT_IDENTIFIER ? element.content.toString('hex') : '';
}

function within(element: Element | undefined, tag: number): Element[] {
  return element?.tag === tag ? elementsOf(element.content) : [];
}

/** X.690 §8.1: tag, length, content, one after the other; up to what cannot be read. */
function elementsOf(octets: Buffer): Element[] {
  const elements: Element[] = [];
  for (let at = 0; at + 2 <= octets.length; ) {
    const tag = octets.readUInt8(at);
    const first = octets.readUInt8(at + 1);
    // From 0x80 on, it counts the octets that say how long the content is.
    const lengthOctets = first < 0x80 ? 0 : first - 0x80;
    const start = at + 2 + lengthOctets;
    if (lengthOctets > 4 || start > octets.length) break;
    const length = lengthOctets === 0 ? first : octets.readUIntBE(at + 2, lengthOctets);
    elements.push({ tag, content: octets.subarray(start, start + length) });
    at = start + length;
  }
  return elements;
}
