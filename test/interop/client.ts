/** The engine, set up for one of the servers here. */
import { systemClock, systemRandom } from '#local';
import {
  type Credentials,
  type Envelope,
  type MechanismName,
  openSession,
  type RecipientResult,
  type Session,
  type SessionSettings,
  type TransactionResult,
} from '#smtp';
import type { Mail } from './mails.ts';
import type { RunningServer } from './running-server.ts';
import type { Security, ServerKind } from './servers.ts';

/** How mail data goes, best last. */
export const TRANSFERS = ['DATA', 'PIPELINING', 'CHUNKING'] as const;
export type Transfer = (typeof TRANSFERS)[number];

const WITHOUT = {
  DATA: ['PIPELINING', 'CHUNKING'],
  PIPELINING: ['CHUNKING'],
  CHUNKING: [],
} as const satisfies Record<Transfer, readonly string[]>;

export const MODES = { DATA: 'lockstep', PIPELINING: 'pipelining', CHUNKING: 'chunking' } as const;

const PASSWORDS = { right: 'wonder land', wrong: 'wonderland' } as const;
const TOKENS = { right: 'looking-glass', wrong: 'glass' } as const;

export interface Opening {
  readonly security: Security;
  readonly transfer?: Transfer;
  readonly depth?: number;
  /** Default: no login. */
  readonly login?: {
    /** Default: left to the engine. */
    readonly mechanism?: MechanismName;
    readonly secret: 'right' | 'wrong';
  };
  /** Gets the lines of the conversation. */
  readonly said?: string[];
}

export function settingsFor(kind: ServerKind, server: RunningServer, opening: Opening): SessionSettings {
  const { security, transfer, depth, login } = opening;
  return {
    host: '127.0.0.1',
    port: security === 'implicit-tls' ? server.tlsPort : server.port,
    security,
    clientName: 'client.mail.test',
    servername: 'mail.test',
    ...(server.ca === null ? {} : { ca: server.ca }),
    ...(transfer === undefined ? {} : { without: WITHOUT[transfer] }),
    ...(depth === undefined ? {} : { depth }),
    ...(login === undefined ? {} : { credentials: credentialsFor(kind, login) }),
    ...(login?.mechanism === undefined ? {} : { mechanism: login.mechanism }),
  };
}

function credentialsFor({ user }: ServerKind, { mechanism, secret }: NonNullable<Opening['login']>): Credentials {
  const isToken = mechanism === 'XOAUTH2' || mechanism === 'OAUTHBEARER';
  return isToken ? { user, token: async () => TOKENS[secret] } : { user, password: PASSWORDS[secret] };
}

export function open(kind: ServerKind, server: RunningServer, opening: Opening): Promise<Session> {
  return openSession(settingsFor(kind, server, opening), {
    time: systemClock(),
    random: systemRandom,
    record: ({ text }) => opening.said?.push(text),
  });
}

export const FROM_ALICE_TO_BOB: Envelope = { reversePath: 'alice@mail.test', forwardPaths: ['bob@mail.test'] };

/** @param said gets the lines of the conversation */
export function send(
  session: Session,
  data: Mail['data'],
  envelope: Envelope = FROM_ALICE_TO_BOB,
  said: string[] = [],
): Promise<TransactionResult> {
  return session.transact(envelope, data, {
    release: async () => true,
    record: ({ text }) => said.push(text),
  });
}

/** OpenSMTPD takes no more than 100 mails in a session. */
const MAILS_IN_SESSION = 60;

/** Sends them as fast as the session lets them go. @returns what became of each, in order */
export async function sendAll(openNext: () => Promise<Session>, mails: readonly Mail[]): Promise<RecipientResult[]> {
  const results: Promise<TransactionResult>[] = [];
  for (let from = 0; from < mails.length; from += MAILS_IN_SESSION) {
    const session = await openNext();
    for (const { data } of mails.slice(from, from + MAILS_IN_SESSION)) {
      await session.ready();
      results.push(send(session, data));
    }
    await session.quit();
  }
  return (await Promise.all(results)).flatMap(({ recipients }) => recipients);
}
