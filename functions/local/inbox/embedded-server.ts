/**
 * An SMTP server for this machine: whatever is sent to it goes into an inbox, and nowhere else.
 *
 * It listens on two ports, one for STARTTLS and one for implicit TLS (RFC 8314), with a certificate that its own
 * authority made at start. AUTH is offered only once TLS is there. The protocol is smtp-server's; ours is what it
 * decides: who may send, where a message goes, and what is kept of the conversation.
 *
 * Two kinds of recipients answer otherwise, so that failures can be looked at too, on any domain:
 *
 *     bounce@…  bounce+anything@…    550 5.1.1   refused for good
 *     later@…   later+anything@…     451 4.3.0   deferred: try again
 */
import { randomBytes } from 'node:crypto';
import type { SMTPServer, SMTPServerOptions } from 'smtp-server';
import { createCertificates, LOOPBACK_NAMES } from './certificate-authority.ts';
import { InboxError } from './inbox-error.ts';
import type { InboxStore } from './inbox-store.ts';
import { isLoopback, listenOn } from './listening.ts';
import { LEFT_OUT, Reception } from './reception.ts';

export interface EmbeddedServerOptions {
  readonly store: InboxStore;
  /** Where to listen. Default `127.0.0.1`; another host than loopback needs `authRequired`. */
  readonly host?: string;
  /** Port with STARTTLS. Default 0: any that is free. */
  readonly smtpPort?: number;
  /** Port with implicit TLS. Default 0. */
  readonly smtpsPort?: number;
  /** Default: the user `cartero` with a password made at start. */
  readonly credentials?: { readonly user: string; readonly password: string };
  /**
   * Default `true`: mail is taken after STARTTLS and AUTH only. `false` takes any program's mail as it comes, without
   * TLS or AUTH; a client that does log in still needs the right password.
   */
  readonly authRequired?: boolean;
  /** Larger messages are refused with 552; told to clients by SIZE (RFC 1870). Default 50 MiB. */
  readonly maxMessageOctets?: number;
  /** Default 500; the next client is told 421. */
  readonly maxConnections?: number;
  /** Epoch ms. Default: the system's clock. */
  readonly now?: () => number;
}

export interface EmbeddedServer {
  readonly host: string;
  readonly startTlsPort: number;
  readonly implicitTlsPort: number;
  /** PEM of the authority to trust. */
  readonly ca: string;
  readonly user: string;
  readonly password: string;
  /** Ends within about a second: a message that is still coming then is not accepted. */
  close(): Promise<void>;
}

const MAX_MESSAGE_OCTETS = 50 * 1024 * 1024;
/** RFC 5321 §4.5.3.2.7: a server waits at least five minutes for the next command. */
const IDLE_TIMEOUT_MS = 5 * 60_000;
const CLOSE_TIMEOUT_MS = 250;

/** @throws InboxError when it may not listen there, or cannot */
export async function startEmbeddedServer(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
  const { host = '127.0.0.1', authRequired = true, now = Date.now } = options;
  if (!authRequired && !isLoopback(host)) {
    throw new InboxError(`Cannot serve ${host} without AUTH: a loopback address or authRequired is wanted`);
  }
  const credentials = options.credentials ?? { user: 'cartero', password: randomBytes(18).toString('base64url') };
  const names = [...new Set([...LOOPBACK_NAMES, host])];
  const { ca, certificate, key } = await createCertificates({ now: now(), names });
  const { SMTPServer } = await import('smtp-server');
  const reception = new Reception(options.store, { credentials, authRequired, now });
  const listeners: SMTPServer[] = [];
  const listen = async (secure: boolean, port: number): Promise<number> => {
    const server = new SMTPServer({ ...settingsOf(options), ...reception.handlers, secure, key, cert: certificate });
    // A connection's failure ends that connection, and its client knows; it is not the server's.
    server.on('error', () => {});
    listeners.push(server);
    return await listenOn(server.server, host, port);
  };
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map((server) => new Promise<void>((resolve) => server.close(resolve))));
    await reception.finish();
  };
  try {
    const startTlsPort = await listen(false, options.smtpPort ?? 0);
    const implicitTlsPort = await listen(true, options.smtpsPort ?? 0);
    return { host, startTlsPort, implicitTlsPort, ca, ...credentials, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function settingsOf(options: EmbeddedServerOptions): SMTPServerOptions {
  return {
    name: 'localhost',
    banner: 'Cartero embedded server',
    heloResponse: '%s',
    size: options.maxMessageOctets ?? MAX_MESSAGE_OCTETS,
    rejectOversized: true,
    maxClients: options.maxConnections ?? 500,
    authMethods: ['PLAIN', 'LOGIN'],
    authOptional: options.authRequired === false,
    maxAllowedUnauthenticatedCommands: false,
    disabledCommands: LEFT_OUT,
    disableReverseLookup: true,
    hideENHANCEDSTATUSCODES: false,
    socketTimeout: IDLE_TIMEOUT_MS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    minVersion: 'TLSv1.2',
  };
}
