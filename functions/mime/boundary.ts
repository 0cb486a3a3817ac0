import { hash } from 'node:crypto';

/** Characters of the digest that go into a boundary: 144 bits. */
const DIGEST_CHARACTERS = 24;

/** As long as any boundary of a message. */
export const SAMPLE_BOUNDARY = `=_0_${'x'.repeat(DIGEST_CHARACTERS)}`;

/**
 * The boundaries of one message: `=_1_…`, `=_2_…` with a digest of `seed`, so that composing again gives the same octets.
 *
 * None can occur in what it divides (RFC 2046 §5.1.1), by construction: quoted-printable never has `=_`, base64 has no
 * `_`, and a text with `--=_` in it is not sent as 7bit (text-body.ts). The number stands in front because a reader
 * takes a line that only begins with a delimiter for that delimiter.
 */
export function boundaries(seed: string): () => string {
  let count = 0;
  return () => `=_${++count}_${digestOf(seed)}`;
}

/** The mails of one mailing have the same seed, one after the other. */
let latest = { seed: '', digest: '' };

function digestOf(seed: string): string {
  if (latest.seed !== seed || latest.digest === '') {
    latest = { seed, digest: hash('sha256', seed, 'base64url').slice(0, DIGEST_CHARACTERS) };
  }
  return latest.digest;
}
