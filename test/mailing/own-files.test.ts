/** Files that rows name: who shares one has it read once, and no number of them fills the memory. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { openCampaignFolder } from '#local';
import { loadCampaign, MailComposer } from '#mailing';
import { OwnFiles } from '../../functions/mailing/own-files.ts';
import { temporaryFolder, writeCampaign } from '../cli/cartero.ts';

/** Files by a name in place of their hash, and what was asked for. */
function reading(octetsOf: (name: string) => Uint8Array) {
  const read: string[] = [];
  const files = new OwnFiles(async (name) => {
    read.push(name);
    return octetsOf(name);
  });
  return { files, read };
}

const base64 = ({ base64 }: { base64: Uint8Array }) => Buffer.from(base64).toString();

test('a file is kept from the second mail on, which has shown that it is shared', async () => {
  const { files, read } = reading((name) => Buffer.from(name));
  const parts = [];
  for (const name of ['a', 'b', 'a', 'a', 'c', 'a']) parts.push(await files.encoded(name));
  expect(read).toEqual(['a', 'b', 'a', 'c']);
  expect(parts.map(base64)).toEqual(['YQ==', 'Yg==', 'YQ==', 'YQ==', 'Yw==', 'YQ==']);
  expect(parts[5]).toBe(parts[2]);
});

test('those that were asked for last are kept, to 32 MiB', async () => {
  const { files, read } = reading(() => Buffer.alloc(9 * 1024 * 1024));
  for (const name of ['a', 'a', 'b', 'b']) await files.encoded(name);
  // In base64 12.3 MiB each: a third one takes the place of the one that nobody has asked for since.
  for (const name of ['a', 'c', 'c']) await files.encoded(name);
  expect(read.splice(0)).toEqual(['a', 'a', 'b', 'b', 'c', 'c']);
  for (const name of ['a', 'c', 'b']) await files.encoded(name);
  expect(read).toEqual(['b']);
});

test('what is larger than that is read for each mail', async () => {
  const { files, read } = reading(() => Buffer.alloc(25 * 1024 * 1024));
  for (const name of ['a', 'a', 'a']) await files.encoded(name);
  expect(read).toEqual(['a', 'a', 'a']);
});

test('mails at once have the same octets, and a reading that fails is asked for again', async () => {
  let isThere = false;
  const { files, read } = reading(() => {
    if (!isThere) throw new Error('the disk is gone');
    return Buffer.from('x');
  });
  await expect(files.encoded('a')).rejects.toThrow('the disk is gone');
  isThere = true;
  await files.encoded('a');
  expect((await Promise.all([files.encoded('a'), files.encoded('a')])).map(base64)).toEqual(['eA==', 'eA==']);
  await files.encoded('a');
  expect(read).toEqual(['a', 'a', 'a', 'a']);
});

test('mails carry one piece of a file that rows name or rename, octet for octet what each would have alone', async () => {
  const root = temporaryFolder();
  const terms = Buffer.alloc(30_000, 'terms ');
  const folder = await writeCampaign(root, 'letters', {
    'campaign.json': JSON.stringify({
      from: 'N <n@example.com>',
      attachments: [
        { object: 'terms/{{country}}.pdf', name: 'Terms for {{name}}.pdf' },
        { object: 'brochure.pdf', name: '{{name}}, our brochure.pdf' },
      ],
    }),
    'terms/es.pdf': terms,
    'brochure.pdf': Buffer.alloc(20_000, 'brochure '),
    'subject.hbs': 'Hello',
    'body.txt.hbs': 'Hello',
  });
  const loaded = await loadCampaign(await openCampaignFolder(folder, { projectTemplates: root }));
  const content = createHash('sha256').update(terms).digest('hex');
  const open = () => MailComposer.open(loaded, { date: 0, readFile: async () => terms });
  const composer = await open();
  const pieces: (readonly Uint8Array[])[] = [];
  for (const name of ['Ana', 'Zoë', 'Eve']) {
    const row = {
      recipient: `${pieces.length}@example.com`,
      messageId: 'a@example.com',
      fields: { name, country: 'es' },
      files: [{ object: 'terms/es.pdf', content }, null],
    };
    const { data } = await composer.compose(row);
    expect(Buffer.concat(data.pieces)).toEqual(Buffer.concat((await (await open()).compose(row)).data.pieces));
    pieces.push(data.pieces);
  }
  const [first = [], second = [], third = []] = pieces;
  const shared = (one: readonly Uint8Array[], other: readonly Uint8Array[]) =>
    one.filter((piece) => other.includes(piece)).map((piece) => piece.length);
  const [termsOctets, brochureOctets] = [41_052, 27_368];
  expect(shared(first, second)).toEqual([brochureOctets]);
  expect(shared(second, third)).toEqual([termsOctets, brochureOctets]);
});
