/** Whatever is signed passes with three verifiers written by others, and fails with them once it is changed. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DkimSigner } from '#mime';
import { KEYS, RECORDS } from '../../mime/dkim/signing.ts';
import { generated } from '../messages.ts';
import { mailauth, opendkim, python, type SignedMails, type Verifier } from './verifiers.ts';

/** `DKIM_MESSAGES=10000 DKIM_SEED=1` for more, or others. */
const MESSAGES = Number(process.env.DKIM_MESSAGES ?? 300);
const SEED = Number(process.env.DKIM_SEED ?? 1);
const BATCH = 100;
const CHANGED = 40;
/** Ten thousand take a minute. */
const WRITING_MS = 600_000;
/** 2026-09-01. A signature of the time to come is refused by some, and so is epoch 0. */
const SIGNED_AT = Date.UTC(2026, 8, 1);

const folders: string[] = [];

/** @param change is done to each mail after it was signed */
function signedMails(count: number, change: (mail: Buffer) => Buffer = (mail) => mail): SignedMails {
  const folder = mkdtempSync(join(tmpdir(), 'cartero-dkim-'));
  folders.push(folder);
  // OpenDKIM tells of the first signature only: every other mail has Ed25519 in front.
  const signers = [new DkimSigner(KEYS), new DkimSigner(KEYS.toReversed())];
  for (let first = 0; first < count; first += BATCH) {
    for (const [index, { octets }] of generated(Math.min(BATCH, count - first), SEED + first).entries()) {
      const data = { pieces: [octets], octets: octets.length, sevenBit: true, hasDotLine: false };
      const signed = signers[index % 2]?.sign(data, SIGNED_AT) ?? data;
      writeFileSync(join(folder, `${first + index}.eml`), change(Buffer.concat(signed.pieces)));
    }
  }
  return { folder, count, records: RECORDS };
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const verifiers: readonly [name: string, verify: Verifier, signatures: number][] = [
  ['mailauth', mailauth, 2],
  ['dkimpy', python, 2],
  ['OpenDKIM', opendkim, 1],
];

describe(`${MESSAGES} signed messages of seed ${SEED}`, () => {
  let mails: SignedMails;
  beforeAll(() => {
    mails = signedMails(MESSAGES);
  }, WRITING_MS);

  it.each(verifiers)('pass with %s', async (_name, verify, signatures) => {
    const verdicts = await verify(mails);
    const failed = verdicts.flatMap(({ passed }, index) => (passed === signatures ? [] : [index]));
    expect([verdicts.length, failed]).toEqual([MESSAGES, []]);
  });
});

describe('signed messages that were changed', () => {
  const changes: readonly [what: string, change: (mail: Buffer) => Buffer][] = [
    ['by a second From', (mail) => Buffer.concat([Buffer.from('From: other@example.com\r\n'), mail])],
    ['by a line behind the body', (mail) => Buffer.concat([mail, Buffer.from('more\r\n')])],
  ];
  it.each(changes.flatMap(([what, change]) => verifiers.map((each) => [what, each[0], each[1], change] as const)))(
    '%s fail with %s',
    async (_what, _name, verify, change) => {
      const verdicts = await verify(signedMails(CHANGED, change));
      expect(verdicts.map(({ passed }) => passed)).toEqual(Array(CHANGED).fill(0));
    },
  );
});
