/** Mails by our own engine through a real relay, read by somebody else's reader: what is written is what arrives. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseMailbox, parseNamedMailbox } from '#address';
import { systemClock, systemRandom } from '#local';
import { composeMessage, encodeAttachment, type Message } from '#mime';
import {
  AuthError,
  type MechanismName,
  openSession,
  type Session,
  type SessionSettings,
  TlsError,
  type TranscriptRecord,
} from '#smtp';
import { type Postfix, startPostfix } from './postfix.ts';
import { type ReadMessage, readMessages, waitForMessages } from './read-messages.ts';

const MODES = ['starttls', 'implicit-tls'] as const;
type Mode = (typeof MODES)[number];

/** Every octet there is, so that nothing on the way can change one unseen. */
const BYTES = Uint8Array.from({ length: 4096 }, (_, index) => (index * 7) % 256);
const sha256 = (octets: Uint8Array) => createHash('sha256').update(octets).digest('hex');

interface Letter {
  readonly name: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly file: string;
}

/** Names that a header cannot hold as they are, and bodies that a careless sender spoils. */
const LETTERS: readonly Letter[] = [
  { name: 'Ximena Ibáñez', subject: 'Café, señor?', text: 'Hola\n', html: '<p>Hola</p>\n', file: 'catálogo.pdf' },
  {
    name: '髙橋 さくら',
    subject: '新しい収穫 ☕',
    text: 'こんにちは\n',
    html: '<p>こんにちは</p>\n',
    file: '請求書.pdf',
  },
  { name: 'فاطمة الشريف', subject: 'مرحبا', text: 'مرحبا\n', html: '<p dir="rtl">مرحبا</p>\n', file: 'فاتورة.pdf' },
  { name: 'Ναταλία Παπαδοπούλου', subject: 'Νέα σοδειά', text: 'Γεια\n', html: '<p>Γεια</p>\n', file: 'τιμολόγιο.pdf' },
  {
    name: 'José "Pepe" Núñez, Dr.',
    subject: '=?utf-8?q?not_one?=',
    text: '.\n..\n. .\n',
    html: '.\n',
    file: 'a"b\\c; d.pdf',
  },
  {
    name: 'ไม้ '.repeat(40).trim(),
    subject: 'ยาว '.repeat(80).trim(),
    text: 'x'.repeat(5000),
    html: '<p>',
    file: 'ก'.repeat(60),
  },
  {
    name: 'Łukasz',
    subject: 'From here',
    text: 'From me\nFrom you \n\t\n\n',
    html: '<pre>=3D =\n</pre>\n',
    file: 'ł.pdf',
  },
];

let postfix: Postfix;
beforeAll(async () => {
  postfix = await startPostfix();
});
afterAll(() => postfix?.stop());

function settingsFor(mode: Mode): SessionSettings {
  return {
    host: postfix.host,
    port: mode === 'starttls' ? postfix.startTlsPort : postfix.implicitTlsPort,
    security: mode,
    clientName: 'client.example.com',
    ca: postfix.ca,
    credentials: { user: postfix.user, password: postfix.password },
  };
}

const open = (settings: SessionSettings, record: (entry: TranscriptRecord) => void = () => {}) =>
  openSession(settings, { time: systemClock(), random: systemRandom, record });

function send(session: Session, address: string, message: Message) {
  return session.transact({ reversePath: 'bounces@example.com', forwardPaths: [address] }, composeMessage(message), {
    release: async () => true,
    record: () => {},
  });
}

/** An address of its own, by which the message is found again. */
const addressOf = (mode: Mode, index: number) => `letter-${index}.${mode}@example.org`;

function messageOf(letter: Letter, mode: Mode, index: number): Message {
  const part = { name: letter.file, content: BYTES };
  return {
    date: Date.UTC(2026, 10, 24, 9, index),
    messageId: `${mode}.${index}@example.com`,
    from: parseNamedMailbox('Café Corazón <news@example.com>'),
    to: { name: letter.name, mailbox: parseMailbox(addressOf(mode, index)) },
    subject: letter.subject,
    text: letter.text,
    html: letter.html,
    inline: [
      encodeAttachment({
        name: 'logo.png',
        type: 'image/png',
        content: BYTES,
        disposition: 'inline',
        contentId: 'logo',
      }),
    ],
    attachments: [encodeAttachment({ ...part, type: 'application/pdf', disposition: 'attachment' })],
  };
}

describe.each(MODES)('a session by %s', (mode) => {
  it('delivers what was written, octet for octet', async () => {
    const session = await open(settingsFor(mode));
    for (const [index, letter] of LETTERS.entries()) {
      const { recipients } = await send(session, addressOf(mode, index), messageOf(letter, mode, index));
      expect(recipients).toMatchObject([{ outcome: 'accepted', queueId: expect.any(String) }]);
    }
    await session.quit();
    const arrived = await arrivedFor(mode, LETTERS.length);
    const expected = LETTERS.map((letter, index) => ({
      to: [{ name: letter.name, address: addressOf(mode, index) }],
      subject: letter.subject,
      text: letter.text,
      html: letter.html,
      attachments: [
        { name: 'logo.png', type: 'image/png', disposition: 'inline', cid: '<logo>', sha256: sha256(BYTES) },
        { name: letter.file, type: 'application/pdf', disposition: 'attachment', cid: null, sha256: sha256(BYTES) },
      ],
      defects: [],
    }));
    expect(
      arrived.map(({ to, subject, text, html, attachments, defects }) => ({
        to,
        subject,
        text,
        html,
        attachments,
        defects,
      })),
    ).toEqual(expected);
  });

  it('says of each recipient what the server said, and goes on', async () => {
    const session = await open(settingsFor(mode));
    const letter = messageOf(LETTERS[0] ?? fail(), mode, 0);
    const envelope = {
      reversePath: '',
      forwardPaths: ['bounce@example.com', 'later@example.com', 'someone@elsewhere.test'],
    };
    const { recipients, error } = await session.transact(envelope, composeMessage(letter), {
      release: async () => true,
      record: () => {},
    });
    expect(recipients).toMatchObject([
      { outcome: 'refused', step: 'RCPT', reply: { code: 550, enhancedStatus: '5.1.1' } },
      { outcome: 'deferred', step: 'RCPT', reply: { code: 451, enhancedStatus: '4.3.0' } },
      { outcome: 'refused', step: 'RCPT', reply: { code: 554, enhancedStatus: '5.7.1' } },
    ]);
    expect(error).toBeNull();
    expect(session.usable).toBe(true);
    await session.quit();
  });

  it('is not opened with a wrong password', async () => {
    const credentials = { user: postfix.user, password: 'wonderland' };
    await expect(open({ ...settingsFor(mode), credentials })).rejects.toThrow(AuthError);
  });

  it('is not opened on a certificate of an unknown CA', async () => {
    const { ca: _ca, ...strangers } = settingsFor(mode);
    await expect(open(strangers)).rejects.toThrow(TlsError);
  });

  it('is not opened on a certificate for another name', async () => {
    await expect(open({ ...settingsFor(mode), servername: 'smtp.example.com' })).rejects.toThrow(TlsError);
  });
});

describe('a login by Dovecot', () => {
  const MECHANISMS: readonly MechanismName[] = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'LOGIN', 'CRAM-MD5'];

  it.each(MECHANISMS)('with %s is made with the password, and with no other', async (mechanism) => {
    const session = await open({ ...settingsFor('starttls'), mechanism });
    expect(session.usable).toBe(true);
    await session.quit();
    const credentials = { user: postfix.user, password: 'wonderland' };
    await expect(open({ ...settingsFor('starttls'), mechanism, credentials })).rejects.toThrow(AuthError);
  });

  it('is made with the best mechanism that it has', async () => {
    const records: TranscriptRecord[] = [];
    await (await open(settingsFor('implicit-tls'), (entry) => records.push(entry))).quit();
    const said = records.filter(({ by }) => by === 'client').map(({ text }) => text);
    expect(said.slice(1, 4)).toEqual(['AUTH SCRAM-SHA-256 <…>', '<…>', '<…>']);
  });
});

/** The letters sent by one mode, in their order, once all have come. */
async function arrivedFor(mode: Mode, count: number): Promise<ReadMessage[]> {
  await waitForMessages(postfix.maildir, count * (MODES.indexOf(mode) + 1));
  const all = await readMessages(postfix.maildir);
  return all
    .filter(({ deliveredTo }) => deliveredTo?.endsWith(`.${mode}@example.org`))
    .toSorted((a, b) => String(a.deliveredTo).localeCompare(String(b.deliveredTo)));
}

function fail(): never {
  throw new Error('Cannot test: there is no letter');
}
