/**
 * Which relay a command sends to: --relay, else CARTERO_RELAY, else the campaign's in infra/relays.json, else the embedded server.
 * The secret that relays.json names is a file in the folder that CARTERO_SECRETS names.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type EmbeddedServer, loadInbox, openSecretFolder, systemClock, systemRandom } from '#local';
import {
  Credentials,
  findMaxMessageOctets,
  findRelay,
  findWarmUp,
  nearName,
  parseRelayUrl,
  type Relay,
  RelayError,
  relayLoginOf,
  relayNames,
  StoredLogin,
} from '#mailing';
import {
  checkSettings,
  openSession,
  type Session,
  type SessionSettings,
  SettingsError,
  type TranscriptRecord,
} from '#smtp';
import { PROJECT } from './campaigns.ts';
import type { Shell } from './command.ts';

/** A relay by its settings, which another process can be given. */
export interface ConnectedRelay {
  readonly relay: Relay;
  readonly files: RelayFiles;
  readonly inbox: string | null;
}

/** Which relay is meant, as it was typed. */
export interface RelayWords {
  readonly url?: string | undefined;
  /** Of the campaign's relay in infra/relays.json. */
  readonly name: string;
  readonly inbox: string;
  readonly depth?: number | undefined;
}

export interface OpenRelay {
  readonly relay: Relay;
  readonly connected: ConnectedRelay;
  /** Where the embedded server lays its messages; `null` for any other relay. */
  readonly inbox: string | null;
  openSession(record: (entry: TranscriptRecord) => void, signal?: AbortSignal): Promise<Session>;
  close(): Promise<void>;
}

type RelayFiles = Pick<SessionSettings, 'ca' | 'clientCertificate'>;

/** What is meant, before anything is connected or started. */
export interface ChosenRelay {
  /** Nobody is named: the embedded server, so that what is sent leaves this machine for nobody. */
  readonly isEmbedded: boolean;
  open(): Promise<OpenRelay>;
}

/** A relay that says nothing for so long is no relay: people wait here. RFC 5321 §4.5.3.2 has 5 minutes for the greeting. */
const GREETING_TIMEOUT_MS = 30_000;

/**
 * Reads and checks which relay is meant; nothing is connected or started before `open`.
 * @param inbox folder of the embedded server's messages
 * @param depth mail transactions in flight on a connection, in place of the relay's own
 * @throws RelayError
 */
export async function chooseRelay(options: RelayWords, shell: Shell): Promise<ChosenRelay> {
  const named = await namedRelay(options, shell);
  if (named !== null) {
    return {
      isEmbedded: false,
      open: async () =>
        connectTo(atDepth(named.relay, options.depth), named.files, null, async () => {}, named.credentials),
    };
  }
  const open = async () => {
    const { InboxStore, startEmbeddedServer } = await loadInbox();
    const server = await startEmbeddedServer({ store: await InboxStore.open(options.inbox) });
    return connectTo(atDepth(embeddedRelay(server), options.depth), { ca: server.ca }, options.inbox, () =>
      server.close(),
    );
  };
  return { isEmbedded: true, open };
}

function atDepth(relay: Relay, depth: number | undefined): Relay {
  return depth === undefined ? relay : { ...relay, session: { ...relay.session, depth } };
}

/** The embedded server as a relay: implicit TLS, its own login, its own authority. */
export function embeddedRelay(server: EmbeddedServer): Relay {
  const { host, implicitTlsPort: port, user, password } = server;
  return {
    label: `the embedded server (${host}:${port})`,
    session: { host, port, security: 'implicit-tls', clientName: clientName(), credentials: { user, password } },
  };
}

/**
 * @param files what the relay's settings have in files
 * @param credentials of a relay whose login is a secret
 */
export function connectTo(
  relay: Relay,
  files: RelayFiles,
  inbox: string | null,
  close: () => Promise<void>,
  credentials?: Credentials,
): OpenRelay {
  const settings = {
    timeouts: { greetingMs: GREETING_TIMEOUT_MS },
    ...relay.session,
    ...files,
  };
  const clock = systemClock();
  const open = (by: SessionSettings, record: (entry: TranscriptRecord) => void, signal?: AbortSignal) =>
    openSession(by, { time: clock, random: systemRandom, record, ...(signal ? { signal } : {}) });
  const { secret } = relay;
  const login =
    secret === undefined || credentials === undefined
      ? null
      : new StoredLogin({ credentials, secret, clock, settings, open });
  return {
    relay,
    connected: { relay, files, inbox },
    inbox,
    openSession: (record, signal) =>
      login === null ? open(settings, record, signal) : login.open(record, signal ?? NEVER),
    close,
  };
}

const NEVER = new AbortController().signal;

interface NamedRelay {
  readonly relay: Relay;
  readonly files: RelayFiles;
  /** Where its login is a secret. */
  readonly credentials?: Credentials;
}

/** Its login is looked at before anything is connected, and says who it is that shares the relay. */
async function withSecret(relay: Relay, secret: string, files: RelayFiles, shell: Shell): Promise<NamedRelay> {
  const folder = shell.env.CARTERO_SECRETS ?? '';
  if (folder === '') {
    throw new RelayError(
      `its login is the secret ${JSON.stringify(secret)}; set CARTERO_SECRETS to the folder that has ${JSON.stringify(`${secret}.json`)}, CARTERO_RELAY to the relay's URL, or give --relay`,
    );
  }
  const credentials = new Credentials(openSecretFolder(resolve(shell.cwd, folder)), systemClock());
  const { clientCertificate, ...login } = relayLoginOf(await credentials.relay(secret));
  const all = { ...files, ...(clientCertificate === undefined ? {} : { clientCertificate }) };
  return { relay: { ...relay, session: { ...relay.session, ...login } }, files: all, credentials };
}

async function namedRelay(
  { url, name }: { url?: string | undefined; name: string },
  shell: Shell,
): Promise<NamedRelay | null> {
  const given = url ?? shell.env.CARTERO_RELAY;
  const file = relaysFile(shell);
  if (given !== undefined && given !== '') {
    const relay = parseRelayUrl(given, clientName());
    const warmUp = file === undefined ? undefined : findWarmUp(name, file, await readFile(file, 'utf8'));
    return { relay: warmUp === undefined ? relay : { ...relay, warmUp }, files: await readFiles(relay, shell.cwd) };
  }
  const relay = file === undefined ? null : findRelay(name, file, await readFile(file, 'utf8'), clientName());
  if (relay !== null && file !== undefined) {
    const files = await readFiles(relay, dirname(file));
    return relay.secret === undefined ? { relay, files } : withSecret(relay, relay.secret, files, shell);
  }
  if (name !== 'default')
    throw new RelayError(
      `the campaign names the relay "${name}", and ${file ?? 'infra/relays.json'} has none of that name`,
    );
  return null;
}

/**
 * Why the relay that a campaign names cannot be found, `null` where it can. Nobody's credentials are wanted for it.
 * @throws RelayError where infra/relays.json is not in order
 */
export async function relayNameProblem(name: string, shell: Shell): Promise<string | null> {
  const file = relaysFile(shell);
  const names = file === undefined ? [] : relayNames(file, await readFile(file, 'utf8'));
  if (name === 'default' || names.includes(name)) return null;
  const near = nearName(names, name);
  const known = names.length > 0 ? `there are ${names.join(', ')}` : 'it names none';
  return `there is no relay "${name}" in ${file ?? 'infra/relays.json'}; ${near === null ? known : `did you mean "${near}"?`}`;
}

/** What the relay's settings say that it takes. @throws RelayError where infra/relays.json is not in order */
export async function maxMessageOctets(name: string, shell: Shell): Promise<number | undefined> {
  const file = relaysFile(shell);
  return file === undefined ? undefined : findMaxMessageOctets(name, file, await readFile(file, 'utf8'));
}

export function relaysFile({ cwd }: Shell): string | undefined {
  return [join(cwd, 'infra', 'relays.json'), join(PROJECT, 'infra', 'relays.json')].find((path) => existsSync(path));
}

/** @throws RelayError where one cannot be read, or certificate and key do not belong together */
async function readFiles({ caFile, clientCertificate, session }: Relay, folder: string): Promise<RelayFiles> {
  const read = (file: string, what: string) =>
    readPem(resolve(folder, file), `its ${what}'s file ${JSON.stringify(file)}`);
  const ca = caFile === undefined ? {} : { ca: await read(caFile, 'certificate authority') };
  if (clientCertificate === undefined) return checked(ca, session);
  const { certificateFile, keyFile, passphrase } = clientCertificate;
  const certificate = await read(certificateFile, 'client certificate');
  const key = await read(keyFile, "client certificate's key");
  const pair = { certificate, key, ...(passphrase === undefined ? {} : { passphrase }) };
  return checked({ ...ca, clientCertificate: pair }, session);
}

function checked(files: RelayFiles, session: Relay['session']): RelayFiles {
  try {
    checkSettings({ ...session, ...files });
    return files;
  } catch (error) {
    if (error instanceof SettingsError) throw new RelayError(`its ${error.field} ${error.problem}`);
    throw error;
  }
}

async function readPem(path: string, what: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new RelayError(`${what} cannot be read`, { cause });
  }
}

/** RFC 5321 §4.1.1.1: the client's own name, or an address literal where it has none that means anything. */
function clientName(): string {
  const name = hostname().toLowerCase();
  return /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(name)
    ? name
    : '[127.0.0.1]';
}
