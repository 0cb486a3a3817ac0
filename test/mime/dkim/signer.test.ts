/** Signed mails, as mailauth verifies them: untouched they pass, and whatever is changed or added breaks both signatures. */
import { generateKeyPairSync } from 'node:crypto';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { describe, expect, it } from 'vitest';
import { parseNamedMailbox } from '#address';
import {
  alignedKeys,
  composeMessage,
  DkimKeyError,
  DkimSigner,
  dkimRecord,
  encodeAttachment,
  type Message,
  readSigningKey,
} from '#mime';
import { generated } from '../../differential/messages.ts';
import { PLAIN } from '../fixtures.ts';
import { DOMAIN, KEYS, PEMS, resolver } from './signing.ts';

const signed = (change: Partial<Message> = {}) =>
  new DkimSigner(KEYS).sign(composeMessage({ ...PLAIN, ...change }), PLAIN.date);
const textOf = ({ pieces }: { pieces: readonly Uint8Array[] }) => Buffer.concat(pieces).toString('latin1');

async function verdicts(message: string): Promise<string[]> {
  const { results } = await dkimVerify(Buffer.from(message, 'latin1'), { resolver });
  return results.map(({ status }) => status.result).sort();
}

describe('a signed mail', () => {
  it('is the mail with both signatures in front, its octets counted', async () => {
    const data = composeMessage(PLAIN);
    const mail = new DkimSigner(KEYS).sign(data, PLAIN.date);
    expect(mail.pieces.slice(1)).toEqual(data.pieces);
    expect(mail.octets).toBe(Buffer.concat(mail.pieces).length);
    expect(textOf(mail).match(/^DKIM-Signature: v=1; a=\S+/gm)).toEqual([
      'DKIM-Signature: v=1; a=rsa-sha256;',
      'DKIM-Signature: v=1; a=ed25519-sha256;',
    ]);
    expect(
      Math.max(
        ...textOf(mail)
          .split('\r\n')
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(78);
    expect(await verdicts(textOf(mail))).toEqual(['pass', 'pass']);
  });

  it('is the same, octet for octet, at every attempt', () => {
    expect(textOf(signed())).toBe(textOf(signed()));
  });

  it('says its time, and never how much of the body is signed', () => {
    const own = textOf(signed()).slice(0, textOf(signed()).indexOf('\r\nDate:'));
    expect(own).toContain(` t=${Math.floor(PLAIN.date / 1000)};`);
    expect(own).not.toMatch(/[ ;]l=/);
  });

  it.each([
    ...['From', 'To', 'Cc', 'Subject', 'Date', 'Message-ID', 'Reply-To', 'Sender', 'MIME-Version', 'Content-Type'],
    ...[
      'Content-Transfer-Encoding',
      'List-Id',
      'List-Help',
      'List-Unsubscribe',
      'List-Unsubscribe-Post',
      'List-Subscribe',
      'List-Post',
      'List-Owner',
      'List-Archive',
      'In-Reply-To',
      'References',
      'X-Campaign',
    ],
  ])('is broken by another %s', async (name) => {
    const mail = textOf(signed({ headers: [['X-Campaign', 'harvest']] }));
    const second = `${name}: another <b@example.com>\r\n`;
    expect(await verdicts(mail.replace('Date:', `${second}Date:`))).not.toContain('pass');
    expect(await verdicts(mail.replace('\r\n\r\n', `\r\n${second}\r\n`))).not.toContain('pass');
  });

  it('is broken by what is added behind the body', async () => {
    expect(await verdicts(`${textOf(signed())}more\r\n`)).not.toContain('pass');
  });

  it('bears what relays do to white space, and fields of their own', async () => {
    const mail = `Received: from a by b\r\n${textOf(signed({ subject: 'Two  words' }))}\r\n\r\n`;
    expect(await verdicts(mail.replace('\r\nSubject: ', '\r\nSUBJECT:\t '))).toEqual(['pass', 'pass']);
  });

  it('bears a mailbox beyond ASCII, whose field is UTF-8', async () => {
    const mail = signed({ to: parseNamedMailbox('"à" <ünïcödé.à@example.org>'), from: PLAIN.from });
    expect(mail.sevenBit).toBe(false);
    expect(await verdicts(textOf(mail))).toEqual(['pass', 'pass']);
  });

  it('shares attachments with other mails, and goes on from the hash of what they have in common', async () => {
    const content = Buffer.alloc(200_000, 'some content ');
    const attachments = [encodeAttachment({ name: 'a.bin', type: 'a/b', content, disposition: 'attachment' })];
    const signer = new DkimSigner(KEYS);
    for (const text of ['the same', 'the same', 'another', 'the same', 'the same']) {
      const letter = { ...PLAIN, text, attachments, boundarySeed: 'seed' };
      const mail = textOf(signer.sign(composeMessage(letter), PLAIN.date));
      expect(mail).toBe(textOf(new DkimSigner(KEYS).sign(composeMessage(letter), PLAIN.date)));
      expect(await verdicts(mail)).toEqual(['pass', 'pass']);
    }
  });

  it('passes whatever is in it', async () => {
    const signer = new DkimSigner(KEYS);
    for (const { octets } of generated(200, 8463)) {
      const data = { pieces: [octets], octets: octets.length, sevenBit: true, hasDotLine: false };
      expect(await verdicts(textOf(signer.sign(data, 0)))).toEqual(['pass', 'pass']);
    }
  });
});

describe('alignedKeys', () => {
  const keys = [{ domain: 'example.com' }, { domain: 'news.example.com' }, { domain: 'example.org' }];
  it.each([
    ['example.com', ['example.com']],
    ['news.example.com', ['news.example.com']],
    ['a.news.example.com', ['news.example.com']],
    ['shop.example.com', ['example.com']],
    ['badexample.com', []],
    ['com', []],
  ])('%s', (from, domains) => {
    expect(alignedKeys(keys, from).map(({ domain }) => domain)).toEqual(domains);
  });
});

describe('readSigningKey', () => {
  const names = { domain: DOMAIN, selector: 's' };
  const rsa = (modulusLength: number, type: 'pkcs1' | 'pkcs8') =>
    generateKeyPairSync('rsa', { modulusLength }).privateKey.export({ type, format: 'pem' }).toString();
  const refused: readonly [what: string, names: { domain: string; selector: string }, pem: string, field: string][] = [
    ['RSA of 1024 bits', names, rsa(1024, 'pkcs8'), 'key'],
    ['no key', names, 'secret words', 'key'],
    [
      'an encrypted key',
      names,
      generateKeyPairSync('ed25519')
        .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
        .toString(),
      'key',
    ],
    [
      'a key of another kind',
      names,
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      'key',
    ],
    ['a domain that is none', { ...names, domain: 'a b' }, PEMS.ed, 'domain'],
    ['a selector that is none', { ...names, selector: 'a;b' }, PEMS.ed, 'selector'],
  ];
  it.each(refused)('refuses %s, and says nothing of the key', (_what, written, pem, field) => {
    const read = () => readSigningKey(written, pem);
    expect(read).toThrow(DkimKeyError);
    expect(read).toThrow(expect.objectContaining({ field }));
    expect(read).not.toThrow(/secret|PRIVATE|M[A-Za-z0-9]{40}/);
  });

  it('reads PKCS#1, and a domain beyond ASCII in A-labels', () => {
    const key = readSigningKey({ domain: 'Bücher.example', selector: 's' }, rsa(2048, 'pkcs1'));
    expect(key).toMatchObject({ algorithm: 'rsa-sha256', domain: 'xn--bcher-kva.example' });
  });

  it('cuts a record at 255 octets', () => {
    const { value, strings } = dkimRecord(names, PEMS.rsa);
    expect(strings.map((each) => each.length)).toEqual([255, value.length - 255]);
    expect(strings.join('')).toBe(value);
  });
});
