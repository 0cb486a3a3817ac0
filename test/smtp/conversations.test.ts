/** Each file of conversations/ over a loopback socket: the client says exactly the file's octets, and then closes. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { composeMessage } from '#mime';
import {
  type Envelope,
  type MailData,
  openSession,
  type SessionSettings,
  SmtpError,
  type TranscriptRecord,
} from '#smtp';
import { htmlMail, pictureMail, textMail } from '../mime/tutorial-mails.ts';
import { type Authority, createAuthority, type Identity } from './certificates.ts';
import { clientSide, readConversation, replay } from './conversation.ts';
import { mailData } from './mails.ts';
import { serve } from './scripted-server.ts';
import { VirtualTime } from './virtual-time.ts';

const credentials = { user: 'news@example.com', password: 'open sesame' };
const one = mailData('Subject: one\r\n\r\nOne\r\n');
const two = mailData('Subject: two\r\n\r\nTwo\r\n');
const dots = mailData('Subject: dots\r\n\r\n', '.\r\n.', '. se\xc3\xb1or\r', '\n.a.\r\na\r\n\r\n');

interface Case {
  readonly security: SessionSettings['security'];
  readonly login?: boolean;
  readonly mails?: readonly {
    data: MailData;
    reversePath?: string;
    to?: readonly string[];
    outcomes: readonly string[];
  }[];
  /** Code and step of the error that opening ends in. */
  readonly fails?: string;
}

const CASES: Record<string, Case> = {
  'birthday-text': {
    security: 'starttls',
    login: true,
    mails: [{ data: composeMessage(textMail), outcomes: ['accepted 250 as 4XyZ12abCD'] }],
  },
  'birthday-html': {
    security: 'implicit-tls',
    login: true,
    mails: [{ data: composeMessage(htmlMail), outcomes: ['accepted 250 as 1tFQxY-0001Ab-2c'] }],
  },
  'birthday-picture': {
    security: 'none',
    mails: [{ data: composeMessage(pictureMail), outcomes: ['accepted 250 as 5AOCx1aB012345'] }],
  },
  helo: { security: 'none', mails: [{ data: one, outcomes: ['accepted 250'] }] },
  'two-mails': {
    security: 'none',
    mails: [
      { data: one, outcomes: ['accepted 250'] },
      { data: two, to: ['other@example.net'], outcomes: ['accepted 250'] },
    ],
  },
  reset: {
    security: 'none',
    mails: [
      { data: one, outcomes: ['refused 550 to MAIL'] },
      { data: one, outcomes: ['refused 550 to RCPT'] },
      { data: one, outcomes: ['deferred 451 to DATA'] },
      { data: one, outcomes: ['refused 554 to end of data'] },
      { data: one, outcomes: ['accepted 250'] },
    ],
  },
  'some-recipients': {
    security: 'none',
    mails: [
      {
        data: one,
        to: ['first@example.org', 'second@example.org', 'third@example.org', 'fourth@example.org'],
        outcomes: ['accepted 250', 'refused 550 to RCPT', 'accepted 250', 'deferred 552 to RCPT'],
      },
    ],
  },
  'many-lines': {
    security: 'none',
    mails: [{ data: dots, reversePath: '', outcomes: ['accepted 250 as 8F2B6A1D-1'] }],
  },
  'no-service': { security: 'none', fails: 'ERR_SMTP_REPLY at greeting' },
  'no-starttls': { security: 'starttls', login: true, fails: 'ERR_SMTP_TLS_REQUIRED at STARTTLS' },
  'starttls-refused': { security: 'starttls', login: true, fails: 'ERR_SMTP_TLS_REQUIRED at STARTTLS' },
  'starttls-forgets': { security: 'starttls', mails: [{ data: one, outcomes: ['accepted 250'] }] },
  'auth-legacy': { security: 'implicit-tls', login: true, mails: [] },
  'auth-refused': { security: 'implicit-tls', login: true, fails: 'ERR_SMTP_AUTH at AUTH' },
  'auth-extra-challenge': { security: 'implicit-tls', login: true, fails: 'ERR_SMTP_AUTH at AUTH' },
  'auth-unknown': { security: 'implicit-tls', login: true, fails: 'ERR_SMTP_AUTH at AUTH' },
};

let authority: Authority;
let identity: Identity;

beforeAll(async () => {
  authority = await createAuthority();
  identity = await authority.issue({ names: ['localhost', '127.0.0.1'] });
});

describe('the client', () => {
  it('is tried on each conversation that is there', () => {
    const files = readdirSync(join(import.meta.dirname, 'conversations'));
    expect(files.map((file) => file.replace(/\.txt$/, ''))).toEqual(Object.keys(CASES).sort());
  });

  it.each(Object.entries(CASES))('speaks %s', async (name, expected) => {
    const turns = readConversation(name);
    await using server = await serve(replay(turns, identity));
    const time = new VirtualTime();
    const records: TranscriptRecord[] = [];
    const spoken = speak(expected, { port: server.port, time, records });
    const [ended] = await Promise.all([spoken, server.done]);

    expect(ended).toEqual(expected.fails ?? (expected.mails ?? []).map(({ outcomes }) => outcomes));
    expect((await server.client).heard).toBe(clientSide(turns));
    expect(time.pending).toBe(0);
    expect(JSON.stringify(records)).not.toMatch(/sesame|b3BlbiBzZXNhbWU|Ab3BlbiBz|bmV3c0BleGFtcGxl/);
  });
});

async function speak(
  { security, login, mails = [] }: Case,
  { port, time, records }: { port: number; time: VirtualTime; records: TranscriptRecord[] },
): Promise<string[][] | string> {
  const record = (entry: TranscriptRecord): void => void records.push(entry);
  const settings: SessionSettings = {
    host: '127.0.0.1',
    port,
    security,
    clientName: 'client.example.com',
    ca: authority.ca,
    ...(login ? { credentials } : {}),
  };
  try {
    const session = await openSession(settings, { time, record });
    const outcomes: string[][] = [];
    for (const { data, reversePath = 'news@example.com', to = ['person@example.org'] } of mails) {
      const envelope: Envelope = { reversePath, forwardPaths: to };
      const { recipients, error } = await session.transact(envelope, data, { release: async () => true, record });
      expect(error).toBeNull();
      outcomes.push(
        recipients.map((result) => {
          if (!('reply' in result)) return result.outcome;
          const detail =
            result.outcome === 'accepted' ? result.queueId && ` as ${result.queueId}` : ` to ${result.step}`;
          return `${result.outcome} ${result.reply.code}${detail ?? ''}`;
        }),
      );
    }
    await session.quit();
    return outcomes;
  } catch (error) {
    if (error instanceof SmtpError) return `${error.code} at ${error.step}`;
    throw error;
  }
}
